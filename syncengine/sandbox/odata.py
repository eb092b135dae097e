"""OData's query options: which a call may use, what it selects, and how lists are paged.

Two services stand behind Graph and differ in their rules and error codes: the
directory and Exchange. A `Dialect` holds the differences.
Source: https://learn.microsoft.com/graph/query-parameters
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from syncengine.sandbox import filters
from syncengine.sandbox.filters import Filter
from syncengine.sandbox.kernel import Answer, Call, Json, Refusal, Unknown

_NAMES = "select top skip filter orderby count expand search skiptoken deltatoken"
OPTIONS = frozenset(f"${name}" for name in _NAMES.split())


@dataclass(frozen=True, slots=True)
class Dialect:
    """The rules of one service: error codes, page sizes, and the way it links pages."""

    unsupported: str
    malformed: str
    not_filterable: str
    page: int
    largest_page: int
    pages_by_skip: bool


DIRECTORY = Dialect("Request_UnsupportedQuery", "BadRequest", "Request_UnsupportedQuery", 100, 999, False)
# Source: https://github.com/microsoftgraph/microsoft-graph-docs/issues/6201 (default of 10).
OUTLOOK = Dialect("ErrorInvalidRequest", "RequestBroker--ParseUri", "ErrorInvalidProperty", 10, 1000, True)


def allow(call: Call, dialect: Dialect, *options: str) -> None:
    """Refuse every option that is not among `options`.

    An option that OData has and this address does not: 400. Anything else: 501, for
    the sandbox cannot know what Graph makes of it.
    """
    for name in call.query:
        if name in options:
            continue
        if name not in OPTIONS:
            raise Unknown(f"the query parameter {name}")
        raise Refusal(400, dialect.unsupported, f"The query option '{name}' is not supported.")


def selected(
    call: Call, dialect: Dialect, kind: str, known: Collection[str], default: Sequence[str]
) -> Sequence[str]:
    """The properties that `$select` names (all must be `known` to the type `kind`), or `default`."""
    text = call.query.get("$select")
    if text is None:
        return default
    names = list(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in names:
        if name not in known:
            raise Refusal(400, dialect.malformed, _no_property(name, kind))
    return names


def project(row: Mapping[str, Any], names: Sequence[str]) -> Json:
    """The row with these properties and its id; what it never had is null; annotations stay."""
    shown = {name: row.get(name) for name in names}
    shown["id"] = row["id"]
    for name in ("@odata.type", "@odata.etag"):
        if name in row:
            shown[name] = row[name]
    return shown


def page_size(call: Call, dialect: Dialect) -> int:
    """`$top`, or what `Prefer: odata.maxpagesize` asks of Exchange, within the service's bounds."""
    text = call.query.get("$top")
    if text is None and dialect.pages_by_skip:
        text = call.prefers("odata.maxpagesize")
    if text is None:
        return dialect.page
    if not text.isdecimal() or not 1 <= int(text) <= dialect.largest_page:
        message = (
            f"Invalid page size specified: '{text}'. Must be between 1 and {dialect.largest_page} inclusive."
        )
        raise Refusal(400, dialect.unsupported, message)
    return int(text)


def filter_of(call: Call, dialect: Dialect, kind: str, filterable: Collection[str]) -> Filter | None:
    """The call's `$filter`, or None. Each path in it must be one of `filterable`."""
    text = call.query.get("$filter")
    if text is None:
        return None
    found = parse_filter(text, dialect)
    for path in sorted(found.paths - set(filterable)):
        message = f"The property '{path}' of {kind} does not support filtering."
        raise Refusal(400, dialect.not_filterable, message)
    return found


def parse_filter(text: str, dialect: Dialect, exact: Collection[str] = ()) -> Filter:
    """A filter's text, read (`exact` as in `filters.parse`); 400 when it is malformed."""
    try:
        return filters.parse(text, exact)
    except filters.Malformed as fault:
        raise Refusal(400, dialect.malformed, f"Invalid filter clause: {fault}") from fault


def ordered(
    call: Call, dialect: Dialect, kind: str, rows: list[Json], sortable: Collection[str]
) -> list[Json]:
    """The rows in the order of `$orderby`; nulls first, texts in any case."""
    text = call.query.get("$orderby")
    if text is None:
        return rows
    for clause in reversed(text.split(",")):
        path, _, direction = clause.strip().partition(" ")
        if path not in sortable or direction.strip() not in ("", "asc", "desc"):
            raise Refusal(400, dialect.unsupported, f"Sorting by '{clause}' of {kind}: unsupported.")
        rows = sorted(rows, key=_sort_key(path), reverse=direction.strip() == "desc")
    return rows


def wants_count(call: Call) -> bool:
    """Whether `$count=true`. Raises 400 for anything but true and false."""
    text = call.query.get("$count", "false").lower()
    if text not in ("true", "false"):
        raise Refusal(400, "BadRequest", f"Invalid value '{text}' for $count.")
    return text == "true"


