"""Audits: a tunnel's sources and targets read afresh, under leases, and compared."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from uuid import uuid4

from partners import clock
from syncengine.auditing import (
    AuditedLane,
    Difference,
    audit_lane,
    read_events,
    shape_events,
    shape_people,
)
from syncengine.connectors.registry import GraphService
from syncengine.errors import TryAgain
from syncengine.model.items import Event, Person
from syncengine.ports.writing import Target
from syncengine.shaping.policy import ContactPolicy, EventPolicy, Policy
from syncengine.shaping.shaped import EventFacts, PersonFacts, Shaped
from tenants import connections, leases
from tenants.models import DIRECTORY, DirectoryEntry, Tenant
from tunnels import policies, resolving
from tunnels.bookkeeping.bodies import Bodies
from tunnels.bookkeeping.identity import installation
from tunnels.models import Lane, Tunnel, TunnelMember
from tunnels.running import clocks
from tunnels.works import Works

PATIENCE_S = 300.0
NAP_S = 0.2
KINDS_OF_MAILBOXES = ("shared", "room", "equipment")


@dataclass(frozen=True, slots=True)
class Found:
    """One difference, and the mailbox in which it stands."""

    mailbox: str
    difference: Difference


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit came to."""

    lanes: int
    compared: int
    differences: tuple[Found, ...]


def audit(tunnel: Tunnel) -> Audit:
    """Compare each approved lane of a tunnel with its sources. Raises a Fault where one cannot be read."""
    policy = policies.policy_of(tunnel)
    wanted = _wanted(tunnel, policy)
    window = (policy if isinstance(policy, EventPolicy) else EventPolicy()).window(clock.today())
    works, compared, found = Works(Bodies()), 0, list[Found]()
    lanes = Lane.objects.standing().filter(tunnel=tunnel, leaving_since=None, approved__gt=0)
    for lane in lanes.exclude(folder="").select_related("tenant", "cell", "tunnel"):
        with _leased(lane.tenant, lane.mailbox):
            service = connections.open_service(lane.tenant)
            audited = AuditedLane(
                works.facts(lane, policy), installation().name, _target(service, lane), lane.folder
            )
            result = audit_lane(audited, wanted, window, service.door, clocks.pause)
        compared += result.compared
        found += [Found(lane.name, difference) for difference in result.differences]
    return Audit(lanes.count(), compared, tuple(found))


def _wanted(tunnel: Tunnel, policy: Policy) -> list[Shaped]:
    """What every lane should hold, from sources read now."""
    members = list(tunnel.members.filter(gives=True).select_related("tenant", "feed").order_by("order"))
    if isinstance(policy, EventPolicy):
        return _from_calendars(members, policy)
    people: dict[str, tuple[Person, PersonFacts]] = {}
    for member in members:
        for person, facts in _people(member.tenant, policy):
            people.setdefault(person.key, (person, facts))
    return shape_people(people.values(), policy)


def _from_calendars(members: Sequence[TunnelMember], policy: EventPolicy) -> list[Shaped]:
    window = policy.window(clock.today())
    events: dict[str, Event] = {}
    for member in members:
        feed = member.feed
        if feed is None:
            raise TryAgain("A source was never found; nothing was compared.")
        with _leased(member.tenant, feed.mailbox):
            service = connections.open_service(member.tenant)
            source = service.calendar(feed.mailbox, feed.calendar_id or None)
            for event in read_events([source], window):
                events.setdefault(event.key, event)
    return shape_events(events.values(), policy, EventFacts(window, installation().key))


def _people(tenant: Tenant, policy: ContactPolicy) -> Iterator[tuple[Person, PersonFacts]]:
    """The address list with the kinds of its mailboxes and the groups that the policy asks for."""
    with _leased(tenant, DIRECTORY):
        directory = connections.open_service(tenant).directory
        pages = [*directory.users(None), *directory.org_contacts(None)]
        gone = {one for page in pages for one in page.gone}
        people = {person.key: person for page in pages for person in page.people if person.key not in gone}
        groups = {
            name: directory.members(object_id)
            for name, object_id in _groups(tenant, (*policy.groups, *policy.without_groups)).items()
        }
    kinds = _kinds(tenant)
    for key, person in people.items():
        held = frozenset(name for name, members in groups.items() if key in members)
        yield _of_kind(person, kinds.get(key, "")), PersonFacts(held)


def _kinds(tenant: Tenant) -> Mapping[str, str]:
    """What sort of mailbox an entry has hardly ever changes: the directory's word is taken."""
    entries = DirectoryEntry.objects.filter(tenant=tenant, kind__in=KINDS_OF_MAILBOXES)
    return dict(entries.values_list("object_id", "kind"))


def _of_kind(person: Person, kind: str) -> Person:
    match kind:
        case "shared" | "room" | "equipment":
            return replace(person, kind=kind) if person.kind == "user" else person
    return person


def _groups(tenant: Tenant, names: Sequence[str]) -> dict[str, str]:
    """Object ids by the name that the policy uses. Raises TryAgain for a group that is not known."""
    found: dict[str, str] = {}
    for name in names:
        group = resolving.find_group(tenant, name)
        if group is None:
            raise TryAgain("The directory does not know a group of the policy; nothing was compared.")
        found[name] = group.object_id
    return found


def _target(service: GraphService, lane: Lane) -> Target:
    if lane.kind == Tunnel.Kind.EVENTS:
        entry = DirectoryEntry.objects.filter(tenant=lane.tenant_id, object_id=lane.mailbox).first()
        return service.target_events(lane.mailbox, (entry.zone if entry else "") or "UTC")
    return service.target_contacts(lane.mailbox)


@contextmanager
def _leased(tenant: Tenant, mailbox: str) -> Iterator[None]:
    """Speak to a mailbox once nobody else does. Raises TryAgain when patience is over."""
    holder, end = uuid4(), time.monotonic() + PATIENCE_S
    while mailbox not in leases.claim(tenant, [mailbox], holder):
        if time.monotonic() > end:
            raise TryAgain("Somebody else speaks to a mailbox all the time; nothing was compared.")
        clocks.pause(NAP_S)
    try:
        yield
    finally:
        leases.give_back(tenant, holder)
