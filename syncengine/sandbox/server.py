"""The web server that carries the sandbox: uvicorn, one process, one thread, TLS."""

from __future__ import annotations

import asyncio
import socket
import ssl
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from syncengine.sandbox.app import Application

# Clients keep their connections; the engine's pools are patient.
KEEP_ALIVE_S = 120


class _Protocol(HttpToolsProtocol):
    """HTTP that lets the application hang up without an answer: a lost answer looks like that."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {"sandbox.hang_up": self._hang_up}  # type: ignore[dict-item]

    def drop_if_idle(self) -> None:
        """Close the connection without ceremony unless a request is being answered."""
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()

    def _hang_up(self) -> None:
        self.transport.abort()
        self.cycle.disconnected = True


def listen(port: int) -> socket.socket:
    """A listening socket on this machine only; port 0 chooses a free one."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(512)
    return listener


class Server(uvicorn.Server):
    """Serves until SIGINT or SIGTERM."""

    def __init__(self, app: Application, context: ssl.SSLContext) -> None:
        config = uvicorn.Config(
            app,
            http=_Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=1,
        )
        config.load()
        config.ssl = context
        super().__init__(config)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Stop serving. uvicorn would raise the signal again, before the state is saved."""
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drop idle connections at once: their clients would take a second to say goodbye."""
        for connection in list(self.server_state.connections):
            if isinstance(connection, _Protocol):
                connection.drop_if_idle()
        await super().shutdown(sockets=sockets)

    def run_on(self, listener: socket.socket, *beside: Any) -> None:
        """Serve on `listener`, with the coroutines `beside` running along; return when asked to stop."""
        with asyncio.Runner(loop_factory=self.config.get_loop_factory()) as runner:
            runner.run(self._with(listener, beside))

    async def _with(self, listener: socket.socket, beside: Any) -> None:
        tasks = [asyncio.create_task(one) for one in beside]
        await self.serve(sockets=[listener])
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
