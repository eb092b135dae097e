"""Entra ID for applications: discovery, keys, and the token endpoint.

Source: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
and https://learn.microsoft.com/entra/identity-platform/reference-error-codes
"""

from __future__ import annotations

import base64
import binascii
import hmac
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from syncengine.sandbox.assertions import BadAssertion, check_assertion
from syncengine.sandbox.state import App, Tenant, World
from syncengine.sandbox.tokens import GRAPH_APP_ID, GRAPH_URL, Tokens
from syncengine.sandbox.wire import Reply, Request, json_reply

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_GRAPH_SCOPES = {f"{GRAPH_URL}/.default", f"{GRAPH_URL}//.default", f"{GRAPH_APP_ID}/.default"}
_NOT_A_TENANT = {"common", "organizations", "consumers"}


class Aadsts(Exception):
    """Entra says no: HTTP status, OAuth error word, AADSTS number and text."""

    def __init__(self, status: int, error: str, number: int, text: str) -> None:
        super().__init__(f"AADSTS{number}: {text}")
        self.status, self.error, self.number, self.text = status, error, number, text


@dataclass(slots=True)
class Entra:
    """The sign-in host of every tenant of the world; `base` is its own address."""

    world: World
    tokens: Tokens
    base: str

    def answer(self, request: Request) -> Reply:
        """The reply to one request that is neither Graph's nor the control's."""
        segments = request.path.strip("/").split("/")
        tenant, address = segments[0], "/".join(segments[1:]).lower()
        try:
            match address:
                case "oauth2/v2.0/token":
                    return self._token(request, tenant)
                case "v2.0/.well-known/openid-configuration":
                    return json_reply(200, self._configuration(tenant))
                case "discovery/v2.0/keys":
                    return json_reply(200, self.tokens.keys())
                case "discovery/instance":
                    return json_reply(200, self._instances())
        except Aadsts as no:
            return self._refused(no)
        return json_reply(501, {"error": f"The sandbox does not know {request.path}."})

    def _configuration(self, tenant: str) -> dict[str, Any]:
        # The issuer of `organizations` and `common` holds a literal placeholder.
        known = "{tenantid}" if tenant in _NOT_A_TENANT else self._tenant(tenant).id
        root = f"{self.base}/{tenant}"
        return {
            "token_endpoint": f"{root}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": [
                "client_secret_post",
                "private_key_jwt",
                "client_secret_basic",
            ],
            "jwks_uri": f"{root}/discovery/v2.0/keys",
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": f"{self.base}/{known}/v2.0",
            "authorization_endpoint": f"{root}/oauth2/v2.0/authorize",
            "tenant_region_scope": None if known == "{tenantid}" else "EU",
            "cloud_instance_name": "microsoftonline.com",
        }

    def _instances(self) -> dict[str, Any]:
        host = self.base.split("://", 1)[1]
        return {
            "tenant_discovery_endpoint": f"{self.base}/common/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [
                {"preferred_network": host, "preferred_cache": host, "aliases": [host]},
            ],
        }

    def _tenant(self, name: str) -> Tenant:
        found = self.world.tenant_named(name)
        if found is None:
            raise Aadsts(
                400,
                "invalid_request",
                90002,
                f"Tenant '{name}' not found. Check to make sure you have the correct tenant ID "
                "and are signing into the correct cloud.",
            )
        return found

    def _token(self, request: Request, tenant_name: str) -> Reply:
        self.world.counters.tokens += 1
        if request.method != "POST":
            raise Aadsts(400, "invalid_request", 900561, "The endpoint only accepts POST requests.")
        form = request.form()
        _add_basic(form, request.headers.get("authorization", ""))
        grant = _field(form, "grant_type")
        if grant != "client_credentials":
            raise Aadsts(
                400,
                "unsupported_grant_type",
                70003,
                f"The app requested an unsupported grant type '{grant}'.",
            )
        if tenant_name.lower() in _NOT_A_TENANT:
            raise Aadsts(
                400,
                "invalid_request",
                9001023,
                f"The grant type is not supported over the /{tenant_name} endpoint. "
                "Please use the tenant-specific endpoint.",
            )
        tenant = self._tenant(tenant_name)
        app = _app(tenant, _field(form, "client_id"))
        _check_scope(form)
        self._prove(form, tenant, tenant_name, app)
        token, life = self.tokens.issue(tenant, app, self.world.clock.now())
        return json_reply(
            200,
            {
                "token_type": "Bearer",
                "expires_in": life,
                "ext_expires_in": life,
                "access_token": token,
            },
            {"cache-control": "no-store, no-cache", "pragma": "no-cache"},
        )

    def _prove(self, form: dict[str, str], tenant: Tenant, tenant_name: str, app: App) -> None:
        if "client_secret" in form:
            _check_secret(app, form["client_secret"])
            return
        if "client_assertion" not in form:
            raise Aadsts(
                401,
                "invalid_client",
                7000218,
                "The request body must contain the following parameter: 'client_assertion' or "
                "'client_secret'.",
            )
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise _missing("client_assertion_type")
        roots = [f"{self.base}/{name}" for name in (tenant.id, tenant_name)]
        audiences = [f"{root}/{end}" for root in roots for end in ("oauth2/v2.0/token", "v2.0")]
        try:
            check_assertion(
                form["client_assertion"],
                app.certificates,
                client_id=app.id,
                audiences=audiences,
                now=self.world.clock.now().timestamp(),
            )
        except BadAssertion as why:
            raise Aadsts(
                401,
                "invalid_client",
                700027,
                f"The certificate with identifier used to sign the client assertion is not "
                f"registered on application, or the assertion is invalid. {why}",
            ) from why

    def _refused(self, no: Aadsts) -> Reply:
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        at = self.world.clock.now().strftime("%Y-%m-%d %H:%M:%SZ")
        description = (
            f"AADSTS{no.number}: {no.text}\r\nTrace ID: {trace}\r\n"
            f"Correlation ID: {correlation}\r\nTimestamp: {at}"
        )
        body = {
            "error": no.error,
            "error_description": description,
            "error_codes": [no.number],
            "timestamp": at,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"{self.base}/error?code={no.number}",
        }
        return json_reply(no.status, body, {"cache-control": "no-store, no-cache"})


