"""The occurrences of a series in a target, brought to what a copy wants of them.

Exchange changes a series one occurrence at a time. What is to be done is found by reading the
series, not by remembering it: so every step may be repeated, and a crash in the middle costs
nothing but the reading.
Source: https://learn.microsoft.com/graph/api/event-update
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias

from syncengine.connectors.graph.answers import in_words_of, plain_appointment
from syncengine.connectors.graph.paths import segment, with_query
from syncengine.connectors.graph.remedies import CROSSING
from syncengine.connectors.graph.steps import Json, ask, outcome_of, tell
from syncengine.connectors.graph.wire_events import occurrence_changes, usual_on
from syncengine.connectors.graph.wire_time import original_date
from syncengine.model.copies import Appointment, EventCopy
from syncengine.model.recurrence import has_date
from syncengine.model.time import AllDay, local_start
from syncengine.ports.writing import Failed, Fine, NotThere, Open, Part, Refused, Reply

Doing: TypeAlias = Generator[tuple[Part, ...], tuple[Reply, ...], Failed | Open | None]
Finding: TypeAlias = Generator[tuple[Part, ...], tuple[Reply, ...], Failed | Open | dict[date, str]]

_GAP = timedelta(days=60)
_LONGEST = timedelta(days=370)
_AROUND = timedelta(days=3)
_FIELDS = "id,type,start,end,isAllDay,originalStart,originalStartTimeZone,originalEndTimeZone"


@dataclass(frozen=True, slots=True)
class Shown:
    """A series as the target shows it; `ids` are those of its exceptions, by original date."""

    copy: EventCopy
    ids: Mapping[date, str]

    @classmethod
    def of(cls, raw: Json, copy: EventCopy) -> Shown:
        """From the JSON that `copy` was read from, exceptions expanded."""
        if copy.recurrence is None:
            return cls(copy, {})
        zone, all_day = copy.recurrence.zone, isinstance(copy.appointment.when, AllDay)
        exceptions = raw.get("exceptionOccurrences") or ()
        return cls(copy, {original_date(one, zone, all_day=all_day): str(one["id"]) for one in exceptions})

    def on(self, day: date) -> Appointment:
        """What the occurrence of this original date says now."""
        changed = dict(self.copy.exceptions).get(day)
        return changed or usual_on(self.copy, day)


@dataclass(frozen=True, slots=True)
class ToDo:
    """What separates a series in the target from what is wanted of it."""

    cancel: tuple[date, ...] = ()
    change: tuple[tuple[date, Appointment], ...] = ()
    anew: bool = False
    """An occurrence that was cancelled is wanted again, which can only be done to the whole series; or
    one is a series and the other is not."""
    refused: tuple[str, ...] = ()
    """Exceptions that the target does not have because it refused them: they stand cancelled."""

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do."""
        return not (self.cancel or self.change or self.anew)


def to_do(shown: Shown, wanted: EventCopy) -> ToDo:
    """Compare occurrence by occurrence, each named by its original date."""
    if wanted.recurrence is None or shown.copy.recurrence is None:
        return ToDo(anew=wanted.recurrence is not shown.copy.recurrence)
    exceptions, cancelled = dict(wanted.exceptions), set(wanted.cancelled)
    gone = set(shown.copy.cancelled)
    absent = {day for day in exceptions if day in gone or not has_date(wanted.recurrence, day)}
    stale = [day for day, _ in shown.copy.exceptions if day not in exceptions and day not in cancelled]
    changes = {day: exceptions[day] for day in exceptions if day not in absent}
    changes |= {day: usual_on(wanted, day) for day in stale}
    differing = {day: said for day, said in changes.items() if not _alike(shown.on(day), said)}
    return ToDo(
        cancel=tuple(sorted(day for day in cancelled - gone if has_date(wanted.recurrence, day))),
        change=tuple(_in_order(shown, differing)),
        anew=bool(gone - cancelled - exceptions.keys()),
        refused=tuple(day.isoformat() for day in sorted(absent)),
    )


