"""A slice: some ten seconds of whatever is most urgent, taken from the database piece by piece.

What is taken up is claimed by a lease or a row lock, so any number of workers may slice side by
side. A slice that is killed leaves its leases to end by themselves and its intents to the next look.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet

from tenants import directory
from tunnels import plans, scheduling
from tunnels.bookkeeping import feeds, register
from tunnels.models import Cell, Feed, Lane, Run, Tunnel
from tunnels.models.ledger import ensure_partitions
from tunnels.running import due, lanes, looking, registers, roster, runs

SLICE_S = 10.0
LEAST_S = 0.2
"""With less time left nothing new is begun."""
PLANS_TOGETHER = 20
FEW = 20
"""So many are tried before a slice turns to something else."""


class Slice:
    """One turn of one worker. `most` is the last priority that it serves, `only` a single tunnel.

    `reads_only`: targets are left alone, as a preview needs it.
    """

    def __init__(
        self,
        seconds: float = SLICE_S,
        *,
        most: int = Lane.Priority.CHECK,
        only: Tunnel | None = None,
        reads_only: bool = False,
    ) -> None:
        self._end, self._reads_only = time.monotonic() + seconds, reads_only
        self._most, self._only = most, only
        self._tried: set[tuple[str, int]] = set()
        self.done: Counter[str] = Counter()

    def work(self) -> Counter[str]:
        """Do what is due until time is up or nothing is left; counts of what was done, by kind."""
        ensure_partitions()
        steps: tuple[Callable[[], bool], ...] = (
            self._directory,
            self._roster,
            self._feed,
            self._register,
            self._lanes,
            self._plan,
        )
        while self._left() > LEAST_S and any(step() for step in steps):
            pass
        close_runs(self._only)
        return self.done

    def _left(self) -> float:
        return self._end - time.monotonic()

    def _first(self, kind: str, rows: QuerySet[Any], deed: Callable[[Any], bool]) -> bool:
        """Do the first of these that can be done now. What cannot is not tried twice in a slice."""
        tried = [number for what, number in self._tried if what == kind]
        for row in rows.exclude(pk__in=tried)[:FEW]:
            if deed(row):
                self.done[kind] += 1
                return True
            self._tried.add((kind, row.pk))
        return False

    def _directory(self) -> bool:
        return self._first(
            "directory", due.directories(self._only), lambda state: directory.refresh(state.tenant)
        )

    def _roster(self) -> bool:
        return self._first("roster", due.rosters(self._only), lambda tunnel: roster.resolve(tunnel.pk))

    def _feed(self) -> bool:
        return self._first("feed", due.feeds(self._only), lambda feed: looking.look(feed, self._left()))

    def _register(self) -> bool:
        return self._first(
            "register", due.cells(self._only), lambda cell: registers.shape(cell.pk, self._left())
        )

    def _lanes(self) -> bool:
        claimed = None if self._reads_only else lanes.claim(self._most, self._only)
        if claimed is None:
            return False
        lanes.drive(claimed, self._left())
        self.done["lanes"] += len(claimed.lanes)
        return True

    def _plan(self) -> bool:
        waiting = list(due.plans(self._only)[:PLANS_TOGETHER])
        if not waiting:
            return False
        plans.make(waiting)
        self.done["plans"] += len(waiting)
        return True


def close_runs(only: Tunnel | None = None) -> int:
    """End the runs of which nothing more can be done now; returns how many."""
    alive = Tunnel.objects.filter(runs__state=Run.State.RUNNING)
    closed = 0
    for tunnel in alive.filter(pk=only.pk) if only else alive:
        if runs.close_if_over(tunnel) is not None:
            closed += 1
            _tidy(tunnel)
    return closed


def _tidy(tunnel: Tunnel) -> None:
    """What everybody has passed need not be kept: tombstones of registers and of feeds."""
    for cell in Cell.objects.filter(tunnel=tunnel):
        register.prune(cell.pk)
    for feed in Feed.objects.filter(members__tunnel=tunnel).distinct():
        feeds.prune(feed.pk)


def is_anything_due(most: int = Lane.Priority.CHECK) -> bool:
    """Whether another slice would find work."""
    return any(
        work.exists()
        for work in (due.directories(), due.rosters(), due.feeds(), due.cells(), due.lanes(most), due.plans())
    )


def tick() -> dict[str, int]:
    """Each minute: what time alone makes due, and wake-ups for whatever got lost."""
    ensure_partitions()
    checked = scheduling.check_daily()
    close_runs()
    queues = {scheduling.LIVE: Lane.Priority.FRESH, scheduling.BULK: Lane.Priority.CHECK}
    woken = {queue: is_anything_due(most) for queue, most in queues.items()}
    for queue, is_due in woken.items():
        if is_due:
            scheduling.wake(queue)
    return {"checks": checked, **{queue: int(is_due) for queue, is_due in woken.items()}}
