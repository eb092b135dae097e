"""Lists and counts of directory objects, by the directory's rules.

Source: https://learn.microsoft.com/graph/aad-advanced-queries
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from syncengine.sandbox import odata
from syncengine.sandbox.directory.kinds import Kind
from syncengine.sandbox.kernel import Answer, Call, Json, Refusal, Unknown
from syncengine.sandbox.odata import DIRECTORY

# What Graph has at such addresses, and the sandbox has not.
_NOT_OURS = ("$search", "$expand")


def list_objects(
    call: Call, kind: Kind, rows: Sequence[Json], *, is_cast: bool = False, context: str = ""
) -> Answer:
    """One page of objects of one kind; members and casts name their type."""
    refuse_what_we_lack(call)
    odata.allow(call, DIRECTORY, "$select", "$top", "$filter", "$orderby", "$count", "$skiptoken")
    names = chosen(call, kind)
    found = filtered(call, kind, rows, is_cast=is_cast)
    found = odata.ordered(call, DIRECTORY, kind.name, found, kind.sortable)
    return odata.listed(call, DIRECTORY, found, lambda row: kind.show(row, names), context or kind.collection)


def count_objects(call: Call, kind: Kind, rows: Sequence[Json], *, is_cast: bool = False) -> Answer:
    """How many there are, as plain text. Always an advanced query."""
    refuse_what_we_lack(call)
    odata.allow(call, DIRECTORY, "$filter")
    call.query["$count"] = "true"
    found = filtered(call, kind, rows, is_cast=is_cast)
    return Answer(200, str(len(found)).encode(), {"Content-Type": "text/plain"})


def alone(call: Call, kind: Kind, find: Callable[[], Json]) -> Json:
    """One object with what `$select` asks of it. Options are judged before the object is looked for."""
    refuse_what_we_lack(call)
    odata.allow(call, DIRECTORY, "$select")
    names = odata.selected(call, DIRECTORY, kind.name, kind.properties, kind.default)
    return {"@odata.context": context(call, kind.collection), **kind.show(find(), names)}


def filtered(call: Call, kind: Kind, rows: Sequence[Json], *, is_cast: bool = False) -> list[Json]:
    """The rows that `$filter` lets pass, after the rule of advanced queries."""
    found = odata.filter_of(call, DIRECTORY, kind.name, kind.filterable)
    if found is not None and "contains" in found.operators:
        message = "Unsupported or invalid query filter clause: contains."
        raise Refusal(400, "Request_UnsupportedQuery", message)
    odata.check_consistency(call, found, is_cast=is_cast)
    return [row for row in rows if found is None or found.matches(row)]


def chosen(call: Call, kind: Kind) -> Sequence[str]:
    """The properties that a list shows. 501 for those that only a single object shows."""
    names = odata.selected(call, DIRECTORY, kind.name, kind.properties, kind.default)
    if kind.alone.intersection(names):
        raise only_alone()
    return names


def only_alone() -> Refusal:
    """What Graph says when a list shall show what only a single object shows.

    Source: https://github.com/microsoftgraph/microsoft-graph-docs/issues/7555
    """
    return Refusal(501, "NotImplemented", "This operation target is not yet supported.")


def refuse_what_we_lack(call: Call) -> None:
    """501 for options that Graph has here and the sandbox has not."""
    for name in _NOT_OURS:
        if name in call.query:
            raise Unknown(f"{name} at {call.path}")


def missing(object_id: str) -> Refusal:
    """What the directory says about an object that is not there."""
    message = (
        f"Resource '{object_id}' does not exist or one of its queried "
        "reference-property objects are not present."
    )
    return Refusal(404, "Request_ResourceNotFound", message)


def context(call: Call, collection: str) -> str:
    """The context annotation of a single object."""
    return f"{call.base}/$metadata#{collection}/$entity"
