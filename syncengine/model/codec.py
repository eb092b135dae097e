"""Items and copies as JSON and back: exact, quick, and stable.

Defaults are left out, so that a field added later changes no stored fingerprint. Dates and
instants are ISO 8601; instants are in UTC. Nothing here judges what it reads: what we stored
is what we get.
"""

from __future__ import annotations

from dataclasses import MISSING, fields
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from syncengine.model.copies import Appointment, ContactCopy, Copy, EventCopy
from syncengine.model.identity import Fingerprint, fingerprint
from syncengine.model.items import Address, Details, Event, Item, Person
from syncengine.model.recurrence import Recurrence
from syncengine.model.time import AllDay, Timed, When

Json = dict[str, Any]
Says = TypeVar("Says", Details, Appointment)

_APART = {"when", "details", "appointment", "recurrence", "exceptions", "cancelled", "address"}
"""Fields that are more than texts, numbers and lists of texts."""
_DATES = {"start", "until"}


def copy_to_json(copy: Copy) -> Json:
    """A copy as JSON; "type" says which."""
    if isinstance(copy, EventCopy):
        return {"type": "event", "appointment": _says_to_json(copy.appointment), **_series_to_json(copy)}
    return {"type": "contact", **_plain(copy), **_address_to_json(copy.address)}


def copy_from_json(data: Json) -> Copy:
    """The copy that `copy_to_json` wrote. Raises ValueError for another type."""
    match data["type"]:
        case "event":
            appointment = _says_from_json(Appointment, data["appointment"])
            return EventCopy(appointment, **_series_from_json(data, Appointment))
        case "contact":
            return ContactCopy(**_plain_from_json(data), **_address_from_json(data))
        case other:
            raise ValueError(f"There is no copy of the type {other!r}.")


def item_to_json(item: Item) -> Json:
    """An item as JSON; "type" says which."""
    if isinstance(item, Event):
        details = _says_to_json(item.details)
        return {"type": "event", **_plain(item), "details": details, **_series_to_json(item)}
    return {"type": "person", **_plain(item), **_address_to_json(item.address)}


def item_from_json(data: Json) -> Item:
    """The item that `item_to_json` wrote. Raises ValueError for another type."""
    match data["type"]:
        case "event":
            details = _says_from_json(Details, data["details"])
            return Event(**_plain_from_json(data), details=details, **_series_from_json(data, Details))
        case "person":
            return Person(**_plain_from_json(data), **_address_from_json(data))
        case other:
            raise ValueError(f"There is no item of the type {other!r}.")


def copy_fingerprint(copy: Copy) -> Fingerprint:
    """Equal for equal copies, whoever asks and whenever."""
    return fingerprint(copy_to_json(copy))


def when_to_json(when: When) -> Json:
    """Instants in UTC with their zone, or whole days."""
    match when:
        case Timed(start, end, zone):
            return {"start": _instant(start), "end": _instant(end), "zone": zone}
        case AllDay(first, until):
            return {"first": first.isoformat(), "until": until.isoformat()}


def when_from_json(data: Json) -> When:
    """What `when_to_json` wrote."""
    if "first" in data:
        return AllDay(date.fromisoformat(data["first"]), date.fromisoformat(data["until"]))
    start, end = datetime.fromisoformat(data["start"]), datetime.fromisoformat(data["end"])
    return Timed(start, end, data["zone"])


_PLAIN = {
    kind: tuple((field.name, field.default) for field in fields(kind) if field.name not in _APART)
    for kind in (Event, Details, Person, EventCopy, Appointment, ContactCopy, Recurrence, Address)
}
"""Names and defaults of the fields that are JSON as they stand (tuples become lists)."""


def _plain(thing: Any) -> Json:
    said: Json = {}
    for name, default in _PLAIN[type(thing)]:
        value = getattr(thing, name)
        if default is MISSING or value != default:
            said[name] = list(value) if type(value) is tuple else value
    return said


def _plain_from_json(data: Json) -> Json:
    return {
        name: tuple(value) if type(value) is list else value
        for name, value in data.items()
        if name != "type" and name not in _APART
    }


def _says_to_json(says: Details | Appointment) -> Json:
    return {"when": when_to_json(says.when), **_plain(says)}


def _says_from_json(kind: type[Says], data: Json) -> Says:
    return kind(when=when_from_json(data["when"]), **_plain_from_json(data))


def _series_to_json(thing: Event | EventCopy) -> Json:
    said: Json = {}
    if thing.recurrence is not None:
        said["recurrence"] = _recurrence_to_json(thing.recurrence)
    if thing.exceptions:
        said["exceptions"] = [[day.isoformat(), _says_to_json(says)] for day, says in thing.exceptions]
    if thing.cancelled:
        said["cancelled"] = [day.isoformat() for day in thing.cancelled]
    return said


def _series_from_json(data: Json, kind: type[Says]) -> Json:
    said: Json = {}
    if "recurrence" in data:
        said["recurrence"] = _recurrence_from_json(data["recurrence"])
    if "exceptions" in data:
        said["exceptions"] = tuple(
            (date.fromisoformat(day), _says_from_json(kind, says)) for day, says in data["exceptions"]
        )
    if "cancelled" in data:
        said["cancelled"] = tuple(date.fromisoformat(day) for day in data["cancelled"])
    return said


def _recurrence_to_json(recurrence: Recurrence) -> Json:
    said = _plain(recurrence)
    for name in _DATES & said.keys():
        said[name] = said[name].isoformat()
    return said


def _recurrence_from_json(data: Json) -> Recurrence:
    said = _plain_from_json(data)
    for name in _DATES & said.keys():
        said[name] = date.fromisoformat(said[name])
    return Recurrence(type=data["type"], **said)


def _address_to_json(address: Address) -> Json:
    said = _plain(address)
    return {"address": said} if said else {}


def _address_from_json(data: Json) -> Json:
    return {"address": Address(**data["address"])} if "address" in data else {}


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