def _add_basic(form: dict[str, str], authorization: str) -> None:
    """Client id and secret may come as HTTP Basic, each percent-encoded."""
    scheme, _, coded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return
    try:
        client, _, secret = base64.b64decode(coded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise Aadsts(
            401, "invalid_client", 7000215, "Invalid client secret provided in the header."
        ) from error
    form.setdefault("client_id", unquote_plus(client))
    form.setdefault("client_secret", unquote_plus(secret))


def _field(form: dict[str, str], name: str) -> str:
    if not form.get(name):
        raise _missing(name)
    return form[name]


def _missing(name: str) -> Aadsts:
    return Aadsts(
        400,
        "invalid_request",
        900144,
        f"The request body must contain the following parameter: '{name}'.",
    )


def _app(tenant: Tenant, client_id: str) -> App:
    app = tenant.apps.get(client_id.lower())
    if app is None:
        raise Aadsts(
            400,
            "unauthorized_client",
            700016,
            f"Application with identifier '{client_id}' was not found in the directory "
            f"'{tenant.organization.get('displayName', tenant.id)}'. This can happen if the "
            "application has not been installed by the administrator of the tenant or consented "
            "to by any user in the tenant.",
        )
    if not app.enabled:
        raise Aadsts(400, "unauthorized_client", 7000112, f"Application '{client_id}' is disabled.")
    return app


def _check_scope(form: dict[str, str]) -> None:
    scopes = _field(form, "scope").split()
    if any(not scope.endswith("/.default") for scope in scopes) or len(scopes) != 1:
        raise Aadsts(
            400,
            "invalid_scope",
            70011,
            "The provided request must include a 'scope' input parameter. The provided value "
            f"for the input parameter 'scope' is not valid. The scope {form['scope']} is not valid.",
        )
    if scopes[0] not in _GRAPH_SCOPES:
        raise Aadsts(
            400,
            "invalid_resource",
            500011,
            f"The resource principal named {scopes[0].removesuffix('/.default')} was not found "
            "in the tenant.",
        )


def _check_secret(app: App, secret: str) -> None:
    def same(known: str) -> bool:
        return hmac.compare_digest(known.encode(), secret.encode())

    if any(same(known) for known in app.expired_secrets):
        raise Aadsts(
            401,
            "invalid_client",
            7000222,
            f"The provided client secret keys for app '{app.id}' are expired.",
        )
    if not any(same(known) for known in app.secrets):
        raise Aadsts(
            401,
            "invalid_client",
            7000215,
            "Invalid client secret provided. Ensure the secret being sent in the request is the "
            "client secret value, not the client secret ID, for a secret added to app "
            f"'{app.id}'.",
        )
