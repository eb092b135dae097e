"""The sandbox's directory: users, groups, mail contacts, places, deltas; consent read back."""

from __future__ import annotations

from syncengine.sandbox.directory import (
    deltas,
    groups,
    members,
    org_contacts,
    organizations,
    places,
    portraits,
    settings,
    users,
)
from syncengine.sandbox.directory.changes import change, remove
from syncengine.sandbox.directory.kinds import GROUP, ORG_CONTACT, USER
from syncengine.sandbox.directory.org_contacts import change_org_contact, remove_org_contact
from syncengine.sandbox.directory.worlds import dump, load

__all__ = [
    "GROUP",
    "ORG_CONTACT",
    "USER",
    "change",
    "change_org_contact",
    "deltas",
    "dump",
    "groups",
    "load",
    "members",
    "org_contacts",
    "organizations",
    "places",
    "portraits",
    "remove",
    "remove_org_contact",
    "settings",
    "users",
]
