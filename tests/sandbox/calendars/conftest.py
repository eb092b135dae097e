"""A small world with a few mailboxes, and a way to ask it that checks every answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

import syncengine.sandbox.calendars  # noqa: F401  (registers the addresses)
from syncengine.sandbox.kernel import Refusal
from syncengine.sandbox.state import Mailbox, Tenant, World
from tests.sandbox.calls import BASE, ask
from tests.sandbox.conformance import DESCRIPTION, assert_conforms

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NEW_YORK = "Eastern Standard Time"


@dataclass
class Graph:
    """One tenant's Graph. Every answer is held against Graph's description where that is at hand."""

    world: World
    tenant: Tenant

    def ask(self, method: str, url: str, body: Any = None, **headers: str) -> Any:
        """The body of a good answer."""
        answer = ask(self.world, self.tenant, method, url, body, **headers)
        if DESCRIPTION.exists():
            assert_conforms(method, url.removeprefix(BASE), answer.status, answer.body)
        return answer.body

    def refused(self, method: str, url: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """Status and code of a refusal."""
        with pytest.raises(Refusal) as caught:
            ask(self.world, self.tenant, method, url, body, **headers)
        return caught.value.status, caught.value.code

    def pages(self, url: str, **headers: str) -> list[Any]:
        """All rows of all pages."""
        rows, page = [], self.ask("GET", url, **headers)
        while True:
            rows += page["value"]
            if "@odata.nextLink" not in page:
                return rows
            page = self.ask("GET", page["@odata.nextLink"], **headers)


def user(user_id: str, name: str, domain: str = "alder.example") -> dict[str, Any]:
    """A user as the directory has one."""
    address = f"{name.split(maxsplit=1)[0].lower()}@{domain}"
    return {"id": user_id, "displayName": name, "mail": address, "userPrincipalName": address}


@pytest.fixture
def world() -> World:
    world = World()
    world.clock.frozen = NOW
    for tenant_id, domain, names in (
        ("alder", "alder.example", ("Ann Alder", "Bob Birch", "Room One")),
        ("birch", "birch.example", ("Zoe Zimt",)),
    ):
        tenant = world.tenants[tenant_id] = Tenant(tenant_id)
        for name in names:
            key = name.split()[0].lower()
            tenant.users[key] = user(key, name, domain)
            tenant.mailboxes[key] = Mailbox(key)
    return world


@pytest.fixture
def graph(world: World) -> Graph:
    return Graph(world, world.tenants["alder"])


@pytest.fixture
def other_graph(world: World) -> Graph:
    return Graph(world, world.tenants["birch"])


def event(start: str, end: str, zone: str = NEW_YORK, **more: Any) -> dict[str, Any]:
    """The body of a POST."""
    return {
        "subject": "Review",
        "start": {"dateTime": start, "timeZone": zone},
        "end": {"dateTime": end, "timeZone": zone},
        **more,
    }
