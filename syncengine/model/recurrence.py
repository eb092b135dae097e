"""Series: the six patterns and three ranges that Exchange knows, and the dates they mean.

Dates only; clocks and zones are the business of `expansion`. A pattern is cut into periods
(days, weeks, months, years), numbered from the one that holds its start. Every period but the
first holds equally many dates, so any of them is found by division, however late it is.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, date, timedelta
from typing import Literal

PatternType = Literal[
    "daily", "weekly", "absoluteMonthly", "relativeMonthly", "absoluteYearly", "relativeYearly"
]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WeekIndex = Literal["first", "second", "third", "fourth", "last"]

WEEKDAYS: tuple[Weekday, ...] = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
INDEXES: tuple[WeekIndex, ...] = ("first", "second", "third", "fourth", "last")


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A pattern and its range, thought in `zone`. Fields that the type does not use keep their defaults.

    `until` is the last date on which an occurrence may begin; `count` their number; neither: no end.
    Source: https://learn.microsoft.com/graph/outlook-schedule-recurring-events
    """

    type: PatternType
    interval: int
    start: date
    zone: str
    days: tuple[Weekday, ...] = ()
    first_day: Weekday = "sunday"
    day_of_month: int = 0
    month: int = 0
    index: WeekIndex = "first"
    until: date | None = None
    count: int | None = None

    @property
    def is_endless(self) -> bool:
        """Whether it has neither a last date nor a number of occurrences."""
        return self.until is None and self.count is None


def dates_from(recurrence: Recurrence, first: date) -> Iterator[date]:
    """The dates of the series from `first` on, in order; it jumps there."""
    period = max(0, _period_of(recurrence, max(first, recurrence.start)))
    number = _number_before(recurrence, period)
    while dates := _dates_in(recurrence, period):
        for day in dates:
            if day < recurrence.start:
                continue
            number += 1
            if _is_over(recurrence, day, number):
                return
            if day >= first:
                yield day
        period += 1


def has_date(recurrence: Recurrence, day: date) -> bool:
    """Whether the pattern has an occurrence of this original date."""
    return next(dates_from(recurrence, day), None) == day


def last_date(recurrence: Recurrence) -> date | None:
    """The last date of a series that ends; None for one without end, or without any occurrence."""
    ends = []
    if recurrence.count is not None:
        ends.append(_date_number(recurrence, recurrence.count))
    if recurrence.until is not None:
        ends.append(_last_until(recurrence, recurrence.until))
    known = [end for end in ends if end is not None]
    return min(known) if known and len(known) == len(ends) else None


def _is_over(recurrence: Recurrence, day: date, number: int) -> bool:
    if recurrence.count is not None and number > recurrence.count:
        return True
    return recurrence.until is not None and day > recurrence.until


def _date_number(recurrence: Recurrence, number: int) -> date | None:
    if number < 1:
        return None
    first = _dates_in(recurrence, 0)
    period, place = divmod(number - 1 + _skipped(recurrence), len(first))
    dates = _dates_in(recurrence, period)
    return dates[place] if dates else date.max


def _last_until(recurrence: Recurrence, until: date) -> date | None:
    here = _period_of(recurrence, until)
    for period in range(here, max(here - 2, -1), -1):
        fitting = [day for day in _dates_in(recurrence, period) if recurrence.start <= day <= until]
        if fitting:
            return fitting[-1]
    return None


def _number_before(recurrence: Recurrence, period: int) -> int:
    """How many occurrences lie in the periods before this one."""
    if period == 0:
        return 0
    return period * len(_dates_in(recurrence, 0)) - _skipped(recurrence)


def _skipped(recurrence: Recurrence) -> int:
    """How many dates of the first period lie before the start."""
    return sum(day < recurrence.start for day in _dates_in(recurrence, 0))


def _period_of(recurrence: Recurrence, day: date) -> int:
    """The number of the last period that begins on this day or before."""
    start = recurrence.start
    match recurrence.type:
        case "daily":
            return (day - start).days // recurrence.interval
        case "weekly":
            return (day.toordinal() - _first_week(recurrence)) // (7 * recurrence.interval)
        case "absoluteMonthly" | "relativeMonthly":
            return ((day.year - start.year) * 12 + day.month - start.month) // recurrence.interval
        case "absoluteYearly" | "relativeYearly":
            return (day.year - start.year) // recurrence.interval


def _dates_in(recurrence: Recurrence, period: int) -> tuple[date, ...]:
    """All dates of a period, in order, those before the start too; none beyond the year 9999."""
    start, step = recurrence.start, period * recurrence.interval
    match recurrence.type:
        case "daily":
            ordinal = start.toordinal() + step
            return (date.fromordinal(ordinal),) if ordinal <= date.max.toordinal() else ()
        case "weekly":
            return _days_of_week(recurrence, _first_week(recurrence) + 7 * step)
        case "absoluteMonthly" | "relativeMonthly":
            years, month = divmod(start.month - 1 + step, 12)
            return _day_in_month(recurrence, start.year + years, month + 1)
        case "absoluteYearly" | "relativeYearly":
            return _day_in_month(recurrence, start.year + step, recurrence.month)


def _first_week(recurrence: Recurrence) -> int:
    """The ordinal of the day on which the week of the start begins."""
    back = (recurrence.start.weekday() - WEEKDAYS.index(recurrence.first_day)) % 7
    return recurrence.start.toordinal() - back


def _days_of_week(recurrence: Recurrence, week: int) -> tuple[date, ...]:
    if week < 1 or week + 6 > date.max.toordinal():
        return ()
    first = WEEKDAYS.index(recurrence.first_day)
    offsets = sorted({(WEEKDAYS.index(day) - first) % 7 for day in recurrence.days})
    return tuple(date.fromordinal(week + offset) for offset in offsets)


def _day_in_month(recurrence: Recurrence, year: int, month: int) -> tuple[date, ...]:
    """The one date of a month. Exchange takes the last day where a month has no such day."""
    if year > MAXYEAR:
        return ()
    length = monthrange(year, month)[1]
    if recurrence.type in ("absoluteMonthly", "absoluteYearly"):
        return (date(year, month, min(recurrence.day_of_month, length)),)
    wanted = {WEEKDAYS.index(day) for day in recurrence.days}
    # Of several weekdays all that fit are counted together: "second weekday" is the second of them.
    if recurrence.index == "last":
        last = date(year, month, length)
        return (next(day for back in range(7) if (day := last - timedelta(back)).weekday() in wanted),)
    fitting = [day for n in range(1, length + 1) if (day := date(year, month, n)).weekday() in wanted]
    return (fitting[INDEXES.index(recurrence.index)],)
