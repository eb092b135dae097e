"""Time and recurrence between our words and Graph's JSON.

Graph's `dateTimeTimeZone` is a wall clock without an offset beside the name of a zone; both
Windows and IANA names occur. We ask for UTC and write Windows names, which every mailbox takes.
Source: https://learn.microsoft.com/graph/api/resources/datetimetimezone
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any, get_args
from zoneinfo import ZoneInfo

from syncengine.model.recurrence import WEEKDAYS, PatternType, Recurrence, Weekday
from syncengine.model.time import AllDay, Timed, When
from syncengine.model.zones import iana_zone, windows_zone

Json = dict[str, Any]

_NO_DATE = "0001-01-01"
_USES_DAYS = frozenset({"weekly", "relativeMonthly", "relativeYearly"})
_USES_DAY = frozenset({"absoluteMonthly", "absoluteYearly"})
_USES_MONTH = frozenset({"absoluteYearly", "relativeYearly"})
_USES_INDEX = frozenset({"relativeMonthly", "relativeYearly"})


class Misread(ValueError):
    """Graph said something that we cannot understand; the text is fit for people and names no content."""


def canonical_zone(name: str) -> str:
    """The IANA zone that a copy in this zone is read back with: zones of equal rules share a name."""
    return iana_zone(windows_zone(name)) or "UTC"


def when_from(raw: Json, zone: str | None = None) -> When:
    """When an event is; `zone` is the series' zone where the event is one. Raises Misread."""
    start, end = wall_clock(raw.get("start")), wall_clock(raw.get("end"))
    if raw.get("isAllDay"):
        first = _midnight(start, raw, "originalStartTimeZone")
        return AllDay(first, _midnight(end, raw, "originalEndTimeZone"))
    named = zone or iana_zone(raw.get("originalStartTimeZone") or "") or "UTC"
    return Timed(_instant(*start), _instant(*end), named)


def when_to(when: When, zone: str) -> Json:
    """`start`, `end` and `isAllDay` as Graph takes them.

    Whole days are midnights in `zone`. A single event whose wall clock comes twice, or never,
    on a day of a change of clocks is written in UTC: only so does it say one instant.
    """
    match when:
        case AllDay(first, until):
            named = windows_zone(zone)
            start, end = (datetime.combine(day, time()) for day in (first, until))
            return _span(start, end, named, all_day=True)
        case Timed(start, end, own):
            named = windows_zone(own)
            if any(_is_unsure(moment, canonical_zone(own)) for moment in (start, end)):
                named = "UTC"
            walls = [moment.astimezone(_rules(named)).replace(tzinfo=None) for moment in (start, end)]
            return _span(walls[0], walls[1], named, all_day=False)


def series_when_to(when: When, zone: str) -> Json:
    """The first occurrence of a series: the wall clock in the series' zone rules."""
    if isinstance(when, AllDay):
        return when_to(when, zone)
    named = windows_zone(zone)
    start, end = (moment.astimezone(_rules(named)).replace(tzinfo=None) for moment in (when.start, when.end))
    return _span(start, end, named, all_day=False)


def recurrence_from(raw: Json, fallback_zone: str | None) -> Recurrence:
    """A recurrence; fields that its type does not use keep their defaults. Raises Misread."""
    pattern, span = raw.get("pattern") or {}, raw.get("range") or {}
    kind = _pattern_type(pattern.get("type"))
    zone = iana_zone(span.get("recurrenceTimeZone") or "") or fallback_zone
    if zone is None:
        raise Misread("Its recurrence is in a time zone that we do not know.")
    return Recurrence(
        type=kind,
        interval=int(pattern.get("interval") or 1),
        start=_date(span.get("startDate")),
        zone=zone,
        days=_days(pattern.get("daysOfWeek")) if kind in _USES_DAYS else (),
        first_day=pattern.get("firstDayOfWeek") or "sunday" if kind == "weekly" else "sunday",
        day_of_month=int(pattern.get("dayOfMonth") or 0) if kind in _USES_DAY else 0,
        month=int(pattern.get("month") or 0) if kind in _USES_MONTH else 0,
        index=pattern.get("index") or "first" if kind in _USES_INDEX else "first",
        until=_date(span.get("endDate")) if span.get("type") == "endDate" else None,
        count=int(span.get("numberOfOccurrences") or 0) if span.get("type") == "numbered" else None,
    )


