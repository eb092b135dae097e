"""The target's side of an audit: a folder read whole, and compared as its reader sees it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Literal, TypeAlias

from syncengine.auditing.asking import CannotBeRead, Nap, answer_of
from syncengine.auditing.sources import EDGE_DAYS, READ_TOGETHER
from syncengine.formats.html import seen_text
from syncengine.model.copies import Appointment, ContactCopy, Copy, EventCopy
from syncengine.model.expansion import Shown, expand
from syncengine.model.identity import RemoteId
from syncengine.model.time import Window
from syncengine.ports.remembering import LaneFacts
from syncengine.ports.writing import Door, FolderGone, Look, Sighting, Target
from syncengine.shaping.shaped import Shaped

Kind: TypeAlias = Literal["missing", "extra", "stranger", "not compared"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it should be, in the words of a reader.

    "stranger": it bears the mark of another lane of ours. "not compared": the folder could not be
    read, so that nothing is known of it.
    """

    kind: Kind
    what: str


@dataclass(frozen=True, slots=True)
class LaneAudit:
    """What comparing one target folder came to; `compared` counts the lines that should stand there."""

    compared: int
    differences: tuple[Difference, ...] = ()

    @property
    def is_compared(self) -> bool:
        """Whether the folder could be read."""
        return all(one.kind != "not compared" for one in self.differences)


@dataclass(frozen=True, slots=True)
class AuditedLane:
    """A target folder as the audit is told of it; `folder` is "" where none was ever made."""

    facts: LaneFacts
    installation: str
    target: Target
    folder: str


def audit_lane(
    lane: AuditedLane, wanted: Sequence[Shaped], window: Window, door: Door, nap: Nap
) -> LaneAudit:
    """Compare one folder, read now, with what should stand there. Raises a Fault as the door does."""
    expected = [one.copy for one in wanted if one.copy is not None and _belongs(one, lane.facts)]
    try:
        standing = _standing(lane, window, door, nap) if lane.folder or expected else []
    except CannotBeRead as why:
        return not_compared(str(why))
    return _compare(expected, standing, lane, window)


def not_compared(why: str) -> LaneAudit:
    """The audit of a folder of which nothing is known."""
    return LaneAudit(0, (Difference("not compared", why),))


def lasting(first: LaneAudit, again: LaneAudit) -> LaneAudit:
    """What two readings of a folder agree on. One of them that was not compared says nothing."""
    if not (first.is_compared and again.is_compared):
        return again if again.is_compared else first
    both = Counter(first.differences) & Counter(again.differences)
    return replace(again, differences=tuple(both.elements()))


def _belongs(shaped: Shaped, facts: LaneFacts) -> bool:
    """What a lane leaves out by itself: the owner's own entry, meetings that he takes part in."""
    is_own = facts.leaves_out_own_entry and bool(shaped.about) and shaped.about == facts.owner
    return not (is_own or shaped.people & facts.addresses)


def _standing(lane: AuditedLane, window: Window, door: Door, nap: Nap) -> list[Sighting]:
    """Everything in the folder that bears a mark of ours. Raises CannotBeRead or a Fault."""
    if not lane.folder:
        raise CannotBeRead("Its folder was never made.")
    wide = window.widened(EDGE_DAYS)
    look: Look | FolderGone = answer_of(partial(lane.target.look, lane.folder, wide, None), door, nap)
    if isinstance(look, FolderGone):
        return []
    ids = list(look.changed)
    seen: list[Sighting] = []
    for at in range(0, len(ids), READ_TOGETHER):
        some = ids[at : at + READ_TOGETHER]
        read: Mapping[RemoteId, Sighting | None] = answer_of(
            partial(lane.target.read, lane.folder, some), door, nap
        )
        seen += [one for one in read.values() if one is not None]
    return [one for one in seen if one.mark is not None and one.mark.installation == lane.installation]


def _compare(
    expected: Sequence[Copy], seen: Sequence[Sighting], lane: AuditedLane, window: Window
) -> LaneAudit:
    strangers = [str(one.mark) for one in seen if one.mark and one.mark.lane != lane.facts.id]
    ours = [one.copy for one in seen if one.mark and one.mark.lane == lane.facts.id]
    wanted = Counter(line for copy in expected for line in _lines(copy, window))
    stands = Counter(line for copy in ours for line in _lines(copy, window))
    differences = [
        *(Difference("missing", line) for line in (wanted - stands).elements()),
        *(Difference("extra", line) for line in (stands - wanted).elements()),
        *(Difference("stranger", mark) for mark in strangers),
    ]
    return LaneAudit(sum(wanted.values()), tuple(differences))


def _lines(copy: Copy | None, window: Window) -> Iterator[str]:
    """A copy as its reader sees it: a line per occurrence in the window, or one per contact."""
    match copy:
        case EventCopy():
            yield from (_event_line(shown) for shown in expand(copy, window))
        case ContactCopy():
            yield _contact_line(copy)
        case None:
            yield "a copy that cannot be understood"


def _event_line(shown: Shown) -> str:
    says = shown.says
    if not isinstance(says, Appointment):
        raise TypeError("A copy says what an appointment says.")
    words = {
        "place": says.location,
        # What says "unknown" is written as busy, so that nobody takes it for free.
        "show as": "busy" if says.show_as == "unknown" else says.show_as,
        "sensitivity": says.sensitivity,
        "categories": ", ".join(sorted(set(says.categories))),
        "reminder": "" if says.reminder_minutes is None else str(says.reminder_minutes),
        "body": seen_text(says.body, says.body_is_html),
    }
    start, end = (f"{moment:%Y-%m-%d %H:%M:%S}" for moment in (shown.start, shown.end))
    when = f"{start} to {end}, {'all day' if shown.is_all_day else 'UTC'}"
    return " | ".join([when, says.subject, *(f"{name}: {word}" for name, word in words.items() if word)])


def _contact_line(copy: ContactCopy) -> str:
    said = {field.name: getattr(copy, field.name) for field in fields(copy)}
    return " | ".join(f"{name}: {value}" for name, value in said.items() if value)
