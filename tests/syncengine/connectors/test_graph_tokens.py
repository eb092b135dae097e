"""Tokens: fetched once, renewed in time, and each refusal with the remedy that ends it."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from requests.adapters import BaseAdapter

from syncengine.connectors.graph.settings import Certificate, GraphSettings, Secret
from syncengine.connectors.graph.tokens import EntraTokens, roles_of
from syncengine.connectors.http import Http
from syncengine.errors import NeedsAPerson, TryAgain
from tests.syncengine.connectors.driving import APP, ROLES, SECRET, TENANT, Bench, world_file


def certificate() -> Certificate:
    """A self-signed certificate, good for a day around now."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "culvert")])
    now = datetime.now(UTC)  # noqa: TID251
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Certificate(made.public_bytes(serialization.Encoding.PEM).decode(), private.decode())


def test_a_token_is_fetched_once_and_kept(bench: Bench) -> None:
    first = bench.tokens.token()
    assert bench.tokens.token() == first
    assert bench.world.counters.tokens == 1
    assert roles_of(first) == set(ROLES)


def test_sixteen_threads_fetch_one_token(bench: Bench) -> None:
    barrier = threading.Barrier(16)

    def fetch() -> str:
        barrier.wait()
        return bench.tokens.token()

    with ThreadPoolExecutor(16) as pool:
        found = {future.result() for future in [pool.submit(fetch) for _ in range(16)]}
    assert len(found) == 1
    assert bench.world.counters.tokens == 1


def test_sixteen_threads_with_one_refused_token_fetch_one_new_one(bench: Bench) -> None:
    refused = bench.tokens.token()
    with ThreadPoolExecutor(16) as pool:
        found = {
            future.result() for future in [pool.submit(bench.tokens.renewed, refused) for _ in range(16)]
        }
    assert len(found) == 1
    assert found != {refused}
    assert bench.world.counters.tokens == 2


def test_a_token_is_renewed_before_it_ends(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    first = bench.tokens.token()
    real = time.monotonic
    # Sixty to ninety minutes is how long one lives.
    monkeypatch.setattr(time, "monotonic", lambda: real() + 54 * 60)
    assert bench.tokens.token() == first
    monkeypatch.setattr(time, "monotonic", lambda: real() + 86 * 60)
    assert bench.tokens.token() != first


def test_a_denied_token_is_doubted_at_most_once_a_minute(bench: Bench, monkeypatch) -> None:
    first = bench.tokens.token()
    second = bench.tokens.doubted(first)
    assert second != first
    assert bench.tokens.doubted(second) == second
    real = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: real() + 61)
    assert bench.tokens.doubted(second) != second


def test_a_certificate_signs_in_as_well_as_a_secret() -> None:
    own = certificate()
    file = world_file()
    file["tenants"][0]["apps"] = [{"id": APP, "certificates": [own.certificate], "roles": ["User.Read.All"]}]
    # Msal tells the time by the real clock.
    del file["clock"]
    bench = Bench(file, credential=own)
    assert roles_of(bench.tokens.token()) == {"User.Read.All"}
    stranger = Bench(file, credential=certificate())
    with pytest.raises(NeedsAPerson) as refusal:
        stranger.tokens.token()
    assert refusal.value.reason == "certificate not accepted"


@pytest.mark.parametrize(
    "broken",
    [Certificate("no pem", "no pem"), replace(certificate(), private_key="-----BEGIN PRIVATE KEY-----")],
)
def test_a_certificate_that_is_none_is_said_to_be_none(broken: Certificate) -> None:
    bench = Bench(credential=broken)
    with pytest.raises(NeedsAPerson) as refusal:
        bench.tokens.token()
    assert refusal.value.reason == "certificate not readable"


