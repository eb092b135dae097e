"""When something is: an instant in its organiser's zone, or whole days; and windows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Timed:
    """Two instants (aware, UTC) and the IANA zone in which its organiser thinks of them.

    The instants rule for a single event; for a series the wall clock in `zone` rules.
    """

    start: datetime
    end: datetime
    zone: str


@dataclass(frozen=True, slots=True)
class AllDay:
    """Whole days wherever one is: `first` up to, not including, `until`."""

    first: date
    until: date


When = Timed | AllDay


@dataclass(frozen=True, slots=True)
class Window:
    """Instants from `start` up to, not including, `end` (aware, UTC)."""

    start: datetime
    end: datetime

    def widened(self, days: int) -> Window:
        """The same window with `days` more on each side."""
        return Window(self.start - timedelta(days=days), self.end + timedelta(days=days))

    def touches(self, start: datetime, end: datetime | None) -> bool:
        """Whether something from `start` to `end` (None: for ever) overlaps; a moment counts."""
        return start < self.end and (end is None or end > self.start or start == end >= self.start)


def window_around(today: date, days_before: int, days_after: int) -> Window:
    """From midnight UTC `days_before` today to midnight UTC after `days_after`."""
    midnight = datetime.combine(today, time(), UTC)
    return Window(midnight - timedelta(days=days_before), midnight + timedelta(days=days_after + 1))


def span_of(when: When) -> tuple[datetime, datetime]:
    """Its instants in UTC. Whole days are taken at UTC, a day wider than any zone needs is not added."""
    match when:
        case Timed(start, end, _):
            return start, end
        case AllDay(first, until):
            return datetime.combine(first, time(), UTC), datetime.combine(until, time(), UTC)


def local_start(when: When) -> datetime:
    """The wall clock of its beginning in its own zone, naive."""
    match when:
        case Timed(start, _, zone):
            return start.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        case AllDay(first, _):
            return datetime.combine(first, time())
