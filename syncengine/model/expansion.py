"""Series unrolled: which occurrences stand where, exceptions and cancellations applied.

Both ends of an occurrence follow the wall clock of the series' zone, as Exchange keeps them. A wall
time that a change of clocks skips is read with the offset before the change (02:30 becomes 03:30);
one that comes twice is the first of the two. RFC 5545 and PEP 495 agree on both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from syncengine.model.copies import Appointment, EventCopy
from syncengine.model.items import Details, Event
from syncengine.model.recurrence import Recurrence, dates_from, last_date
from syncengine.model.time import AllDay, Timed, When, Window, span_of
from syncengine.model.validity import invalid_reason

_SLACK = timedelta(days=2)
"""More than any zone is away from UTC, and any change of clocks."""


class Shown(NamedTuple):
    """One line of a calendar view. `says` has the occurrence's own `when`."""

    start: datetime
    end: datetime
    is_all_day: bool
    says: Details | Appointment


def occurrence_on(recurrence: Recurrence, when: When, day: date) -> When:
    """Where the occurrence of this original date stands by the rule; `when` is the series' first."""
    match when:
        case AllDay(first, until):
            return AllDay(day, day + (until - first))
        case Timed(start, end, zone):
            rules = ZoneInfo(recurrence.zone)
            wall_start = start.astimezone(rules).replace(tzinfo=None, fold=0)
            wall_end = end.astimezone(rules).replace(tzinfo=None, fold=0)
            begins = datetime.combine(day, wall_start.time())
            at = _instant(begins, rules)
            until_then = _instant(begins + (wall_end - wall_start), rules)
            # Clocks that jump over the beginning would else let it end before it begins.
            return Timed(at, until_then if until_then >= at else at + (end - start), zone)


def occurrences(
    recurrence: Recurrence, when: When, start: datetime, end: datetime
) -> Iterator[tuple[date, When]]:
    """Regular occurrences that touch the instants from `start` up to `end`, by original date.

    Exceptions are not applied. A late window of a series without end costs no more than an early one.
    """
    window = Window(start, end)
    for day in dates_from(recurrence, _earliest_date(when, start)):
        if _midnight(day) - _SLACK > end:
            return
        stands = occurrence_on(recurrence, when, day)
        if window.touches(*span_of(stands)):
            yield day, stands


def series_span(event: Event) -> tuple[datetime, datetime | None]:
    """The first and the last instant that it can show anything at; None where it never ends.

    Cancelled occurrences count, so that a span does not shrink with them. An invalid event is
    taken for its first occurrence alone.
    """
    recurrence, when = event.recurrence, event.details.when
    if recurrence is None or invalid_reason(event):
        start, end = span_of(when)
        return start, max(start, end)
    spans = [span_of(details.when) for _, details in event.exceptions]
    first = next(dates_from(recurrence, recurrence.start), None)
    last = last_date(recurrence)
    for day in (first, last):
        if day is not None:
            spans.append(span_of(occurrence_on(recurrence, when, day)))
    start, end = span_of(when)
    starts, ends = [start for start, _ in spans], [end for _, end in spans]
    return min(starts, default=start), None if recurrence.is_endless else max(ends, default=end)


def expand(thing: Event | EventCopy, window: Window) -> list[Shown]:
    """What a calendar view of the window shows of it, in order of time.

    An exception stands where it was moved to, whether or not the pattern has its date.
    """
    says = thing.details if isinstance(thing, Event) else thing.appointment
    if thing.recurrence is None:
        shown = [_shown(says)]
    else:
        cancelled = set(thing.cancelled)
        changed = {day: change for day, change in thing.exceptions if day not in cancelled}
        regular = occurrences(thing.recurrence, says.when, window.start, window.end)
        off = cancelled | changed.keys()
        shown = [_shown(replace(says, when=when)) for day, when in regular if day not in off]
        shown += [_shown(change) for change in changed.values()]
    inside = [line for line in shown if window.touches(line.start, line.end)]
    return sorted(inside, key=lambda line: (line.start, line.end))


def _shown(says: Details | Appointment) -> Shown:
    start, end = span_of(says.when)
    return Shown(start, end, isinstance(says.when, AllDay), says)


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    return wall.replace(tzinfo=zone).astimezone(UTC)


def _earliest_date(when: When, start: datetime) -> date:
    """No occurrence with an earlier original date reaches `start`."""
    begins, ends = span_of(when)
    reach = (ends - begins) + _SLACK
    return date.fromordinal(max(1, start.toordinal() - reach.days - 1))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
