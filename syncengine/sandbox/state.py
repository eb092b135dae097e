"""What the sandbox holds: tenants, their directory and mailboxes, the clock, the outbox.

Resources are verbatim Graph JSON as stored (plain ids, UTC where Graph keeps UTC);
what a caller sees is projected on the way out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from syncengine.sandbox.counters import Counters
from syncengine.sandbox.faults import Faults
from syncengine.sandbox.throttle import Throttles

Json = dict[str, Any]


@dataclass(slots=True)
class Clock:
    """The sandbox's own clock: real time plus an offset, or frozen by `/_sandbox/clock`."""

    offset: timedelta = timedelta()
    frozen: datetime | None = None

    def now(self) -> datetime:
        """The sandbox's now, aware, in UTC."""
        return self.frozen or (datetime.now(UTC) + self.offset)  # noqa: TID251


@dataclass(slots=True)
class App:
    """One app registration as a tenant knows it after consent."""

    id: str
    secrets: list[str] = field(default_factory=list)
    expired_secrets: list[str] = field(default_factory=list)
    certificates: list[str] = field(default_factory=list)
    """PEM certificates whose keys may sign assertions."""
    roles: list[str] = field(default_factory=list)
    enabled: bool = True


@dataclass(slots=True)
class Mailbox:
    """One Exchange mailbox: calendars with events, contact folders with contacts.

    `trouble` names why Exchange refuses it: "" (fine), "unlicensed", "soft-deleted",
    "on-premises", "over-quota", "access-denied".
    """

    user_id: str
    settings: Json = field(default_factory=dict)
    trouble: str = ""
    calendars: dict[str, Json] = field(default_factory=dict)
    events: dict[str, Json] = field(default_factory=dict)
    """Singles and series masters by plain id; the calendar module adds private keys that begin with `_`."""
    folders: dict[str, Json] = field(default_factory=dict)
    contacts: dict[str, Json] = field(default_factory=dict)
    generation: int = 0
    """Rises with every change; delta tokens remember it."""
    calendar_log: list[Json] = field(default_factory=list)
    contact_log: list[Json] = field(default_factory=list)
    indexes: dict[str, Any] = field(default_factory=dict)
    """What modules derive from all this for speed, each under its own key; never dumped."""


@dataclass(slots=True)
class Tenant:
    """One Entra tenant with its directory."""

    id: str
    organization: Json = field(default_factory=dict)
    apps: dict[str, App] = field(default_factory=dict)
    users: dict[str, Json] = field(default_factory=dict)
    groups: dict[str, Json] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    """Object ids (users, org contacts, groups) by group id."""
    org_contacts: dict[str, Json] = field(default_factory=dict)
    places: dict[str, Json] = field(default_factory=dict)
    mailboxes: dict[str, Mailbox] = field(default_factory=dict)
    """By user id. A user without an entry has no mailbox."""
    directory_log: list[Json] = field(default_factory=list)


@dataclass(slots=True)
class Switches:
    """Behaviours of Graph that are not documented or differ by report; tests run them both ways.

    Source: the facts marked (gk), (obs) or "gap" in the project's notes on Graph.
    """

    duplicate_transaction: int = 409
    """Status for a second POST with a known transactionId: 201 (answers the first event), 400 or 409."""
    transaction_outlives_deletion: bool = False
    late_filter_s: int = 0
    """Items younger than this are missing from `$filter` on extended properties."""
    deleted_event_still_readable: bool = False
    """GET of a deleted event answers 200 (moved to Deleted Items) instead of 404."""
    deleted_occurrence_in_delta: bool = False
    changes_outside_window_told: bool = True
    paste_clones_properties: bool = True
    delta_order: str = "masters-first"
    """masters-first, masters-last or shuffled."""
    oversize_pages: bool = True
    delta_replays: bool = True
    """A page of delta begins with the last item of the page before."""
    looping_pages_below: int = 0
    """A calendar's delta that is asked for smaller pages than this gives the same page for ever."""
    calendar_id_changes: bool = False
    """The id that POST /calendars answers is not the one under which the calendar is found later."""
    series_change_resets: bool = True
    """A new time or pattern of a series drops its exceptions and cancellations."""
    revocation_is_instant: bool = False
    """A token dies with its app's consent, instead of keeping its roles for its whole life."""
    batch_needs_bodies: bool = True
    """A bodyless POST, PATCH or PUT in a batch refuses the whole batch.
    Source: https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/2628"""


@dataclass(slots=True)
class World:
    """Everything, and the one clock."""

    tenants: dict[str, Tenant] = field(default_factory=dict)
    clock: Clock = field(default_factory=Clock)
    switches: Switches = field(default_factory=Switches)
    outbox: list[Json] = field(default_factory=list)
    """Each mail that Exchange would have sent: tenant, mailbox, kind, to, subject.

    `kind` is invitation, update or cancellation."""
    faults: Faults = field(default_factory=Faults)
    counters: Counters = field(default_factory=Counters)
    throttles: Throttles = field(default_factory=Throttles)
    latency_s: float = 0
    """How long each call takes, while it counts as under way."""
    changes: int = 0
    """Rises with each call that may have changed something; says when to write the state file."""

    def tenant_named(self, name: str) -> Tenant | None:
        """The tenant with this id or verified domain, or None."""
        wanted = name.lower()
        if wanted in self.tenants:
            return self.tenants[wanted]
        for tenant in self.tenants.values():
            domains = tenant.organization.get("verifiedDomains", ())
            if any(domain.get("name", "").lower() == wanted for domain in domains):
                return tenant
        return None

    def mailbox_owner(self, tenant: Tenant, user: str) -> Json | None:
        """The user with this object id or user principal name, or None."""
        if user in tenant.users:
            return tenant.users[user]
        wanted = user.lower()
        for one in tenant.users.values():
            if one.get("userPrincipalName", "").lower() == wanted:
                return one
        return None
