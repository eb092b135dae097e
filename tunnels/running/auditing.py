"""Audits: a tunnel's sources and targets read afresh, under leases, and compared.

Workers may be at work meanwhile, and people too: what differs is read again, sources first, and
only what two readings agree on is reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from partners import clock
from syncengine.auditing import (
    AuditedLane,
    Difference,
    LaneAudit,
    audit_lane,
    lasting,
    not_compared,
    read_calendar,
    shape_events,
    shape_people,
)
from syncengine.connectors.registry import GraphService
from syncengine.errors import Fault, TryAgain
from syncengine.model.items import Event
from syncengine.model.time import Window
from syncengine.ports.writing import Target
from syncengine.shaping.policy import EventPolicy, Policy
from syncengine.shaping.shaped import EventFacts, Shaped
from tenants.models import DirectoryEntry
from tunnels import policies
from tunnels.bookkeeping.bodies import Bodies
from tunnels.bookkeeping.identity import installation
from tunnels.models import Lane, Tunnel, TunnelMember
from tunnels.running.people import read_people
from tunnels.running.visits import visit
from tunnels.works import Works

MOST_READINGS = 3
"""Two that agree are wanted; one may fail."""


@dataclass(frozen=True, slots=True)
class Found:
    """One difference, and the mailbox in which it stands."""

    mailbox: str
    difference: Difference


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """An item of a source that nobody can read: it has no copy, or the copy that it had."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit came to. A lane that could not be read is a difference, "not compared"."""

    lanes: int
    compared: int
    differences: tuple[Found, ...]
    not_understood: tuple[NotUnderstood, ...] = ()


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What every lane should hold, by the sources as they were just read."""

    window: Window
    policy: Policy
    copies: Sequence[Shaped]
    not_understood: tuple[NotUnderstood, ...] = ()


def audit(tunnel: Tunnel) -> Audit:
    """Compare each approved lane of a tunnel with its sources. Raises a Fault where one cannot be read."""
    lanes = Lane.objects.standing().filter(tunnel=tunnel, leaving_since=None, approved__gt=0)
    doubtful = list(lanes.select_related("tenant", "cell", "tunnel"))
    wanted = _read_sources(tunnel)
    found: dict[Lane, LaneAudit] = {}
    for reading in range(MOST_READINGS):
        if reading:
            wanted = _read_sources(tunnel)
        doubtful = [lane for lane in doubtful if _is_in_doubt(lane, wanted, found)]
        if not doubtful:
            break
    return Audit(
        lanes=len(found),
        compared=sum(one.compared for one in found.values()),
        differences=tuple(
            Found(lane.address or lane.name, what) for lane, one in found.items() for what in one.differences
        ),
        not_understood=wanted.not_understood,
    )


def _is_in_doubt(lane: Lane, wanted: _Wanted, found: dict[Lane, LaneAudit]) -> bool:
    """Read the lane's folder now; whether it must be read again before it is judged."""
    before, now = found.get(lane), _compare(lane, wanted)
    found[lane] = lasting(before, now) if before else now
    is_confirmed = before is not None and before.is_compared and now.is_compared
    return bool(found[lane].differences) and not is_confirmed


def _compare(lane: Lane, wanted: _Wanted) -> LaneAudit:
    facts = Works(Bodies()).facts(lane, wanted.policy)
    try:
        with visit(lane.tenant, lane.mailbox) as (service, nap):
            audited = AuditedLane(facts, installation().name, _target(service, lane), lane.folder)
            return audit_lane(audited, wanted.copies, wanted.window, service.door, nap)
    except Fault as fault:
        return not_compared(str(fault))


def _read_sources(tunnel: Tunnel) -> _Wanted:
    """The sources as they are now, shaped."""
    policy = policies.policy_of(tunnel)
    window = (policy if isinstance(policy, EventPolicy) else EventPolicy()).window(clock.today())
    members = list(tunnel.members.filter(gives=True).select_related("tenant", "feed").order_by("order"))
    if not isinstance(policy, EventPolicy):
        people = [read_people(member.tenant, policy) for member in members]
        return _Wanted(window, policy, shape_people(people, policy))
    calendars: list[Sequence[Event]] = []
    not_understood: list[NotUnderstood] = []
    for member in members:
        events, reasons = _read_calendar(member, window)
        calendars.append(events)
        not_understood += reasons
    copies = shape_events(calendars, policy, EventFacts(window, installation().key))
    return _Wanted(window, policy, copies, tuple(not_understood))


def _read_calendar(member: TunnelMember, window: Window) -> tuple[Sequence[Event], list[NotUnderstood]]:
    feed = member.feed
    if feed is None:
        raise TryAgain("A source was never found; nothing was compared.")
    with visit(member.tenant, feed.mailbox) as (service, nap):
        read = read_calendar(service.calendar(feed.mailbox, feed.calendar_id or None), window, nap)
    return read.events, [NotUnderstood(feed.name, reason) for reason in read.not_understood]


def _target(service: GraphService, lane: Lane) -> Target:
    if lane.kind == Tunnel.Kind.EVENTS:
        # The same zone as the writer's: it is kept from the first time that the lane was walked.
        entry = DirectoryEntry.objects.filter(tenant=lane.tenant_id, object_id=lane.mailbox).first()
        return service.target_events(lane.mailbox, (entry.zone if entry else "") or "UTC")
    return service.target_contacts(lane.mailbox)
