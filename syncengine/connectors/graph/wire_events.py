"""Events between our words and Graph's JSON: items as read, copies as written and read back.

Source: https://learn.microsoft.com/graph/api/resources/event
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any, TypeVar, get_args

from syncengine.connectors.graph.marks import mark_from
from syncengine.connectors.graph.wire_time import (
    Misread,
    original_date,
    recurrence_from,
    recurrence_to,
    series_when_to,
    when_from,
    when_to,
)
from syncengine.formats.text import storable
from syncengine.model.copies import Appointment, EventCopy
from syncengine.model.expansion import occurrence_on
from syncengine.model.identity import ItemKey, RemoteId
from syncengine.model.items import Details, Event, Response, Sensitivity, ShowAs
from syncengine.model.recurrence import Recurrence
from syncengine.model.time import AllDay, Timed, When, local_start
from syncengine.model.zones import iana_zone

Json = dict[str, Any]
Says = TypeVar("Says", Details, Appointment)

_SAID = "subject,body,start,end,isAllDay,location,showAs,sensitivity,categories,type,"
_ZONES = "originalStart,originalStartTimeZone,originalEndTimeZone"
SOURCE_FIELDS = (
    f"id,iCalUId,{_SAID}{_ZONES},recurrence,seriesMasterId,organizer,attendees,responseStatus,isCancelled,"
    "isOrganizer,onlineMeeting,onlineMeetingUrl,cancelledOccurrences"
)
SOURCE_EXCEPTION_FIELDS = f"id,{_SAID}{_ZONES},responseStatus,isCancelled,onlineMeeting,onlineMeetingUrl"
_REMINDER = "isReminderOn,reminderMinutesBeforeStart"
TARGET_FIELDS = f"id,iCalUId,createdDateTime,{_SAID}{_ZONES},recurrence,{_REMINDER},cancelledOccurrences"
TARGET_EXCEPTION_FIELDS = f"id,{_SAID}{_ZONES},{_REMINDER}"


def event_from(raw: Json) -> Event:
    """A single event or a series with its exceptions and cancellations. Raises Misread."""
    details, series = _with_series(raw, details_from)
    return Event(
        key=ItemKey(raw.get("iCalUId") or raw["id"]),
        remote_id=RemoteId(raw["id"]),
        details=details,
        people=_people(raw),
        etag=raw.get("@odata.etag") or "",
        bears_mark=mark_from(raw) is not None,
        **series,
    )


def copy_from(raw: Json) -> EventCopy:
    """A copy as the target shows it. Raises Misread."""
    appointment, series = _with_series(raw, appointment_from)
    return EventCopy(appointment, **series)


def details_from(raw: Json, zone: str | None = None) -> Details:
    """What one event or occurrence says in a source; `zone` is its series' zone. Raises Misread."""
    meeting = raw.get("onlineMeeting") or {}
    return Details(
        when=when_from(raw, zone),
        **_said_from(raw),
        response=_one_of(Response, (raw.get("responseStatus") or {}).get("response"), "none"),
        is_cancelled=bool(raw.get("isCancelled")),
        join_url=meeting.get("joinUrl") or raw.get("onlineMeetingUrl") or "",
    )


def appointment_from(raw: Json, zone: str | None = None) -> Appointment:
    """What one event or occurrence says in a target; `zone` is its series' zone. Raises Misread."""
    minutes = raw.get("reminderMinutesBeforeStart") if raw.get("isReminderOn") else None
    return Appointment(when=when_from(raw, zone), **_said_from(raw), reminder_minutes=minutes)


def master_to(copy: EventCopy, zone: str) -> Json:
    """All that the copy's single event or master says, as Graph takes it.

    Nothing here can invite: there are no attendees and no online meeting. `zone` is that of the
    mailbox, in which a single event's whole days are midnights.
    """
    said = copy.appointment
    return {**_said_to(said), **_when_of(copy, zone), **_recurrence_of(copy)}


def master_changes(before: EventCopy, copy: EventCopy, zone: str) -> Json:
    """The fields of a sparse PATCH that brings the single event or master from `before` to `copy`."""
    changes = appointment_changes(before.appointment, copy.appointment)
    if before.recurrence != copy.recurrence or before.appointment.when != copy.appointment.when:
        # Times and recurrence are validated together, so they travel together.
        changes |= {**_when_of(copy, zone), "recurrence": None, **_recurrence_of(copy)}
        if before.recurrence is None and copy.recurrence is None:
            del changes["recurrence"]
    return changes


def occurrence_changes(usual: Appointment, wanted: Appointment, zone: str) -> Json:
    """The fields of a sparse PATCH that makes an occurrence say `wanted` instead of `usual`."""
    changes = appointment_changes(usual, wanted)
    if not _same_time(usual.when, wanted.when):
        changes |= when_to(wanted.when, zone)
    return changes


def appointment_changes(before: Appointment, after: Appointment) -> Json:
    """What differs apart from time; fields that belong together come together."""
    was, is_now = _said_to(before), _said_to(after)
    changes = {name: value for name, value in is_now.items() if was.get(name) != value}
    if before.reminder_minutes != after.reminder_minutes:
        changes |= _reminder_to(after)
    return changes


