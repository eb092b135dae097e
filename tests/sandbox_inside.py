"""The sandbox inside the test's own process: no server, no TLS, no waiting."""

from __future__ import annotations

import asyncio
import functools
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa

from syncengine.sandbox.app import make_app
from syncengine.sandbox.kernel import Answer, Call, graph
from syncengine.sandbox.state import World
from syncengine.sandbox.tokens import Tokens
from syncengine.sandbox.wire import normal_path, parse_query

BASE = "https://sandbox.test"


@functools.cache
def _key() -> rsa.RSAPrivateKey:
    """One key for all tests of a process: making one takes a tenth of a second."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def call(
    world: World, method: str, path: str, body: Any = None, *, tenant: str = "", **headers: str
) -> Answer:
    """What the handler of this address answers, past the door; raises Refusal.

    `path` may carry a query and may be a link that an answer gave. The tenant is the
    world's first unless it is named; `_` in header names stands for `-`.
    """
    split = urlsplit(path.removeprefix(f"{BASE}/v1.0"))
    asked = Call(
        method=method,
        path=normal_path("/" + split.path.lstrip("/")),
        query=parse_query(split.query),
        headers={name.lower().replace("_", "-"): value for name, value in headers.items()},
        body=body,
        world=world,
        tenant=world.tenants[tenant] if tenant else next(iter(world.tenants.values())),
        app_id="inside",
        roles=graph.permissions,
        base=f"{BASE}/v1.0",
    )
    return graph.answer(asked)


@dataclass
class Got:
    """One HTTP answer of the application; `lost` means that it hung up without one."""

    status: int
    headers: dict[str, str]
    content: bytes
    lost: bool = False

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.content)


class Inside:
    """The whole application over `world`, spoken to as ASGI."""

    def __init__(self, world: World, seed: int = 1) -> None:
        self.world = world
        self._app = make_app(world, BASE, seed, Tokens(seed, key=_key()))

    def request(self, method: str, url: str, body: Any = None, headers: dict[str, str] | None = None) -> Got:
        """One request; a dict is sent as JSON, bytes as they are."""
        return asyncio.run(self.request_async(method, url, body, headers))

    def together(self, *wanted: tuple[str, str, Any, dict[str, str]]) -> list[Got]:
        """Several requests at once."""

        async def all_of_them() -> list[Got]:
            return await asyncio.gather(*(self.request_async(*one) for one in wanted))

        return asyncio.run(all_of_them())

    async def request_async(
        self, method: str, url: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Got:
        """As `request`, for callers with a loop of their own."""
        split = urlsplit(url.removeprefix(BASE))
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        if isinstance(body, dict):
            body = json.dumps(body).encode()
            sent.setdefault("content-type", "application/json")
        got = Got(0, {}, b"")

        def hang_up() -> None:
            got.lost = True

        scope = {
            "type": "http",
            "method": method,
            "raw_path": split.path.encode(),
            "query_string": split.query.encode(),
            "headers": [(k.encode(), v.encode()) for k, v in sent.items()],
            "extensions": {"sandbox.hang_up": hang_up},
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body or b"", "more_body": False}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                got.status = message["status"]
                got.headers = {k.decode(): v.decode() for k, v in message["headers"]}
            else:
                got.content += message["body"]

        await self._app(scope, receive, send)
        return got

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """One request to the control interface; its JSON. Fails if it is refused."""
        got = self.request(method, f"/_sandbox/{path}", body)
        assert got.status == 200, f"{method} {path}: {got.status} {got.content!r}"
        return got.json()

    def sign_in(self, tenant: str, form: dict[str, str], **headers: str) -> Got:
        """One request to a tenant's token endpoint."""
        headers.setdefault("content-type", "application/x-www-form-urlencoded")
        url = f"/{tenant}/oauth2/v2.0/token"
        return self.request("POST", url, urlencode(form).encode(), headers)

    def token(self, tenant: str, client_id: str, secret: str) -> str:
        """An access token by secret. Fails if it is refused."""
        form = {
            "client_id": client_id,
            "client_secret": secret,
            "grant_type": "client_credentials",
            "scope": "https://graph.microsoft.com/.default",
        }
        got = self.sign_in(tenant, form)
        assert got.status == 200, got.content
        return str(got.json()["access_token"])

    def graph(self, token: str, method: str, path: str, body: Any = None, **headers: str) -> Got:
        """One request to Graph; `path` is what follows /v1.0, or a link."""
        url = path if path.startswith("https://") else f"/v1.0/{path.lstrip('/')}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.request(method, url, body, {"Authorization": f"Bearer {token}", **named})
