"""The audit: source and target read afresh and compared, without feed, register or link.

It shares shaping and connectors with the engine and nothing else, so that a mistake in planning,
memory or writing shows here. Calendars are compared as a reader sees them: line by line over the
window, each line with its times and words. What differs is read again before it is reported.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from syncengine.errors import TryAgain
from syncengine.formats.html import body_text
from syncengine.model.copies import Appointment, ContactCopy, Copy, EventCopy
from syncengine.model.expansion import expand
from syncengine.model.identity import RemoteId
from syncengine.model.items import Event, Person
from syncengine.model.time import Window
from syncengine.ports.looking import EventSource
from syncengine.ports.remembering import LaneFacts
from syncengine.ports.writing import Door, Failed, Later, Look, Open, Part, Reply, Sighting, Target
from syncengine.shaping.events import shape_event
from syncengine.shaping.people import shape_person
from syncengine.shaping.policy import ContactPolicy, EventPolicy
from syncengine.shaping.shaped import EventFacts, PersonFacts, Shaped

BATCH = 20
READ_TOGETHER = 200
EDGE_DAYS = 2
"""The source is read a little beyond the window; shaping decides what is inside."""
MOST_TRIES = 8

Answer = TypeVar("Answer")
Nap = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it should be: "missing", "extra" or "stranger", and what a reader sees."""

    kind: str
    what: str


@dataclass(frozen=True, slots=True)
class LaneAudit:
    """What the comparison of one target folder came to; `compared` counts what should stand there."""

    compared: int
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class AuditedLane:
    """A target folder as the audit is told of it."""

    facts: LaneFacts
    installation: str
    target: Target
    folder: str


def read_events(sources: Sequence[EventSource], window: Window) -> list[Event]:
    """All events of the sources that stand in the window, each identity once: of the first that has it."""
    found: dict[str, Event] = {}
    for source in sources:
        ids: dict[RemoteId, None] = {}
        for page in source.changes(window.widened(EDGE_DAYS), None):
            ids.update(dict.fromkeys(page.changed))
        asked = list(ids)
        for at in range(0, len(asked), READ_TOGETHER):
            for reading in source.read(asked[at : at + READ_TOGETHER]).values():
                if isinstance(reading, Event):
                    found.setdefault(reading.key, reading)
    return list(found.values())


def shape_events(events: Iterable[Event], policy: EventPolicy, facts: EventFacts) -> list[Shaped]:
    """What the policy makes of them; only those that give a copy."""
    shaped = (shape_event(event, policy, facts) for event in events)
    return [one for one in shaped if one.copy is not None]


def shape_people(people: Iterable[tuple[Person, PersonFacts]], policy: ContactPolicy) -> list[Shaped]:
    """The same of an address list."""
    shaped = (shape_person(person, policy, facts) for person, facts in people)
    return [one for one in shaped if one.copy is not None]


def audit_lane(
    lane: AuditedLane, wanted: Sequence[Shaped], window: Window, door: Door, nap: Nap
) -> LaneAudit:
    """Compare one folder with what should stand there; what differs is read a second time."""
    expected = [one.copy for one in wanted if one.copy is not None and _belongs(one, lane.facts)]
    try:
        first = _compare(expected, _standing(lane, window, door, nap), lane, window)
        if not first.differences:
            return first
        again = _compare(expected, _standing(lane, window, door, nap), lane, window)
    except _Unreadable as why:
        return LaneAudit(len(expected), (Difference("unreadable", str(why)),))
    lasting = Counter(first.differences) & Counter(again.differences)
    return replace(again, differences=tuple(lasting.elements()))


class _Unreadable(Exception):
    """The mailbox refuses to be read; the sentence says why."""


def _belongs(shaped: Shaped, facts: LaneFacts) -> bool:
    """What a lane leaves out by itself: the owner's own entry, meetings that he takes part in."""
    is_own = facts.leaves_out_own_entry and bool(shaped.about) and shaped.about == facts.owner
    return not (is_own or shaped.people & facts.addresses)


