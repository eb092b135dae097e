"""When things happen: the times of an event, and a series with all its occurrences.

Exchange keeps the time of day at which occurrences start and end, and the series' zone:
both ends follow the wall clock, whatever a change of clocks does to the hours between.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from syncengine.sandbox.calendars.recurrence import Rule
from syncengine.sandbox.calendars.zones import Zone

Json = dict[str, Any]
END_OF_TIME = datetime.fromisoformat("9000-01-01")


@dataclass(frozen=True, slots=True)
class Times:
    """Start and end by the wall clocks of their zones, and as instants (naive, UTC)."""

    start: datetime
    end: datetime
    zone: Zone
    end_zone: Zone
    is_all_day: bool
    at: datetime
    until: datetime

    @classmethod
    def of(cls, start: datetime, end: datetime, zone: Zone, end_zone: Zone, all_day: bool) -> Times:
        """The times from wall clocks."""
        return cls(start, end, zone, end_zone, all_day, zone.instant(start), end_zone.instant(end))

    def overlap(self, low: datetime, high: datetime) -> bool:
        """Whether a window of instants holds any of it; a moment without length counts at its start."""
        return self.at < high and (self.until > low or self.at >= low)


@dataclass(slots=True)
class Change:
    """One occurrence that differs from its series: an exception, by its original date."""

    original: date
    times: Times
    changes: Json
    """The properties that differ, as Graph shows them; extended properties among them."""
    change_key: str


@dataclass(slots=True)
class Series:
    """A rule, the times of its first occurrence, and what departs from the rule."""

    rule: Rule
    first: Times
    zone: Zone
    """The zone in which the pattern's dates and times of day are meant."""
    exceptions: dict[date, Change] = field(default_factory=dict)
    cancelled: set[date] = field(default_factory=set)
    _dates: Iterator[date] | None = None
    _known: list[tuple[date, Times]] = field(default_factory=list)
    _is_complete: bool = False

    def regular(self, low: datetime, high: datetime) -> Iterator[tuple[date, Times]]:
        """The occurrences in a window by the rule alone, with their original dates, in order."""
        self._extend(high)
        # Occurrences do not overlap, so they are sorted by their ends too.
        start = bisect_right(self._known, low, key=lambda known: known[1].until)
        while start and self._known[start - 1][1].at >= low:
            start -= 1
        for day, times in self._known[start:]:
            if times.at >= high:
                return
            yield day, times

    def head(self, count: int) -> list[Times]:
        """The regular times of the first `count` occurrences."""
        while len(self._known) < count and self._extend_by_one():
            pass
        return [times for _, times in self._known[:count]]

    def occurrences(self, low: datetime, high: datetime) -> Iterator[tuple[date, Times, Change | None]]:
        """What stands in a window: regular occurrences in order, then exceptions by their own times."""
        for day, times in self.regular(low, high):
            if day not in self.exceptions and day not in self.cancelled:
                yield day, times, None
        for day, change in sorted(self.exceptions.items()):
            if change.times.overlap(low, high):
                yield day, change.times, change

    def on(self, day: date) -> Times | None:
        """The regular times of the occurrence of this date, or None if the rule has none."""
        noon = datetime.combine(day, time(12))
        for found, times in self.regular(noon - timedelta(3), noon + timedelta(3)):
            if found == day:
                return times
        return None

    def ends(self) -> datetime:
        """The instant after which there is nothing more; far away for a series without end."""
        if self.rule.last is None and self.rule.count is None:
            return END_OF_TIME
        self._extend(END_OF_TIME)
        ends = [change.times.until for change in self.exceptions.values()]
        return max([*ends, self._known[-1][1].until]) if self._known else self.first.until

    def neighbours(self, day: date) -> tuple[Times | None, Times | None]:
        """Where the occurrences before and after this one stand now; cancelled ones are not there."""
        self._extend(datetime.combine(day, time()) + timedelta(days=3))
        before = after = None
        for found in reversed([found for found, _ in self._known if found < day]):
            if before := self._standing(found):
                break
        for found in self._dates_after(day):
            if after := self._standing(found):
                break
        return before, after

    def _dates_after(self, day: date) -> Iterator[date]:
        at = next((n for n, (found, _) in enumerate(self._known) if found > day), len(self._known))
        while at < len(self._known) or self._extend_by_one():
            yield self._known[at][0]
            at += 1

    def _standing(self, day: date) -> Times | None:
        if day in self.cancelled:
            return None
        change = self.exceptions.get(day)
        return change.times if change else self.on(day)

    def _extend(self, high: datetime) -> None:
        while not self._is_complete:
            if self._known and self._known[-1][1].at >= high:
                return
            self._extend_by_one()

    def _extend_by_one(self) -> bool:
        if self._dates is None:
            self._dates = self.rule.dates()
        day = next(self._dates, None)
        if day is None or day.year >= END_OF_TIME.year:
            self._is_complete = True
            return False
        self._known.append((day, self._times_on(day)))
        return True

    def _times_on(self, day: date) -> Times:
        first = self.first
        start = datetime.combine(day, first.start.time())
        return Times.of(start, start + (first.end - first.start), self.zone, self.zone, first.is_all_day)
