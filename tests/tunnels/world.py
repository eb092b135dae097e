"""Three small tenants in the sandbox, and tunnels that run through them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from partners import clock
from partners.models import Member
from partners.principals import Principal
from partners.selectors import principal_of
from tenants import services as tenants_services
from tenants.models import Tenant
from tests.sandbox_process import SandboxProcess
from tunnels import defining, services
from tunnels.defining import Definition, End
from tunnels.models import Lane, Run, Tunnel
from tunnels.running import clocks, waiting

A = "0a000000-0000-4000-8000-000000000001"
B = "0b000000-0000-4000-8000-000000000002"
C = "0c000000-0000-4000-8000-000000000003"
APP = "7c1f4f0e-3d52-4b5c-9a51-0f6d8f2b9a10"
SECRET = "a-secret-of-the-tests"
ROLES = [
    "User.Read.All", "GroupMember.Read.All", "OrgContact.Read.All", "Organization.Read.All",
    "MailboxSettings.Read", "Calendars.ReadWrite", "Contacts.ReadWrite",
]  # fmt: skip
NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
LICENCE = [{"skuId": "05e9a617-0261-4cee-bb44-138d3ef5d965", "disabledPlans": []}]
ZONES = {A: "Eastern Standard Time", B: "W. Europe Standard Time", C: "AUS Eastern Standard Time"}
DOMAINS = {A: "northwind.example", B: "rheinwerk.example", C: "harbour.example"}
MOBILE = "00000000-0000-4000-8000-00000000aaaa"


def user_id(tid: str, number: int) -> str:
    """The object id of a person."""
    return f"{tid[:8]}-0000-4000-8000-{number:012}"


def person(tid: str, number: int, **changes: Any) -> dict[str, Any]:
    """One licensed user, u01 and so on."""
    nick, domain = f"u{number:02}", DOMAINS[tid]
    return {
        "id": user_id(tid, number),
        "displayName": f"Person {number:02}",
        "givenName": "Person",
        "surname": f"{number:02}",
        "mail": f"{nick}@{domain}",
        "mailNickname": nick,
        "userPrincipalName": f"{nick}@{domain}",
        "proxyAddresses": [f"SMTP:{nick}@{domain}"],
        "accountEnabled": True,
        "userType": "Member",
        "mobilePhone": f"+1 555 01{number:02}",
        "businessPhones": [],
        "assignedLicenses": LICENCE,
        **changes,
    }


def tenant_of(tid: str, people: int = 12) -> dict[str, Any]:
    """So many people, a shared on-call mailbox (number 90); in A the group grp-mobile of the first six."""
    users = [person(tid, number) for number in range(1, people + 1)]
    users.append(person(tid, 90, displayName="On-call", accountEnabled=False, assignedLicenses=[]))
    settings = {"timeZone": ZONES[tid], "userPurpose": "user"}
    mailboxes = [{"user": one["id"], "settings": settings} for one in users[:-1]]
    mailboxes.append({"user": users[-1]["id"], "settings": {**settings, "userPurpose": "shared"}})
    return {
        "id": tid,
        "organization": {
            "id": tid,
            "displayName": DOMAINS[tid].split(".")[0].title(),
            "verifiedDomains": [{"name": DOMAINS[tid], "isDefault": True}],
        },
        "apps": [{"id": APP, "secrets": [SECRET], "roles": ROLES}],
        "users": users,
        "groups": [{"id": MOBILE, "displayName": "grp-mobile", "members": [one["id"] for one in users[:6]]}]
        if tid == A
        else [],
        "contacts": [],
        "mailboxes": mailboxes,
    }


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[SandboxProcess]:
    """One sandbox for all tests of a session; each test loads its own world."""
    with SandboxProcess() as running:
        yield running


class Office:
    """The test's world: the sandbox, the clock that it shares with the engine, and the deeds of people."""

    def __init__(self, sandbox: SandboxProcess, principal: Principal, make_tenant: Callable[..., Tenant]):
        self.sandbox, self.principal = sandbox, principal
        self._make_tenant = make_tenant
        self.tenants: dict[str, Tenant] = {}

    def open(self, *tids: str, people: int = 12) -> None:
        """Load a world of these tenants and connect them."""
        self.sandbox.control("POST", "reset")
        self.sandbox.control("PUT", "world", {"tenants": [tenant_of(tid, people) for tid in tids]})
        self.set_clock(NOW)
        for tid in tids:
            tenant = self._make_tenant(DOMAINS[tid].split(".")[0], microsoft_id=UUID(tid))
            tenants_services.connect(self.principal, tenant, client_id=UUID(APP), secret=SECRET)
            self.tenants[tid] = tenant

    def set_clock(self, moment: datetime) -> None:
        """Engine and sandbox stand at this moment and run on from it."""
        real = datetime.now(UTC)  # noqa: TID251  (the one place that ties the clock to real time)
        clock.set_offset(moment - real)
        self.sandbox.control("PUT", "clock", {"offset_s": (moment - real).total_seconds()})

    def advance(self, by: timedelta) -> None:
        """Let so much time pass, for everybody."""
        self.set_clock(clock.now() + by)

    def pause(self, seconds: float) -> None:
        """What `clocks.pause` does in tests: nobody sleeps."""
        self.advance(timedelta(seconds=seconds))

    def as_user(self, tid: str, number: int, method: str, path: str, body: Any = None) -> Any:
        """A person acts on the own mailbox."""
        return self.sandbox.as_user(tid, method, f"users/{user_id(tid, number)}/{path}", body)

    def add_event(self, tid: str, number: int, **fields: Any) -> dict[str, Any]:
        """An appointment of an hour in a mailbox's calendar, unless the fields say otherwise."""
        event = {
            "subject": "On call",
            "start": {"dateTime": "2026-11-03T09:00:00", "timeZone": "UTC"},
            "end": {"dateTime": "2026-11-03T10:00:00", "timeZone": "UTC"},
            **fields,
        }
        added: dict[str, Any] = self.as_user(tid, number, "POST", "events", event)
        return added

    def calendar(self, tid: str, number: int, name: str) -> list[dict[str, Any]]:
        """The events of one of the mailbox's calendars; empty where there is no such calendar."""
        calendars = self.as_user(tid, number, "GET", "calendars?$top=100")["value"]
        found = [one["id"] for one in calendars if one["name"] == name]
        if not found:
            return []
        path = f"calendars/{found[0]}/events?$top=999"
        events: list[dict[str, Any]] = self.as_user(tid, number, "GET", path)["value"]
        return events

    def contacts(self, tid: str, number: int, name: str) -> list[dict[str, Any]]:
        """The contacts in one of the mailbox's folders; empty where there is no such folder."""
        folders = self.as_user(tid, number, "GET", "contactFolders?$top=100")["value"]
        found = [one["id"] for one in folders if one["displayName"] == name]
        if not found:
            return []
        path = f"contactFolders/{found[0]}/contacts?$top=999"
        contacts: list[dict[str, Any]] = self.as_user(tid, number, "GET", path)["value"]
        return contacts

    def counters(self) -> dict[str, Any]:
        """What the sandbox has counted."""
        counted: dict[str, Any] = self.sandbox.control("GET", "counters")
        return counted

    def forget_counters(self) -> None:
        """Count anew."""
        self.sandbox.control("DELETE", "counters")

    def outbox(self) -> list[Any]:
        """Mails that Exchange would have sent."""
        mails: list[Any] = self.sandbox.control("GET", "outbox")["mails"]
        return mails

    def fault(self, **fields: Any) -> None:
        """Script a fault."""
        self.sandbox.control("POST", "faults", fields)

    def calm(self) -> None:
        """No more faults."""
        self.sandbox.control("DELETE", "faults")

    # Tunnels

    def calendar_tunnel(
        self,
        slug: str = "on-call",
        *,
        source: tuple[str, int] = (A, 90),
        calendar: str = "",
        to: dict[str, Any],
        **changes: Any,
    ) -> Tunnel:
        """A tunnel from one mailbox's calendar to what `to` says, by tenant id."""
        tid, number = source
        named = {"calendar": calendar} if calendar else {}
        ends = [End(self.tenants[tid], True, {"mailbox": person(tid, number)["mail"], **named})]
        ends += [End(self.tenants[one], False, spec) for one, spec in to.items()]
        return defining.open_tunnel(
            self.principal,
            Definition(slug, slug.title(), "events", ends, **{"folder": slug.title(), **changes}),
        )

    def contact_tunnel(
        self, slug: str = "people", *, source: str = A, to: dict[str, Any], **changes: Any
    ) -> Tunnel:
        """A tunnel from a tenant's address list."""
        ends = [End(self.tenants[source], True, {"address_list": True})]
        ends += [End(self.tenants[one], False, spec) for one, spec in to.items()]
        return defining.open_tunnel(
            self.principal,
            Definition(slug, slug.title(), "contacts", ends, **{"folder": slug.title(), **changes}),
        )

    def sync(self, tunnel: Tunnel) -> Run:
        """What `manage.py sync --wait` does."""
        services.approve_all(self.principal, tunnel)
        return waiting.until_over(services.run_now(self.principal, tunnel), patience_s=60)

    def lane(self, tunnel: Tunnel, tid: str, number: int) -> Lane:
        """The lane into a mailbox."""
        return Lane.objects.get(tunnel=tunnel, mailbox=user_id(tid, number))


@pytest.fixture
def office(
    sandbox_process: SandboxProcess, owner: Member, make_tenant: Callable[..., Tenant], settings, monkeypatch
) -> Office:
    """The world of a test; `open` loads tenants into it."""
    settings.CULVERT_GRAPH_URL = sandbox_process.graph
    settings.CULVERT_LOGIN_URL = sandbox_process.login
    settings.CULVERT_CA_BUNDLE = sandbox_process.ca
    made = Office(sandbox_process, principal_of(owner), make_tenant)
    monkeypatch.setattr(clocks, "pause", made.pause)
    return made
