"""Who is in a group: directly, or through groups in it.

Source: https://learn.microsoft.com/graph/api/group-list-members
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from syncengine.sandbox import odata
from syncengine.sandbox.directory import listing
from syncengine.sandbox.directory.changes import members_of
from syncengine.sandbox.directory.groups import group_at
from syncengine.sandbox.directory.kinds import GROUP, KINDS, ORG_CONTACT, USER, Kind
from syncengine.sandbox.directory.permissions import READ_GROUPS
from syncengine.sandbox.kernel import Answer, Call, Json, Refusal, Unknown, graph
from syncengine.sandbox.odata import DIRECTORY
from syncengine.sandbox.state import Tenant

Members = list[tuple[Kind, Json]]
Way = Callable[[Tenant, str], Members]


def transitive_members_of(tenant: Tenant, group: str) -> Members:
    """The members of a group and of the groups in it, each once; circles of groups end."""
    found: dict[str, tuple[Kind, Json]] = {}
    waiting = [group]
    while waiting:
        for kind, row in members_of(tenant, waiting.pop(0)):
            if row["id"] not in found:
                found[row["id"]] = (kind, row)
                if kind is GROUP:
                    waiting.append(row["id"])
    return list(found.values())


def list_all(way: Way, call: Call, group: str) -> Answer:
    """One page of members of all kinds, each with its type."""
    members = _members(way, call, group)
    listing.refuse_what_we_lack(call)
    if "$filter" in call.query or "$orderby" in call.query:
        raise Unknown("$filter and $orderby on members of all kinds")
    odata.allow(call, DIRECTORY, "$select", "$top", "$count", "$skiptoken")
    odata.check_consistency(call, None)
    known = frozenset[str]().union(*(kind.properties for kind in KINDS))
    names = odata.selected(call, DIRECTORY, "microsoft.graph.directoryObject", known, ())
    kinds = {row["id"]: kind for kind, row in members}

    def render(row: Json) -> Json:
        return kinds[row["id"]].show_typed(row, names)

    rows = [row for _, row in members]
    return odata.listed(call, DIRECTORY, rows, render, "directoryObjects")


def list_kind(way: Way, wanted: Kind, call: Call, group: str) -> Answer:
    """One page of members of one kind; a cast is an advanced query."""
    rows = [row for kind, row in _members(way, call, group) if kind is wanted]
    return listing.list_objects(call, wanted, rows, is_cast=True)


def count_all(way: Way, call: Call, group: str) -> Answer:
    """How many members of all kinds there are."""
    rows = [row for _, row in _members(way, call, group)]
    if "$filter" in call.query:
        raise Unknown("$filter on members of all kinds")
    return listing.count_objects(call, USER, rows)


def _members(way: Way, call: Call, group: str) -> Members:
    row = group_at(call, group)
    if row.get("visibility") == "HiddenMembership" and "Member.Read.Hidden" not in call.roles:
        message = "Insufficient privileges to complete the operation."
        raise Refusal(403, "Authorization_RequestDenied", message)
    return way(call.tenant, row["id"])


def _register(collection: str, way: Way) -> None:
    address = f"/groups/{{group}}/{collection}"
    graph.route("GET", address, needs=READ_GROUPS)(partial(list_all, way))
    graph.route("GET", f"{address}/$count", needs=READ_GROUPS)(partial(count_all, way))
    for kind in (USER, ORG_CONTACT):
        graph.route("GET", f"{address}/{kind.name}", needs=READ_GROUPS)(partial(list_kind, way, kind))


_register("members", members_of)
_register("transitiveMembers", transitive_members_of)