@dataclass(slots=True)
class Occurrences:
    """Carries out what is to do in the series at `url`, one write at a time.

    Writes to one series go one by one: side by side they are conflicts to Exchange.
    """

    url: str
    mailbox: str
    wanted: EventCopy
    detach: bool
    """Whether an occurrence that may not be moved is cancelled now; else it is left for another try."""

    def carry_out(self, shown: Shown, todo: ToDo) -> Doing:
        """Cancellations first: they make room for what moves."""
        needed = {*todo.cancel, *(day for day, _ in todo.change)} - shown.ids.keys()
        found = yield from self._instances(needed)
        if isinstance(found, Failed | Open):
            return found
        ids = {**found, **shown.ids}
        for day in todo.cancel:
            failed = yield from self._cancel(ids.get(day))
            if failed:
                return failed
        for day, said in todo.change:
            failed = yield from self._change(ids.get(day), shown.on(day), said)
            if failed:
                return failed
        return None

    def _cancel(self, identity: str | None) -> Doing:
        if identity is None:
            return None
        reply = yield from ask(tell("DELETE", self._beside(identity), self.mailbox))
        return None if isinstance(reply, Fine | NotThere) else outcome_of(reply)

    def _change(self, identity: str | None, now: Appointment, said: Appointment) -> Doing:
        if identity is None or self.wanted.recurrence is None:
            return None
        changes = occurrence_changes(in_words_of(said, now), said, self.wanted.recurrence.zone)
        if not changes:
            return None
        reply = yield from ask(tell("PATCH", self._beside(identity), self.mailbox, changes))
        match reply:
            case Fine() | NotThere():
                return None
            case Refused(reason=reason) if reason == CROSSING:
                return (yield from self._cancel(identity)) if self.detach else None
            case _:
                return outcome_of(reply)

    def _instances(self, days: Iterable[date]) -> Finding:
        """Ids of occurrences by their original dates, read around the days that are asked for."""
        recurrence = self.wanted.recurrence
        found: dict[date, str] = {}
        if recurrence is None:
            return found
        all_day = isinstance(self.wanted.appointment.when, AllDay)
        for start, end in _spans(days):
            link: str | None = with_query(
                f"{self.url}/instances", startDateTime=start, endDateTime=end, select=_FIELDS, top="500"
            )
            while link is not None:
                reply = yield from ask(tell("GET", link, self.mailbox))
                if not isinstance(reply, Fine):
                    return outcome_of(reply)
                for raw in reply.body.get("value") or ():
                    found[original_date(raw, recurrence.zone, all_day=all_day)] = str(raw["id"])
                following = reply.body.get("@odata.nextLink")
                link = following if following != link else None
        return found

    def _beside(self, identity: str) -> str:
        """An occurrence stands beside its master, at `/events/{id}`."""
        return f"{self.url.rpartition('/')[0]}/{segment(identity)}"


def _alike(one: Appointment, other: Appointment) -> bool:
    return plain_appointment(one) == plain_appointment(other)


def _in_order(shown: Shown, changes: Mapping[date, Appointment]) -> list[tuple[date, Appointment]]:
    """Those that move forward first, the latest of them first; then the others, the earliest first.

    An occurrence may not cross its neighbours, so each one waits until the way is free.
    """
    starts = {day: local_start(shown.on(day).when) for day in changes}
    forward = {day for day, said in changes.items() if local_start(said.when) > starts[day]}
    ahead = sorted(forward, reverse=True)
    return [(day, changes[day]) for day in (*ahead, *sorted(changes.keys() - forward))]


def _spans(days: Iterable[date]) -> list[tuple[str, str]]:
    """Windows that hold these days with some room, days near each other in one."""
    spans: list[tuple[date, date]] = []
    for day in sorted(days):
        if spans and day - spans[-1][1] <= _GAP and day - spans[-1][0] <= _LONGEST:
            spans[-1] = (spans[-1][0], day)
        else:
            spans.append((day, day))
    return [(_midnight(first - _AROUND), _midnight(last + _AROUND)) for first, last in spans]


def _midnight(day: date) -> str:
    return datetime.combine(day, time(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
