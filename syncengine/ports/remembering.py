"""Memory: register rows, links, intents, and the book that keeps them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

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

    `sent` is the fingerprint of the copy we last wrote in full; `answer` and `etag` what the
    target said then. `intent` names a write whose outcome we do not know; `attempt` is the part of
    the mark drawn for the create. A link without a remote id is a create that is not settled.
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
    occurrence: str = ""
    base: Copy | None = None
    """The copy as last written; None where the caller did not load it."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What we are about to ask the target for. Durable before the request leaves."""

    action: Action
    attempt: str
    fingerprint: Fingerprint


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


class Book(Protocol):
    """Our memory of one lane: links, intents, and the ledger of what was written.

    `intend` is called before a write and `record` after it: when the answer is lost in
    between, the link says that we are not sure, and the next walk looks before it writes.
    """

    def links(self, lane: LaneId, rows: Sequence[RowId] | None = None) -> Mapping[tuple[RowId, str], Link]:
        """Links by (row, occurrence); only those of `rows` where given. Bases are loaded."""
        ...

    def by_remote_id(self, lane: LaneId, ids: Sequence[RemoteId]) -> Mapping[RemoteId, Link]:
        """The links that own these remote ids."""
        ...

    def intend(self, lane: LaneId, intents: Sequence[Intent]) -> None:
        """Store what we are about to do. Committed when it returns."""
        ...

    def record(self, lane: LaneId, results: Sequence[Result]) -> None:
        """Store what came of it, and the ledger rows. A deleted copy's link goes away."""
        ...

    def confirm(self, lane: LaneId, seen: Mapping[RemoteId, tuple[str, Fingerprint]]) -> None:
        """The target shows these copies as we wrote them: remember etag and answer."""
        ...

    def past_attempts(self, lane: LaneId, attempts: Sequence[str]) -> frozenset[str]:
        """Those of the attempts that the ledger knows, linked or not."""
        ...


class FeedBook(Protocol):
    """Our mirror of one source calendar."""

    def cursor(self) -> Cursor | None:
        """Where the delta chain stands; None for a full look."""
        ...

    def to_be_read(self, changed: Sequence[RemoteId], removed: Sequence[RemoteId]) -> None:
        """Remember these ids as questions. Removed ids that we do not know are forgotten."""
        ...

    def questions(self, limit: int) -> Sequence[RemoteId]:
        """Ids that wait to be read, oldest first."""
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
