"""Extended properties: how they are written, asked for by `$expand`, and kept from all else.

Items keep them under `singleValueExtendedProperties` and `multiValueExtendedProperties`;
an answer shows them only to a call that names them, id by id.
Source: https://learn.microsoft.com/graph/api/resources/extended-properties-overview
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from syncengine.sandbox import filters
from syncengine.sandbox.kernel import Call, Json, Refusal, Unknown
from syncengine.sandbox.odata import OUTLOOK, Dialect, parse_filter

SINGLE = "singleValueExtendedProperties"
MULTI = "multiValueExtendedProperties"

Expansion = Mapping[str, Mapping[str, str]]
"""The options (`$filter`, `$select`, `$expand`) of each navigation that `$expand` names."""

_GUID = r"\{[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}"
_TYPE = r"(?:String|Integer|Boolean|Double|SystemTime|CLSID|Short|Long|Binary|Float|Currency)"
_ID = re.compile(rf"{_TYPE}(Array)? (?:{_GUID} (?:Name \S.*|Id 0x[0-9A-Fa-f]+)|0x[0-9A-Fa-f]+)")


def expansion_of(call: Call, *navigations: str, dialect: Dialect = OUTLOOK) -> Expansion:
    """What `$expand` asks for. 400 for what is not among `navigations`."""
    found = parse_expand(call.query.get("$expand", ""), dialect)
    for name in found:
        if name not in navigations:
            raise Refusal(400, dialect.malformed, f"Could not find a property named '{name}'.")
    return found


def parse_expand(text: str, dialect: Dialect = OUTLOOK) -> dict[str, dict[str, str]]:
    """`a($filter=x;$select=y),b` as {a: {$filter: x, $select: y}, b: {}}."""
    found: dict[str, dict[str, str]] = {}
    for part in _split(text, ",", dialect):
        name, bracket, rest = part.partition("(")
        options: dict[str, str] = {}
        if bracket:
            for option in _split(rest.removesuffix(")"), ";", dialect):
                key, _, value = option.partition("=")
                options[key.strip()] = value
        found[name.strip()] = options
    return found


def expand_properties(item: Mapping[str, Any], expansion: Expansion, shown: Json) -> None:
    """Add to `shown` the extended properties of `item` that the expansion names.

    An item that has none of them gets no such key at all, as Graph does it.
    """
    for name in (SINGLE, MULTI):
        options = expansion.get(name)
        if options is None:
            continue
        text = options.get("$filter")
        if text is None or options.keys() - {"$filter"}:
            raise Refusal(400, "ErrorInvalidProperty", f"$expand of {name} needs a $filter by id.")
        wanted = parse_filter(text, OUTLOOK, exact=("id",))
        if wanted.paths != {"id"}:
            raise Refusal(400, "ErrorInvalidProperty", "Only the id of a property can be asked for.")
        if found := [dict(one) for one in item.get(name, ()) if wanted.matches(one)]:
            shown[name] = found


def checked_properties(name: str, written: Any) -> list[Json]:
    """The value of `singleValueExtendedProperties` in a body, checked; later ids win."""
    if not isinstance(written, list):
        raise Refusal(400, "RequestBodyRead", f"The property '{name}' must be a collection.")
    return list({filters.property_key(one["id"]): one for one in map(_checked(name), written)}.values())


def merged_properties(before: list[Json] | None, written: list[Json]) -> list[Json]:
    """Properties after a PATCH: those written replace those of the same id."""
    merged = {filters.property_key(one["id"]): one for one in before or ()}
    merged.update({filters.property_key(one["id"]): one for one in written})
    return list(merged.values())


def _checked(name: str) -> Callable[[Any], Json]:
    is_multi = name == MULTI

    def check(one: Any) -> Json:
        if not isinstance(one, dict) or one.keys() != {"id", "value"}:
            raise Refusal(400, "RequestBodyRead", f"An entry of {name} needs id and value only.")
        if not isinstance(one["id"], str) or _is_array(one["id"]) is not is_multi:
            raise Refusal(400, "ErrorInvalidProperty", f"The id of an entry of {name} is malformed.")
        if not _is_value(one["value"], is_multi):
            raise Refusal(400, "RequestBodyRead", f"The value of an entry of {name} is no text.")
        if one["value"] is None:
            raise Unknown(f"what a null value in {name} does")
        return {"id": filters.property_key(one["id"]), "value": one["value"]}

    return check


@lru_cache(maxsize=1024)
def _is_array(identity: str) -> bool | None:
    """Whether the id of a property is of many values; None for what is no id."""
    form = _ID.fullmatch(identity)
    return bool(form[1]) if form else None


def _is_value(value: Any, is_multi: bool) -> bool:
    if is_multi:
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    return value is None or isinstance(value, str)


def _split(text: str, mark: str, dialect: Dialect) -> list[str]:
    """Split at `mark` outside brackets and quotes."""
    parts, depth, quoted, start = [], 0, False, 0
    for at, letter in enumerate(text):
        if letter == "'":
            quoted = not quoted
        elif not quoted:
            depth += (letter == "(") - (letter == ")")
            if letter == mark and depth == 0:
                parts.append(text[start:at])
                start = at + 1
    if depth or quoted:
        raise Refusal(400, dialect.malformed, "Invalid $expand: brackets or quotes do not close.")
    parts.append(text[start:])
    return [part for part in map(str.strip, parts) if part]
