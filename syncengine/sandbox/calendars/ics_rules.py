"""RRULEs as recurrences of Graph, where Graph has one that means the same.

Graph knows six patterns; Exchange takes the last day of a short month where RFC 5545 skips
the month. What would mean something else is refused, with the reason.
Source: https://learn.microsoft.com/graph/api/resources/recurrencepattern and RFC 5545
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from syncengine.sandbox.calendars.recurrence import INDEXES, WEEKDAYS
from syncengine.sandbox.kernel import Json, Refusal

_DAYS = dict(zip(("MO", "TU", "WE", "TH", "FR", "SA", "SU"), WEEKDAYS, strict=True))
_KNOWN = frozenset(
    {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS"}
)
_SAFE_DAY = 28
Parts = Mapping[str, list[Any]]


def refused(reason: str) -> Refusal:
    """The refusal of a file or an event, for a reason in words."""
    return Refusal(400, "ErrorInvalidRequest", f"The file cannot be imported: {reason}.")


def recurrence_of(rule: Parts, start: datetime, is_all_day: bool, until: datetime | None) -> Json:
    """The recurrence of an RRULE for a series that starts at this wall time.

    `until` is the rule's UNTIL by the series' clock. Raises Refusal with the reason.
    """
    parts = {name.upper(): values for name, values in rule.items()}
    for name in parts:
        if name not in _KNOWN:
            raise refused(f"a recurrence by {name} has no counterpart")
    pattern = _pattern(parts, start.date())
    pattern["interval"] = parts.get("INTERVAL", [1])[0]
    pattern["firstDayOfWeek"] = _DAYS[str(parts.get("WKST", ["MO"])[0])]
    return {"pattern": pattern, "range": _range(parts, start, is_all_day, until)}


def _pattern(parts: Parts, start: date) -> Json:
    match str(parts["FREQ"][0]):
        case "DAILY":
            return _daily(parts)
        case "WEEKLY":
            _refuse_others(parts, "BYDAY")
            return {"type": "weekly", "daysOfWeek": _weekdays(parts) or [WEEKDAYS[start.weekday()]]}
        case "MONTHLY":
            _refuse_others(parts, "BYDAY", "BYMONTHDAY", "BYSETPOS")
            return _in_month(parts, start, "Monthly")
        case "YEARLY":
            return _yearly(parts, start)
        case other:
            raise refused(f"a recurrence that is {other.lower()} has no counterpart")


def _daily(parts: Parts) -> Json:
    if "BYDAY" not in parts:
        _refuse_others(parts)
        return {"type": "daily"}
    _refuse_others(parts, "BYDAY")
    if parts.get("INTERVAL", [1])[0] != 1:
        raise refused("every few days, but on certain weekdays only, has no counterpart")
    return {"type": "weekly", "daysOfWeek": _weekdays(parts)}


def _yearly(parts: Parts, start: date) -> Json:
    _refuse_others(parts, "BYMONTH", "BYDAY", "BYMONTHDAY", "BYSETPOS")
    months = parts.get("BYMONTH") or [start.month]
    if len(months) > 1:
        raise refused("several months of the year have no counterpart")
    if "BYMONTH" not in parts and ("BYDAY" in parts or "BYMONTHDAY" in parts):
        raise refused("days of the year without a month have no counterpart")
    return {**_in_month(parts, start, "Yearly"), "month": int(months[0])}


def _in_month(parts: Parts, start: date, unit: str) -> Json:
    """The day of a month: by number, or by weekday."""
    if "BYDAY" in parts:
        return {"type": f"relative{unit}", **_relative(parts)}
    days = parts.get("BYMONTHDAY") or [start.day]
    if len(days) > 1 or "BYSETPOS" in parts:
        raise refused("several days of a month have no counterpart")
    if days[0] == -1:
        return {"type": f"absolute{unit}", "dayOfMonth": 31}
    if not 1 <= days[0] <= _SAFE_DAY and not (unit == "Yearly" and _is_in_every_year(days[0], parts, start)):
        raise refused("a day that not every month has is skipped there, and Exchange takes the last day")
    return {"type": f"absolute{unit}", "dayOfMonth": days[0]}


def _is_in_every_year(day: int, parts: Parts, start: date) -> bool:
    month = int((parts.get("BYMONTH") or [start.month])[0])
    try:
        date(2001, month, day)
    except ValueError:
        return False
    return True


def _relative(parts: Parts) -> Json:
    if "BYMONTHDAY" in parts:
        raise refused("a weekday that is also a day of the month has no counterpart")
    texts = [str(one) for one in parts["BYDAY"]]
    places = {text[:-2] for text in texts}
    if "BYSETPOS" in parts:
        if places != {""} or len(parts["BYSETPOS"]) > 1:
            raise refused("several positions in a month have no counterpart")
        place = int(parts["BYSETPOS"][0])
    elif len(texts) == 1 and places != {""}:
        place = int(places.pop())
    else:
        raise refused("every such weekday of a month has no counterpart")
    if place not in (1, 2, 3, 4, -1):
        raise refused(f"the position {place} in a month has no counterpart")
    index = "last" if place == -1 else INDEXES[place - 1]
    return {"index": index, "daysOfWeek": [_DAYS[text[-2:]] for text in texts]}


def _weekdays(parts: Parts) -> list[str]:
    texts = [str(one) for one in parts.get("BYDAY", [])]
    if any(len(text) > 2 for text in texts):
        raise refused("a numbered weekday in a week has no counterpart")
    return [_DAYS[text] for text in texts]


def _refuse_others(parts: Parts, *used: str) -> None:
    for name in parts:
        if name.startswith("BY") and name not in used:
            raise refused(f"{parts['FREQ'][0]} with {name} has no counterpart")


def _range(parts: Parts, start: datetime, is_all_day: bool, until: datetime | None) -> Json:
    span: Json = {"startDate": start.date().isoformat()}
    if "COUNT" in parts:
        return {**span, "type": "numbered", "numberOfOccurrences": int(parts["COUNT"][0])}
    if until is None:
        return {**span, "type": "noEnd"}
    # The range ends with a date; the last occurrence must not begin after UNTIL.
    is_over = not is_all_day and until.time() < start.time()
    last = until.date() - timedelta(days=1) if is_over else until.date()
    return {**span, "type": "endDate", "endDate": max(last, start.date()).isoformat()}
