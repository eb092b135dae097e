"""Groups and their members.

Source: https://learn.microsoft.com/graph/api/resources/group
"""

from __future__ import annotations

import re
import uuid

from syncengine.sandbox import odata
from syncengine.sandbox.directory import changes, listing
from syncengine.sandbox.directory.kinds import GROUP, kind_of
from syncengine.sandbox.directory.permissions import READ_GROUPS, WRITE_GROUPS, WRITE_MEMBERS
from syncengine.sandbox.directory.writes import GROUP_WRITES, bad_request, read_body, require
from syncengine.sandbox.kernel import Answer, Call, Json, graph
from syncengine.sandbox.odata import DIRECTORY

_REFERENCE = re.compile(r"/(?:directoryObjects|users|groups|contacts)/([^/]+)/?$", re.I)
_DYNAMIC = "DynamicMembership"


@graph.route("GET", "/groups", needs=READ_GROUPS)
def list_groups(call: Call) -> Answer:
    """One page of groups."""
    return listing.list_objects(call, GROUP, list(call.tenant.groups.values()))


@graph.route("GET", "/groups/$count", needs=READ_GROUPS)
def count_groups(call: Call) -> Answer:
    """How many groups there are."""
    return listing.count_objects(call, GROUP, list(call.tenant.groups.values()))


@graph.route("GET", "/groups/{group}", needs=READ_GROUPS)
def get_group(call: Call, group: str) -> Answer:
    """One group."""
    return Answer(200, listing.alone(call, GROUP, lambda: group_at(call, group)))


@graph.route("POST", "/groups", needs=WRITE_GROUPS)
def create_group(call: Call) -> Answer:
    """A new group without members."""
    odata.allow(call, DIRECTORY)
    written = read_body(call.body, GROUP, GROUP_WRITES)
    require(written, "displayName", "mailEnabled", "mailNickname", "securityEnabled")
    now = call.world.clock.now().isoformat()[:19] + "Z"
    row = {"id": str(uuid.uuid4()), "createdDateTime": now, "groupTypes": [], **written}
    changes.add(call.world, call.tenant, GROUP, row)
    shown = GROUP.show(row, GROUP.default)
    return Answer(201, {"@odata.context": listing.context(call, "groups"), **shown})


@graph.route("PATCH", "/groups/{group}", needs=WRITE_GROUPS)
def change_group(call: Call, group: str) -> Answer:
    """Change a group's own properties."""
    odata.allow(call, DIRECTORY)
    row, written = group_at(call, group), read_body(call.body, GROUP, GROUP_WRITES)
    changes.change(call.world, call.tenant, GROUP, row["id"], written)
    return Answer(204)


@graph.route("DELETE", "/groups/{group}", needs=WRITE_GROUPS)
def delete_group(call: Call, group: str) -> Answer:
    """Delete a group; its members live on."""
    odata.allow(call, DIRECTORY)
    changes.remove(call.world, call.tenant, GROUP, group_at(call, group)["id"])
    return Answer(204)


@graph.route("POST", "/groups/{group}/members/$ref", needs=WRITE_MEMBERS)
def add_member(call: Call, group: str) -> Answer:
    """Make the object that `@odata.id` names a member."""
    odata.allow(call, DIRECTORY)
    row = _assigned_group_at(call, group)
    body = call.body if isinstance(call.body, dict) else {}
    found = _REFERENCE.search(str(body.get("@odata.id", "")))
    if found is None or body.keys() != {"@odata.id"}:
        raise bad_request("Invalid object reference: '@odata.id' must name one object.")
    if kind_of(call.tenant, found[1]) is None:
        raise listing.missing(found[1])
    if found[1] in call.tenant.members[row["id"]]:
        raise bad_request(
            "One or more added object references already exist for the following "
            "modified properties: 'members'."
        )
    changes.join(call.world, call.tenant, row["id"], found[1])
    return Answer(204)


@graph.route("DELETE", "/groups/{group}/members/{member}/$ref", needs=WRITE_MEMBERS)
def remove_member(call: Call, group: str, member: str) -> Answer:
    """End a membership."""
    odata.allow(call, DIRECTORY)
    row = _assigned_group_at(call, group)
    if member not in call.tenant.members[row["id"]]:
        raise listing.missing(member)
    changes.leave(call.world, call.tenant, row["id"], member)
    return Answer(204)


def group_at(call: Call, group: str) -> Json:
    """The group that an address means. Raises 404."""
    row = call.tenant.groups.get(group)
    if row is None:
        raise listing.missing(group)
    return row


def _assigned_group_at(call: Call, group: str) -> Json:
    row = group_at(call, group)
    if _DYNAMIC in (row.get("groupTypes") or ()):
        raise bad_request("Membership of a dynamic group follows its rule and cannot be written.")
    return row
