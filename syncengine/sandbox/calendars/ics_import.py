"""An .ics file as its owner would import it: nobody is invited, each event becomes one of Graph's.

All of a file or nothing: what Graph cannot express is refused with the reason.
Source: RFC 5545
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import icalendar

from syncengine.sandbox.calendars import occurrences
from syncengine.sandbox.calendars.desk import Desk
from syncengine.sandbox.calendars.ics_rules import recurrence_of, refused
from syncengine.sandbox.calendars.ics_text import listed, properties_of
from syncengine.sandbox.calendars.ics_zones import YEARS, zone_of
from syncengine.sandbox.calendars.items import Event, wire_wall
from syncengine.sandbox.calendars.showing import Manner, shown
from syncengine.sandbox.calendars.timing import series_of, times_of
from syncengine.sandbox.calendars.worlds import load_event
from syncengine.sandbox.calendars.zones import UTC_ZONE, Zone, zone_named
from syncengine.sandbox.kernel import Json, Refusal

if TYPE_CHECKING:
    from syncengine.sandbox.state import Mailbox, Tenant, World

_AS_KEPT = Manner(immutable=False, zone=None, body=None)
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Customs:
    """What a file's times mean that name no zone, and those in UTC."""

    floating: Zone
    utc: Zone


@dataclass(frozen=True, slots=True)
class Span:
    """When a VEVENT takes place: wall times in a zone that Exchange knows."""

    start: datetime
    end: datetime
    zone: Zone
    is_all_day: bool

    def as_json(self) -> Json:
        """Start, end and whether it lasts all day, as Graph writes them."""
        return {
            "start": {"dateTime": wire_wall(self.start), "timeZone": self.zone.name},
            "end": {"dateTime": wire_wall(self.end), "timeZone": self.zone.name},
            "isAllDay": self.is_all_day,
        }


def import_ics(world: World, tenant: Tenant, mailbox: Mailbox, text: str) -> list[Json]:
    """Put the events of a file into the default calendar; answers them as Graph shows them.

    Raises Refusal with the reason, and nothing has changed.
    """
    desk = Desk.at(world, tenant, mailbox)
    rows = [row for events, customs in _parsed(text, mailbox) for row in _rows(events, customs)]
    for row in rows:
        if row.get("iCalUId") in desk.drawer.by_uid:
            raise refused("an event with the same UID is already there")
    made: list[Event] = []
    try:
        for row in rows:
            made.append(load_event(desk, desk.default_calendar["id"], row))
            _check_series(made[-1], row)
    except Refusal:
        for event in made:
            desk.drawer.take(event)
        raise
    for event in made:
        desk.drawer.log(event, None)
    return [shown(event, _AS_KEPT) for event in made]


def _parsed(text: str, mailbox: Mailbox) -> Iterator[tuple[list[Any], Customs]]:
    """The VEVENTs of a file by UID. Raises Refusal for a broken or an empty one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            calendars = icalendar.Calendar.from_ical(text, multiple=True)
        except (ValueError, IndexError, KeyError) as fault:
            raise refused("it is not iCalendar") from fault
        found = [(calendar, list(calendar.walk("VEVENT"))) for calendar in calendars]
    if not any(events for _, events in found):
        raise refused("it holds no event")
    for calendar, events in found:
        customs = _customs(calendar, mailbox)
        for group in _grouped(events):
            yield group, customs


def _customs(calendar: Any, mailbox: Mailbox) -> Customs:
    """Times without a zone are meant in the owner's; Google's files mean X-WR-TIMEZONE by UTC."""
    own = mailbox.settings.get("timeZone")
    floating = zone_named(own) if own else UTC_ZONE
    name = calendar.get("X-WR-TIMEZONE")
    return Customs(floating, zone_named(str(name)) if name else UTC_ZONE)


def _grouped(events: list[Any]) -> Iterator[list[Any]]:
    """The VEVENTs of each UID: a series with its overrides, or versions of one event."""
    groups: dict[str, list[Any]] = {}
    for number, event in enumerate(events):
        _check_readable(event)
        groups.setdefault(str(event.get("UID") or f"no-uid-{number}"), []).append(event)
    yield from groups.values()


def _check_readable(event: Any) -> None:
    if event.errors:
        names = sorted({str(name or "a line") for name, _ in event.errors})
        raise refused(f"{', '.join(names)} cannot be read")
    if "DTSTART" not in event:
        raise refused("an event has no start")
    start = event["DTSTART"]
    if isinstance(start.dt, datetime) and start.dt.tzinfo is None and start.params.get("TZID"):
        raise refused("its time zone is unknown")


def _rows(events: list[Any], customs: Customs) -> Iterator[Json]:
    """The row of a world file for a UID; overrides without a series stand alone."""
    masters = [event for event in events if "RECURRENCE-ID" not in event]
    overrides = [event for event in events if "RECURRENCE-ID" in event]
    if len(masters) > 1:
        newest = max(int(event.get("SEQUENCE", 0)) for event in masters)
        masters = [event for event in masters if int(event.get("SEQUENCE", 0)) == newest][:1]
    if not masters:
        for number, override in enumerate(overrides):
            yield {**_single(override, customs), "iCalUId": f"{override.get('UID')}-{number}"}
        return
    master = masters[0]
    if "RRULE" in master:
        yield _series(master, overrides, customs)
        return
    if "RDATE" in master or overrides:
        raise refused("dates of its own (RDATE) have no counterpart")
    yield _single(master, customs)


def _single(event: Any, customs: Customs) -> Json:
    span = _span(event, customs, None)
    return {**properties_of(event), **span.as_json()}


def _series(master: Any, overrides: list[Any], customs: Customs) -> Json:
    rule = master["RRULE"]
    if isinstance(rule, list):
        raise refused("several recurrence rules in one event have no counterpart")
    if "RDATE" in master or "EXRULE" in master:
        raise refused("dates of its own (RDATE, EXRULE) have no counterpart")
    zone = _zone_of_series(master, customs)
    span = _span(master, customs, zone)
    until = _until(master, span)
    recurrence = recurrence_of(rule, span.start, span.is_all_day, until)
    return {
        **properties_of(master),
        **span.as_json(),
        "recurrence": recurrence,
        "_cancelled": sorted(_cancelled(master, span, recurrence)),
        "_exceptions": [_exception(one, customs, zone) for one in _newest(overrides)],
    }


def _until(master: Any, span: Span) -> datetime | None:
    """The end of a series' rule by the clock of the series."""
    rule, start = master["RRULE"], master["DTSTART"].dt
    if "UNTIL" not in rule:
        return None
    until: date = rule["UNTIL"][0]
    is_floating = isinstance(until, datetime) and until.tzinfo is None
    if is_floating and isinstance(start, datetime) and start.tzinfo is not None:
        raise refused("its UNTIL names no time zone though its start does")
    return _wall(until, span.zone)


