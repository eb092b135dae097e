"""What Exchange does for a meeting: mail its attendees, and keep the copies in their calendars.

Every mail goes into the world's outbox; nothing can keep it from being sent. An attendee of
the same world, in whatever tenant, has a copy with the same iCalUId. What belongs to the
organiser is written over it with each update; the rest is the attendee's own.
Source: https://learn.microsoft.com/graph/api/event-update and
https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/1549
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from syncengine.sandbox.calendars.desk import Desk
from syncengine.sandbox.calendars.items import Event, span_of, wire_instant
from syncengine.sandbox.calendars.making import complete, set_times
from syncengine.sandbox.calendars.payload import NEVER
from syncengine.sandbox.calendars.series import Change, Series
from syncengine.sandbox.kernel import Json

if TYPE_CHECKING:
    from syncengine.sandbox.state import Mailbox, Tenant, World

# A room's mailbox may show who booked it instead of what for (Set-CalendarProcessing).
SUBJECT_BECOMES_ORGANIZER = "_subjectBecomesOrganizer"
_OWNED = frozenset(
    {
        "allowNewTimeProposals",
        "attendees",
        "body",
        "bodyPreview",
        "hideAttendees",
        "importance",
        "isAllDay",
        "isOnlineMeeting",
        "location",
        "locations",
        "onlineMeeting",
        "onlineMeetingProvider",
        "organizer",
        "originalEndTimeZone",
        "originalStartTimeZone",
        "recurrence",
        "responseRequested",
        "sensitivity",
        "subject",
        "type",
    }
)
# Whose change Exchange mails; the others are each copy's own.
_MAILED = (_OWNED | {"start", "end"}) - {"importance", "sensitivity"}
_UNREACHABLE = frozenset({"unlicensed", "soft-deleted", "on-premises"})
_BOOKABLE = frozenset({"room", "equipment"})


def is_organised_here(event: Event) -> bool:
    """Whether this is the organiser's own event with somebody to invite."""
    return bool(event["attendees"]) and event["isOrganizer"]


def invite(desk: Desk, event: Event) -> None:
    """Mail an invitation to every attendee of a new meeting, and put a copy into their calendars."""
    if is_organised_here(event):
        for attendee in _guests(desk, event["attendees"]):
            _mail(desk, event, "invitation", attendee)
            _deliver(desk, event, attendee)


def announce(
    desk: Desk, event: Event, written: frozenset[str], before: list[Json], day: date | None = None
) -> None:
    """Mail a change of a meeting, or of its occurrence on `day`, to those whom it concerns.

    `before` are the attendees of before the change. If nothing but the attendees
    changed, only those who changed are told.
    """
    told = written & _MAILED
    if not (event["isOrganizer"] and told and (before or event["attendees"])):
        return
    known = {_address(one) for one in before}
    invited = {_address(one) for one in event["attendees"]}
    for attendee in _guests(desk, before):
        if _address(attendee) not in invited:
            _mail(desk, event, "cancellation", attendee, day)
            _call_off(desk, event, attendee)
    for attendee in _guests(desk, event["attendees"]):
        if _address(attendee) not in known:
            _mail(desk, event, "invitation", attendee, day)
        elif told != {"attendees"}:
            for _ in range(_mails_of_update(event, day)):
                _mail(desk, event, "update", attendee, day)
        _deliver(desk, event, attendee, has_new_time=bool(told & {"start", "end", "recurrence"}))


def call_off(desk: Desk, event: Event, day: date | None = None) -> None:
    """Mail the cancellation of a meeting, or of its occurrence on `day`, to every attendee."""
    if not is_organised_here(event):
        return
    for attendee in _guests(desk, event["attendees"]):
        _mail(desk, event, "cancellation", attendee, day)
        if day is None:
            _call_off(desk, event, attendee)
        else:
            _call_off_occurrence(desk, event, attendee, day)


def told_to(desk: Desk, event: Event, kind: str, to: str, day: date | None = None) -> None:
    """Note a mail in the outbox."""
    mail: Json = {
        "tenant": desk.tenant.id,
        "mailbox": desk.mailbox.user_id,
        "kind": kind,
        "to": to,
        "subject": event["subject"],
        "iCalUId": event["iCalUId"],
        "sent": wire_instant(desk.now),
        "app": desk.app_id,
    }
    if day:
        mail["occurrence"] = day.isoformat()
    desk.world.outbox.append(mail)


def desks_of(world: World, address: str) -> Iterator[Desk]:
    """The mailbox with this address, in whatever tenant of the world it is, if it can be reached."""
    for tenant in world.tenants.values():
        for user in tenant.users.values():
            if address in _addresses(user) and (mailbox := _reachable(tenant, user)):
                yield Desk.at(world, tenant, mailbox)
                return


def copy_at(desk: Desk, uid: str) -> Event | None:
    """The copy of a meeting in an attendee's mailbox, unless it was deleted there."""
    found = desk.drawer.by_uid.get(uid)
    return found if found is not None and not found["isOrganizer"] else None


def note_response(event: Event, address: str, response: str, when: str) -> bool:
    """Write an attendee's answer into the organiser's event; False if there is no such attendee."""
    wanted, found = address.lower(), False
    attendees = []
    for attendee in event["attendees"]:
        if _address(attendee) == wanted:
            attendee, found = {**attendee, "status": {"response": response, "time": when}}, True  # noqa: PLW2901
        attendees.append(attendee)
    event["attendees"] = attendees
    return found


