"""The token endpoint: who gets a token, and how the others are refused."""

from __future__ import annotations

import base64
import datetime

import jwt
import msal
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from syncengine.sandbox.state import World
from tests.sandbox.core.conftest import APP, SECRET, TENANT, small_world
from tests.sandbox_inside import BASE, Inside
from tests.sandbox_process import SandboxProcess

GRANT = {
    "client_id": APP,
    "client_secret": SECRET,
    "grant_type": "client_credentials",
    "scope": "https://graph.microsoft.com/.default",
}
PROVES = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def without(name):
    return {key: value for key, value in GRANT.items() if key != name}


def test_a_secret_gets_a_token_with_the_consented_roles(inside, world):
    world.tenants[TENANT].apps[APP].roles = ["Calendars.Read"]
    got = inside.sign_in(TENANT, GRANT)
    body = got.json()
    claims = jwt.decode(body["access_token"], options={"verify_signature": False})
    assert (got.status, body["token_type"]) == (200, "Bearer")
    assert (claims["roles"], claims["tid"], claims["appid"]) == (["Calendars.Read"], TENANT, APP)
    assert 3600 - 1 <= body["expires_in"] <= 5400


def test_a_tokens_life_is_drawn_between_sixty_and_ninety_minutes(inside):
    lives = {inside.sign_in(TENANT, GRANT).json()["expires_in"] for _ in range(20)}
    assert len(lives) > 10
    assert all(3599 <= life <= 5399 for life in lives)


def test_a_token_without_consent_is_issued_and_has_no_roles(inside, world):
    world.tenants[TENANT].apps[APP].roles = []
    claims = jwt.decode(
        inside.sign_in(TENANT, GRANT).json()["access_token"], options={"verify_signature": False}
    )
    assert "roles" not in claims


def test_the_tenant_may_be_named_by_its_domain(inside):
    assert inside.sign_in("alder.example", GRANT).status == 200


def test_the_secret_may_come_as_http_basic(inside):
    coded = base64.b64encode(f"{APP}:correct%20horse".encode()).decode()
    form = {key: GRANT[key] for key in ("grant_type", "scope")}
    assert inside.sign_in(TENANT, form, authorization=f"Basic {coded}").status == 200