@pytest.mark.parametrize(
    ("change", "app", "reason"),
    [
        ({"credential": Secret("wrong")}, {}, "secret wrong"),
        ({}, {"secrets": [], "expired_secrets": [SECRET]}, "secret expired"),
        ({"client_id": "00000000-0000-4000-8000-000000000000"}, {}, "app not in the tenant"),
        ({}, {"enabled": False}, "app not in the tenant"),
        ({"tid": "0a1de000-0000-4000-8000-0000000000ff"}, {}, "tenant unknown"),
    ],
)
def test_each_refusal_of_entra_names_its_reason_and_what_to_do(change, app, reason) -> None:
    file = world_file()
    file["tenants"][0]["apps"][0] |= app
    bench = Bench(file, **change)
    with pytest.raises(NeedsAPerson) as refusal:
        bench.tokens.token()
    assert (refusal.value.reason, refusal.value.scope) == (reason, "tenant")
    assert refusal.value.advice
    assert SECRET not in str(refusal.value)
    assert "wrong" not in str(refusal.value.__cause__)


def test_a_cause_that_was_mended_is_forgotten_at_once(bench: Bench) -> None:
    bench.inside.control("PATCH", f"tenants/{TENANT}/apps/{APP}", {"enabled": False})
    with pytest.raises(NeedsAPerson):
        bench.tokens.token()
    bench.inside.control("PATCH", f"tenants/{TENANT}/apps/{APP}", {"enabled": True})
    assert bench.tokens.token()


class Canned(BaseAdapter):
    """A sign-in host that answers what the test gives it, after its discovery document."""

    def __init__(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        super().__init__()
        self._said = (status, body, headers or {})

    def send(self, request: Any, *rest: Any, **options: Any) -> requests.Response:
        if "openid-configuration" in request.url:
            root = "https://login.test/t"
            found = {
                "issuer": f"{root}/v2.0",
                "authorization_endpoint": f"{root}/authorize",
                "token_endpoint": f"{root}/oauth2/v2.0/token",
            }
            return self._response(200, orjson.dumps(found), {})
        return self._response(*self._said)

    def close(self) -> None:
        """Nothing is open."""

    def _response(self, status: int, body: bytes, headers: dict[str, str]) -> requests.Response:
        from io import BytesIO

        import urllib3

        response = requests.Response()
        response.status_code = status
        response.headers.update(headers)
        response.raw = urllib3.HTTPResponse(BytesIO(body), preload_content=False)
        return response


def asking(status: int, body: Any, **headers: str) -> EntraTokens:
    """Tokens of a sign-in host that answers this."""
    settings = GraphSettings("t", APP, Secret(SECRET), login_url="https://login.test")
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    return EntraTokens(
        settings, Http("https://login.test", make_adapter=lambda: Canned(status, raw, headers))
    )


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_sign_in_host_is_asked_again_later(status: int) -> None:
    with pytest.raises(TryAgain) as refusal:
        asking(status, b"<html>", **{"Retry-After": "9"}).token()
    assert refusal.value.after == 9


@pytest.mark.parametrize(
    "body",
    [
        {"error": "temporarily_unavailable", "error_codes": []},
        {"error": "invalid_request", "error_codes": [90033]},
        {"error": "invalid_request", "error_codes": [90055]},
    ],
)
def test_a_transient_refusal_is_no_matter_for_a_person(body: dict[str, Any]) -> None:
    with pytest.raises(TryAgain):
        asking(400, body).token()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (65001, "consent missing"),
        (7000222, "secret expired"),
        (53003, "blocked by Conditional Access"),
        (90002, "tenant unknown"),
        (123456, "sign-in refused"),
    ],
)
def test_numbers_of_entra_have_reasons(code: int, reason: str) -> None:
    body = {
        "error": "unauthorized_client",
        "error_codes": [code],
        "error_description": f"AADSTS{code}: {SECRET}",
    }
    with pytest.raises(NeedsAPerson) as refusal:
        asking(401, body).token()
    assert refusal.value.reason == reason
    assert SECRET not in str(refusal.value)


def test_half_a_token_is_neither_used_nor_logged(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(TryAgain):
        asking(200, b'{"token_type": "Bearer", "access_token": "eyJ0eXAiOiJKV1').token()
    assert "eyJ0eXAi" not in caplog.text


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c", "a.!!!.c", "a.W10.c", "a.e30.c"])
def test_a_token_that_cannot_be_read_carries_no_permissions(token: str) -> None:
    assert roles_of(token) == frozenset()


def test_a_secret_does_not_show_itself() -> None:
    settings = GraphSettings("t", APP, Secret(SECRET))
    assert SECRET not in repr(settings)
    assert "PRIVATE" not in repr(certificate())
