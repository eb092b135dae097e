"""The sandbox as an ASGI application: Graph, Entra, and the control interface."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from syncengine.sandbox.control import Control
from syncengine.sandbox.door import MOST_BYTES, Door
from syncengine.sandbox.entra import Entra
from syncengine.sandbox.state import World
from syncengine.sandbox.tokens import Tokens
from syncengine.sandbox.wire import Reply, Request

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

# A loaded world may be larger than any request to Graph.
_MOST_CONTROL_BYTES = 1024 * MOST_BYTES


def make_app(world: World, base: str, seed: int | None = None, tokens: Tokens | None = None) -> Application:
    """The application for `world`, reached at `base` (scheme, host and port)."""
    tokens = tokens or Tokens(seed)
    door = Door(world, tokens, f"{base}/v1.0", seed)
    entra, control = Entra(world, tokens, base), Control(world, f"{base}/v1.0")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = await _read(scope, receive)
        if request.path.startswith(("/v1.0/", "/beta/")):
            reply = await door.answer(request)
        elif request.path.startswith("/_sandbox/"):
            reply = control.answer(request)
        else:
            reply = entra.answer(request)
        await _send(reply, scope, send)

    return app


async def _read(scope: Scope, receive: Receive) -> Request:
    path = scope["raw_path"].decode("ascii")
    most = _MOST_CONTROL_BYTES if path.startswith("/_sandbox/") else 2 * MOST_BYTES
    message = await receive()
    body = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        if len(body) <= most:
            body += message.get("body", b"")
    return Request(
        scope["method"],
        path,
        scope["query_string"].decode("ascii"),
        {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        body,
    )


async def _send(reply: Reply, scope: Scope, send: Send) -> None:
    if reply.hang_up:
        scope["extensions"]["sandbox.hang_up"]()
        return
    headers = [(k.lower().encode(), v.encode("latin-1")) for k, v in reply.headers.items()]
    if reply.status not in {204, 304}:
        headers.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})
