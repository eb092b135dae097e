"""When things happen: the times of an event, and a series with all its occurrences.

Exchange keeps the time of day at which occurrences start and end, and the series' zone:
both ends follow the wall clock, whatever a change of clocks does to the hours between.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from syncengine.sandbox.calendars.recurrence import Rule
from syncengine.sandbox.calendars.zones import Zone

Json = dict[str, Any]
END_OF_TIME = datetime.fromisoformat("4501-01-01")
"""Exchange's calendar has no later day."""
# Between the date by a zone's clocks and the instant lies less than two days.
_SLACK = timedelta(days=2)


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
    _rest: Iterator[date] | None = None
    _days: list[date] = field(default_factory=list)
    """The rule's dates as far as they were needed; `_rest` knows the others."""
    _times: dict[date, Times] = field(default_factory=dict)
    _is_complete: bool = False

    def regular(self, low: datetime, high: datetime) -> Iterator[tuple[date, Times]]:
        """The occurrences in a window by the rule alone, with their original dates, in order."""
        self._extend(high.date() + _SLACK)
        early = (low - (self.first.end - self.first.start)).date() - _SLACK
        for at in range(bisect_left(self._days, early), len(self._days)):
            times = self._at(self._days[at])
            if times.at >= high:
                return
            if times.overlap(low, high):
                yield self._days[at], times

    def head(self, count: int) -> list[Times]:
        """The regular times of the first `count` occurrences."""
        while len(self._days) < count and self._extend_by_one():
            pass
        return [self._at(day) for day in self._days[:count]]

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
        self._extend(day)
        at = bisect_left(self._days, day)
        return self._at(day) if at < len(self._days) and self._days[at] == day else None

    def ends(self) -> datetime:
        """An instant after which there is nothing more; far away for a series without end."""
        if self.rule.last:
            last = datetime.combine(self.rule.last + _SLACK, time())
        elif self.rule.count:
            last = self.head(self.rule.count)[-1].until
        else:
            return END_OF_TIME
        last += self.first.end - self.first.start
        return max([last, *(change.times.until for change in self.exceptions.values())])

    def neighbours(self, day: date) -> tuple[Times | None, Times | None]:
        """Where the occurrences before and after this one stand now; cancelled ones are not there."""
        self._extend(day)
        before = after = None
        at = bisect_left(self._days, day)
        for found in reversed(self._days[:at]):
            if before := self._standing(found):
                break
        at += 1
        while at < len(self._days) or self._extend_by_one():
            if after := self._standing(self._days[at]):
                break
            at += 1
        return before, after

    def _standing(self, day: date) -> Times | None:
        if day in self.cancelled:
            return None
        change = self.exceptions.get(day)
        return change.times if change else self._at(day)

    def _at(self, day: date) -> Times:
        known = self._times.get(day)
        if known is None:
            first = self.first
            start = datetime.combine(day, first.start.time())
            end = start + (first.end - first.start)
            known = self._times[day] = Times.of(start, end, self.zone, self.zone, first.is_all_day)
        return known

    def _extend(self, day: date) -> None:
        while not (self._days and self._days[-1] >= day) and self._extend_by_one():
            pass

    def _extend_by_one(self) -> bool:
        if self._is_complete:
            return False
        if self._rest is None:
            self._rest = self.rule.dates()
        day = next(self._rest, None)
        if day is None or day >= END_OF_TIME.date():
            self._is_complete = True
            return False
        self._days.append(day)
        return True
