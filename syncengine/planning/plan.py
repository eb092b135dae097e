"""What must change in a lane's target so that it agrees with the register.

Pure and total: the same rows, links and facts give the same plan, whatever their order, so that a
plan can be shown before it is carried out. Only what a link names is ever updated or deleted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from syncengine.model.copies import Copy, EventCopy
from syncengine.model.identity import Fingerprint, RowId
from syncengine.planning.pieces import OWN, pieces
from syncengine.planning.settling import Settled
from syncengine.ports.remembering import LaneFacts, Link, Place, Row
from syncengine.ports.writing import Action, Cause, Sighting


@dataclass(frozen=True, slots=True)
class Skip:
    """A row of which nothing stands in this lane, or nothing new will, and why."""

    row: RowId
    occurrence: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What brings a lane level. `removals` come last, and guards judge them: deletes, and updates
    that cancel occurrences.
    """

    writes: tuple[Action, ...] = ()
    removals: tuple[Action, ...] = ()
    skips: tuple[Skip, ...] = ()

    @property
    def actions(self) -> tuple[Action, ...]:
        """All of it, in the order in which it is carried out."""
        return self.writes + self.removals

    @property
    def creates(self) -> bool:
        """Whether it makes new copies, so that the lane must look first."""
        return any(action.verb == "create" for action in self.writes)


class Wanted(NamedTuple):
    """What shall stand in a lane for a row; without a copy: why not, and what its removal is called."""

    copy: Copy | None
    cause: Cause = "source deleted"
    reason: str = ""


def plan(
    rows: Iterable[Row],
    links: Mapping[Place, Link],
    facts: LaneFacts,
    seen: Settled | None = None,
    *,
    retries: bool = False,
) -> Plan:
    """The shortest list of actions that brings these rows level in this lane.

    `links` are all links of these rows. `seen` is what a look has shown. What was refused is tried
    again when its row has changed, or when a person asks (`retries`).
    """
    ways = _Lane(facts, seen or Settled(), retries)
    by_row: dict[RowId, dict[str, Link]] = defaultdict(dict)
    for (row_id, occurrence), link in links.items():
        by_row[row_id][occurrence] = link
    writes: list[Action] = []
    removals: list[Action] = []
    skips: list[Skip] = []
    for row in sorted(rows, key=_order):
        for one in ways.decide(row, by_row.get(row.id, _NO_LINKS)):
            if isinstance(one, Skip):
                skips.append(one)
            else:
                (removals if removes(one) else writes).append(one)
    return Plan(tuple(writes), tuple(removals), tuple(skips))


def removal(link: Link, cause: Cause) -> Action:
    """The delete of a link's copy; where there is none, the link is forgotten."""
    return Action(
        verb="delete",
        row=link.row,
        cause=cause,
        before=_said(link, {link.occurrence} - {OWN}),
        remote_id=link.remote_id,
        occurrence=link.occurrence,
        number=link.version,
    )


def adoption(row: Row, occurrence: str, sighting: Sighting) -> Action:
    """The link to a copy that was found by its mark; it agrees only where it says what it shall."""
    piece = pieces(row.copy, {occurrence} - {OWN}).get(occurrence) if row.copy else None
    return Action(
        verb="adopt",
        row=row.id,
        cause="found by its mark",
        copy=sighting.copy,
        remote_id=sighting.remote_id,
        occurrence=occurrence,
        number=row.number,
        fingerprint=row.fingerprint if piece and piece == sighting.copy else Fingerprint(""),
    )


def wanted(row: Row, facts: LaneFacts) -> Wanted:
    """What shall stand for the row in this lane: facts of a lane are decided here, not in the register."""
    if facts.is_leaving:
        return Wanted(None, facts.leaving_cause, "the lane leaves")
    if row.copy is None:
        return Wanted(None, row.cause, row.reason)
    if facts.leaves_out_own_entry and row.about and row.about == facts.owner:
        return Wanted(None, "own entry", "own entry")
    if not row.people.isdisjoint(facts.addresses):
        return Wanted(None, "the owner takes part already", "the owner takes part already")
    return Wanted(row.copy)


def removes(action: Action) -> int:
    """How many things a person would no longer find: a copy, or occurrences that an update cancels."""
    if action.verb == "delete":
        return 1
    if isinstance(action.copy, EventCopy) and isinstance(action.before, EventCopy):
        return len(set(action.copy.cancelled) - set(action.before.cancelled))
    return 0


_NO_LINKS: dict[str, Link] = {}


class _Lane:
    """One lane's way of deciding about rows."""

    def __init__(self, facts: LaneFacts, seen: Settled, retries: bool) -> None:
        self._facts, self._seen, self._retries = facts, seen, retries

    def decide(self, row: Row, links: Mapping[str, Link]) -> Iterator[Action | Skip]:
        """What is to be done about a row, piece by piece."""
        shall = wanted(row, self._facts)
        if not links:
            if shall.copy is not None:
                yield _create(row, OWN, shall.copy, "new at the source")
            elif shall.reason:
                yield Skip(row.id, OWN, shall.reason)
            return
        detached = links.keys() - {OWN}
        parts = pieces(shall.copy, detached) if shall.copy else {}
        for occurrence in sorted(parts.keys() | links.keys()):
            link, copy = links.get(occurrence), parts.get(occurrence)
            one = self._bring(row, occurrence, copy, link, detached) if copy else None
            if copy is None and link is not None:
                one = removal(link, shall.cause)
            if one is not None:
                yield one

    def _bring(
        self, row: Row, occurrence: str, copy: Copy, link: Link | None, detached: Collection[str]
    ) -> Action | Skip | None:
        """What brings one piece to `copy`; None where it agrees."""
        place = (row.id, occurrence)
        if link is None:
            return _create(row, occurrence, copy, "new at the source")
        sighting = self._seen.drifted.get(place)
        has_copy = link.remote_id is not None and place not in self._seen.missing
        if has_copy and not sighting and not link.intent and link.sent == row.fingerprint:
            return None
        if link.version >= row.number and not self._retries and (link.failed or link.respected):
            return Skip(*place, f"refused: {link.failed}" if link.failed else "a person deleted it")
        if not has_copy:
            return _create(
                row, occurrence, copy, "deleted in the target" if link.remote_id else "new at the source"
            )
        if sighting:
            return _update(row, copy, link, sighting.copy)
        before = None if link.intent else _said(link, detached)
        return _update(row, copy, link, before) if before != copy else None


def _create(row: Row, occurrence: str, copy: Copy, cause: Cause) -> Action:
    return Action("create", row.id, cause, copy, None, None, occurrence, row.number, row.fingerprint)


def _update(row: Row, copy: Copy, link: Link, before: Copy | None) -> Action:
    cause: Cause = "changed at the source"
    if not link.sent:
        cause = "found by its mark"
    elif link.sent == row.fingerprint and not link.intent:
        cause = "repaired drift"
    return Action(
        "update", row.id, cause, copy, before, link.remote_id, link.occurrence, row.number, row.fingerprint
    )


def _said(link: Link, detached: Collection[str]) -> Copy | None:
    """What a link's copy says by our memory."""
    return pieces(link.base, detached).get(link.occurrence) if link.base else None


def _order(row: Row) -> tuple[int, RowId]:
    return row.number, row.id