def _standing(lane: AuditedLane, window: Window, door: Door, nap: Nap) -> list[Sighting]:
    """Everything in the folder that bears a mark of ours."""
    wide = window.widened(EDGE_DAYS)
    look = _driven(lane.target.look(lane.folder, wide, None), door, nap)
    if not isinstance(look, Look):
        _refuse(look)
        return []
    ids, seen = list(look.changed), list[Sighting]()
    for at in range(0, len(ids), READ_TOGETHER):
        read = _driven(lane.target.read(lane.folder, ids[at : at + READ_TOGETHER]), door, nap)
        if isinstance(read, Failed | Open):
            _refuse(read)
            continue
        seen += [one for one in read.values() if one is not None]
    return [one for one in seen if one.mark is not None and one.mark.installation == lane.installation]


def _refuse(answer: object) -> None:
    """Whatever is no answer is never taken for an empty folder; only a folder that is gone is empty."""
    if isinstance(answer, Failed):
        raise _Unreadable(answer.message)
    if isinstance(answer, Open):
        raise TryAgain("The target could not be read; nothing was compared.")


def _driven(steps: Generator[tuple[Part, ...], tuple[Reply, ...], Answer], door: Door, nap: Nap) -> Answer:
    """Send what the steps ask for, and hand them the replies, until they have their answer."""
    replies: tuple[Reply, ...] | None = None
    while True:
        try:
            parts = next(steps) if replies is None else steps.send(replies)
        except StopIteration as end:
            answer: Answer = end.value
            return answer
        replies = tuple(_sent(parts, door, nap))


def _sent(parts: Sequence[Part], door: Door, nap: Nap) -> list[Reply]:
    """Replies in order; what was asked to wait is asked again."""
    replies: dict[int, Reply] = {}
    for _ in range(MOST_TRIES):
        left = [number for number in range(len(parts)) if number not in replies]
        for at in range(0, len(left), BATCH):
            some = left[at : at + BATCH]
            answers = door.send([parts[number] for number in some])
            replies |= dict(zip(some, answers, strict=True))
        waits = [reply.after for reply in replies.values() if isinstance(reply, Later)]
        if not waits:
            return [replies[number] for number in range(len(parts))]
        nap(max(waits))
        replies = {number: reply for number, reply in replies.items() if not isinstance(reply, Later)}
    raise TryAgain("The target asks to wait again and again; nothing was compared.")


def _compare(
    expected: Sequence[Copy], seen: Sequence[Sighting], lane: AuditedLane, window: Window
) -> LaneAudit:
    ours = [one for one in seen if one.mark is not None and one.mark.lane == lane.facts.id]
    wanted = Counter(line for copy in expected for line in _lines(copy, window))
    stands = Counter(line for one in ours for line in _lines(one.copy, window))
    differences = [
        *(Difference("missing", line) for line in (wanted - stands).elements()),
        *(Difference("extra", line) for line in (stands - wanted).elements()),
        *(Difference("stranger", str(one.mark)) for one in seen if one not in ours),
    ]
    return LaneAudit(sum(wanted.values()), tuple(differences))


def _lines(copy: Copy | None, window: Window) -> list[str]:
    """A copy as its reader sees it: a line per occurrence in the window, or one per contact."""
    match copy:
        case EventCopy():
            return [
                " | ".join(
                    (f"{shown.start:%F %T}", f"{shown.end:%F %T}", *_words(shown.is_all_day, shown.says))
                )
                for shown in expand(copy, window)
            ]
        case ContactCopy():
            return [repr(copy)]
    return ["not understood"]


def _words(is_all_day: bool, says: object) -> tuple[str, ...]:
    assert isinstance(says, Appointment)
    return (
        "all day" if is_all_day else "timed",
        says.show_as,
        says.subject,
        says.location,
        body_text(says.body, says.body_is_html),
    )
