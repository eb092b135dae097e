"""What a POST or PATCH of an event may say, checked as Exchange checks it, value by value.

Source: https://learn.microsoft.com/graph/api/resources/event and
https://learn.microsoft.com/graph/api/user-post-events
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from syncengine.sandbox.calendars import bodies
from syncengine.sandbox.extended import MULTI, SINGLE, checked_properties
from syncengine.sandbox.kernel import Json, Refusal, Unknown

MAX_ATTENDEES = 500
NEVER = "0001-01-01T00:00:00Z"
NO_PLACE: Json = {
    "displayName": "",
    "locationType": "default",
    "uniqueIdType": "unknown",
    "address": {},
    "coordinates": {},
}
READ_ONLY = frozenset(
    [
        "id",
        "changeKey",
        "createdDateTime",
        "lastModifiedDateTime",
        "bodyPreview",
        "cancelledOccurrences",
        "hasAttachments",
        "iCalUId",
        "isCancelled",
        "isDraft",
        "isOrganizer",
        "onlineMeeting",
        "onlineMeetingUrl",
        "organizer",
        "originalEndTimeZone",
        "originalStart",
        "originalStartTimeZone",
        "responseStatus",
        "seriesMasterId",
        "type",
        "webLink",
        "calendar",
        "exceptionOccurrences",
        "instances",
    ]
)
# Parts of an event that the sandbox has no rooms for.
_ELSEWHERE = frozenset({"attachments", "extensions"})
# Read together by `timing.py`.
TIMES = frozenset({"start", "end", "isAllDay", "recurrence"})

_SHOW_AS = ("unknown", "free", "tentative", "busy", "oof", "workingElsewhere")
_SENSITIVITY = ("normal", "personal", "private", "confidential")
_IMPORTANCE = ("low", "normal", "high")
_ATTENDEE_TYPES = ("required", "optional", "resource")
_PROVIDERS = ("unknown", "teamsForBusiness", "skypeForBusiness", "skypeForConsumer")
_LOCATION = frozenset(
    [
        "displayName",
        "locationEmailAddress",
        "address",
        "coordinates",
        "locationUri",
        "locationType",
        "uniqueId",
        "uniqueIdType",
    ]
)
_LOCATION_TYPES = [
    "default",
    "conferenceRoom",
    "homeAddress",
    "businessAddress",
    "geoCoordinates",
    "streetAddress",
    "hotel",
    "restaurant",
    "localBusiness",
    "postalAddress",
]
_ADDRESS = frozenset(["city", "countryOrRegion", "postalCode", "state", "street", "type"])
_COORDINATES = frozenset(["accuracy", "altitude", "altitudeAccuracy", "latitude", "longitude"])


def malformed(what: str) -> Refusal:
    """A body that does not fit the schema."""
    return Refusal(400, "RequestBodyRead", what)


def invalid(what: str, code: str = "ErrorPropertyValidationFailure") -> Refusal:
    """A body that fits the schema and makes no sense."""
    return Refusal(400, code, what)


def checked(body: Any, *, creating: bool) -> Json:
    """The properties of a body in the form in which they are kept; times are only passed on.

    Raises Refusal for what Exchange does not take, Unknown for what the sandbox has not.
    """
    if not isinstance(body, dict):
        raise malformed("A JSON object is expected.")
    found: Json = {}
    for name, value in body.items():
        if "@" in name:
            continue
        check = _CHECKS.get(name)
        if check is None:
            raise _not_writable(name)
        if name == "transactionId" and not creating:
            raise _not_settable(name)
        found[name] = check(name, value)
    if "body" in found:
        found["body"], found["bodyPreview"] = found["body"]
    return _mirrored(found)


def part(name: str, value: Any, known: Collection[str]) -> Json:
    """A complex value, all of whose properties are known."""
    if not isinstance(value, dict):
        raise malformed(f"The property '{name}' must be an object.")
    for key in value:
        if key not in known and not key.startswith("@"):
            raise malformed(f"The property '{key}' does not exist on the type of '{name}'.")
    return value


def whole_number(name: str, value: Any) -> int:
    """An Edm.Int32."""
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**31:
        raise malformed(f"Cannot convert the value of '{name}' to the type 'Edm.Int32'.")
    return value


def one_of(choices: Collection[str]) -> Callable[[str, Any], str]:
    """A check for an enumeration: any case comes in, the documented one goes out."""
    by_name = {choice.lower(): choice for choice in choices}

    def check(name: str, value: Any) -> str:
        found = by_name.get(value.lower()) if isinstance(value, str) else None
        if found is None:
            raise malformed(f"The value of '{name}' is not a member of its enumeration.")
        return found

    return check


def _mirrored(found: Json) -> Json:
    """`location` and `locations` tell the same; the list wins where both are given."""
    if "locations" in found:
        places = found["locations"]
        names = "; ".join(place["displayName"] for place in places)
        found["location"] = places[0] | {"displayName": names} if places else NO_PLACE
    elif "location" in found:
        place = found["location"]
        found["locations"] = [place] if place["displayName"] else []
    return found


def _not_writable(name: str) -> Refusal:
    if name in READ_ONLY:
        return _not_settable(name)
    if name in _ELSEWHERE:
        return Unknown(f"'{name}' in the body of an event")
    return malformed(f"The property '{name}' does not exist on type 'microsoft.graph.event'.")


def _not_settable(name: str) -> Refusal:
    return invalid(f"Set action is invalid for property '{name}'.", "ErrorInvalidPropertySet")


def _text(name: str, value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise malformed(f"Cannot convert the value of '{name}' to the type 'Edm.String'.")
    return value


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise malformed(f"Cannot convert the value of '{name}' to the type 'Edm.Boolean'.")
    return value


def _passed_on(_: str, value: Any) -> Any:
    return value


def _body(name: str, value: Any) -> tuple[Json, str]:
    given = part(name, value, ("contentType", "content"))
    kind = _body_type("contentType", given.get("contentType") or "text")
    return bodies.kept(kind, _text("content", given.get("content")) or "")


def _texts(name: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise malformed(f"The property '{name}' must be a collection of Edm.String.")
    return list(dict.fromkeys(value))


def _location(name: str, value: Any) -> Json:
    if value is None:
        return NO_PLACE
    given = part(name, value, _LOCATION)
    place_name = _text("displayName", given.get("displayName")) or ""
    place: Json = dict(NO_PLACE)
    if place_name:
        place = {
            "displayName": place_name,
            "locationType": "default",
            "uniqueId": place_name,
            "uniqueIdType": "private",
        }
    if given.get("locationType"):
        place["locationType"] = _location_type("locationType", given["locationType"])
    for key in ("locationUri", "locationEmailAddress"):
        if given.get(key):
            place[key] = _text(key, given[key])
    if given.get("address"):
        place["address"] = dict(part("address", given["address"], _ADDRESS))
    if given.get("coordinates"):
        place["coordinates"] = dict(part("coordinates", given["coordinates"], _COORDINATES))
    return place


def _locations(name: str, value: Any) -> list[Json]:
    if not isinstance(value, list):
        raise malformed(f"The property '{name}' must be a collection.")
    places = [_location(name, one) for one in value]
    return [place for place in places if place["displayName"]]


def _attendees(name: str, value: Any) -> list[Json]:
    if not isinstance(value, list):
        raise malformed(f"The property '{name}' must be a collection.")
    if len(value) > MAX_ATTENDEES:
        raise invalid(f"An event has at most {MAX_ATTENDEES} attendees.", "ErrorInvalidRequest")
    found = [_attendee(one) for one in value]
    return list({one["emailAddress"]["address"].lower(): one for one in found}.values())


def _attendee(value: Any) -> Json:
    given = part("attendees", value, ("type", "status", "emailAddress", "proposedNewTime"))
    if given.get("proposedNewTime") is not None:
        raise Unknown("proposedNewTime of an attendee in the body of an event")
    mail = part("emailAddress", given.get("emailAddress"), ("name", "address"))
    address = _text("address", mail.get("address"))
    if not address or "@" not in address:
        raise invalid("An attendee needs an address.", "ErrorInvalidRecipients")
    return {
        "type": _attendee_type("type", given.get("type") or "required"),
        "status": {"response": "none", "time": NEVER},
        "emailAddress": {"name": _text("name", mail.get("name")) or address, "address": address},
    }


_body_type = one_of(("text", "html"))
_location_type = one_of(_LOCATION_TYPES)
_attendee_type = one_of(_ATTENDEE_TYPES)
_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "allowNewTimeProposals": _flag,
    "attendees": _attendees,
    "body": _body,
    "categories": _texts,
    "hideAttendees": _flag,
    "importance": one_of(_IMPORTANCE),
    "isOnlineMeeting": _flag,
    "isReminderOn": _flag,
    "location": _location,
    "locations": _locations,
    "onlineMeetingProvider": one_of(_PROVIDERS),
    "reminderMinutesBeforeStart": whole_number,
    "responseRequested": _flag,
    "sensitivity": one_of(_SENSITIVITY),
    "showAs": one_of(_SHOW_AS),
    "subject": _text,
    "transactionId": _text,
    SINGLE: checked_properties,
    MULTI: checked_properties,
    **dict.fromkeys(TIMES, _passed_on),
}
PROPERTIES = READ_ONLY - {"calendar", "exceptionOccurrences", "instances"} | (
    _CHECKS.keys() - {SINGLE, MULTI}
)
