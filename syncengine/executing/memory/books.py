"""Registers and books in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace

from syncengine.model.codec import copy_fingerprint
from syncengine.model.copies import Copy
from syncengine.model.identity import Fingerprint, ItemKey, LaneId, RemoteId, RowId, keyed_hash
from syncengine.planning.guards import counted
from syncengine.ports.remembering import Census, Intent, Link, OpenIntent, Place, Result, Row
from syncengine.ports.writing import Cause, Failed, Open, Written


class MemoryRegister:
    """A cell's register. Implements ports.Register; `store` is how rows get there.

    `bodies` are copies by fingerprint, which books share.
    """

    def __init__(self) -> None:
        self.head = 0
        self.bodies: dict[Fingerprint, Copy] = {}
        self._rows: dict[ItemKey, Row] = {}

    def store(
        self,
        key: ItemKey,
        copy: Copy | None,
        *,
        reason: str = "",
        cause: Cause = "source deleted",
        about: str = "",
        people: frozenset[str] = frozenset(),
    ) -> Row:
        """The key's row, with the next number where anything changed."""
        known = self._rows.get(key)
        content = copy_fingerprint(copy) if copy else Fingerprint("")
        row_id = known.id if known else RowId(len(self._rows) + 1)
        mark = keyed_hash(key, b"register")
        row = Row(row_id, key, self.head + 1, copy, content, reason, cause, about, people, mark)
        if known is not None and replace(row, number=known.number) == known:
            return known
        if copy is not None:
            self.bodies[content] = copy
        self.head += 1
        self._rows[key] = row
        return row

    def purge(self, number: int) -> None:
        """Tombstones that every lane has passed go."""
        self._rows = {key: row for key, row in self._rows.items() if row.copy or row.number > number}

    @property
    def rows(self) -> list[Row]:
        """All of them, by number."""
        return sorted(self._rows.values(), key=lambda row: row.number)

    def after(self, number: int, limit: int) -> Sequence[Row]:
        """Rows above the number, in order."""
        return [row for row in self.rows if row.number > number][:limit]

    def of(self, ids: Collection[RowId]) -> Sequence[Row]:
        """These rows, where they exist."""
        return [row for row in self.rows if row.id in set(ids)]

    def by_mark(self, marks: Collection[str]) -> Mapping[str, Row]:
        """Rows by their part of a mark."""
        return {row.mark: row for row in self.rows if row.mark in set(marks)}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger. `settled` is the copy that the write came to, None where it is not known."""

    lane: LaneId
    place: Place
    verb: str
    cause: str
    attempt: str
    outcome: str
    settled: RemoteId | None
    counted: int


@dataclass(slots=True)
class MemoryBook:
    """Implements ports.Book for any number of lanes. What it holds is what would be committed."""

    bodies: Mapping[Fingerprint, Copy]
    lanes: dict[LaneId, dict[Place, Link]] = field(default_factory=dict)
    ledger: list[Entry] = field(default_factory=list)

    def links(self, lane: LaneId, rows: Sequence[RowId] | None = None) -> Mapping[Place, Link]:
        """Links by place."""
        wanted = None if rows is None else set(rows)
        links = self.lanes.get(lane, {})
        return {
            place: self._loaded(link) for place, link in links.items() if wanted is None or place[0] in wanted
        }

    def by_remote_id(self, lane: LaneId, ids: Sequence[RemoteId]) -> Mapping[RemoteId, Link]:
        """The links that own these."""
        wanted = set(ids)
        return {
            link.remote_id: self._loaded(link)
            for link in self.lanes.get(lane, {}).values()
            if link.remote_id is not None and link.remote_id in wanted
        }

    def unsettled(self, lane: LaneId) -> Mapping[Place, Link]:
        """Open intents, and links that wait for their copy."""
        return {
            place: link
            for place, link in self.links(lane).items()
            if link.intent or (link.remote_id is None and not link.failed)
        }

    def intend(self, lane: LaneId, intents: Sequence[Intent]) -> None:
        """Store what we are about to do."""
        links = self.lanes.setdefault(lane, {})
        for intent in intents:
            place, link = self._known(lane, intent)
            if link.intent == "create" and intent.action.verb == "create":
                self._write(lane, intent, "replaced", None, link.attempt)
            if intent.action.verb == "create":
                link = replace(link, remote_id=None, attempt=intent.attempt)
            links[place] = replace(link, intent=_verb(intent))

    def record(self, lane: LaneId, results: Sequence[Result]) -> None:
        """Store what came of it."""
        links = self.lanes.setdefault(lane, {})
        for result in results:
            intent, outcome = result.intent, result.outcome
            place, link = self._known(lane, intent)
            match outcome:
                case Written():
                    self._write(lane, intent, "written", outcome.remote_id, intent.attempt or link.attempt)
                    self._record_written(links, place, link, intent, outcome)
                case Failed(reason):
                    self._write(lane, intent, "failed", None, intent.attempt)
                    links[place] = replace(link, intent="", failed=reason, version=intent.action.number)
                case Open():
                    self._write(lane, intent, "open", None, intent.attempt)

    def withdraw(self, lane: LaneId, intents: Sequence[Intent]) -> None:
        """These were never sent."""
        for intent in intents:
            place, link = self._known(lane, intent)
            self.lanes[lane][place] = replace(link, intent="")

    def confirm(self, lane: LaneId, seen: Mapping[RemoteId, tuple[str, Fingerprint]]) -> None:
        """Remember etags and answers."""
        for link in self.by_remote_id(lane, list(seen)).values():
            if link.remote_id is not None:
                etag, answer = seen[link.remote_id]
                self.lanes[lane][link.row, link.occurrence] = replace(
                    link, etag=etag, answer=answer, base=None
                )

    def past_attempts(self, lane: LaneId, attempts: Sequence[str]) -> Mapping[str, RemoteId | None]:
        """The fates of these attempts."""
        fates: dict[str, RemoteId | None] = {}
        for entry in self.ledger:
            if entry.lane == lane and entry.attempt in attempts and entry.attempt:
                fates[entry.attempt] = entry.settled or fates.get(entry.attempt)
        return fates

    def census(self, lane: LaneId) -> Census:
        """What the guard counts against; this ledger is never older than 24 hours."""
        copies = sum(link.remote_id is not None for link in self.lanes.get(lane, {}).values())
        written = [entry for entry in self.ledger if entry.lane == lane and entry.outcome == "written"]
        return Census(copies, sum(entry.counted for entry in written))

    def saved(self) -> MemoryBook:
        """A backup of it as it is now."""
        return MemoryBook(self.bodies, deepcopy(self.lanes), list(self.ledger))

    def _record_written(
        self, links: dict[Place, Link], place: Place, link: Link, intent: Intent, outcome: Written
    ) -> None:
        action = intent.action
        if action.verb == "delete":
            if place in links and link.remote_id == action.remote_id:
                del links[place]
            return
        links[place] = Link(
            row=action.row,
            remote_id=outcome.remote_id,
            version=action.number,
            sent=action.fingerprint,
            attempt=intent.attempt or link.attempt,
            etag=outcome.etag,
            answer=outcome.answer,
            occurrence=action.occurrence,
        )
        for day in outcome.detached:
            links.setdefault(
                (action.row, day), Link(action.row, None, 0, Fingerprint(""), "", occurrence=day)
            )

    def _known(self, lane: LaneId, intent: Intent) -> tuple[Place, Link]:
        action = intent.action
        place = (action.row, action.occurrence)
        fresh = Link(action.row, None, 0, Fingerprint(""), "", occurrence=action.occurrence)
        return place, self.lanes.setdefault(lane, {}).get(place, fresh)

    def _write(
        self, lane: LaneId, intent: Intent, outcome: str, settled: RemoteId | None, attempt: str
    ) -> None:
        action = intent.action
        place = (action.row, action.occurrence)
        number = counted(action) if outcome == "written" else 0
        self.ledger.append(Entry(lane, place, action.verb, action.cause, attempt, outcome, settled, number))

    def _loaded(self, link: Link) -> Link:
        return replace(link, base=self.bodies.get(link.sent))


def _verb(intent: Intent) -> OpenIntent:
    verb = intent.action.verb
    return "" if verb == "adopt" else verb