def _newest(overrides: list[Any]) -> list[Any]:
    found: dict[Any, Any] = {}
    for one in sorted(overrides, key=lambda override: int(override.get("SEQUENCE", 0))):
        if one["RECURRENCE-ID"].params.get("RANGE"):
            raise refused("a change of this and all later occurrences has no counterpart")
        found[one["RECURRENCE-ID"].dt] = one
    return list(found.values())


def _cancelled(master: Any, span: Span, recurrence: Json) -> set[str]:
    """The dates of EXDATE that mean an occurrence; others mean nothing."""
    series, _ = series_of(recurrence, times_of(span.as_json()))
    found = set()
    for one in listed(master.get("EXDATE")):
        for excluded in one.dts:
            wall = _wall(excluded.dt, span.zone)
            is_start = span.is_all_day or wall.time() == span.start.time()
            if is_start and series.on(wall.date()):
                found.add(wall.date().isoformat())
    return found


def _exception(override: Any, customs: Customs, zone: Zone) -> Json:
    original, span = override["RECURRENCE-ID"].dt, _span(override, customs, None)
    # Of a day that is meant whole, the date counts as it is written.
    is_whole = span.is_all_day or not isinstance(original, datetime)
    day = date(original.year, original.month, original.day) if is_whole else _wall(original, zone).date()
    row = {**properties_of(override), **span.as_json(), "originalStart": day.isoformat()}
    for name in ("iCalUId", "organizer"):
        row.pop(name, None)
    return row


def _span(event: Any, customs: Customs, zone: Zone | None) -> Span:
    """When an event takes place, in the given zone or in its own."""
    start = event["DTSTART"].dt
    if not isinstance(start, datetime):
        end = _end(event, start, _A_DAY)
        last = end.date() if isinstance(end, datetime) else end
        begin = datetime.combine(start, time())
        return Span(
            begin, max(datetime.combine(last, time()), begin + _A_DAY), zone or customs.floating, True
        )
    zone = zone or _own_zone(event, customs) or UTC_ZONE
    end = _end(event, start, timedelta())
    begin, until = _wall(start, zone), _wall(end, zone)
    if until < begin:
        raise refused("an event ends before it starts")
    return Span(begin, until, zone, False)


def _end(event: Any, start: Any, default: timedelta) -> Any:
    if "DTEND" in event:
        return event["DTEND"].dt
    return start + (event["DURATION"].dt if "DURATION" in event else default)


def _zone_of_series(master: Any, customs: Customs) -> Zone:
    start = master["DTSTART"].dt
    if not isinstance(start, datetime):
        return customs.floating
    found = _own_zone(master, customs, is_series=True)
    if found is None:
        raise refused("its time zone is none that Exchange knows")
    return found


def _own_zone(event: Any, customs: Customs, *, is_series: bool = False) -> Zone | None:
    """The zone of an event's start as Exchange knows it; of a series, for years to come."""
    start = event["DTSTART"].dt
    if start.tzinfo is None:
        return customs.floating
    if start.tzname() == "UTC":
        return customs.utc
    return zone_of(start, event["DTSTART"].params.get("TZID"), YEARS if is_series else 0)


def _wall(moment: date, zone: Zone) -> datetime:
    """A date or time of a file by the clock of a zone."""
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time())
    if moment.tzinfo is None:
        return moment
    return zone.wall(moment.astimezone(UTC).replace(tzinfo=None))


def _check_series(event: Event, row: Json) -> None:
    """Exchange begins a series with an occurrence, and keeps each of them off its neighbours."""
    if event.series is None:
        return
    if wire_wall(event.series.first.start) != row["start"]["dateTime"]:
        raise refused("its start is not one of its occurrences")
    for day, change in event.series.exceptions.items():
        occurrences.check_neighbours(event.series, day, change.times)
