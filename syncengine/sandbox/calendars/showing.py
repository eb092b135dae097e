"""How a caller sees events: in the zone, the body format and the kind of id that it prefers.

Source: https://learn.microsoft.com/graph/api/user-list-calendarview and
https://learn.microsoft.com/graph/outlook-immutable-id
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import date

from syncengine.sandbox.calendars import bodies, ids
from syncengine.sandbox.calendars.items import Event, wire_wall
from syncengine.sandbox.calendars.series import Change, Times
from syncengine.sandbox.calendars.zones import Zone, zone_named
from syncengine.sandbox.extended import MULTI, SINGLE, merged_properties
from syncengine.sandbox.kernel import Answer, Call, Json, Unknown

_APPLIED = "Preference-Applied"
_KNOWN_PREFERENCES = frozenset(
    ["outlook.timezone", "outlook.body-content-type", "idtype", "odata.maxpagesize", "odata.track-changes"]
)


@dataclass(frozen=True, slots=True)
class Manner:
    """What one call prefers."""

    immutable: bool
    zone: Zone | None
    """None: times in UTC."""
    body: str | None
    """text, html, or None: as HTML."""

    def id_of(self, event: Event) -> str:
        """The event's id as this call speaks of it."""
        return event.immutable_id if self.immutable else event.plain_id

    def occurrence_id(self, event: Event, day: date) -> str:
        """The id of one occurrence as this call speaks of it."""
        return ids.occurrence_id(self.id_of(event), day, immutable=self.immutable)

    def confirm(self, answer: Answer) -> Answer:
        """The answer with the header that says which preferences were obeyed."""
        found = [answer.headers[_APPLIED]] if _APPLIED in answer.headers else []
        found += [f'outlook.timezone="{self.zone.name}"'] if self.zone else []
        found += [f'outlook.body-content-type="{self.body}"'] if self.body else []
        if found:
            answer.headers[_APPLIED] = ", ".join(found)
        return answer


def manner_of(call: Call) -> Manner:
    """How this call wants to see events. 400 for an unknown zone, 501 for an unknown preference."""
    return _manner(call.headers.get("prefer", ""))


@functools.lru_cache(maxsize=256)
def _manner(header: str) -> Manner:
    given: dict[str, str] = {}
    for preference in filter(None, map(str.strip, header.split(","))):
        name, _, value = preference.partition("=")
        if name.lower() not in _KNOWN_PREFERENCES:
            raise Unknown(f"the preference {name}")
        given[name.lower()] = value.strip().strip('"')
    body = given.get("outlook.body-content-type", "").lower() or None
    if body not in (None, "text", "html"):
        raise Unknown(f"the body type {body}")
    zone = given.get("outlook.timezone")
    immutable = given.get("idtype", "").lower() == "immutableid"
    return Manner(immutable, zone_named(zone) if zone else None, body)


def shown(event: Event, manner: Manner) -> Json:
    """All properties of a single or a master; extended ones must be asked for."""
    found: Json = dict(event)
    found.pop(SINGLE, None)
    found.pop(MULTI, None)
    if manner.immutable:
        found["id"] = event.immutable_id
    if manner.zone:
        found["start"], found["end"] = wire_times(event.times, manner.zone)
    found["body"] = bodies.shown(event["body"], manner.body)
    return found


def shown_occurrence(event: Event, day: date, times: Times, change: Change | None, manner: Manner) -> Json:
    """One occurrence or exception of a series with all its properties."""
    found = shown(event, manner)
    found.pop("transactionId", None)
    if change:
        found |= change.changes
        found.pop(SINGLE, None)
        found.pop(MULTI, None)
        found["body"] = bodies.shown(found["body"], manner.body)
        found["changeKey"] = change.change_key
        found["@odata.etag"] = f'W/"{change.change_key}"'
        found["originalStartTimeZone"] = times.zone.name
        found["originalEndTimeZone"] = times.end_zone.name
        found["isAllDay"] = times.is_all_day
    found["id"] = manner.occurrence_id(event, day)
    found["seriesMasterId"] = manner.id_of(event)
    found["type"] = "exception" if change else "occurrence"
    found["recurrence"] = None
    found["iCalUId"] = ids.occurrence_uid(event["iCalUId"], day)
    found["originalStart"] = _original_start(event, day)
    found["start"], found["end"] = wire_times(times, manner.zone)
    return found


def stub(event: Event, day: date, times: Times, manner: Manner) -> Json:
    """The little that delta tells of an occurrence.

    Source: https://github.com/microsoftgraph/microsoft-graph-docs/issues/7632
    """
    start, end = wire_times(times, manner.zone)
    return {
        "@odata.type": "#microsoft.graph.event",
        "@odata.etag": event["@odata.etag"],
        "seriesMasterId": manner.id_of(event),
        "type": "occurrence",
        "id": manner.occurrence_id(event, day),
        "start": start,
        "end": end,
    }


def extended_of(event: Event, change: Change | None) -> Json:
    """The extended properties of an occurrence: its series', and its own over them."""
    if change is None:
        return event
    return {
        kind: merged_properties(event.get(kind), change.changes.get(kind, [])) for kind in (SINGLE, MULTI)
    }


def cancelled_ids(event: Event, manner: Manner) -> list[str]:
    """What `cancelledOccurrences` lists."""
    days = sorted(event.series.cancelled) if event.series else ()
    return [f"OID.{manner.id_of(event)}.{day.isoformat()}" for day in days]


def wire_times(times: Times, zone: Zone | None) -> tuple[Json, Json]:
    """Start and end as Graph writes them. An all-day event is at midnight in every zone.

    Source: https://github.com/microsoftgraph/microsoft-graph-docs/issues/1802
    """
    name = zone.name if zone else "UTC"
    if times.is_all_day:
        start, end = times.start, times.end
    elif zone:
        start, end = zone.wall(times.at), zone.wall(times.until)
    else:
        start, end = times.at, times.until
    return (
        {"dateTime": wire_wall(start), "timeZone": name},
        {"dateTime": wire_wall(end), "timeZone": name},
    )


def _original_start(event: Event, day: date) -> str | None:
    times = event.series.on(day) if event.series else None
    return times.at.isoformat() + "Z" if times else None