def is_eventual(call: Call) -> bool:
    """Whether the call accepts the directory's lagging index: `ConsistencyLevel: eventual`."""
    return call.headers.get("consistencylevel", "").lower() == "eventual"


ADVANCED_OPERATORS = frozenset({"ne", "not", "endswith", "count"})


def check_consistency(call: Call, found: Filter | None, *, is_cast: bool = False) -> None:
    """The directory's advanced queries need the header, and all but `$search` need `$count=true`.

    Source: https://learn.microsoft.com/graph/aad-advanced-queries
    """
    operators = found.operators if found else frozenset[str]()
    advanced = bool(operators & ADVANCED_OPERATORS) or is_cast
    advanced = advanced or ("$filter" in call.query and "$orderby" in call.query)
    counted = wants_count(call)
    if (advanced or counted) and not is_eventual(call):
        raise _advanced("The header ConsistencyLevel: eventual is missing.")
    if advanced and not counted:
        raise _advanced("The query option $count=true is missing.")


def listed(
    call: Call,
    dialect: Dialect,
    rows: Sequence[Json],
    render: Callable[[Json], Json | None],
    context: str,
) -> Answer:
    """One page of `rows`, with the link to the next and, where asked for, the count.

    `render` makes a row what the caller sees; None leaves it out though it is counted.
    """
    size = page_size(call, dialect)
    start = _start(call, dialect, rows)
    shown = [found for row in rows[start : start + size] if (found := render(row)) is not None]
    body: Json = {"@odata.context": f"{call.base}/$metadata#{context}"}
    if wants_count(call) and (start == 0 or dialect.pages_by_skip):
        body["@odata.count"] = len(rows)
    if start + size < len(rows):
        body["@odata.nextLink"] = _next_link(call, dialect, rows, start + size)
    body["value"] = shown
    return Answer(200, body, preference_applied(call, dialect))


def preference_applied(call: Call, dialect: Dialect) -> dict[str, str]:
    """The header that confirms `odata.maxpagesize`, where Exchange obeyed it."""
    size = call.prefers("odata.maxpagesize") if dialect.pages_by_skip else None
    return {"Preference-Applied": f"odata.maxpagesize={size}"} if size else {}


def link(call: Call, query: Mapping[str, str]) -> str:
    """An absolute address of the call's path with other query options."""
    text = "&".join(f"{quote(name, safe='$')}={quote(value)}" for name, value in query.items())
    return f"{call.base}/{call.path.lstrip('/')}" + (f"?{text}" if text else "")


def seal(content: Json) -> str:
    """An opaque token: what it holds is nobody's business, and a changed one is noticed."""
    text = json.dumps(content, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_seal_of(text) + text).decode().rstrip("=")


def unseal(token: str) -> Json | None:
    """What `seal` put in, or None for a token that is not ours."""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return None
    if len(raw) < 8 or raw[:8] != _seal_of(raw[8:]):
        return None
    content: Json = json.loads(raw[8:])
    return content


def _seal_of(text: bytes) -> bytes:
    return hashlib.blake2s(text, digest_size=8, key=b"culvert sandbox").digest()


def _start(call: Call, dialect: Dialect, rows: Sequence[Json]) -> int:
    if dialect.pages_by_skip:
        text = call.query.get("$skip", "0")
        if not text.isdecimal():
            raise Refusal(400, dialect.malformed, f"Invalid value '{text}' for $skip.")
        return int(text)
    token = call.query.get("$skiptoken")
    if token is None:
        return 0
    held = unseal(token)
    if held is None or "after" not in held:
        raise Refusal(400, "Directory_ExpiredPageToken", "The specified page token is not valid.")
    for at, row in enumerate(rows):
        if row["id"] == held["after"]:
            return at + 1
    return max(int(held["at"]) - 1, 0)


def _next_link(call: Call, dialect: Dialect, rows: Sequence[Json], at: int) -> str:
    if dialect.pages_by_skip:
        return link(call, {**call.query, "$skip": str(at)})
    return link(call, {**call.query, "$skiptoken": seal({"after": rows[at - 1]["id"], "at": at})})


def _sort_key(path: str) -> Callable[[Json], tuple[bool, Any]]:
    steps = path.split("/")

    def key(row: Json) -> tuple[bool, Any]:
        value: Any = row
        for step in steps:
            value = value.get(step) if isinstance(value, Mapping) else None
        return (value is not None, value.casefold() if isinstance(value, str) else value or 0)

    return key


def _advanced(why: str) -> Refusal:
    return Refusal(400, "Request_UnsupportedQuery", f"An advanced query. {why}")


def _no_property(name: str, kind: str) -> str:
    return f"Could not find a property named '{name}' on type '{kind}'."
