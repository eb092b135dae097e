"""Events that nobody could hold: what is wrong with them, in words for people."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from syncengine.model.items import Event
from syncengine.model.recurrence import Recurrence, dates_from
from syncengine.model.time import AllDay, Timed, When


def invalid_reason(event: Event) -> str | None:
    """Why this event cannot be copied at all; None for a valid one. A moment without length is valid."""
    reason = _wrong_times(event.details.when)
    if reason:
        return f"it {reason}"
    if event.recurrence is None:
        return None
    reason = _wrong_pattern(event.recurrence) or _wrong_range(event.recurrence)
    if reason:
        return f"its recurrence {reason}"
    for day, details in event.exceptions:
        reason = _wrong_times(details.when)
        if reason:
            return f"its occurrence of {day} {reason}"
    return None


def _wrong_times(when: When) -> str | None:
    match when:
        case AllDay(first, until):
            return "covers no whole day" if until <= first else None
        case Timed(start, end, zone):
            if _is_naive(start) or _is_naive(end):
                return "does not say in which zone its times are"
            if end < start:
                return "ends before it starts"
            return None if _is_zone(zone) else "is in a time zone that nobody knows"


def _wrong_pattern(recurrence: Recurrence) -> str | None:
    if recurrence.interval < 1:
        return "has no interval"
    if not _is_zone(recurrence.zone):
        return "is in a time zone that nobody knows"
    needs_days = recurrence.type in ("weekly", "relativeMonthly", "relativeYearly")
    if needs_days and not recurrence.days:
        return "names no weekday"
    if recurrence.type.startswith("absolute") and not 1 <= recurrence.day_of_month <= 31:
        return "names no day of the month"
    if recurrence.type.endswith("Yearly") and not 1 <= recurrence.month <= 12:
        return "names no month"
    return None


def _wrong_range(recurrence: Recurrence) -> str | None:
    has_any = next(dates_from(recurrence, recurrence.start), None) is not None
    return None if has_any else "has no occurrence"


def _is_naive(moment: datetime) -> bool:
    return moment.tzinfo is None


@cache
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
