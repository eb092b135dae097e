"""Changes of directory objects, and the log that delta queries read.

A row of a tenant's directory holds only properties that were ever set: a key that is
absent was never set, null was cleared. Log entries name what changed, not to what.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any

from syncengine.sandbox.directory.kinds import GROUP, USER, Kind, kind_of
from syncengine.sandbox.kernel import Json
from syncengine.sandbox.state import Tenant, World


def begin(tenant: Tenant) -> None:
    """Start the log; tokens of an earlier one are recognised as lost."""
    tenant.directory_log[:] = [{"number": 0, "kind": "", "epoch": secrets.token_hex(4)}]


def epoch(tenant: Tenant) -> str:
    """Which log this is."""
    if not tenant.directory_log:
        begin(tenant)
    name: str = tenant.directory_log[0]["epoch"]
    return name


def latest(tenant: Tenant) -> int:
    """The number of the last change."""
    epoch(tenant)
    number: int = tenant.directory_log[-1]["number"]
    return number


def add(world: World, tenant: Tenant, kind: Kind, row: Json) -> None:
    """Put a new object into the directory."""
    kind.rows(tenant)[row["id"]] = row
    if kind is GROUP:
        tenant.members.setdefault(row["id"], [])
    _log(world, tenant, kind, row["id"], properties=sorted(row))


def change(world: World, tenant: Tenant, kind: Kind, object_id: str, written: Json) -> None:
    """Set properties; only those that get another value count as changed. Null clears one.

    Raises ValueError for a property that such objects do not have.
    """
    if unknown := written.keys() - kind.properties:
        raise ValueError(f"{kind.name} has no {', '.join(sorted(unknown))}")
    row = kind.rows(tenant)[object_id]
    changed = {name: value for name, value in written.items() if row.get(name) != value}
    row.update(changed)
    if told := sorted(changed.keys() - kind.untracked):
        _log(world, tenant, kind, object_id, properties=told)


def remove(world: World, tenant: Tenant, kind: Kind, object_id: str) -> None:
    """Delete an object: users and Microsoft 365 groups can be restored, others are gone."""
    for group in [one for one, ids in tenant.members.items() if object_id in ids]:
        leave(world, tenant, group, object_id)
    if kind is GROUP:
        for member in list(tenant.members[object_id]):
            leave(world, tenant, object_id, member)
        del tenant.members[object_id]
    row = kind.rows(tenant).pop(object_id)
    if kind is USER:
        tenant.mailboxes.pop(object_id, None)
    is_soft = kind is USER or "Unified" in (row.get("groupTypes") or ())
    _log(world, tenant, kind, object_id, removed="changed" if is_soft else "deleted")


def join(world: World, tenant: Tenant, group: str, member: str) -> None:
    """Make an object a member of a group."""
    tenant.members[group].append(member)
    _log_member(world, tenant, group, member)


def leave(world: World, tenant: Tenant, group: str, member: str) -> None:
    """End a membership."""
    tenant.members[group].remove(member)
    _log_member(world, tenant, group, member)


def touch_photo(row: Json, picture: str | None) -> None:
    """Set or take away a user's picture (base64): no delta ever tells of it.

    Source: https://github.com/microsoftgraph/microsoft-graph-docs/issues/16690
    """
    row.pop("_photo", None)
    if picture is not None:
        row["_photo"] = picture


def members_of(tenant: Tenant, group: str) -> list[tuple[Kind, Json]]:
    """The direct members of a group with their kinds; ids of nothing are passed over."""
    found = ((kind_of(tenant, one), one) for one in tenant.members.get(group, ()))
    return [(kind, kind.rows(tenant)[one]) for kind, one in found if kind is not None]


def _log_member(world: World, tenant: Tenant, group: str, member: str) -> None:
    kind = kind_of(tenant, member)
    type_name = f"#{kind.name}" if kind else "#microsoft.graph.directoryObject"
    _log(world, tenant, GROUP, group, properties=["members"], member=member, type=type_name)


def _log(
    world: World,
    tenant: Tenant,
    kind: Kind,
    object_id: str,
    *,
    properties: Iterable[str] = (),
    **more: Any,
) -> None:
    entry = {"number": latest(tenant) + 1, "at": world.clock.now().isoformat()}
    entry |= {"kind": kind.collection, "id": object_id, "properties": list(properties)}
    tenant.directory_log.append(entry | more)
