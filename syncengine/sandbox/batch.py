"""JSON batches: up to twenty calls in one request, four of them at a time.

Source: https://learn.microsoft.com/graph/json-batching
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import Any

from syncengine.sandbox.kernel import Answer, Json, Refusal
from syncengine.sandbox.throttle import AT_ONCE
from syncengine.sandbox.wire import GRAPH_TYPE, normal_path, parse_query

MOST = 20
_METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})
_WITH_BODY = frozenset({"POST", "PATCH", "PUT"})


@dataclass(slots=True)
class Part:
    """One call of a batch, as it was written."""

    id: str
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    depends_on: list[str] = field(default_factory=list)


def read_batch(body: Any, *, needs_bodies: bool) -> list[Part]:
    """The parts of a batch. Raises Refusal (400) for the whole batch when it is malformed."""
    wanted = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(wanted, list) or not wanted:
        raise _bad("Invalid batch payload format.")
    if len(wanted) > MOST:
        raise _bad(f"Number of batch request steps exceeds the maximum value of {MOST}.")
    parts = [_part(one, needs_bodies=needs_bodies) for one in wanted]
    ids = [part.id.lower() for part in parts]
    if len(set(ids)) < len(ids):
        raise _bad("Batch request ids must be unique.")
    for part in parts:
        _check_dependencies(part, ids)
    return parts


def waves(parts: list[Part]) -> list[list[Part]]:
    """The order of service: four at a time, or one by one where any part depends on another.

    Source: https://learn.microsoft.com/graph/throttling-limits (Outlook service limits)
    """
    if not any(part.depends_on for part in parts):
        return [parts[at : at + AT_ONCE] for at in range(0, len(parts), AT_ONCE)]
    served: list[list[Part]] = []
    left, done = list(parts), set[str]()
    while left:
        ready = next((part for part in left if done.issuperset(part.depends_on)), None)
        if ready is None:
            raise _bad("Batch requests depend on each other in a circle.")
        left.remove(ready)
        done.add(ready.id.lower())
        served.append([ready])
    return served


def response_of(part: Part, answer: Answer) -> Json:
    """One answer as it stands in the batch's `responses`."""
    response: Json = {"id": part.id, "status": answer.status}
    headers = dict(answer.headers)
    if isinstance(answer.body, bytes):
        response["body"] = base64.b64encode(answer.body).decode()
    elif answer.body is not None:
        headers.setdefault("Content-Type", GRAPH_TYPE)
        response["body"] = answer.body
    response["headers"] = {"Cache-Control": "no-cache", **headers}
    return response


def failed_dependency() -> Refusal:
    """The answer for a part whose dependency did not succeed."""
    return Refusal(424, "FailedDependency", "A request that this one depends on has failed.")


def _bad(message: str) -> Refusal:
    return Refusal(400, "BadRequest", message)


def _part(one: Any, *, needs_bodies: bool) -> Part:
    if not isinstance(one, dict) or not isinstance(one.get("id"), str) or not one["id"]:
        raise _bad("Each batch request must have an id that is a string.")
    method, url = str(one.get("method", "")).upper(), one.get("url")
    if method not in _METHODS or not isinstance(url, str) or not url:
        raise _bad(f"Request id {one['id']} needs a method and a url.")
    if "://" in url.split("?", maxsplit=1)[0]:
        raise _bad(f"Request id {one['id']}: the url must be relative.")
    path, _, query = url.partition("?")
    path = normal_path("/" + path.lstrip("/"))
    if path.lower().rstrip("/") == "/$batch":
        raise _bad("Nested batch requests are not supported.")
    headers = _headers(one)
    return Part(
        one["id"],
        method,
        path,
        parse_query(query),
        headers,
        _body(one, method, headers, needs_bodies=needs_bodies),
        [str(name).lower() for name in one.get("dependsOn") or ()],
    )


def _headers(one: Json) -> dict[str, str]:
    headers = one.get("headers") or {}
    if not isinstance(headers, dict) or not all(isinstance(v, str) for v in headers.values()):
        raise _bad(f"Request id {one['id']}: headers must be strings.")
    return {name.lower(): value for name, value in headers.items()}


def _body(one: Json, method: str, headers: dict[str, str], *, needs_bodies: bool) -> Any:
    """The part's body: JSON, or bytes that came as base64."""
    body, kind = one.get("body"), headers.get("content-type", "").lower()
    if body is None and (method not in _WITH_BODY or not needs_bodies):
        return None
    if body is None or not kind:
        raise _bad(f"Write request id : {one['id']} does not contain Content-Type header or body.")
    if kind.startswith("application/json"):
        if not isinstance(body, dict):
            raise _bad(f"Request id {one['id']}: the body must be a JSON object.")
        return body
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise _bad(f"Request id {one['id']}: the body must be base64.") from error


def _check_dependencies(part: Part, ids: list[str]) -> None:
    for name in part.depends_on:
        if name not in ids or name == part.id.lower():
            raise _bad(f"Request id {part.id} depends on {name}, which is not in the batch.")
