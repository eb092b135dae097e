"""A small tenant and an app that may do everything in it, spoken to inside the process."""

from __future__ import annotations

from typing import Any

import pytest

from syncengine.sandbox.kernel import graph
from syncengine.sandbox.state import World
from syncengine.sandbox.world_file import load_world
from tests.sandbox_inside import Inside

TENANT = "0a1de000-0000-4000-8000-000000000001"
APP = "a9900000-0000-4000-8000-000000000001"
SECRET = "correct horse"
ADA = "5e400000-0000-4000-8000-00000000000a"
BEN = "5e400000-0000-4000-8000-00000000000b"
# Well formed, and nobody's.
NO_ITEM = "AAMkA" + "x" * 40 + "AAA="


def small_world() -> dict[str, Any]:
    """A tenant with two people, each with an empty mailbox."""
    people = [(ADA, "ada"), (BEN, "ben")]
    return {
        "tenants": [
            {
                "id": TENANT,
                "organization": {
                    "id": TENANT,
                    "displayName": "Alder",
                    "verifiedDomains": [{"name": "alder.example", "isDefault": True}],
                },
                "apps": [{"id": APP, "secrets": [SECRET], "roles": sorted(graph.permissions)}],
                "users": [
                    {
                        "id": oid,
                        "displayName": name.title(),
                        "mail": f"{name}@alder.example",
                        "userPrincipalName": f"{name}@alder.example",
                    }
                    for oid, name in people
                ],
                "mailboxes": [{"user": oid} for oid, _ in people],
            }
        ],
        "clock": {"now": "2026-03-02T09:00:00+00:00"},
    }


@pytest.fixture
def world() -> World:
    world = World()
    load_world(world, small_world())
    return world


@pytest.fixture
def inside(world: World) -> Inside:
    return Inside(world)


@pytest.fixture
def token(inside: Inside) -> str:
    return inside.token(TENANT, APP, SECRET)
