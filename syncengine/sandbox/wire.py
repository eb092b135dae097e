"""A request as bytes and its reply as bytes: where HTTP ends and JSON begins."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson

JSON_TYPE = "application/json"
# What Graph says about its own JSON.
GRAPH_TYPE = (
    "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
)


@dataclass(slots=True)
class Request:
    """One HTTP request: path undecoded, header names in lower case."""

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def form(self) -> dict[str, str]:
        """The body as a web form; the first value of a repeated name counts."""
        pairs = parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True)
        return dict(reversed(pairs))


@dataclass(slots=True)
class Reply:
    """One HTTP reply; `hang_up` closes the connection instead of sending it."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    hang_up: bool = False


def json_reply(status: int, body: Any, headers: dict[str, str] | None = None) -> Reply:
    """A reply that carries `body` as plain JSON."""
    return Reply(status, orjson.dumps(body), {"content-type": JSON_TYPE, **(headers or {})})


def parse_query(query: str) -> dict[str, str]:
    """An OData query string; `%20` and `+` are both spaces."""
    return dict(parse_qsl(query, keep_blank_values=True)) if query else {}


def normal_path(path: str) -> str:
    """An address as the routes know it: `delta()` is `delta`, `graph.room` its long name.

    Microsoft's own SDK writes both short forms; Graph takes either.
    """
    path = path.replace("()", "")
    if "/graph." in path:
        path = path.replace("/graph.", "/microsoft.graph.")
    return path
