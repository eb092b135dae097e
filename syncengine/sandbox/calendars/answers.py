"""What people do with meetings: accept, decline, accept tentatively, cancel.

Source: https://learn.microsoft.com/graph/api/event-accept and
https://learn.microsoft.com/graph/api/event-cancel
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from syncengine.sandbox.calendars import meetings
from syncengine.sandbox.calendars.desk import Desk, desk_for
from syncengine.sandbox.calendars.events import at_events
from syncengine.sandbox.calendars.folders import WRITES
from syncengine.sandbox.calendars.items import Event, span_of, wire_instant
from syncengine.sandbox.calendars.occurrences import (
    cancel_occurrence,
    found_occurrence,
    put_exception,
    standing,
)
from syncengine.sandbox.calendars.payload import invalid, part
from syncengine.sandbox.calendars.removing import remove
from syncengine.sandbox.kernel import Answer, Call, Json, Unknown

# Whether a declined meeting stays in the calendar; as a rule it goes to Deleted Items.
KEEPS_DECLINED = "_keepsDeclined"
_SHOWS = {"accepted": "busy", "tentativelyAccepted": "tentative", "declined": "free"}


@at_events("POST", "/{event}/accept", WRITES)
def accept(call: Call, user: str, calendar: str | None, item: str) -> Answer:
    """Yes."""
    return _respond(call, user, calendar, item, "accepted")


@at_events("POST", "/{event}/tentativelyAccept", WRITES)
def accept_tentatively(call: Call, user: str, calendar: str | None, item: str) -> Answer:
    """Perhaps."""
    return _respond(call, user, calendar, item, "tentativelyAccepted")


@at_events("POST", "/{event}/decline", WRITES)
def decline(call: Call, user: str, calendar: str | None, item: str) -> Answer:
    """No."""
    return _respond(call, user, calendar, item, "declined")


@at_events("POST", "/{event}/cancel", WRITES)
def cancel(call: Call, user: str, calendar: str | None, item: str) -> Answer:
    """The organiser calls the meeting off; it goes to Deleted Items."""
    desk = desk_for(call, user)
    desk.calendar(calendar)
    _asked(call, ("comment",))
    found = found_occurrence(desk, item)
    event = found[0] if found else desk.event(item)
    if not event["isOrganizer"]:
        raise invalid("You need to be an organizer to cancel a meeting.", "ErrorInvalidRequest")
    if not event["attendees"]:
        raise Unknown("cancelling an appointment that invited nobody")
    if found:
        cancel_occurrence(desk, event, found[1])
        meetings.call_off(desk, event, found[1])
    else:
        remove(desk, event, for_good=False)
        meetings.call_off(desk, event)
    return Answer(202)


def _respond(call: Call, user: str, calendar: str | None, item: str, response: str) -> Answer:
    desk = desk_for(call, user)
    desk.calendar(calendar)
    asked = _asked(call, ("comment", "sendResponse", "proposedNewTime"))
    found = found_occurrence(desk, item)
    event = found[0] if found else desk.event(item)
    if event["isOrganizer"]:
        what = "You can't respond to this meeting because you're the meeting organizer."
        raise invalid(what, "ErrorInvalidRequest")
    when = wire_instant(desk.now)
    answer = {"responseStatus": {"response": response, "time": when}, "showAs": _SHOWS[response]}
    if found and event.series:
        put_exception(desk, event, found[1], standing(event.series, found[1]), answer)
    else:
        _write(desk, event, answer)
        _tell_organiser(desk, event, response, when)
    if asked.get("sendResponse", True):
        organizer = event["organizer"]["emailAddress"]["address"]
        meetings.told_to(desk, event, "response", organizer, found[1] if found else None)
    if response == "declined" and not found and not desk.mailbox.settings.get(KEEPS_DECLINED):
        remove(desk, event, for_good=False)
    return Answer(202)


def _write(desk: Desk, event: Event, answer: Json) -> None:
    was = span_of(event)
    event.update(answer)
    desk.drawer.stamp(event, desk.now)
    desk.drawer.log(event, was)


def _tell_organiser(desk: Desk, event: Event, response: str, when: str) -> None:
    address = event["organizer"]["emailAddress"]["address"].lower()
    for other in meetings.desks_of(desk.world, address):
        original = other.drawer.by_uid.get(event["iCalUId"])
        if original is None or not original["isOrganizer"]:
            continue
        if meetings.note_response(original, desk.owner["address"], response, when):
            _write(other, original, {})


def _asked(call: Call, known: Collection[str]) -> Json:
    body: Any = call.body if call.body is not None else {}
    asked = part("the body", body, known)
    if asked.get("proposedNewTime") is not None:
        raise Unknown("proposedNewTime in an answer")
    if not isinstance(asked.get("sendResponse", True), bool):
        raise invalid("sendResponse is true or false.", "ErrorInvalidRequest")
    return asked
