"""Asking the sandbox's control interface: mails that would have gone out, and what it counted."""

from __future__ import annotations

from typing import Any

import orjson

from syncengine.connectors.http import Http


class Control:
    """The control interface of one running sandbox; docs/sandbox.md has all of it."""

    def __init__(self, address: str, ca: str) -> None:
        self._http = Http(address, ca_bundle=ca)

    def mails(self) -> int:
        """How many mails Exchange would have sent."""
        return len(self._get("outbox")["mails"])

    def requests(self) -> int:
        """How many requests it has answered since its start."""
        return int(self._get("counters")["requests"])

    def _get(self, path: str) -> Any:
        return orjson.loads(self._http.send("GET", path).body)
