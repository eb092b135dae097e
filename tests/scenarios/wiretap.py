"""What the engine says on the wire: every request to Graph with its body, seen from outside.

The sandbox logs no bodies and no tokens, and the engine runs in this very process: so each request
is noted as it leaves, and sent on unchanged.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

CONTROL = "/_sandbox"
WRITES = frozenset({"POST", "PATCH", "PUT", "DELETE"})


@dataclass(frozen=True, slots=True)
class Part:
    """One call of Graph: a request of its own, or a part of a batch."""

    method: str
    path: str
    body: Any = None

    @property
    def is_write(self) -> bool:
        """Whether it may change something."""
        return self.method in WRITES


@dataclass(slots=True)
class Sent:
    """One HTTP request: when it left, when its answer began, and the calls in it."""

    began: float
    parts: list[Part]
    ended: float = 0.0
    is_batch: bool = False

    def touches(self, mailbox: str) -> bool:
        """Whether one of its calls goes to this mailbox."""
        return any(f"/users/{mailbox}/" in part.path for part in self.parts)


@dataclass
class Wiretap:
    """Everything that was sent since the last `forget`. `before_send` may act while a run is under way."""

    sent: list[Sent] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    before_send: Callable[[Sent], None] = lambda _: None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Listen until the test is over."""
        plain = requests.Session.send

        def send(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> Any:
            if CONTROL in (request.url or "") or "/v1.0/" not in (request.url or ""):
                return plain(session, request, **options)
            noted = self._note(request)
            self.before_send(noted)
            try:
                return plain(session, request, **options)
            finally:
                noted.ended = time.monotonic()

        monkeypatch.setattr(requests.Session, "send", send)

    def calls(self) -> Iterator[Part]:
        """All calls in the order in which their requests left."""
        for one in list(self.sent):
            yield from one.parts

    def writes(self) -> list[Part]:
        """Those that may have changed something."""
        return [part for part in self.calls() if part.is_write]

    def forget(self) -> None:
        """Note anew; tokens stay known."""
        with self._lock:
            self.sent.clear()

    def _note(self, request: requests.PreparedRequest) -> Sent:
        path = (request.url or "").split("/v1.0", 1)[1]
        body = json.loads(request.body) if request.body else None
        if path == "/$batch":
            parts = [Part(one["method"], one["url"], one.get("body")) for one in body["requests"]]
        else:
            parts = [Part(request.method or "", path, body)]
        noted = Sent(time.monotonic(), parts, is_batch=path == "/$batch")
        with self._lock:
            self.sent.append(noted)
            self.tokens.add(str(request.headers.get("Authorization", "")).removeprefix("Bearer "))
        return noted
