"""A change or a cancellation of one occurrence of a series.

Source: https://learn.microsoft.com/graph/api/event-update
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from syncengine.sandbox.calendars import payload
from syncengine.sandbox.calendars.changing import merge_into
from syncengine.sandbox.calendars.desk import Desk, not_found
from syncengine.sandbox.calendars.ids import split_occurrence
from syncengine.sandbox.calendars.items import Event, span_of
from syncengine.sandbox.calendars.payload import TIMES, invalid
from syncengine.sandbox.calendars.series import Change, Series, Times
from syncengine.sandbox.calendars.timing import times_of
from syncengine.sandbox.extended import MULTI, SINGLE


def found_occurrence(desk: Desk, item: str) -> tuple[Event, date] | None:
    """The series and the date that an occurrence's id means; None for the id of a whole event.

    Raises 404 for a date that the series has not, or not any more.
    """
    parts = split_occurrence(item)
    if parts is None:
        return None
    event, day = desk.event(parts[0]), parts[1]
    if event.series is None or day in event.series.cancelled or event.series.on(day) is None:
        raise not_found()
    return event, day


def standing(series: Series, day: date) -> Times:
    """When the occurrence of this date takes place."""
    change = series.exceptions.get(day)
    times = change.times if change else series.on(day)
    if times is None:
        raise not_found()
    return times


def change_occurrence(desk: Desk, event: Event, day: date, body: Any) -> frozenset[str]:
    """Make the occurrence an exception, or change it once more; answers what was written.

    Raises Refusal or Unknown, with nothing changed.
    """
    found = payload.checked(body, creating=False)
    if "recurrence" in found:
        raise invalid("An occurrence has no recurrence of its own.", "ErrorInvalidRequest")
    series = _series(event)
    before = standing(series, day)
    times = times_of(found, before)
    if (times.at, times.until) != (before.at, before.until):
        check_neighbours(series, day, times)
    put_exception(desk, event, day, times, found)
    return frozenset(found)


def put_exception(desk: Desk, event: Event, day: date, times: Times, found: dict[str, Any]) -> None:
    """Write an exception: its own properties over what it had, over its series'."""
    series = _series(event)
    was = span_of(event)
    known = series.exceptions.get(day)
    changes = dict(known.changes) if known else {}
    own = {name: value for name, value in found.items() if name not in TIMES}
    below = {name: changes.get(name, event.get(name)) for name in (SINGLE, MULTI)}
    merge_into(changes, own, below)
    desk.drawer.stamp(event, desk.now)
    changes["lastModifiedDateTime"] = event["lastModifiedDateTime"]
    series.exceptions[day] = Change(day, times, changes, event["changeKey"])
    desk.drawer.log(event, was)


def cancel_occurrence(desk: Desk, event: Event, day: date) -> None:
    """Take one occurrence out of its series; the master tells of it."""
    series = _series(event)
    was = span_of(event)
    series.exceptions.pop(day, None)
    series.cancelled.add(day)
    desk.drawer.stamp(event, desk.now)
    desk.drawer.log(event, was, occurrence=day.isoformat())


def _series(event: Event) -> Series:
    if event.series is None:
        raise not_found()
    return event.series


def check_neighbours(series: Series, day: date, times: Times) -> None:
    """Refuse times at which an occurrence would reach its neighbours, where these stand now.

    It may not fall on their days either. Raises ErrorOccurrenceCrossingBoundary.
    Source: https://learn.microsoft.com/graph/api/event-update
    """
    before, after = series.neighbours(day)
    own_day = _day(series, times)
    if before and (own_day <= _day(series, before) or times.at < before.until):
        raise _crossing(before)
    if after and (own_day >= _day(series, after) or times.until > after.at):
        raise _crossing(after)


def _day(series: Series, times: Times) -> date:
    wall: datetime = times.start if times.is_all_day else series.zone.wall(times.at)
    return wall.date()


def _crossing(neighbour: Times) -> Exception:
    return invalid(
        f"Modified occurrence is crossing or overlapping adjacent occurrence ({neighbour.at}Z).",
        "ErrorOccurrenceCrossingBoundary",
    )
