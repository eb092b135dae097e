"""Shaping: items of feeds become rows of registers, and lanes that lag are woken.

All of it happens under the lock of the cell's row, a chunk of items a transaction: what is stored
is also how far the shaping has come, so that a worker that dies has lost nothing.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Q

from partners import clock
from syncengine.model.codec import copy_fingerprint, item_from_json
from syncengine.model.identity import Fingerprint
from syncengine.model.items import Event, Item, Person
from syncengine.shaping.events import shape_event
from syncengine.shaping.people import shape_person
from syncengine.shaping.policy import ContactPolicy, EventPolicy, Policy
from syncengine.shaping.shaped import EventFacts, PersonFacts, Shaped
from tunnels import journal, policies, scheduling
from tunnels.bookkeeping import register
from tunnels.bookkeeping.bodies import Bodies
from tunnels.bookkeeping.identity import Identity, installation
from tunnels.models import Cell, Feed, FeedItem, Lane, RegisterRow, Run, Tunnel, TunnelMember
from tunnels.running import due, roster

CHUNK = 500
"""Items that are shaped in one transaction."""


@dataclass(frozen=True, slots=True)
class _Cell:
    """A cell and all that shaping may look at."""

    row: Cell
    tunnel: Tunnel
    policy: Policy
    version: int
    today: date
    sources: Sequence[TunnelMember]
    groups: dict[int, dict[str, frozenset[str]]]
    identity: Identity
    bodies: Bodies


def shape(cell_id: int, seconds: float) -> bool:
    """Bring a register to what its feeds say, for at most so many seconds.

    False where nothing was done: somebody else is at it, or nothing is to be done.
    """
    end, bodies, done, numbered = time.monotonic() + seconds, Bodies(), False, 0
    while time.monotonic() < end:
        step = _step(cell_id, bodies)
        if step is None:
            break
        done, numbered = True, numbered + step
    if done:
        wake_lanes(Cell.objects.select_related("tunnel").get(pk=cell_id), is_news=numbered > 0)
    return done


@transaction.atomic
def _step(cell_id: int, bodies: Bodies) -> int | None:
    """One chunk; how many rows got a number. None where nothing is to be done."""
    row = Cell.objects.select_for_update(skip_locked=True).filter(pk=cell_id).first()
    if row is None:
        return None
    cell = _gather(row, bodies)
    if row.stale or row.shaped_policy != cell.version:
        return _begin_again(cell)
    if cell.tunnel.kind == Tunnel.Kind.EVENTS and row.shaped_day != cell.today:
        return _slide(cell)
    readable = set(due.readable().filter(tunnel=cell.tunnel).values_list("pk", flat=True))
    for member in cell.sources:
        if member.pk in readable and member.feed and member.feed.head > member.shaped:
            return _follow(cell, member, member.feed)
    return None


def _gather(row: Cell, bodies: Bodies) -> _Cell:
    tunnel = row.tunnel
    policy = policies.policy_of(tunnel)
    sources = list(
        tunnel.members.filter(gives=True, feed__isnull=False)
        .select_related("feed", "tenant")
        .order_by("order")
    )
    groups = {
        member.pk: roster.groups_of(member.tenant, policy)[0]
        for member in sources
        if isinstance(policy, ContactPolicy)
    }
    version, today = policies.version_of(tunnel), clock.today()
    return _Cell(row, tunnel, policy, version, today, sources, groups, installation(), bodies)


def _begin_again(cell: _Cell) -> int:
    """Policy, sources or groups changed: all items are followed anew; rows of lost sources go."""
    TunnelMember.objects.filter(tunnel=cell.tunnel).update(shaped=0)
    Cell.objects.filter(pk=cell.row.pk).update(stale=False, shaped_policy=cell.version, shaped_day=cell.today)
    lost = RegisterRow.objects.filter(cell=cell.row).exclude(member__in=[one.pk for one in cell.sources])
    return _store_all(cell, list(lost.values_list("key", flat=True)))


def _slide(cell: _Cell) -> int:
    """A new day: items that the window's edges have passed over."""
    Cell.objects.filter(pk=cell.row.pk).update(shaped_day=cell.today)
    if not isinstance(cell.policy, EventPolicy) or cell.row.shaped_day is None:
        return 0
    before, now = cell.policy.window(cell.row.shaped_day), cell.policy.window(cell.today)
    left, right = sorted((before.start, now.start)), sorted((before.end, now.end))
    passed = FeedItem.objects.filter(
        Q(ends_at__gte=left[0], ends_at__lte=left[1]) | Q(starts_at__gte=right[0], starts_at__lte=right[1]),
        feed__in=[member.feed_id for member in cell.sources],
        gone=False,
    )
    return _store_all(cell, sorted(set(passed.values_list("key", flat=True))))


