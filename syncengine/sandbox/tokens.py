"""Access tokens: signed JWTs with roles, as Entra issues them to applications.

Source: https://learn.microsoft.com/entra/identity-platform/access-tokens
"""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from syncengine.sandbox.kernel import Refusal

if TYPE_CHECKING:
    from syncengine.sandbox.state import App, Tenant

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
GRAPH_URL = "https://graph.microsoft.com"
# 60 to 90 minutes, drawn for each token.
LIFETIME_S = (3600, 5400)
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Bearer:
    """What a valid token says: which app speaks for which tenant, with which roles, until when."""

    tenant_id: str
    app_id: str
    roles: frozenset[str]
    expires_at: float


@dataclass(slots=True)
class Tokens:
    """Signs access tokens with a key made at start, and reads them back.

    A token that was read once is remembered by its text: checking an RSA signature on
    each call would cost more than most answers.
    """

    seed: int | None = None
    key: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )
    kid: str = field(default_factory=lambda: uuid.uuid4().hex)
    _known: dict[str, Bearer] = field(default_factory=dict)
    _chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311

    def issue(self, tenant: Tenant, app: App, now: datetime) -> tuple[str, int]:
        """A token for `app` in `tenant`, and its life in seconds."""
        life = self._chance.randint(*LIFETIME_S)
        issued_at = int(now.timestamp())
        claims = {
            "aud": GRAPH_URL,
            "iss": f"https://sts.windows.net/{tenant.id}/",
            "iat": issued_at,
            "nbf": issued_at,
            "exp": issued_at + life,
            "appid": app.id,
            "idtyp": "app",
            "oid": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{tenant.id}/{app.id}")),
            "tid": tenant.id,
            "uti": uuid.uuid4().hex[:22],
            "ver": "1.0",
        }
        if app.roles:
            claims["roles"] = sorted(app.roles)
        token = jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": self.kid})
        return token, life - 1

    def read(self, token: str, now: float) -> Bearer:
        """Who speaks with `token`. Raises Refusal (401) when it is not ours or is over."""
        bearer = self._known.get(token) or self._verify(token)
        if now >= bearer.expires_at:
            raise unauthenticated("Lifetime validation failed, the token is expired.")
        return bearer

    def keys(self) -> dict[str, Any]:
        """The public key as a JSON web key set, for whoever checks our tokens."""
        as_json = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        public = {name: as_json[name] for name in ("kty", "n", "e")}
        return {"keys": [{**public, "use": "sig", "kid": self.kid, "x5t": self.kid}]}

    def _verify(self, token: str) -> Bearer:
        try:
            claims = jwt.decode(
                token,
                self.key.public_key(),
                algorithms=["RS256"],
                audience=[GRAPH_URL, GRAPH_APP_ID],
                # Time is told by the sandbox's clock, in `read`.
                options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError as error:
            raise unauthenticated("IDX14100: JWT is not well formed or not ours.") from error
        bearer = Bearer(claims["tid"], claims["appid"], frozenset(claims.get("roles", ())), claims["exp"])
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[token] = bearer
        return bearer


def unauthenticated(message: str) -> Refusal:
    """401 with the header that says where to get a token."""
    challenge = (
        'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/'
        f'authorize", client_id="{GRAPH_APP_ID}"'
    )
    return Refusal(401, "InvalidAuthenticationToken", message, headers={"WWW-Authenticate": challenge})
