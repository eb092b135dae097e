"""Access tokens by client credentials: fetched by msal, kept, renewed in time or on demand.

Source: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
"""

from __future__ import annotations

import base64
import threading
import time
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

import msal
import orjson
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from syncengine.connectors.graph.remedies import CONSENT_ADVICE, CONSENT_MISSING
from syncengine.connectors.graph.settings import GraphSettings, Secret
from syncengine.connectors.http import Http, SignIn
from syncengine.errors import NeedsAPerson, TryAgain

SCOPE = "https://graph.microsoft.com/.default"
RENEW_BEFORE_S = 300.0
"""A batch may take half a minute, and clocks differ."""
DOUBT_EVERY_S = 60.0

_TRANSIENT = frozenset({50196, 90006, 90024, 90033, 90055})
_REASONS: dict[str, tuple[tuple[int, ...], str, str]] = {
    "app not in the tenant": (
        (700011, 700016, 90099, 7000112, 70001),
        "The application is not known in this tenant, or it was switched off there.",
        CONSENT_ADVICE,
    ),
    CONSENT_MISSING: (
        (65001, 65004, 90094, 650057, 500011, 50001),
        "The tenant has not consented to what the application needs.",
        CONSENT_ADVICE,
    ),
    "secret expired": (
        (7000222,),
        "The client secret of the application has expired.",
        "Make a new client secret in the app registration and store it in the connection.",
    ),
    "secret wrong": (
        (7000215, 70002, 7000218),
        "Microsoft does not accept the client secret.",
        "Copy the secret's value (not its id) from the app registration into the connection.",
    ),
    "certificate not accepted": (
        (700027, 700030, 700021, 700024, 5000224),
        "Microsoft does not accept the certificate that signs our requests.",
        "Upload the certificate to the app registration, and check that it has not expired.",
    ),
    "certificate not readable": (
        (),
        "The connection's certificate or its private key is not a PEM file that can be read.",
        "Store the certificate and its unencrypted private key in the connection again.",
    ),
    "tenant unknown": (
        (90002, 90038, 900382, 900021, 900023),
        "Microsoft does not know this tenant in this cloud.",
        "Check the tenant id, and whether the tenant is in a national cloud.",
    ),
    "blocked by Conditional Access": (
        (53003, 530034),
        "A Conditional Access policy of the tenant keeps the application out.",
        "Ask the tenant's administrator to except the application from the policy.",
    ),
}


class Tokens(Protocol):
    """Where a door gets its token."""

    def token(self) -> str:
        """A token that is good for some minutes. Raises NeedsAPerson, TryAgain."""
        ...

    def renewed(self, refused: str) -> str:
        """Another token than the one that was refused. Raises NeedsAPerson, TryAgain."""
        ...

    def doubted(self, denied: str) -> str:
        """A token that may carry other permissions than one with which something was denied."""
        ...


@dataclass(slots=True)
class _Kept:
    text: str
    good_until: float


class EntraTokens:
    """The tokens of one app registration in one tenant; safe to use from several threads."""

    def __init__(self, settings: GraphSettings, http: Http) -> None:
        self._settings, self._http = settings, http
        self._lock = threading.Lock()
        self._kept: _Kept | None = None
        self._doubted_at = -DOUBT_EVERY_S
        # Msal remembers refusals here for a minute; ours to forget once someone has mended the cause.
        self._memory: dict[str, Any] = {}
        self._app: Any = None

    def token(self) -> str:
        """The kept token, or a new one when that ends soon."""
        kept = self._kept
        if kept is not None and time.monotonic() < kept.good_until:
            return kept.text
        with self._lock:
            kept = self._kept
            if kept is not None and time.monotonic() < kept.good_until:
                return kept.text
            return self._fetch()

    def renewed(self, refused: str) -> str:
        """A new token, unless another thread has fetched one since `refused` was given out."""
        with self._lock:
            if self._kept is not None and self._kept.text != refused:
                return self._kept.text
            self._kept = None
            return self._fetch()

    def doubted(self, denied: str) -> str:
        """A new token, at most once a minute, else the one at hand.

        A token keeps the permissions of its making for its whole life: after a consent, or its end,
        only a new one tells. Source: https://learn.microsoft.com/graph/auth-cloudsolutionprovider
        """
        now = time.monotonic()
        with self._lock:
            if now - self._doubted_at < DOUBT_EVERY_S:
                return self._kept.text if self._kept else denied
            self._doubted_at = now
        return self.renewed(denied)

    def _fetch(self) -> str:
        app = self._application()
        app.remove_tokens_for_client()
        result = app.acquire_token_for_client([SCOPE])
        if "access_token" not in result:
            self._app, self._memory = None, {}
            _refuse(result)
        life = float(result.get("expires_in") or 0)
        # Whatever is left of a short life is used up to its half.
        self._kept = _Kept(result["access_token"], time.monotonic() + max(life - RENEW_BEFORE_S, life / 2))
        return self._kept.text

    def _application(self) -> Any:
        if self._app is not None:
            return self._app
        credential = _credential(self._settings)
        try:
            self._app = msal.ConfidentialClientApplication(
                self._settings.client_id,
                client_credential=credential,
                authority=f"{self._settings.login_url.rstrip('/')}/{self._settings.tid}",
                # The authority comes from our settings; nobody else needs to vouch for it.
                instance_discovery=False,
                http_client=SignIn(self._http),
                http_cache=self._memory,
            )
        except ValueError as error:
            # So msal reports that the sign-in host has no discovery document for the tenant.
            raise _refusal("tenant unknown") from error
        return self._app


def roles_of(token: str) -> frozenset[str]:
    """The application permissions that a token carries; none for a token that cannot be read."""
    payload = token.split(".")[1] if token.count(".") == 2 else ""
    try:
        claims = orjson.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except ValueError:
        return frozenset()
    roles = claims.get("roles") if isinstance(claims, dict) else None
    return frozenset(roles or ())


def _credential(settings: GraphSettings) -> str | dict[str, str]:
    """The credential as msal takes it. Raises NeedsAPerson for a certificate that cannot be read."""
    credential = settings.credential
    if isinstance(credential, Secret):
        return credential.value
    try:
        x509.load_pem_x509_certificate(credential.certificate.encode())
        serialization.load_pem_private_key(credential.private_key.encode(), None)
    except (ValueError, TypeError) as error:
        raise _refusal("certificate not readable") from error
    return {"private_key": credential.private_key, "public_certificate": credential.certificate}


def _refuse(result: dict[str, Any]) -> NoReturn:
    """What Entra's error means. React to `error` and the numbers; the text is for its log.

    Source: https://learn.microsoft.com/entra/identity-platform/reference-error-codes
    """
    numbers = set(result.get("error_codes") or ())
    if result.get("error") == "temporarily_unavailable" or numbers & _TRANSIENT:
        raise TryAgain("Microsoft's sign-in is busy.")
    for reason, (known, _, _) in _REASONS.items():
        if numbers & set(known):
            raise _refusal(reason)
    code = f"AADSTS{min(numbers)}" if numbers else str(result.get("error") or "no reason given")
    raise NeedsAPerson(
        f"Microsoft's sign-in refuses the application ({code}).",
        reason="sign-in refused",
        advice="Look the code up in Microsoft's list of sign-in errors.",
        scope="tenant",
    )


def _refusal(reason: str) -> NeedsAPerson:
    _, message, advice = _REASONS[reason]
    return NeedsAPerson(message, reason=reason, advice=advice, scope="tenant")
