"""Lanes: claimed with their mailboxes' leases, walked side by side through one tenant, and settled."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from random import SystemRandom
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max, Min

from partners.clock import Now
from syncengine.connectors.registry import GraphService
from syncengine.errors import NeedsAPerson, TryAgain
from syncengine.executing.driver import Drive, Driver
from syncengine.executing.lanes import LaneReport
from syncengine.limits.pace import MailboxPace, Paces
from syncengine.model.identity import LaneId
from syncengine.ports.writing import Target
from syncengine.run import walk_lane
from tenants import connections, leases
from tenants.leases import Held
from tenants.models import DirectoryEntry, Tenant
from tunnels import journal
from tunnels.bookkeeping.bodies import Bodies
from tunnels.bookkeeping.links import SqlBook
from tunnels.models import Lane, Run, Tunnel, Turn
from tunnels.running import due, settling
from tunnels.running.clocks import SliceClock
from tunnels.works import Works

TOGETHER = 40
"""Lanes of one tenant that a slice drives side by side, so that small changes share batches."""

FAR_BEHIND, WEIGHS = 200, 2.5
"""A lane so many rows behind counts as several: each stores its intents a thousand at a time, and what a
slice cannot send must be taken back."""

SENDERS = 8
ASK_ZONE_AGAIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Claimed:
    """Lanes of one tenant whose mailboxes nobody else speaks to until we give them back."""

    tenant: Tenant
    holder: UUID
    lanes: Sequence[Lane]
    held: Mapping[str, Held]


@transaction.atomic
def claim(most: int = Lane.Priority.CHECK, only: Tunnel | None = None) -> Claimed | None:
    """The lanes whose turn it is: by priority, and among equals of the tenant served longest ago."""
    turns = (
        due.lanes(most, only)
        .order_by()
        .values("tenant")
        .annotate(first=Min("priority"), served=Max("tenant__turn__served_at"))
        .order_by("first", F("served").asc(nulls_first=True), "tenant")
    )
    for turn in turns:
        claimed = _claim_of(Tenant.objects.get(pk=turn["tenant"]), most, only)
        if claimed is not None:
            return claimed
    return None


def _claim_of(tenant: Tenant, most: int, only: Tunnel | None) -> Claimed | None:
    lanes = list(
        due.lanes(most, only)
        .filter(tenant=tenant)
        .select_related("cell", "tunnel")
        .select_for_update(skip_locked=True, of=("self",))[:TOGETHER]
    )
    lanes = lanes[: _as_many_as_a_slice_can_serve(lanes)]
    holder = uuid4()
    held = leases.claim(tenant, [lane.mailbox for lane in lanes], holder)
    ours = [lane for lane in lanes if lane.mailbox in held]
    if not ours:
        return None
    Turn.objects.update_or_create(tenant=tenant, defaults={"served_at": Now()})
    staying = [lane.pk for lane in ours if not lane.is_leaving]
    Lane.objects.filter(pk__in=staying).update(state=Lane.State.RUNNING)
    return Claimed(tenant, holder, ours, held)


def _as_many_as_a_slice_can_serve(lanes: Sequence[Lane]) -> int:
    weight = 0.0
    for count, lane in enumerate(lanes):
        weight += WEIGHS if lane.behind_by > FAR_BEHIND else 1.0
        if weight > TOGETHER:
            return count
    return len(lanes)


def drive(claimed: Claimed, seconds: float) -> list[LaneReport]:
    """Walk the claimed lanes for at most so many seconds, and settle what came of it."""
    pace_clock = SliceClock()
    paces = Paces(
        pace_clock, [(name, MailboxPace.load(0.0, held.spent)) for name, held in claimed.held.items()]
    )
    alive = _runs_of(claimed.lanes)
    with _given_back(claimed, paces):
        try:
            service = connections.open_service(claimed.tenant)
            driven = _drive(claimed, service, paces, pace_clock, seconds, alive)
        except NeedsAPerson as fault:
            connections.lose(claimed.tenant, fault)
            settling.put_back(claimed.lanes)
            return []
        except TryAgain as fault:
            settling.put_back(claimed.lanes, fault.after or 0.0)
            return []
        waits = {lane.pk: max(paces.wait_for(lane.mailbox), driven.wait_s) for lane in claimed.lanes}
        settling.settle(claimed.lanes, driven.reports, waits, alive)
    if driven.fault is not None:
        connections.lose(claimed.tenant, driven.fault)
    for run in {run.pk for run in alive.values()}:
        journal.add(run, requests=driven.batches // len({run.pk for run in alive.values()}))
    return driven.reports


def _drive(
    claimed: Claimed,
    service: GraphService,
    paces: Paces,
    pace_clock: SliceClock,
    seconds: float,
    alive: Mapping[int, Run],
) -> Drive[LaneReport]:
    bodies = Bodies()
    book = SqlBook(bodies, {LaneId(lane.pk): run.pk for lane in claimed.lanes if (run := alive.get(lane.pk))})
    works = Works(bodies)
    with ThreadPoolExecutor(SENDERS, thread_name_prefix="send") as senders:
        zones = _zones(claimed, service, senders, paces)
        walks = [
            walk_lane(works.of(lane), _target(service, lane, zones), book, lambda: secrets.token_hex(8))
            for lane in claimed.lanes
        ]
        driver = Driver(
            service.door, paces, pace_clock, SystemRandom(), senders, senders=SENDERS, patience_s=1.0
        )
        return driver.drive(walks, pace_clock.now() + min(seconds, _safe_seconds()))


def _safe_seconds() -> float:
    """How long we may send: the last request must have ended when the lease does."""
    return max(0.1, settings.CULVERT_LEASE_S - connections.timeout_s())


def _target(service: GraphService, lane: Lane, zones: Mapping[str, str]) -> Target:
    if lane.kind == Tunnel.Kind.EVENTS:
        return service.target_events(lane.mailbox, zones.get(lane.mailbox, "UTC"))
    return service.target_contacts(lane.mailbox)


def _zones(
    claimed: Claimed, service: GraphService, senders: ThreadPoolExecutor, paces: Paces
) -> dict[str, str]:
    """The zones in which the mailboxes' days begin; an unknown one is asked for once.

    Who does not say is left alone: in a zone that is guessed, whole days would stand on wrong dates.
    Where Exchange has just said that there is no mailbox, the walk asks once more and nobody else.
    """
    wanted = {lane.mailbox for lane in claimed.lanes if lane.kind == Tunnel.Kind.EVENTS}
    entries = DirectoryEntry.objects.filter(tenant=claimed.tenant, object_id__in=wanted)
    known = dict(entries.exclude(zone="").values_list("object_id", "zone"))
    without = set(entries.filter(mailbox=DirectoryEntry.Mailbox.NONE).values_list("object_id", flat=True))
    unknown = sorted(wanted - known.keys() - without)
    answers = senders.map(lambda one: _ask_zone(service, one), unknown)
    for mailbox, (zone, wait_s) in zip(unknown, answers, strict=True):
        paces.sent(mailbox, 1)
        if wait_s:
            paces.asked_to_wait(mailbox, wait_s)
        if zone:
            entries.filter(object_id=mailbox).update(zone=zone)
            known[mailbox] = zone
    return known


def _ask_zone(service: GraphService, mailbox: str) -> tuple[str, float]:
    """The mailbox's zone; "" where the walk will tell why not, or has to wait for so many seconds."""
    try:
        return service.directory.time_zone(mailbox), 0.0
    except TryAgain as fault:
        return "", max(fault.after or 0.0, ASK_ZONE_AGAIN_S)
    except NeedsAPerson as fault:
        if fault.scope == "tenant":
            raise
        return "", 0.0