def recurrence_to(recurrence: Recurrence, first: date) -> Json:
    """A recurrence as Graph takes it; `first` is the date of the event's start: the range repeats it."""
    pattern: Json = {"type": recurrence.type, "interval": recurrence.interval}
    if recurrence.type in _USES_DAYS:
        pattern["daysOfWeek"] = sorted(recurrence.days, key=WEEKDAYS.index)
    if recurrence.type == "weekly":
        pattern["firstDayOfWeek"] = recurrence.first_day
    if recurrence.type in _USES_DAY:
        pattern["dayOfMonth"] = recurrence.day_of_month
    if recurrence.type in _USES_MONTH:
        pattern["month"] = recurrence.month
    if recurrence.type in _USES_INDEX:
        pattern["index"] = recurrence.index
    span = {"startDate": first.isoformat(), "recurrenceTimeZone": windows_zone(recurrence.zone)}
    return {"pattern": pattern, "range": {**span, **_end_of(recurrence)}}


def instant_from(text: str) -> datetime:
    """A DateTimeOffset with up to seven decimals as an aware datetime in UTC. Raises Misread."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise Misread("It holds a time that is none.") from error
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def original_date(raw: Json, zone: str, *, all_day: bool) -> date:
    """The date in the series' zone on which an occurrence stood before anyone moved it.

    `all_day`: the series is; its days may be told as midnights in UTC. Raises Misread.
    """
    text = raw.get("originalStart")
    if not text:
        raise Misread("One of its occurrences does not say where it belongs.")
    moment = instant_from(text)
    if all_day and moment.timetz() == time(tzinfo=UTC):
        return moment.date()
    return moment.astimezone(ZoneInfo(zone)).date()


def wall_clock(raw: Any) -> tuple[datetime, str]:
    """A wall clock, naive, and its zone's IANA name. Raises Misread."""
    if not isinstance(raw, dict):
        raise Misread("It does not say when it is.")
    try:
        moment = datetime.fromisoformat(raw["dateTime"])
    except (KeyError, TypeError, ValueError) as error:
        raise Misread("It holds a time that is none.") from error
    zone = iana_zone(raw.get("timeZone") or "UTC")
    if zone is None:
        raise Misread("It is in a time zone that we do not know.")
    if moment.tzinfo is not None:
        return moment.astimezone(UTC).replace(tzinfo=None), "UTC"
    return moment, zone


def _pattern_type(raw: Any) -> PatternType:
    by_name: dict[str, PatternType] = {name.lower(): name for name in get_args(PatternType)}
    found = by_name.get(str(raw).lower())
    if found is None:
        raise Misread("Its recurrence has a pattern that we do not know.")
    return found


def _end_of(recurrence: Recurrence) -> Json:
    if recurrence.count is not None:
        return {"type": "numbered", "numberOfOccurrences": recurrence.count}
    if recurrence.until is not None:
        return {"type": "endDate", "endDate": recurrence.until.isoformat()}
    return {"type": "noEnd"}


def _span(start: datetime, end: datetime, zone: str, *, all_day: bool) -> Json:
    return {
        "start": {"dateTime": start.isoformat(timespec="seconds"), "timeZone": zone},
        "end": {"dateTime": end.isoformat(timespec="seconds"), "timeZone": zone},
        "isAllDay": all_day,
    }


def _midnight(moment: tuple[datetime, str], raw: Json, zone_field: str) -> date:
    """The date that an end of an all-day event means, whatever zone the answer is in.

    Graph gives midnights in the zone of the request, wherever it was made. Should it ever
    convert them, the zone of its making gives the midnight back.
    Source: https://github.com/microsoftgraph/microsoft-graph-docs/issues/1802
    """
    wall, zone = moment
    if wall.time() == time():
        return wall.date()
    made_in = iana_zone(raw.get(zone_field) or "")
    if made_in is not None:
        wall = _instant(wall, zone).astimezone(ZoneInfo(made_in)).replace(tzinfo=None)
    if wall.time() != time():
        raise Misread("It lasts all day and does not begin and end at midnight.")
    return wall.date()


def _instant(wall: datetime, zone: str) -> datetime:
    return wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _is_unsure(moment: datetime, zone: str) -> bool:
    """Whether the wall clock of a moment in a zone, read again, could mean another one."""
    local = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return len({_instant(local.replace(fold=fold), zone) for fold in (0, 1)}) > 1


def _rules(windows: str) -> ZoneInfo:
    return ZoneInfo(iana_zone(windows) or "UTC")


def _days(raw: Any) -> tuple[Weekday, ...]:
    days = {str(day).lower() for day in raw or ()}
    return tuple(day for day in WEEKDAYS if day in days)


def _date(raw: Any) -> date:
    try:
        found = date.fromisoformat(raw)
    except (TypeError, ValueError) as error:
        raise Misread("Its recurrence holds a date that is none.") from error
    if raw == _NO_DATE:
        raise Misread("Its recurrence lacks a date.")
    return found
