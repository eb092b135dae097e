"""Start, end, all-day and recurrence of a body, read together as Exchange reads them.

Source: https://learn.microsoft.com/graph/api/resources/datetimetimezone and
https://learn.microsoft.com/graph/outlook-schedule-recurring-events
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from syncengine.sandbox.calendars import recurrence
from syncengine.sandbox.calendars.payload import invalid, malformed, one_of, part, whole_number
from syncengine.sandbox.calendars.recurrence import Rule
from syncengine.sandbox.calendars.series import END_OF_TIME, Series, Times
from syncengine.sandbox.calendars.zones import Zone, zone_named
from syncengine.sandbox.kernel import Json, Unknown

_WALL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?")
_OFFSET = re.compile(r"(?:Z|[+-]\d\d:?\d\d)$", re.I)
_PATTERN = frozenset(["type", "interval", "month", "dayOfMonth", "daysOfWeek", "firstDayOfWeek", "index"])
_RANGE = frozenset(["type", "startDate", "endDate", "recurrenceTimeZone", "numberOfOccurrences"])
_USES = {
    "daily": frozenset[str](),
    "weekly": frozenset({"daysOfWeek"}),
    "absoluteMonthly": frozenset({"dayOfMonth"}),
    "relativeMonthly": frozenset({"daysOfWeek"}),
    "absoluteYearly": frozenset({"dayOfMonth", "month"}),
    "relativeYearly": frozenset({"daysOfWeek", "month"}),
}
FIRST_YEAR = 1601
MAX_OCCURRENCES = 999
_NO_DATE = "0001-01-01"
_A_DAY = timedelta(days=1)


def times_of(body: Json, before: Times | None = None, *, is_old: bool = False) -> Times:
    """The times that a body gives; what it leaves out stays as it was. 400 when they make no sense.

    `is_old`: it lies in a mailbox already. Migrations and old clients left events there that end
    before they start, and Exchange goes on showing them.
    """
    all_day = body.get("isAllDay", before.is_all_day if before else False)
    if not isinstance(all_day, bool):
        raise malformed("Cannot convert the value of 'isAllDay' to the type 'Edm.Boolean'.")
    start, zone = _moment("start", body, (before.start, before.zone) if before else None)
    end, end_zone = _moment("end", body, (before.end, before.end_zone) if before else None)
    times = Times.of(start, end, zone, end_zone, all_day)
    if before and before.is_all_day == all_day:
        # A wall time may mean two instants: what is not written keeps its own.
        at = times.at if "start" in body else before.at
        times = replace(times, at=at, until=times.until if "end" in body else before.until)
    if times.until < times.at and not is_old:
        raise invalid("The end must not be earlier than the start.")
    if all_day:
        _check_all_day(times)
    return times


def series_of(value: Any, times: Times) -> tuple[Series, Json]:
    """A series from `recurrence` and the times of its first occurrence, and how Graph shows it."""
    given = part("recurrence", value, ("pattern", "range"))
    pattern, span = part("pattern", given.get("pattern"), _PATTERN), part("range", given.get("range"), _RANGE)
    zone = _series_zone(span, times)
    first = _in_zone(times, zone)
    start_date = _date("startDate", span.get("startDate"))
    if start_date != times.start.date() or start_date != first.start.date():
        raise invalid(
            "The startDate of the range must be the date of the event's start.", "ErrorInvalidRequest"
        )
    rule = _ranged(_rule(pattern, start_date), span)
    began = next(rule.dates(), None)
    if began is None:
        raise invalid("The recurrence has no occurrence.", "ErrorRecurrenceHasNoOccurrence")
    rule = rule.starting(began)
    series = Series(rule, _moved(first, began), zone)
    _check_overlap(series)
    return series, _shown(rule, zone.name)


def _moment(name: str, body: Json, before: tuple[datetime, Zone] | None) -> tuple[datetime, Zone]:
    if name not in body and before:
        return before
    given = part(name, body.get(name), ("dateTime", "timeZone"))
    text, zone = given.get("dateTime"), given.get("timeZone")
    if not isinstance(text, str) or not isinstance(zone, str):
        raise malformed(f"The property '{name}' needs dateTime and timeZone.")
    if not _WALL.fullmatch(text):
        if _OFFSET.search(text):
            raise Unknown(f"an offset in {name}/dateTime")
        raise malformed(f"'{text[:40]}' is not a dateTime.")
    try:
        wall = datetime.fromisoformat(text)
    except ValueError as fault:
        raise malformed(f"'{text[:40]}' is not a dateTime.") from fault
    if not FIRST_YEAR <= wall.year < END_OF_TIME.year:
        raise invalid(f"The property '{name}' is out of range.", "ErrorCalendarOutOfRange")
    return wall.replace(microsecond=0), zone_named(zone)


def _check_all_day(times: Times) -> None:
    if times.start.time() != time() or times.end.time() != time():
        raise invalid("An event that lasts all day starts and ends at midnight.")
    if times.zone.rules is not times.end_zone.rules:
        raise invalid("An event that lasts all day starts and ends in the same time zone.")
    if times.end - times.start < _A_DAY:
        raise invalid("An event that lasts all day lasts at least 24 hours.")


def _series_zone(span: Json, times: Times) -> Zone:
    name = span.get("recurrenceTimeZone")
    if name is None or name == "":
        return times.zone
    if not isinstance(name, str):
        raise malformed("Cannot convert the value of 'recurrenceTimeZone' to the type 'Edm.String'.")
    return zone_named(name)


def _in_zone(times: Times, zone: Zone) -> Times:
    """The same instants by the clocks of another zone; an all-day event keeps its dates."""
    if times.is_all_day or (zone == times.zone and zone == times.end_zone):
        return times
    return replace(times, start=zone.wall(times.at), end=zone.wall(times.until), zone=zone, end_zone=zone)


def _moved(times: Times, day: date) -> Times:
    """The same times of day, on another day."""
    start = datetime.combine(day, times.start.time())
    end = start + (times.end - times.start)
    return Times.of(start, end, times.zone, times.end_zone, times.is_all_day)


def _rule(pattern: Json, start_date: date) -> Rule:
    kind = _kind("type", pattern.get("type"))
    interval = whole_number("interval", pattern.get("interval"))
    day = whole_number("dayOfMonth", pattern.get("dayOfMonth", 0))
    month = whole_number("month", pattern.get("month", 0))
    index = _index("index", pattern.get("index") or "first")
    week_starts = _weekday("firstDayOfWeek", pattern.get("firstDayOfWeek") or "sunday")
    weekdays = _weekdays(pattern.get("daysOfWeek") or [])
    used = _USES[kind]
    _require(1 <= interval <= 999, "interval")
    _require("daysOfWeek" not in used or bool(weekdays), "daysOfWeek")
    _require("dayOfMonth" not in used or 1 <= day <= 31, "dayOfMonth")
    _require("month" not in used or 1 <= month <= 12, "month")
    return Rule(
        kind,
        interval,
        start_date,
        weekdays if "daysOfWeek" in used else (),
        recurrence.WEEKDAYS.index(week_starts),
        day if "dayOfMonth" in used else 0,
        month if "month" in used else 0,
        index,
    )


def _ranged(rule: Rule, span: Json) -> Rule:
    kind = _range_kind("type", span.get("type"))
    last = _date("endDate", span.get("endDate") or _NO_DATE)
    count = whole_number("numberOfOccurrences", span.get("numberOfOccurrences", 0))
    if kind == "endDate":
        _require(last >= rule.first, "endDate")
        return replace(rule, last=last)
    if kind == "numbered":
        _require(1 <= count <= MAX_OCCURRENCES, "numberOfOccurrences")
        return replace(rule, count=count)
    return rule


def _require(holds: bool, name: str) -> None:
    if not holds:
        raise invalid(f"The recurrence is not valid: {name}.", "ErrorInvalidRequest")


def _weekdays(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list):
        raise malformed("The property 'daysOfWeek' must be a collection.")
    return tuple(sorted({recurrence.WEEKDAYS.index(_weekday("daysOfWeek", one)) for one in value}))


def _date(name: str, value: Any) -> date:
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        try:
            return date.fromisoformat(value)
        except ValueError as fault:
            raise malformed(f"Cannot convert '{name}' to the type 'Edm.Date'.") from fault
    raise malformed(f"Cannot convert '{name}' to the type 'Edm.Date'.")


def _check_overlap(series: Series) -> None:
    """Exchange refuses a series whose occurrences overlap.

    Source: https://learn.microsoft.com/answers/questions/1389456/error-code-erroroccurrencetimespantoobig
    """
    if series.first.end - series.first.start <= _A_DAY:
        return
    for one, other in pairwise(series.head(30)):
        if one.end > other.start:
            raise invalid(
                "One occurrence of the series overlaps with another.", "ErrorOccurrenceTimeSpanTooBig"
            )


def _shown(rule: Rule, zone_name: str) -> Json:
    pattern: Json = {
        "type": rule.kind,
        "interval": rule.interval,
        "month": rule.month,
        "dayOfMonth": rule.day,
        "firstDayOfWeek": recurrence.WEEKDAYS[rule.week_starts],
        "index": rule.index,
    }
    if rule.weekdays:
        pattern["daysOfWeek"] = [recurrence.WEEKDAYS[weekday] for weekday in rule.weekdays]
    kind = "endDate" if rule.last else "numbered" if rule.count else "noEnd"
    span = {
        "type": kind,
        "startDate": rule.first.isoformat(),
        "endDate": rule.last.isoformat() if rule.last else _NO_DATE,
        "recurrenceTimeZone": zone_name,
        "numberOfOccurrences": rule.count or 0,
    }
    return {"pattern": pattern, "range": span}


_kind = one_of(recurrence.PATTERNS)
_range_kind = one_of(recurrence.RANGES)
_index = one_of(recurrence.INDEXES)
_weekday = one_of(recurrence.WEEKDAYS)
