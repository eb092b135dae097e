"""The directory of a tenant from and to a world file.

Objects are as Graph shows them: absent means never set, null means cleared. A group has its
members' ids under `members`; a user may have `_photo` (base64); a room list has the ids of
its rooms under `_rooms`.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy

from syncengine.sandbox.directory import changes
from syncengine.sandbox.kernel import Json
from syncengine.sandbox.state import Tenant, World


def load(_: World, tenant: Tenant, file: Json) -> None:
    """Fill a tenant's directory. Everything counts as having been there before the log began."""
    tenant.users = _by_id(file.get("users"))
    tenant.org_contacts = _by_id(file.get("contacts"))
    tenant.places = _by_id(file.get("places"))
    groups = _by_id(file.get("groups"))
    tenant.members = {one: list(row.pop("members", ())) for one, row in groups.items()}
    tenant.groups = groups
    changes.begin(tenant)


def dump(_: World, tenant: Tenant) -> Json:
    """What `load` needs to make the same directory."""
    groups = [{**row, "members": tenant.members[one]} for one, row in tenant.groups.items()]
    rows = {
        "users": list(tenant.users.values()),
        "groups": groups,
        "contacts": list(tenant.org_contacts.values()),
        "places": list(tenant.places.values()),
    }
    return deepcopy(rows)


def _by_id(rows: Iterable[Json] | None) -> dict[str, Json]:
    return {row["id"]: deepcopy(row) for row in rows or ()}