def _follow(cell: _Cell, member: TunnelMember, feed: Feed) -> int:
    """The next items of a feed that changed."""
    changed = list(
        FeedItem.objects.filter(feed=feed, number__gt=member.shaped)
        .order_by("number")
        .values_list("number", "key")[:CHUNK]
    )
    numbered = _store(cell, sorted({key for _, key in changed}))
    upto = changed[-1][0] if len(changed) == CHUNK else feed.head
    TunnelMember.objects.filter(pk=member.pk).update(shaped=upto)
    return numbered


def _store_all(cell: _Cell, keys: Sequence[str]) -> int:
    return sum(_store(cell, keys[at : at + CHUNK]) for at in range(0, len(keys), CHUNK))


def _store(cell: _Cell, keys: Sequence[str]) -> int:
    """Shape the items with these identities, wherever they stand, and store what came of them."""
    if not keys:
        return 0
    by_key: dict[str, list[tuple[TunnelMember, Item]]] = {key: [] for key in keys}
    for member in cell.sources:
        items = FeedItem.objects.filter(feed=member.feed_id, key__in=keys, gone=False, number__gt=0)
        for item in items.only("key", "item"):
            if item.item is not None:
                by_key[item.key].append((member, item_from_json(item.item)))
    rows = [_row(cell, key, found) for key, found in by_key.items()]
    return register.store_rows(cell.row.pk, rows, cell.identity, cell.bodies).numbered


def _row(cell: _Cell, key: str, found: Sequence[tuple[TunnelMember, Item]]) -> register.Shaped:
    """The copy from the first source that gives one, else the first one's reason why not."""
    if not found:
        return register.Shaped(key, None)
    tried = [(member, _shape(cell, member, item)) for member, item in found]
    member, shaped = next(((one, what) for one, what in tried if what.copy is not None), tried[0])
    return register.Shaped(
        key=key,
        copy=shaped.copy,
        fingerprint=copy_fingerprint(shaped.copy) if shaped.copy is not None else Fingerprint(""),
        reason=shaped.reason,
        cause=shaped.cause,
        about=shaped.about,
        people=tuple(sorted(shaped.people)),
        member=member.pk,
        starts_at=shaped.span[0] if shaped.span else None,
    )


def _shape(cell: _Cell, member: TunnelMember, item: Item) -> Shaped:
    match item, cell.policy:
        case Event(), EventPolicy() as policy:
            return shape_event(item, policy, EventFacts(policy.window(cell.today), cell.identity.key))
        case Person(), ContactPolicy() as policy:
            groups = (name for name, ids in cell.groups[member.pk].items() if item.key in ids)
            return shape_person(item, policy, PersonFacts(frozenset(groups)))
        case _:
            raise TypeError(f"Cell {cell.row.pk} was given an item of another kind.")


def wake_lanes(cell: Cell, *, is_news: bool = True) -> int:
    """Give lanes that lag a due time, and their tunnel a run. Refused mailboxes keep theirs."""
    lagging = Lane.objects.standing().filter(
        cell=cell, leave_held=False, cursor__lt=cell.head, due_at=None, approved__gte=cell.tunnel.definition
    )
    first = lagging.filter(cursor=0).update(
        due_at=clock.Now(), state=Lane.State.BEHIND, priority=Lane.Priority.BACKLOG
    )
    woken = first + lagging.update(due_at=clock.Now(), state=Lane.State.BEHIND, priority=Lane.Priority.FRESH)
    if woken:
        scheduling.wake_for(Lane.objects.standing().filter(cell=cell))
    if woken and is_news and cell.tunnel.state == Tunnel.State.ACTIVE:
        journal.open_run(cell.tunnel, Run.Trigger.CHANGE)
    return woken