def _guests(desk: Desk, attendees: list[Json]) -> list[Json]:
    """Everybody but the organiser, who is not invited to their own meeting."""
    own = desk.owner["address"].lower()
    return [one for one in attendees if _address(one) != own]


def _mail(desk: Desk, event: Event, kind: str, attendee: Json, day: date | None = None) -> None:
    told_to(desk, event, kind, attendee["emailAddress"]["address"], day)


def _mails_of_update(event: Event, day: date | None) -> int:
    """One mail, and for a series with exceptions one more for each of them."""
    return 1 if day or not event.series else 1 + len(event.series.exceptions)


def _deliver(desk: Desk, event: Event, attendee: Json, *, has_new_time: bool = False) -> None:
    """Bring the attendee's copy up to date; a new one if there is none."""
    for other in desks_of(desk.world, _address(attendee)):
        if other.mailbox is desk.mailbox:
            continue
        copy = copy_at(other, event["iCalUId"])
        if copy is None:
            _put_copy(desk, event, other)
            continue
        was = span_of(copy)
        _take_over(copy, event, other)
        if has_new_time:
            _unanswer(copy)
        other.drawer.stamp(copy, other.now)
        other.drawer.log(copy, was)
        _answer_as_room(desk, event, other, copy)


def _put_copy(desk: Desk, event: Event, other: Desk) -> None:
    copy = complete(other, other.default_calendar["id"], {}, event.times)
    copy["iCalUId"], copy["isOrganizer"] = event["iCalUId"], False
    _unanswer(copy)
    _take_over(copy, event, other)
    other.drawer.put(copy)
    other.drawer.log(copy, None)
    _answer_as_room(desk, event, other, copy)


def _take_over(copy: Event, event: Event, other: Desk) -> None:
    """Write what belongs to the organiser over an attendee's copy."""
    copy.update({name: event[name] for name in _OWNED})
    if other.mailbox.settings.get(SUBJECT_BECOMES_ORGANIZER):
        copy["subject"] = event["organizer"]["emailAddress"]["name"]
    if event["hideAttendees"]:
        own = other.owner["address"].lower()
        copy["attendees"] = [one for one in event["attendees"] if _address(one) == own]
    copy.series = _series_for(event.series, copy)
    set_times(copy, event.times)


def _series_for(series: Series | None, copy: Event) -> Series | None:
    """The organiser's series as an attendee has it.

    Exceptions come without what is the organiser's own; what the attendee was told is
    cancelled stays, and says so.
    """
    if series is None:
        return None
    known = copy.series.exceptions if copy.series else {}
    told = {day: known[day] for day in series.cancelled & known.keys()}
    exceptions = dict(told)
    for day, change in series.exceptions.items():
        changes = {name: value for name, value in change.changes.items() if name in _OWNED}
        changes["lastModifiedDateTime"] = copy["lastModifiedDateTime"]
        exceptions[day] = Change(day, change.times, changes, copy["changeKey"])
    return Series(series.rule, series.first, series.zone, exceptions, series.cancelled - told.keys())


def _unanswer(copy: Event) -> None:
    copy["responseStatus"] = {"response": "notResponded", "time": NEVER}
    copy["showAs"] = "tentative"


def _answer_as_room(desk: Desk, event: Event, other: Desk, copy: Event) -> None:
    """A room accepts by itself, and the organiser's event learns of it."""
    if other.mailbox.settings.get("userPurpose") not in _BOOKABLE:
        return
    if copy["responseStatus"]["response"] == "accepted":
        return
    when = wire_instant(other.now)
    copy["responseStatus"], copy["showAs"] = {"response": "accepted", "time": when}, "busy"
    if note_response(event, other.owner["address"], "accepted", when):
        desk.drawer.stamp(event, desk.now)
        desk.drawer.log(event, span_of(event))


def _call_off(desk: Desk, event: Event, attendee: Json) -> None:
    for other in desks_of(desk.world, _address(attendee)):
        copy = copy_at(other, event["iCalUId"])
        if copy is not None and not copy["isCancelled"]:
            copy.update(_cancelled(copy["subject"]))
            other.drawer.stamp(copy, other.now)
            other.drawer.log(copy, span_of(copy))


def _call_off_occurrence(desk: Desk, event: Event, attendee: Json, day: date) -> None:
    """In an attendee's series, a cancelled occurrence stays and says that it is cancelled."""
    for other in desks_of(desk.world, _address(attendee)):
        copy = copy_at(other, event["iCalUId"])
        times = copy.series.on(day) if copy and copy.series else None
        if copy is None or copy.series is None or times is None:
            continue
        was = span_of(copy)
        other.drawer.stamp(copy, other.now)
        changes = {**_cancelled(copy["subject"]), "lastModifiedDateTime": copy["lastModifiedDateTime"]}
        copy.series.exceptions[day] = Change(day, times, changes, copy["changeKey"])
        other.drawer.log(copy, was)


def _cancelled(subject: str | None) -> Json:
    return {"isCancelled": True, "showAs": "free", "subject": f"Canceled: {subject or ''}"}


def _address(attendee: Json) -> str:
    address: str = attendee["emailAddress"]["address"]
    return address.lower()


def _addresses(user: Json) -> set[str]:
    proxies = [one.partition(":")[2] for one in user.get("proxyAddresses") or ()]
    found = [user.get("mail"), user.get("userPrincipalName"), *proxies]
    return {one.lower() for one in found if one}


def _reachable(tenant: Tenant, user: Json) -> Mailbox | None:
    mailbox = tenant.mailboxes.get(user["id"])
    return None if mailbox is None or mailbox.trouble in _UNREACHABLE else mailbox
