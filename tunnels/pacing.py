"""How far a run has come, and how fast it goes."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, F, Q, QuerySet

from partners import clock
from partners.principals import Principal
from tunnels import selectors
from tunnels.models import Lane, Run

UNWELL = ("failing", "held")


@dataclass(frozen=True, slots=True)
class Pace:
    """The lanes of a run's tunnel within reach, in four heaps, and the run's time."""

    lanes: int
    level: int
    unwell: int
    waiting: int
    seconds: float
    written: int

    @property
    def on_their_way(self) -> int:
        """Lanes that something will still be done for."""
        return self.lanes - self.level - self.unwell - self.waiting

    @property
    def percent(self) -> int:
        """Lanes that are done with, of all that may be written, in whole per cent."""
        asked = self.lanes - self.waiting
        return 100 * (self.level + self.unwell) // asked if asked else 100

    @property
    def per_second(self) -> int:
        """Writes a second, over the whole of it; 0 where that says nothing."""
        return round(self.written / self.seconds) if self.seconds >= 1 else 0


def pace_of(principal: Principal, run: Run) -> Pace:
    """Counted over the lanes within reach; the run is one of `tallies.as_seen`."""
    lanes = Lane.objects.visible_to(principal).standing().filter(tunnel=run.tunnel)
    waits = Q(approved__lt=F("tunnel__definition"))
    unwell = ~waits & Q(state__in=UNWELL)
    counts = lanes.aggregate(
        all=Count("pk"),
        waiting=Count("pk", filter=waits),
        unwell=Count("pk", filter=unwell),
        level=Count("pk", filter=~waits & ~Q(state__in=UNWELL) & Q(due_at=None)),
    )
    seconds = ((run.ended_at or clock.now()) - run.started_at).total_seconds()
    return Pace(
        counts["all"],
        counts["level"],
        counts["unwell"],
        counts["waiting"],
        seconds,
        run.written + run.adopted,
    )


def under_way(principal: Principal, run: Run) -> QuerySet[Lane]:
    """The lanes within reach that a live run is still to bring level; the one at work first."""
    lanes = selectors.lanes_of(principal, run.tunnel).exclude(state__in=UNWELL).filter(due_at__isnull=False)
    return lanes.filter(approved__gte=F("tunnel__definition")).order_by("-state", "name", "pk")
