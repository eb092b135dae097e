"""A small tenant: people, a room, mail contacts, groups in groups."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syncengine.sandbox import directory
from syncengine.sandbox.kernel import Answer, Refusal
from syncengine.sandbox.state import App, Mailbox, Tenant, World
from tests.sandbox.calls import ask

EVENTUAL = {"consistencylevel": "eventual"}


def oid(number: int) -> str:
    """A readable object id."""
    return f"00000000-0000-4000-8000-{number:012}"


ADA, BO, ROOM, CY = oid(1), oid(2), oid(3), oid(4)
TEAM, INNER, DYNAMIC = oid(101), oid(102), oid(103)
MAILCONTACT = oid(201)

FILE: dict[str, Any] = {
    "users": [
        {
            "id": ADA,
            "displayName": "Ada Lovelace",
            "givenName": "Ada",
            "surname": "Lovelace",
            "mail": "ada@northwind.example",
            "userPrincipalName": "ada@northwind.example",
            "proxyAddresses": ["SMTP:ada@northwind.example", "smtp:a@northwind.example"],
            "accountEnabled": True,
            "department": "Sales",
            "userType": "Member",
            "businessPhones": ["+1 1"],
            "mobilePhone": None,
            "onPremisesExtensionAttributes": {"extensionAttribute1": "x"},
            "assignedLicenses": [{"skuId": oid(900), "disabledPlans": []}],
        },
        {
            "id": BO,
            "displayName": "Bo O'Neil",
            "userPrincipalName": "bo@northwind.example",
            "accountEnabled": False,
            "department": "Lab",
            "userType": "Guest",
        },
        {"id": ROOM, "displayName": "Room 4", "userPrincipalName": "room4@northwind.example"},
        {"id": CY, "displayName": "Cy", "userPrincipalName": "cy@northwind.example"},
    ],
    "groups": [
        {
            "id": TEAM,
            "displayName": "Team",
            "mailEnabled": True,
            "securityEnabled": True,
            "groupTypes": ["Unified"],
            "members": [ADA, INNER, MAILCONTACT],
        },
        {"id": INNER, "displayName": "Inner", "securityEnabled": True, "members": [BO, ADA, TEAM]},
        {
            "id": DYNAMIC,
            "displayName": "All",
            "groupTypes": ["DynamicMembership"],
            "members": [CY],
        },
    ],
    "contacts": [
        {
            "id": MAILCONTACT,
            "displayName": "Di",
            "mail": "di@other.example",
            "phones": [{"type": "mobile", "number": "+1 9"}],
        },
    ],
    "places": [
        {
            "@odata.type": "#microsoft.graph.room",
            "id": oid(301),
            "displayName": "Room 4",
            "nickname": "Room 4",
            "emailAddress": "room4@northwind.example",
            "capacity": 8,
        },
        {
            "@odata.type": "#microsoft.graph.roomList",
            "id": oid(302),
            "displayName": "House",
            "emailAddress": "house@northwind.example",
            "_rooms": [oid(301)],
        },
    ],
}


@dataclass
class Client:
    """Asks the handlers in this process."""

    world: World
    tenant: Tenant

    def __call__(self, method: str, url: str, body: Any = None, **headers: Any) -> Answer:
        return ask(self.world, self.tenant, method, url, body, **headers)

    def get(self, url: str, **headers: Any) -> dict[str, Any]:
        """The body of an answer."""
        return self("GET", url, **headers).body

    def rows(self, url: str, **headers: Any) -> list[dict[str, Any]]:
        """All rows of a list, over all its pages."""
        found: list[dict[str, Any]] = []
        while url:
            body = self.get(url, **headers)
            found += body["value"]
            url = body.get("@odata.nextLink", "")
        return found

    def pages(self, url: str, **headers: Any) -> list[dict[str, Any]]:
        """All pages of a round."""
        found = [self.get(url, **headers)]
        while "@odata.nextLink" in found[-1]:
            found.append(self.get(found[-1]["@odata.nextLink"], **headers))
        return found

    def delta(self, url: str, **headers: Any) -> tuple[list[dict[str, Any]], str]:
        """The rows of a round, and the link that asks for the next."""
        pages = self.pages(url, **headers)
        return [row for page in pages for row in page["value"]], pages[-1]["@odata.deltaLink"]

    def refused(self, method: str, url: str, body: Any = None, **headers: Any) -> Refusal:
        """The refusal that a call meets."""
        with pytest.raises(Refusal) as refusal:
            self(method, url, body, **headers)
        return refusal.value

    def wait(self, **time: float) -> None:
        """Let the sandbox's time pass."""
        assert self.world.clock.frozen
        self.world.clock.frozen += timedelta(**time)

    def hire(self, count: int) -> list[str]:
        """So many new users."""
        made = []
        for number in range(count):
            person = {
                "accountEnabled": True,
                "displayName": f"New {number}",
                "mailNickname": f"new{number}",
                "userPrincipalName": f"new{number}@northwind.example",
                "passwordProfile": {"password": "x"},
            }
            made.append(self("POST", "/users", person).body["id"])
        return made


@pytest.fixture
def graph() -> Client:
    world = World()
    world.clock.frozen = datetime(2026, 11, 21, 8, tzinfo=UTC)
    world.switches.delta_replays = False
    tenant = Tenant(oid(800), {"displayName": "Northwind"})
    tenant.apps[oid(700)] = App(oid(700), roles=["User.Read.All", "Contacts.ReadWrite"])
    world.tenants[tenant.id] = tenant
    directory.load(world, tenant, FILE)
    tenant.mailboxes[ADA] = Mailbox(ADA, {"timeZone": "Eastern Standard Time"})
    tenant.mailboxes[ROOM] = Mailbox(ROOM, {"userPurpose": "room"})
    tenant.mailboxes[BO] = Mailbox(BO, trouble="unlicensed")
    return Client(world, tenant)
