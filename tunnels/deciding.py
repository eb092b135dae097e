"""What waits for a person in a tunnel: plans to be approved, deletions that a guard holds.

A page shows it under a seal and sends the seal back with the decision, so that nobody approves or
releases what has come in between and was never read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, F, QuerySet

from partners.principals import Principal
from tunnels import selectors
from tunnels.models import Lane, LanePlan, RegisterRow, Tunnel


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for approval in a tunnel, as counts.

    `seal` stands for exactly these plans.
    """

    lanes: int
    creates: int
    updates: int
    deletes: int
    skips: int
    unplanned: int
    """Lanes whose plan is not made yet."""
    stale: int
    """Lanes whose plan did not agree any more when somebody approved."""
    changed: int
    """Items that changed since the oldest of these plans was made."""
    seal: str


def plans_that_wait(principal: Principal, tunnel: Tunnel) -> QuerySet[LanePlan]:
    """Plans of lanes that write nothing before a person has approved them, by mailbox."""
    return selectors.plans_of(principal, tunnel).filter(
        lane__approved__lt=F("definition"), definition=tunnel.definition
    )


def waiting_of(principal: Principal, tunnel: Tunnel) -> Waiting:
    """The counts over `plans_that_wait`."""
    plans = plans_that_wait(principal, tunnel).order_by("lane")
    rows = list(
        plans.values_list("lane", "digest", "number", "state", "creates", "updates", "deletes", "skips")
    )
    lanes = selectors.lanes_of(principal, tunnel).filter(approved__lt=tunnel.definition).count()
    oldest = min((row[2] for row in rows), default=None)
    changed = RegisterRow.objects.filter(cell__tunnel=tunnel, number__gt=oldest or 0)
    return Waiting(
        lanes=len(rows),
        creates=sum(row[4] for row in rows),
        updates=sum(row[5] for row in rows),
        deletes=sum(row[6] for row in rows),
        skips=sum(row[7] for row in rows),
        unplanned=lanes - len(rows),
        stale=sum(row[3] == LanePlan.State.STALE for row in rows),
        changed=0 if oldest is None else changed.count(),
        seal=_seal(row[:2] for row in rows),
    )


def lanes_that_lag(principal: Principal, tunnel: Tunnel) -> QuerySet[Lane]:
    """Approved lanes that are not level: what the next run will do there is not stored, but computed."""
    lanes = selectors.lanes_of(principal, tunnel).filter(approved__gte=tunnel.definition, leave_held=False)
    return lanes.filter(cursor__lt=F("cell__head")).order_by("name", "pk")


@dataclass(frozen=True, slots=True)
class HeldLane:
    """What guards hold in one mailbox; without a number, all of it: it would leave."""

    lane: int
    name: str
    cause: str
    why: str
    deletions: int


@dataclass(frozen=True, slots=True)
class Held:
    """What guards hold in a tunnel, by mailbox. `seal` stands for exactly this."""

    lanes: list[HeldLane]
    deletions: int
    leaving: int
    leaving_copies: int
    seal: str


def held_in(principal: Principal, tunnel: Tunnel) -> Held:
    """What waits for a release, and what a release would let go."""
    held = selectors.held_of(principal, tunnel)
    grouped = held.order_by().values_list("lane", "lane__name", "cause", "lane__message")
    lanes = [HeldLane(*row) for row in grouped.annotate(Count("pk")).order_by("lane__name", "lane", "cause")]
    leaving = selectors.lanes_of(principal, tunnel).filter(leave_held=True)
    leavers = [HeldLane(lane.pk, lane.name, "lane leaves", lane.message, lane.copies) for lane in leaving]
    seal = _seal([*held.order_by("pk").values_list("pk"), *((lane.lane, "leaves") for lane in leavers)])
    return Held(
        lanes=[*lanes, *leavers],
        deletions=sum(lane.deletions for lane in lanes),
        leaving=len(leavers),
        leaving_copies=sum(lane.deletions for lane in leavers),
        seal=seal,
    )


def _seal(rows: Iterable[tuple[object, ...]]) -> str:
    return hashlib.sha256(repr(list(rows)).encode()).hexdigest()[:32]
