"""Who lives in the scenarios: Northwind in New York, Rheinwerk in Berlin, Harbour in Sydney."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.tunnels.world import ZONES, A, B, C, person, tenant_of, user_id

__all__ = ["MANAGERS", "TENANTS", "ZONES", "A", "B", "C", "crowd", "numbers", "person", "user_id"]

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
    """A with many people, all of them in grp-mobile, and its shared on-call mailbox."""
    tenant = tenant_of(A, 0)
    tenant["users"] = [*(person(A, number) for number in numbers(people)), *tenant["users"]]
    settings = {"timeZone": ZONES[A], "userPurpose": "user"}
    tenant["mailboxes"] += [{"user": user_id(A, number), "settings": settings} for number in numbers(people)]
    tenant["groups"][0]["members"] = [user_id(A, number) for number in numbers(people)]
    return tenant


def numbers(people: int) -> list[int]:
    """So many numbers of people; those from 90 to 99 are shared mailboxes and rooms."""
    return [*range(1, 90), *range(100, people + 11)] if people > 89 else list(range(1, people + 1))


def _with_room(tenant: Json, tid: str) -> Json:
    room = person(
        tid, ROOM, displayName="Room 1", accountEnabled=False, assignedLicenses=[], mobilePhone=None
    )
    tenant["users"].append(room)
    settings = {"timeZone": ZONES[tid], "userPurpose": "room"}
    tenant["mailboxes"].append({"user": room["id"], "settings": settings})
    return tenant
