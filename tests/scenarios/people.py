"""Who lives in the scenarios: Northwind in New York, Rheinwerk in Berlin, Harbour in Sydney."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.tunnels.world import ZONES, A, B, C, person, tenant_of, user_id

__all__ = ["MANAGERS", "TENANTS", "ZONES", "A", "B", "C", "crowd", "person", "user_id"]

Json = dict[str, Any]

MANAGERS = "00000000-0000-4000-8000-00000000bbbb"
SHARED, ROOM = 90, 91
"""Numbers of the shared mailbox and of the room in each tenant."""


def northwind() -> Json:
    """A: twelve people, grp-mobile of the first six, grp-managers of the first two."""
    tenant = _with_room(tenant_of(A), A)
    managers = [user_id(A, 1), user_id(A, 2)]
    tenant["groups"].append({"id": MANAGERS, "displayName": "grp-managers", "members": managers})
    return tenant


def rheinwerk() -> Json:
    """B: twelve people."""
    return _with_room(tenant_of(B), B)


def harbour() -> Json:
    """C: twelve people."""
    return _with_room(tenant_of(C), C)


TENANTS: dict[str, Callable[[], Json]] = {A: northwind, B: rheinwerk, C: harbour}


def crowd(people: int) -> Json:
    """A with many people, all of them in grp-mobile."""
    tenant = tenant_of(A, people)
    tenant["groups"][0]["members"] = [one["id"] for one in tenant["users"][:people]]
    return tenant


def _with_room(tenant: Json, tid: str) -> Json:
    room = person(
        tid, ROOM, displayName="Room 1", accountEnabled=False, assignedLicenses=[], mobilePhone=None
    )
    tenant["users"].append(room)
    settings = {"timeZone": ZONES[tid], "userPurpose": "room"}
    tenant["mailboxes"].append({"user": room["id"], "settings": settings})
    return tenant