def _runs_of(lanes: Sequence[Lane]) -> dict[int, Run]:
    """The live run of each lane's tunnel; work without one opens one."""
    tunnels = {lane.tunnel_id: lane.tunnel for lane in lanes}
    alive = journal.live(tunnels)
    for number, tunnel in tunnels.items():
        if number not in alive:
            triggers = {lane.priority for lane in lanes if lane.tunnel_id == number}
            is_check = triggers == {Lane.Priority.CHECK}
            alive[number] = journal.open_run(tunnel, Run.Trigger.CHECK if is_check else Run.Trigger.CHANGE)
    journal.has_begun_to_look(tunnels.values())
    for lane in lanes:
        if lane.state == Lane.State.RUNNING:
            journal.say(alive[lane.tunnel_id], "Taken up again: the worker before did not finish.", lane=lane)
    return {lane.pk: alive[lane.tunnel_id] for lane in lanes}


@contextmanager
def _given_back(claimed: Claimed, paces: Paces) -> Iterator[None]:
    """Whatever happens, the mailboxes are free again, and what they asked of us is remembered."""
    try:
        yield
    finally:
        waits = {name: paces.wait_for(name) for name in claimed.held}
        spent = {name: paces.of(name).dump()[1] for name in claimed.held}
        leases.give_back(
            claimed.tenant,
            claimed.holder,
            waits={name: wait for name, wait in waits.items() if wait > 0},
            spent=spent,
        )