def usual_on(copy: EventCopy, day: date) -> Appointment:
    """What the occurrence of this original date says unless it is an exception."""
    if copy.recurrence is None:
        return copy.appointment
    return replace(copy.appointment, when=occurrence_on(copy.recurrence, copy.appointment.when, day))


def _with_series(raw: Json, read: Callable[[Json, str | None], Says]) -> tuple[Says, Json]:
    """What an event says, and the fields of its series: recurrence, exceptions, cancellations."""
    if not raw.get("recurrence"):
        return read(raw, None), {}
    own_zone = iana_zone(raw.get("originalStartTimeZone") or "")
    recurrence = recurrence_from(raw["recurrence"], own_zone)
    says = read(raw, recurrence.zone)
    exceptions = dict(_exceptions(raw, recurrence, says, read))
    return says, {
        "recurrence": recurrence,
        "exceptions": tuple(sorted(exceptions.items())),
        "cancelled": tuple(sorted(_cancelled(raw) - exceptions.keys())),
    }


def _exceptions(
    raw: Json, recurrence: Recurrence, says: Says, read: Callable[[Json, str | None], Says]
) -> list[tuple[date, Says]]:
    """Occurrences that differ; an exception that says what its series says is none."""
    all_day = isinstance(says.when, AllDay)
    found = []
    for one in raw.get("exceptionOccurrences") or ():
        day = original_date(one, recurrence.zone, all_day=all_day)
        changed = read(one, None)
        usual = occurrence_on(recurrence, says.when, day)
        if _same_time(changed.when, usual):
            changed = replace(changed, when=usual)
        if changed != replace(says, when=usual):
            found.append((day, changed))
    return found


def _cancelled(raw: Json) -> set[date]:
    """Original dates, which end the ids of cancelled occurrences: OID.<master>.2026-11-03.

    Source: https://github.com/microsoftgraph/microsoft-graph-docs/pull/7947
    """
    try:
        return {date.fromisoformat(one.rpartition(".")[2]) for one in raw.get("cancelledOccurrences") or ()}
    except ValueError as error:
        raise Misread("One of its cancelled occurrences does not say its date.") from error


def _said_from(raw: Json) -> Json:
    body = raw.get("body") or {}
    return {
        "subject": storable(raw.get("subject") or ""),
        "body": storable(body.get("content") or ""),
        "body_is_html": bool(body.get("content")) and body.get("contentType", "").lower() == "html",
        "location": storable((raw.get("location") or {}).get("displayName") or ""),
        "show_as": _one_of(ShowAs, raw.get("showAs"), "unknown"),
        "sensitivity": _one_of(Sensitivity, raw.get("sensitivity"), "normal"),
        "categories": tuple(map(storable, raw.get("categories") or ())),
    }


def _said_to(said: Appointment) -> Json:
    # A copy whose source says "unknown" must not look free to whoever plans a meeting.
    show_as = "busy" if said.show_as == "unknown" else said.show_as
    return {
        "subject": said.subject,
        "body": {"contentType": "html" if said.body_is_html else "text", "content": said.body},
        "location": {"displayName": said.location},
        "showAs": show_as,
        "sensitivity": said.sensitivity,
        "categories": list(said.categories),
        **_reminder_to(said),
    }


def _reminder_to(said: Appointment) -> Json:
    if said.reminder_minutes is None:
        return {"isReminderOn": False}
    return {"isReminderOn": True, "reminderMinutesBeforeStart": said.reminder_minutes}


def _when_of(copy: EventCopy, zone: str) -> Json:
    if copy.recurrence is None:
        return when_to(copy.appointment.when, zone)
    return series_when_to(copy.appointment.when, copy.recurrence.zone)


def _recurrence_of(copy: EventCopy) -> Json:
    if copy.recurrence is None:
        return {}
    first = local_start(copy.appointment.when)
    if isinstance(copy.appointment.when, Timed):
        first = local_start(replace(copy.appointment.when, zone=copy.recurrence.zone))
    return {"recurrence": recurrence_to(copy.recurrence, first.date())}


def _same_time(one: When, other: When) -> bool:
    """Whether they are the same instants, or the same days; zones do not count."""
    match one, other:
        case Timed(), Timed():
            return (one.start, one.end) == (other.start, other.end)
        case _:
            return one == other


def _people(raw: Json) -> tuple[str, ...]:
    everybody = [raw.get("organizer"), *(raw.get("attendees") or ())]
    addresses = {((one or {}).get("emailAddress") or {}).get("address") or "" for one in everybody}
    return tuple(sorted(address.lower() for address in addresses if address))


def _one_of(choices: Any, value: Any, otherwise: str) -> Any:
    """The enumeration's member, whatever its case; `otherwise` for one of tomorrow."""
    by_name = {choice.lower(): choice for choice in get_args(choices)}
    return by_name.get(str(value or "").lower(), otherwise)