@pytest.mark.parametrize(
    ("tenant", "form", "status", "error", "number"),
    [
        ("052a114b-6213-4aa8-b82b-980c23f198af", GRANT, 400, "invalid_request", 90002),
        (
            TENANT,
            {**GRANT, "client_id": "052a114b-6213-4aa8-b82b-980c23f198af"},
            400,
            "unauthorized_client",
            700016,
        ),
        (TENANT, {**GRANT, "client_secret": "wrong"}, 401, "invalid_client", 7000215),
        (TENANT, without("client_secret"), 401, "invalid_client", 7000218),
        (TENANT, without("scope"), 400, "invalid_request", 900144),
        (TENANT, without("grant_type"), 400, "invalid_request", 900144),
        (TENANT, {**GRANT, "grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        (TENANT, {**GRANT, "scope": "https://graph.microsoft.com/User.Read"}, 400, "invalid_scope", 70011),
        (TENANT, {**GRANT, "scope": "https://else.example/.default"}, 400, "invalid_resource", 500011),
        ("common", GRANT, 400, "invalid_request", 9001023),
        ("organizations", GRANT, 400, "invalid_request", 9001023),
    ],
)
def test_a_refusal_names_its_aadsts_number(inside, tenant, form, status, error, number):
    got = inside.sign_in(tenant, form)
    body = got.json()
    assert (got.status, body["error"], body["error_codes"]) == (status, error, [number])
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    assert {"timestamp", "trace_id", "correlation_id"} <= body.keys()
    assert SECRET not in got.content.decode()


def test_an_expired_secret_is_told_from_a_wrong_one(inside, world):
    world.tenants[TENANT].apps[APP].expired_secrets = ["last year's"]
    got = inside.sign_in(TENANT, {**GRANT, "client_secret": "last year's"})
    assert (got.status, got.json()["error_codes"]) == (401, [7000222])


def test_a_disabled_app_gets_nothing(inside, world):
    world.tenants[TENANT].apps[APP].enabled = False
    assert inside.sign_in(TENANT, GRANT).json()["error_codes"] == [7000112]


def test_a_token_request_is_a_post(inside):
    got = inside.request("GET", f"/{TENANT}/oauth2/v2.0/token")
    assert got.json()["error_codes"] == [900561]


# -- certificates


def make_certificate():
    """A key, and a certificate of it that signs itself."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "culvert")])
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=730))
        .sign(key, hashes.SHA256())
    )
    return key, certificate


@pytest.fixture(scope="module")
def registered():
    return make_certificate()


@pytest.fixture
def certified(inside, world, registered):
    pem = registered[1].public_bytes(serialization.Encoding.PEM).decode()
    world.tenants[TENANT].apps[APP].certificates = [pem]
    return inside


def thumbprint(certificate, algorithm):
    return base64.urlsafe_b64encode(certificate.fingerprint(algorithm)).decode().rstrip("=")


def prove(inside, key, certificate, *, alg="PS256", old_header=False, **changes):
    """Ask for a token by an assertion with the world's time in it, changed as told."""
    now = int(inside.world.clock.now().timestamp())
    claims = {
        "aud": f"{BASE}/{TENANT}/oauth2/v2.0/token",
        "iss": APP,
        "sub": APP,
        "jti": "052a114b-6213-4aa8-b82b-980c23f198af",
        "nbf": now,
        "exp": now + 600,
    }
    headers = (
        {"x5t": thumbprint(certificate, hashes.SHA1())}
        if old_header
        else {"x5t#S256": thumbprint(certificate, hashes.SHA256())}
    )
    assertion = jwt.encode({**claims, **changes}, key, algorithm=alg, headers=headers)
    proof = {"client_assertion_type": PROVES, "client_assertion": assertion}
    return inside.sign_in(TENANT, {**without("client_secret"), **proof})


@pytest.mark.parametrize(("alg", "old_header"), [("PS256", False), ("RS256", True), ("RS256", False)])
def test_a_registered_certificate_gets_a_token(certified, registered, alg, old_header):
    assert prove(certified, *registered, alg=alg, old_header=old_header).status == 200


def test_a_certificate_that_nobody_registered_gets_nothing(certified):
    got = prove(certified, *make_certificate())
    assert (got.status, got.json()["error_codes"]) == (401, [700027])


def test_a_foreign_key_under_a_registered_thumbprint_gets_nothing(certified, registered):
    got = prove(certified, make_certificate()[0], registered[1])
    assert (got.status, got.json()["error_codes"]) == (401, [700027])


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://login.example/else"},
        {"iss": "somebody"},
        {"sub": "somebody"},
        {"exp": 1},
        {"nbf": 4_000_000_000, "exp": 4_000_000_600},
    ],
)
def test_an_assertion_with_a_wrong_claim_gets_nothing(certified, registered, changes):
    got = prove(certified, *registered, **changes)
    assert (got.status, got.json()["error_codes"]) == (401, [700027])


def test_an_assertion_needs_its_type(certified, registered):
    got = certified.sign_in(TENANT, {**without("client_secret"), "client_assertion": "x.y.z"})
    assert got.json()["error_codes"] == [900144]


# -- discovery, and Microsoft's own client


def test_the_issuer_of_organizations_holds_a_placeholder(inside):
    read = inside.request("GET", "/organizations/v2.0/.well-known/openid-configuration").json()
    assert read["issuer"] == f"{BASE}/{{tenantid}}/v2.0"


def test_the_published_key_checks_our_tokens(inside, token):
    keys = inside.request("GET", f"/{TENANT}/discovery/v2.0/keys").json()
    key = jwt.PyJWKSet.from_dict(keys).keys[0]
    claims = jwt.decode(
        token,
        key,
        algorithms=["RS256"],
        options={"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False},
    )
    assert claims["tid"] == TENANT


def test_an_unknown_address_is_not_served(inside):
    assert inside.request("GET", f"/{TENANT}/oauth2/v2.0/devicecode").status == 501


def test_msal_signs_in_by_secret_and_by_certificate(registered):
    key, certificate = registered
    loaded = {**small_world(), "clock": {}}
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
    loaded["tenants"][0]["apps"][0]["certificates"] = [pem]
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    credentials = [SECRET, {"private_key": private, "public_certificate": pem}]
    with SandboxProcess(loaded) as sandbox, requests.Session() as session:
        # The environment's REQUESTS_CA_BUNDLE would win over msal's own `verify`.
        session.trust_env, session.verify = False, sandbox.ca
        for credential in credentials:
            client = msal.ConfidentialClientApplication(
                APP,
                client_credential=credential,
                authority=f"{sandbox.login}/{TENANT}",
                http_client=session,
                instance_discovery=False,
            )
            got = client.acquire_token_for_client(["https://graph.microsoft.com/.default"])
            assert "access_token" in got, got


def test_a_world_without_tenants_knows_nobody():
    assert Inside(World()).sign_in(TENANT, GRANT).json()["error_codes"] == [90002]
