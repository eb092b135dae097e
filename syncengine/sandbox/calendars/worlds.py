"""Calendars of a mailbox from and to a world file.

A calendar in the file is as Graph shows it, with its events under `events`. An event is
as Graph shows it too, times in UTC or in a zone of their own; what is left out, Exchange
fills in. Beside that it may have `_exceptions` (changed occurrences: `originalStart`, an
instant or a date, and what differs), `_cancelled` (dates) and `_immutableId`.
Nothing is mailed and nothing delivered: each mailbox of the file holds its own copies.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from syncengine.sandbox.calendars import ids, payload
from syncengine.sandbox.calendars.desk import Desk, new_calendar
from syncengine.sandbox.calendars.items import Event, drawer_of, wire_wall
from syncengine.sandbox.calendars.making import complete, set_times
from syncengine.sandbox.calendars.payload import PROPERTIES, TIMES, malformed
from syncengine.sandbox.calendars.series import Change, Series, Times
from syncengine.sandbox.calendars.timing import series_of, times_of
from syncengine.sandbox.calendars.zones import UTC_ZONE, Zone, zone_named
from syncengine.sandbox.extended import MULTI, SINGLE
from syncengine.sandbox.kernel import Json, Refusal

if TYPE_CHECKING:
    from syncengine.sandbox.state import Mailbox, Tenant, World

_EXCEPTIONS, _CANCELLED, _IMMUTABLE = "_exceptions", "_cancelled", "_immutableId"
_GENERATION = "_generation"
_PRIVATE = frozenset({_EXCEPTIONS, _CANCELLED, _IMMUTABLE})
_KNOWN = PROPERTIES | _PRIVATE | {SINGLE, MULTI}
# A terse file says only the essential of these; what Graph showed once is taken as it is.
_CHECKED = {"attendees": "status", "location": "uniqueIdType", "locations": "uniqueIdType"}


def load(world: World, tenant: Tenant, mailbox: Mailbox, rows: Iterable[Json]) -> None:
    """Put the calendars of a world file into a mailbox. Raises Refusal for what makes no sense."""
    drawer, contents = drawer_of(mailbox), []
    for row in rows:
        mailbox.generation = max(mailbox.generation, row.get(_GENERATION, 0))
        given = {name: value for name, value in row.items() if name not in ("events", _GENERATION)}
        is_default = bool(given.get("isDefaultCalendar"))
        name = given.get("name") or "Calendar"
        calendar = new_calendar(tenant, mailbox, name, is_default=is_default) | given
        mailbox.calendars[calendar["id"]] = calendar
        contents.append((calendar["id"], row.get("events") or ()))
    desk = Desk.at(world, tenant, mailbox)
    for calendar_id, events in contents:
        for event in events:
            load_event(desk, calendar_id, event)
    mailbox.calendar_log.clear()
    drawer.floor = mailbox.generation


def dump(world: World, tenant: Tenant, mailbox: Mailbox) -> list[Json]:
    """The calendars of a mailbox for a world file; `load` makes the same of them."""
    desk = Desk.at(world, tenant, mailbox)
    rows = [
        {**calendar, "events": [dump_event(event) for event in desk.drawer.within(key)]}
        for key, calendar in mailbox.calendars.items()
    ]
    rows[0][_GENERATION] = mailbox.generation
    return rows


def load_event(desk: Desk, calendar_id: str, row: Json) -> Event:
    """Put one event of a world file into a calendar."""
    if unknown := {name for name in row if "@" not in name} - _KNOWN:
        raise malformed(f"An event has unknown properties: {', '.join(sorted(unknown))}.")
    times = _times(row)
    event = complete(desk, calendar_id, {}, times)
    event.update(_given(row))
    _adopt(desk, event, row)
    if row.get("recurrence"):
        event.series, event["recurrence"] = series_of(row["recurrence"], times)
        event["type"] = "seriesMaster"
    set_times(event, times)
    if event.series:
        _load_departures(event, event.series, row)
    desk.drawer.put(event)
    return event


def dump_event(event: Event) -> Json:
    """An event for a world file."""
    row = {**event, _IMMUTABLE: event.immutable_id}
    if event.series:
        row[_CANCELLED] = [day.isoformat() for day in sorted(event.series.cancelled)]
        row[_EXCEPTIONS] = [_dump_change(change) for _, change in sorted(event.series.exceptions.items())]
    return row


def _given(row: Json) -> Json:
    """What the file says about an event, beside its times, its ids and its departures."""
    given = {
        name: value
        for name, value in row.items()
        if name not in _PRIVATE and name not in TIMES and "@" not in name
    }
    for name, sign in _CHECKED.items():
        if name in given and not _is_complete(given[name], sign):
            given |= payload.checked({name: given[name]}, creating=True)
    if "body" in given and "bodyPreview" not in given:
        given |= payload.checked({"body": given["body"]}, creating=True)
    for name in (SINGLE, MULTI):
        if name in given:
            given |= payload.checked({name: given[name]}, creating=True)
    return given


def _is_complete(value: Any, sign: str) -> bool:
    parts = value if isinstance(value, list) else [value]
    return all(isinstance(part, dict) and sign in part for part in parts)


def _adopt(desk: Desk, event: Event, row: Json) -> None:
    """The ids, version and owner that the file gives."""
    event["@odata.etag"] = f'W/"{event["changeKey"]}"'
    if _IMMUTABLE in row:
        event.immutable_id = row[_IMMUTABLE]
    elif "id" in row:
        event.immutable_id = ids.immutable_id(desk.mailbox.user_id, 0) + row["id"]
    organizer = event["organizer"]["emailAddress"]["address"].lower()
    if "isOrganizer" not in row and organizer != desk.owner["address"].lower():
        event["isOrganizer"] = False
        event["responseStatus"] = row.get("responseStatus") or {
            "response": "notResponded",
            "time": payload.NEVER,
        }


def _times(row: Json) -> Times:
    """Start and end by the clocks of the zone in which the event was made.

    A series is read in the zone of its pattern: there, its start has the date of its range.
    """
    times = times_of({name: row[name] for name in ("start", "end") if name in row}, is_old=True)
    pattern_zone = ((row.get("recurrence") or {}).get("range") or {}).get("recurrenceTimeZone")
    zone = _zone(pattern_zone or row.get("originalStartTimeZone"), times.zone)
    end_zone = _zone(pattern_zone or row.get("originalEndTimeZone"), times.end_zone)
    if row.get("isAllDay"):
        return times_of(
            {
                "start": {"dateTime": row["start"]["dateTime"], "timeZone": zone.name},
                "end": {"dateTime": row["end"]["dateTime"], "timeZone": zone.name},
                "isAllDay": True,
            }
        )
    start, end = zone.wall(times.at), end_zone.wall(times.until)
    return Times(start, end, zone, end_zone, False, times.at, times.until)


def _zone(name: str | None, default: Zone) -> Zone:
    """The zone of this name; an old custom zone has no rules that Graph would show."""
    if not name:
        return default
    try:
        return zone_named(name)
    except Refusal:
        return UTC_ZONE


def _load_departures(event: Event, series: Series, row: Json) -> None:
    for text in row.get(_CANCELLED) or ():
        series.cancelled.add(_known_day(series, date.fromisoformat(text)))
    for one in row.get(_EXCEPTIONS) or ():
        day = _original_day(series, one.get("originalStart"))
        regular = series.on(day)
        if regular is None:
            raise malformed(f"The series has no occurrence on {day}.")
        given = {name: value for name, value in one.items() if name != "originalStart"}
        moved = {name: given.pop(name) for name in ("start", "end", "isAllDay") if name in given}
        key = given.pop("changeKey", event["changeKey"])
        series.exceptions[day] = Change(day, times_of(moved, regular), _given(given), key)


def _original_day(series: Series, text: Any) -> date:
    if not isinstance(text, str):
        raise malformed("An exception needs its originalStart.")
    moment = datetime.fromisoformat(text)
    if "T" not in text:
        return _known_day(series, moment.date())
    instant = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    return _known_day(series, series.zone.wall(instant).date())


def _known_day(series: Series, day: date) -> date:
    if series.on(day) is None:
        raise malformed(f"The series has no occurrence on {day}.")
    return day


def _dump_change(change: Change) -> Json:
    times = change.times
    return {
        "originalStart": change.original.isoformat(),
        **change.changes,
        "start": {"dateTime": wire_wall(times.start), "timeZone": times.zone.name},
        "end": {"dateTime": wire_wall(times.end), "timeZone": times.end_zone.name},
        "isAllDay": times.is_all_day,
        "changeKey": change.change_key,
    }
