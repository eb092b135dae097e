"""Memory: register rows, links, intents, and the book that keeps them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from syncengine.model.copies import Copy
from syncengine.model.identity import Cursor, Fingerprint, ItemKey, LaneId, RemoteId, RowId
from syncengine.ports.looking import Reading
from syncengine.ports.writing import Action, Cause, Outcome


@dataclass(frozen=True, slots=True)
class Row:
    """One item in a cell's register. `copy` is None when nothing shall stand in any target.

    `number` is the register number of its last change; `reason` says why there is no copy, and
    `cause` what a delete of its copies shall be called. `about` is the object id of the person
    that a contact is about; `people` are keyed hashes of the addresses that take part in an event.
    """

    id: RowId
    key: ItemKey
    number: int
    copy: Copy | None
    fingerprint: Fingerprint
    reason: str = ""
    cause: Cause = "source deleted"
    about: str = ""
    people: frozenset[str] = frozenset()
    mark: str = ""
    """Keyed hash of the key: the row's part of a mark."""


OpenIntent = Literal["", "create", "update", "delete"]


@dataclass(frozen=True, slots=True)
class Link:
    """One register row and its copy in one lane.

    `sent` is the row's fingerprint of the copy we last wrote in full ("" where we cannot know);
    `answer` and `etag` what the target said then. `version` is the row's number that the last write,
    done or refused, was for. `intent` names a write whose outcome we do not know; `attempt` is the part
    of the mark drawn for the create. A link without a remote id has no copy yet: its create is open,
    was refused, or (a detached occurrence) was never tried.
    `failed` is the reason of a refusal that only a change of the row (or a person) can end.
    `respected`: a person deleted the copy and the policy leaves it so until the row changes.
    """

    row: RowId
    remote_id: RemoteId | None
    version: int
    sent: Fingerprint
    attempt: str
    etag: str = ""
    answer: Fingerprint = Fingerprint("")
    intent: OpenIntent = ""
    failed: str = ""
    respected: bool = False
    occurrence: str = ""
    base: Copy | None = None
    """The row's copy as of `sent`, also for an occurrence's link; None where it is not known."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What we are about to ask the target for. Durable before the request leaves.

    `attempt` is drawn for a create, the found mark's for an adoption, else "": the link has it.
    """

    action: Action
    attempt: str

    @property
    def fingerprint(self) -> Fingerprint:
        """The row's fingerprint that the copy is brought to."""
        return self.action.fingerprint


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an intent."""

    intent: Intent
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class LaneFacts:
    """What plan and guards may know of a lane. `owner` is the object id of the mailbox's user,
    `addresses` the keyed hashes of his addresses.
    """

    id: LaneId
    mailbox: str
    owner: str
    addresses: frozenset[str]
    leaves_out_own_entry: bool = True
    is_leaving: bool = False
    leaving_cause: Cause = "lane leaves"


Place: TypeAlias = tuple[RowId, str]
"""Where a copy belongs in a lane: the row, and "" or the date of a detached occurrence."""


class Register(Protocol):
    """A cell's list of copies, as a walk reads it. `head` is the number that the walk brings lanes to.

    Lanes of one cell may share it: rows are the same objects for all of them.
    """

    head: int

    def after(self, number: int, limit: int) -> Sequence[Row]:
        """Rows above `number` and not above `head`, by number, at most so many; tombstones too."""
        ...

    def of(self, ids: Collection[RowId]) -> Sequence[Row]:
        """These rows as they are now; what does not exist is left out."""
        ...

    def by_mark(self, marks: Collection[str]) -> Mapping[str, Row]:
        """Rows by their part of a mark."""
        ...


@dataclass(frozen=True, slots=True)
class Census:
    """Copies that a lane holds (links with a remote id), and deletions that guards count, last 24 hours."""

    copies: int
    deleted: int


class Book(Protocol):
    """Our memory of one lane: links, intents, and the ledger of what was written.

    `intend` is called before a write and `record` after it: when the answer is lost in
    between, the link says that we are not sure, and the next walk looks before it writes.
    """

    def links(self, lane: LaneId, rows: Sequence[RowId] | None = None) -> Mapping[Place, Link]:
        """Links by (row, occurrence); only those of `rows` where given. Bases are loaded."""
        ...

    def by_remote_id(self, lane: LaneId, ids: Sequence[RemoteId]) -> Mapping[RemoteId, Link]:
        """The links that own these remote ids."""
        ...

    def unsettled(self, lane: LaneId) -> Mapping[Place, Link]:
        """Links with an open intent, and links that still wait for their copy (none yet, none refused)."""
        ...

    def intend(self, lane: LaneId, intents: Sequence[Intent]) -> None:
        """Store what we are about to do. Committed when it returns.

        An open create's attempt that is replaced here stays known (`past_attempts`): it may yet arrive.
        A late twin's delete is not the link's: it needs no intent.
        """
        ...

    def record(self, lane: LaneId, results: Sequence[Result]) -> None:
        """Store what came of it, and the ledger rows.

        Written ends the intent and any refusal; each newly `detached` occurrence gets a link that waits
        for its copy. Failed ends the intent and stores the reason. Open leaves the intent open.
        A deleted copy's link goes away, but only where it owns the remote id (a late twin's does not).
        A delete without one forgets a link that has none; the attempt of its open create stays known.
        """
        ...

    def withdraw(self, lane: LaneId, intents: Sequence[Intent]) -> None:
        """These were never sent: their intents end and leave no ledger row.

        A create's link waits for its copy.
        """
        ...

    def confirm(self, lane: LaneId, seen: Mapping[RemoteId, tuple[str, Fingerprint]]) -> None:
        """The target shows these copies as we wrote them: remember etag and answer."""
        ...

    def past_attempts(self, lane: LaneId, attempts: Sequence[str]) -> Mapping[str, RemoteId | None]:
        """Those of the attempts that we ever made, with the copy they were settled with.

        None: it was never settled, so that a copy which bears it has come late.
        """
        ...

    def census(self, lane: LaneId) -> Census:
        """What the guard of deletions counts against."""
        ...


class FeedBook(Protocol):
    """Our mirror of one source calendar."""

    def cursor(self) -> Cursor | None:
        """Where the delta chain stands; None for a full look."""
        ...

    def to_be_read(self, changed: Sequence[RemoteId], removed: Sequence[RemoteId]) -> None:
        """Remember these ids as questions. Removed ids that we do not know are forgotten."""
        ...

    def questions(self, limit: int) -> Mapping[RemoteId, bool]:
        """Ids that wait to be read, and whether a look spoke against them.

        It said that they were removed, or was a full one and did not show them. Those come first, so
        that a moved item is not seen twice; then the oldest.
        """
        ...

    def absent_from_full_look(self) -> None:
        """After the last page of a full look: known ids that it did not show become questions.

        Raises HoldThePlan when more than 10 items were known and the look showed none.
        """
        ...

    def answer(self, readings: Mapping[RemoteId, Reading]) -> None:
        """Store what was read; an unreadable item keeps what we knew and its reason is stored."""
        ...

    def move(self, cursor: Cursor) -> None:
        """The chain stands here now: the last thing that a look stores before it reads."""
        ...
