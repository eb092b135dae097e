"""One tenant with one mailbox, and a person who asks for things in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syncengine.sandbox import contacts
from syncengine.sandbox.kernel import Answer
from syncengine.sandbox.state import Mailbox, Tenant, World
from tests.sandbox.calls import ask

ME = "11111111-1111-1111-1111-111111111111"
HOME = f"/users/{ME}"
GUID = "{0a5c9b9e-6b4e-4f0b-9f38-111111111111}"
MARK = f"String {GUID} Name CulvertMark"


@dataclass
class Client:
    """Asks the handlers in this process."""

    world: World
    tenant: Tenant
    mailbox: Mailbox

    def __call__(self, method: str, url: str, body: Any = None, **headers: Any) -> Answer:
        return ask(self.world, self.tenant, method, url, body, **headers)

    def post(self, url: str = f"{HOME}/contacts", **body: Any) -> dict[str, Any]:
        """A created resource."""
        return self("POST", url, body).body

    def rows(self, url: str, **headers: Any) -> list[dict[str, Any]]:
        """All rows of a list or delta round, over all its pages."""
        found: list[dict[str, Any]] = []
        while url:
            body = self("GET", url, **headers).body
            found += body["value"]
            url = body.get("@odata.nextLink", "")
        return found

    def delta(self, url: str, **headers: Any) -> tuple[list[dict[str, Any]], str]:
        """The rows of a round, and the link that asks for the next."""
        rows: list[dict[str, Any]] = []
        while True:
            body = self("GET", url, **headers).body
            rows += body["value"]
            if "@odata.deltaLink" in body:
                return rows, body["@odata.deltaLink"]
            url = body["@odata.nextLink"]

    def wait(self, seconds: float) -> None:
        """Let the sandbox's time pass."""
        assert self.world.clock.frozen
        self.world.clock.frozen += timedelta(seconds=seconds)


@pytest.fixture
def graph() -> Client:
    world, tenant, mailbox = World(), Tenant("t"), Mailbox(ME)
    world.clock.frozen = datetime(2026, 11, 21, 8, tzinfo=UTC)
    world.switches.delta_replays = False
    world.tenants["t"] = tenant
    tenant.users[ME] = {"id": ME, "userPrincipalName": "ada@northwind.example"}
    tenant.mailboxes[ME] = mailbox
    contacts.load(world, tenant, mailbox, [])
    return Client(world, tenant, mailbox)
