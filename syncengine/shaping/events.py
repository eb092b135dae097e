"""Events under a policy: a copy or an excuse, series with all their exceptions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from operator import itemgetter
from zoneinfo import ZoneInfo

from syncengine.model.copies import Appointment, EventCopy
from syncengine.model.expansion import occurrence_on, series_span
from syncengine.model.identity import keyed_hash
from syncengine.model.items import Details, Event
from syncengine.model.recurrence import Recurrence, dates_from, has_date
from syncengine.model.time import AllDay, Timed, When, span_of
from syncengine.model.validity import invalid_reason
from syncengine.shaping.appointments import PLAIN_WORDS, appointment_of, is_masked, judge
from syncengine.shaping.policy import EventPolicy
from syncengine.shaping.shaped import EventFacts, Shaped

Changes = dict[date, Details]


def shape_event(event: Event, policy: EventPolicy, facts: EventFacts) -> Shaped:
    """The event's copy under the policy, or the reason why it has none.

    What a copy says depends on the event and the policy alone; the window decides only whether there
    is one, by the event's span. So a copied series stays as it is while the window slides over it.
    """
    reason = "it is a copy that Culvert wrote" if event.bears_mark else invalid_reason(event)
    if reason:
        return Shaped(None, reason, because=(reason,))
    span = series_span(event)
    if not facts.window.touches(*span):
        reason = "it is outside the window"
        return Shaped(None, reason, "left the window", span=span, because=(reason,))
    copy, reason, found = _copy_of(event, policy)
    because = ("it is in the window", *found)
    if copy is None:
        return Shaped(None, reason, span=span, because=(*because, reason))
    asks = policy.skip_if_owner_takes_part
    people = frozenset(keyed_hash(address, facts.salt) for address in event.people) if asks else frozenset()
    return Shaped(copy, people=people, span=span, because=because)


def _copy_of(event: Event, policy: EventPolicy) -> tuple[EventCopy | None, str, tuple[str, ...]]:
    """The copy or the reason for none, and what was found on the way."""
    reason, found = judge(event.details, policy)
    if event.recurrence is None:
        if reason:
            return None, reason, found
        return EventCopy(appointment_of(event.details, policy)), "", (*found, _level(event.details, policy))
    gone = set(event.cancelled)
    by_date = sorted(event.exceptions, key=itemgetter(0))
    changes = {day: details for day, details in by_date if day not in gone}
    kept = {day: details for day, details in changes.items() if not judge(details, policy)[0]}
    if reason:
        return _lone(event.recurrence, kept, policy), reason, (*found, *_words_about_lone(reason, kept))
    off = gone | (changes.keys() - kept.keys())
    copy = _series(event.details, event.recurrence, kept, off, policy)
    found = (*found, _level(event.details, policy), *_words_about_changes(changes, policy))
    if _shows_nothing(copy):
        return None, "every occurrence is cancelled or left out", found
    return copy, "", found


def _series(
    master: Details, recurrence: Recurrence, kept: Changes, off: set[date], policy: EventPolicy
) -> EventCopy:
    """The series with the exceptions that are shown; those that are not, stand as cancelled."""
    appointment = appointment_of(master, policy)
    exceptions = [(day, appointment_of(details, policy)) for day, details in kept.items()]
    cancelled = tuple(day for day in sorted(off) if has_date(recurrence, day))
    return EventCopy(appointment, recurrence, _needed(exceptions, appointment, recurrence), cancelled)


def _lone(recurrence: Recurrence, kept: Changes, policy: EventPolicy) -> EventCopy | None:
    """A copy of single occurrences whose series itself is left out (declined, and one date accepted).

    One is a single appointment. Several become a run of days, as many as there are, whose occurrences
    stand where they belong: as many writes as occurrences, however far apart they are, where the
    true pattern would need all dates between them cancelled. In order of time each is moved forward
    only and passes no other, which Exchange allows.
    """
    shown = [appointment_of(details, policy) for details in kept.values()]
    shown.sort(key=lambda appointment: span_of(appointment.when))
    if len(shown) < 2:
        return EventCopy(shown[0]) if shown else None
    start = _first_date(shown[0].when, recurrence.zone)
    run = Recurrence("daily", 1, start, recurrence.zone, count=len(shown))
    places = [(start + timedelta(days=number), says) for number, says in enumerate(shown)]
    return EventCopy(shown[0], run, _needed(places, shown[0], run))


def _needed(
    changes: list[tuple[date, Appointment]], master: Appointment, recurrence: Recurrence
) -> tuple[tuple[date, Appointment], ...]:
    """The changes without those that say, under this policy, what the series says on their date anyway."""
    return tuple(
        (day, says)
        for day, says in changes
        if replace(says, when=master.when) != master
        or not _stands_at(says.when, occurrence_on(recurrence, master.when, day))
        or not has_date(recurrence, day)
    )


def _stands_at(when: When, regular: When) -> bool:
    """Whether both are the same instants or days; the zone in which one thinks of them is no difference."""
    return type(when) is type(regular) and span_of(when) == span_of(regular)


def _shows_nothing(copy: EventCopy) -> bool:
    if copy.recurrence is None or copy.exceptions:
        return False
    cancelled = set(copy.cancelled)
    return all(day in cancelled for day in dates_from(copy.recurrence, copy.recurrence.start))


def _first_date(when: When, zone: str) -> date:
    match when:
        case AllDay(first, _):
            return first
        case Timed(start, _, _):
            return start.astimezone(ZoneInfo(zone)).date()


def _level(details: Details, policy: EventPolicy) -> str:
    return "it is masked" if is_masked(details, policy) else PLAIN_WORDS[policy.detail]


def _words_about_lone(reason: str, kept: Changes) -> tuple[str, ...]:
    return (f"the series is left out: {reason}", *(f"{day} is shown" for day in kept)) if kept else ()


def _words_about_changes(changes: Changes, policy: EventPolicy) -> tuple[str, ...]:
    words = []
    for day, details in changes.items():
        reason, _ = judge(details, policy)
        if reason:
            words.append(f"{day} is left out: {reason}")
        elif is_masked(details, policy):
            words.append(f"{day} is masked")
    return tuple(words)
