"""A change of a single event or of a whole series.

A new time or pattern makes a new series: Exchange then drops what departed from the old
one, exceptions and cancellations alike, unless `Switches.series_change_resets` is off.
Source: https://learn.microsoft.com/graph/api/event-update
"""

from __future__ import annotations

from typing import Any

from syncengine.sandbox.calendars import payload
from syncengine.sandbox.calendars.desk import Desk
from syncengine.sandbox.calendars.items import Event, span_of
from syncengine.sandbox.calendars.making import make_online, set_times
from syncengine.sandbox.calendars.payload import TIMES, invalid
from syncengine.sandbox.calendars.series import Series, Times
from syncengine.sandbox.calendars.timing import series_of, times_of
from syncengine.sandbox.extended import MULTI, SINGLE, merged_properties
from syncengine.sandbox.kernel import Json


def change(desk: Desk, event: Event, body: Any) -> frozenset[str]:
    """Change a single or a master; answers the names of the properties that were written.

    Raises Refusal or Unknown, with nothing changed.
    """
    found = payload.checked(body, creating=False)
    written = frozenset(found)
    was = span_of(event)
    _check_online(event, found)
    if written & TIMES:
        _change_times(desk, event, found)
    merge_into(event, {name: value for name, value in found.items() if name not in TIMES}, event)
    _follow_online(event, found)
    desk.drawer.stamp(event, desk.now)
    desk.drawer.log(event, was)
    return written


def merge_into(kept: Json, found: Json, below: Json) -> None:
    """Write properties into `kept`; extended ones are merged with those of `below`, by id."""
    for name, value in found.items():
        kept[name] = merged_properties(below.get(name), value) if name in (SINGLE, MULTI) else value


def _change_times(desk: Desk, event: Event, found: Json) -> None:
    times = times_of(found, event.times)
    recurrence = found.get("recurrence", event["recurrence"])
    series, pattern = series_of(recurrence, times) if recurrence is not None else (None, None)
    if series and event.series:
        _carry_over(event.series, series, resets=desk.switches.series_change_resets)
    event.series, event["recurrence"] = series, pattern
    event["type"] = "seriesMaster" if series else "singleInstance"
    if "start" in found:
        event["originalStartTimeZone"] = times.zone.name
    if "end" in found:
        event["originalEndTimeZone"] = times.end_zone.name
    set_times(event, times)


def _carry_over(old: Series, new: Series, *, resets: bool) -> None:
    """What of the old series' departures the new one keeps."""
    if _is_same(old, new):
        new.exceptions, new.cancelled = old.exceptions, old.cancelled
    elif not resets:
        new.exceptions = {day: one for day, one in old.exceptions.items() if new.on(day)}
        new.cancelled = {day for day in old.cancelled if new.on(day)}


def _is_same(old: Series, new: Series) -> bool:
    return (
        old.rule == new.rule and old.zone.rules is new.zone.rules and _clock(old.first) == _clock(new.first)
    )


def _clock(times: Times) -> tuple[object, ...]:
    return times.at, times.until, times.is_all_day


def _check_online(event: Event, found: Json) -> None:
    if event["isOnlineMeeting"] and found.get("isOnlineMeeting") is False:
        raise invalid("An online meeting stays one.", "ErrorInvalidRequest")


def _follow_online(event: Event, found: Json) -> None:
    """A body without the meeting's link ends the online meeting.

    Source: https://github.com/microsoftgraph/microsoft-graph-docs/issues/16336
    """
    if found.get("isOnlineMeeting") and not event["onlineMeeting"]:
        make_online(event)
        return
    link = (event["onlineMeeting"] or {}).get("joinUrl")
    if "body" in found and link and link not in event["body"]["content"]:
        event["isOnlineMeeting"], event["onlineMeeting"] = False, None
        event["onlineMeetingProvider"] = "unknown"
