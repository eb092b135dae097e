"""What people do in Outlook and Graph has no address for: move an event, copy and paste it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncengine.sandbox.calendars import ids
from syncengine.sandbox.calendars.desk import Desk
from syncengine.sandbox.calendars.items import span_of
from syncengine.sandbox.calendars.making import link_to
from syncengine.sandbox.calendars.worlds import dump_event, load_event
from syncengine.sandbox.extended import MULTI, SINGLE

if TYPE_CHECKING:
    from syncengine.sandbox.state import Mailbox, Tenant, World

# What a pasted copy does not take over: identity, and everything about the meeting.
_OWN = frozenset(
    {
        "id",
        "_immutableId",
        "iCalUId",
        "transactionId",
        "changeKey",
        "@odata.etag",
        "createdDateTime",
        "lastModifiedDateTime",
        "webLink",
        "attendees",
        "organizer",
        "isOrganizer",
        "responseStatus",
        "onlineMeeting",
        "isOnlineMeeting",
    }
)


def move(world: World, tenant: Tenant, mailbox: Mailbox, event_id: str, calendar_id: str) -> str:
    """Move an event into another calendar of its mailbox; answers its new plain id.

    The immutable id stays. Source: https://learn.microsoft.com/graph/outlook-immutable-id
    """
    desk = Desk.at(world, tenant, mailbox)
    event, target = desk.event(event_id), desk.calendar(calendar_id)["id"]
    desk.drawer.next_number()
    desk.drawer.log(event, span_of(event), gone=True)
    desk.drawer.take(event)
    event.calendar_id = target
    number = desk.drawer.stamp(event, desk.now)
    event["id"] = ids.plain_id(mailbox.user_id, number)
    event["webLink"] = link_to(event["id"])
    desk.drawer.put(event)
    desk.drawer.log(event, None)
    return event.plain_id


def paste(
    world: World, tenant: Tenant, mailbox: Mailbox, event_id: str, calendar_id: str | None = None
) -> str:
    """Copy an event and paste it into a calendar of its mailbox; answers the copy's plain id.

    It is a new event and an appointment. Whether it carries the named properties of the
    original is a switch: `paste_clones_properties`.
    """
    desk = Desk.at(world, tenant, mailbox)
    row = dump_event(desk.event(event_id))
    target = desk.calendar(calendar_id)["id"] if calendar_id else desk.event(event_id).calendar_id
    left_out = _OWN if world.switches.paste_clones_properties else _OWN | {SINGLE, MULTI}
    made = load_event(desk, target, {key: row[key] for key in row if key not in left_out})
    desk.drawer.log(made, None)
    return made.plain_id
