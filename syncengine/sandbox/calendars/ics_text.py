"""What a VEVENT says beside its times, as properties of a Graph event."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from syncengine.sandbox.calendars.payload import NEVER
from syncengine.sandbox.kernel import Json

_SENSITIVITY = {"PRIVATE": "private", "CONFIDENTIAL": "confidential"}
_BUSY = {
    "FREE": "free",
    "TENTATIVE": "tentative",
    "BUSY": "busy",
    "OOF": "oof",
    "WORKINGELSEWHERE": "workingElsewhere",
}
_ROLES = {"OPT-PARTICIPANT": "optional", "NON-PARTICIPANT": "resource"}
_ANSWERS = {"ACCEPTED": "accepted", "DECLINED": "declined", "TENTATIVE": "tentativelyAccepted"}


def properties_of(event: Any) -> Json:
    """Subject, body, place, people and states of a VEVENT."""
    found: Json = {
        "subject": str(event.get("SUMMARY", "")),
        "body": {"contentType": "text", "content": str(event.get("DESCRIPTION", ""))},
        "showAs": _show_as(event),
        "sensitivity": _SENSITIVITY.get(str(event.get("CLASS", "")).upper(), "normal"),
        "importance": _importance(event),
        "isCancelled": str(event.get("STATUS", "")).upper() == "CANCELLED",
        "categories": _categories(event),
        **_reminder(event),
    }
    if event.get("UID"):
        found["iCalUId"] = str(event["UID"])
    if event.get("LOCATION"):
        found["location"] = {"displayName": str(_first(event["LOCATION"]))}
    if "ORGANIZER" in event:
        found["organizer"] = {"emailAddress": _person(_first(event["ORGANIZER"]))}
    attendees = [one for one in listed(event.get("ATTENDEE")) if "@" in str(one)]
    if attendees:
        found["attendees"] = [_attendee(one) for one in attendees]
    return found


def _show_as(event: Any) -> str:
    stated = _BUSY.get(str(event.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper())
    if stated:
        return stated
    if str(event.get("TRANSP", "")).upper() == "TRANSPARENT":
        return "free"
    return "tentative" if str(event.get("STATUS", "")).upper() == "TENTATIVE" else "busy"


def _importance(event: Any) -> str:
    priority = int(event.get("PRIORITY", 5))
    if 1 <= priority <= 4:
        return "high"
    return "low" if priority > 5 else "normal"


def _categories(event: Any) -> list[str]:
    names = [str(name) for one in listed(event.get("CATEGORIES")) for name in one.cats]
    return list(dict.fromkeys(names))


def _reminder(event: Any) -> Json:
    """The first alarm that goes off before the start."""
    for alarm in event.walk("VALARM"):
        before = getattr(alarm.get("TRIGGER"), "dt", None)
        if isinstance(before, timedelta) and before <= timedelta():
            minutes = int(-before.total_seconds() // 60)
            return {"isReminderOn": True, "reminderMinutesBeforeStart": minutes}
    return {"isReminderOn": False}


def _person(address: Any) -> Json:
    mail = str(address)
    mail = mail[7:] if mail.lower().startswith("mailto:") else mail
    return {"name": str(address.params.get("CN", mail)), "address": mail}


def _attendee(address: Any) -> Json:
    params = address.params
    return {
        "type": _ROLES.get(str(params.get("ROLE", "")).upper(), "required"),
        "status": {
            "response": _ANSWERS.get(str(params.get("PARTSTAT", "")).upper(), "none"),
            "time": NEVER,
        },
        "emailAddress": _person(address),
    }


def listed(value: Any) -> list[Any]:
    """The values of a property that may stand once, often, or not at all."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _first(value: Any) -> Any:
    return listed(value)[0]
