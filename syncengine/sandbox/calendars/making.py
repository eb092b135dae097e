"""A new event: what was posted, what Exchange adds, and its place in the calendar.

Source: https://learn.microsoft.com/graph/api/user-post-events
"""

from __future__ import annotations

from typing import Any

from syncengine.sandbox.calendars import ids, payload
from syncengine.sandbox.calendars.bodies import kept
from syncengine.sandbox.calendars.desk import Desk
from syncengine.sandbox.calendars.items import Event
from syncengine.sandbox.calendars.payload import NEVER, NO_PLACE, TIMES
from syncengine.sandbox.calendars.series import Times
from syncengine.sandbox.calendars.showing import wire_times
from syncengine.sandbox.calendars.timing import series_of, times_of
from syncengine.sandbox.extended import MULTI, SINGLE, merged_properties
from syncengine.sandbox.kernel import Json

_EMPTY_BODY, _EMPTY_PREVIEW = kept("html", "")
# What Exchange fills in. Source: https://learn.microsoft.com/graph/api/user-post-events
_DEFAULTS: Json = {
    "categories": [],
    "hasAttachments": False,
    "subject": "",
    "bodyPreview": _EMPTY_PREVIEW,
    "importance": "normal",
    "sensitivity": "normal",
    "isAllDay": False,
    "isCancelled": False,
    "isOrganizer": True,
    "responseRequested": True,
    "seriesMasterId": None,
    "showAs": "busy",
    "type": "singleInstance",
    "onlineMeetingUrl": None,
    "isOnlineMeeting": False,
    "onlineMeetingProvider": "unknown",
    "allowNewTimeProposals": True,
    "isDraft": False,
    "hideAttendees": False,
    "isReminderOn": True,
    "reminderMinutesBeforeStart": 15,
    "recurrence": None,
    "onlineMeeting": None,
    "responseStatus": {"response": "organizer", "time": NEVER},
    "body": _EMPTY_BODY,
    "location": NO_PLACE,
    "locations": [],
    "attendees": [],
}
# Observed. Source: https://github.com/microsoftgraph/microsoft-graph-docs/issues/6003
_ALL_DAY_DEFAULTS: Json = {"showAs": "free", "reminderMinutesBeforeStart": 1080}
_TEAMS = "https://teams.microsoft.com/l/meetup-join/"


def create(desk: Desk, calendar_id: str, body: Any) -> Event:
    """Check a posted event and put it into the calendar. Raises Refusal or Unknown."""
    # A POST costs some 75 us of one core with all that is around it (2026-11-21):
    # python -m timeit -p -s "from tests.sandbox.calendars.speed import post" "post()"
    found = payload.checked(body, creating=True)
    times = times_of(found)
    recurrence = found.pop("recurrence", None)
    series, pattern = series_of(recurrence, times) if recurrence is not None else (None, None)
    for name in TIMES:
        found.pop(name, None)
    for name in (SINGLE, MULTI):
        if name in found:
            found[name] = merged_properties(None, found[name])
    event = complete(desk, calendar_id, found, times)
    if series:
        event.series, event["recurrence"], event["type"] = series, pattern, "seriesMaster"
    set_times(event, times)
    desk.drawer.put(event)
    desk.drawer.log(event, None)
    return event


def set_times(event: Event, times: Times) -> None:
    """Give an event its times: a master stands at its first occurrence."""
    if event.series:
        times = event.series.first
    event.times = times
    event["start"], event["end"] = wire_times(times, None)
    event["isAllDay"] = times.is_all_day


def link_to(event_id: str) -> str:
    """The address of the event in Outlook on the web."""
    item = event_id.replace("=", "%3D")
    return f"https://outlook.office365.com/owa/?itemid={item}&exvsurl=1&path=/calendar/item"


def make_online(event: Event) -> None:
    """Give a meeting that is held online its link."""
    if event["isOnlineMeeting"]:
        event["onlineMeetingProvider"] = "teamsForBusiness"
        event["onlineMeeting"] = {"joinUrl": f"{_TEAMS}{event['iCalUId']}"}


def complete(desk: Desk, calendar_id: str, found: Json, times: Times) -> Event:
    """An event with these properties and all that Exchange adds; not in the calendar yet."""
    mailbox, now = desk.mailbox.user_id, desk.now
    event = Event(_DEFAULTS)
    if times.is_all_day:
        event.update(_ALL_DAY_DEFAULTS)
    event.update(found)
    number = desk.drawer.stamp(event, now)
    event["createdDateTime"] = event["lastModifiedDateTime"]
    event["id"] = ids.plain_id(mailbox, number)
    event["iCalUId"] = ids.calendar_uid(mailbox, number)
    event["organizer"] = {"emailAddress": desk.owner}
    event["originalStartTimeZone"] = times.zone.name
    event["originalEndTimeZone"] = times.end_zone.name
    event["webLink"] = link_to(event["id"])
    event.calendar_id, event.immutable_id = calendar_id, ids.immutable_id(mailbox, number)
    event.series, event.times, event.born = None, times, now
    make_online(event)
    return event
