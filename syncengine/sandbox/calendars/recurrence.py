"""Which dates a recurrence of Graph means: six patterns, three ranges.

Dates only; clocks and zones are the series' business (`series.py`).
Source: https://learn.microsoft.com/graph/api/resources/recurrencepattern
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import MAXYEAR, date, timedelta
from itertools import islice

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
INDEXES = ("first", "second", "third", "fourth", "last")
PATTERNS = (
    "daily",
    "weekly",
    "absoluteMonthly",
    "relativeMonthly",
    "absoluteYearly",
    "relativeYearly",
)
RANGES = ("endDate", "noEnd", "numbered")


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern with its range, checked and complete. Weekdays count from Monday as 0."""

    kind: str
    interval: int
    first: date
    """No occurrence is earlier; weeks, months and years are counted from here."""
    weekdays: tuple[int, ...] = ()
    week_starts: int = 6
    day: int = 0
    month: int = 0
    index: str = "first"
    last: date | None = None
    count: int | None = None

    def dates(self) -> Iterator[date]:
        """The dates in order. Endless for a rule without end (to the end of the calendar)."""
        found = (day for day in self._candidates() if day >= self.first)
        for day in islice(found, self.count):
            if self.last is not None and day > self.last:
                return
            yield day

    def starting(self, first: date) -> Rule:
        """The same rule, counted from another day."""
        return replace(self, first=first)

    def _candidates(self) -> Iterator[date]:
        match self.kind:
            case "daily":
                return self._daily()
            case "weekly":
                return self._weekly()
            case "absoluteMonthly" | "relativeMonthly":
                return self._monthly(self.first.month, self.interval)
            case _:
                return self._monthly(self.month, self.interval * 12)

    def _daily(self) -> Iterator[date]:
        for at in range(self.first.toordinal(), date.max.toordinal(), self.interval):
            yield date.fromordinal(at)

    def _weekly(self) -> Iterator[date]:
        back = (self.first.weekday() - self.week_starts) % 7
        offsets = sorted((weekday - self.week_starts) % 7 for weekday in self.weekdays)
        week_one = self.first.toordinal() - back
        for week in range(week_one, date.max.toordinal() - 7, 7 * self.interval):
            for offset in offsets:
                yield date.fromordinal(week + offset)

    def _monthly(self, month: int, step: int) -> Iterator[date]:
        """A day in every `step`-th month, from `month` of the first year on."""
        for at in range(self.first.year * 12 + month - 1, MAXYEAR * 12, step):
            yield self._day_in(at // 12, at % 12 + 1)

    def _day_in(self, year: int, month: int) -> date:
        length = calendar.monthrange(year, month)[1]
        if self.day:
            # Exchange takes the last day of a month that has no such day.
            return date(year, month, min(self.day, length))
        last = date(year, month, length)
        if self.index == "last":
            return next(
                day for back in range(7) if (day := last - timedelta(back)).weekday() in self.weekdays
            )
        days = (date(year, month, day) for day in range(1, length + 1))
        fitting = (day for day in days if day.weekday() in self.weekdays)
        return next(islice(fitting, INDEXES.index(self.index), None))
