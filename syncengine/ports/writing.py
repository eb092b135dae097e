"""Writing a target: actions, the parts of a batch they become, and what came of them.

An action is carried out in steps: a generator yields the parts to send and is sent their
replies; its return value is the outcome. The executor packs parts of many actions and
mailboxes into batches and knows nothing of what is in them.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from syncengine.model.copies import Copy
from syncengine.model.identity import Cursor, Fingerprint, Mark, RemoteId, RowId
from syncengine.model.time import Window

Verb = Literal["create", "update", "delete", "adopt"]

Cause = Literal[
    "new at the source",  # create
    "changed at the source",  # update
    "repaired drift",  # update: a person edited the copy
    "deleted in the target",  # create: a person deleted the copy
    "found by its mark",  # adopt
    "source deleted",  # delete, all below
    "source disabled",
    "filtered by the policy",
    "left the window",
    "the owner takes part already",
    "own entry",
    "late twin",
    "lane leaves",
    "tunnel removed",
    "policy changed",
]


@dataclass(frozen=True, slots=True)
class Action:
    """One change to one copy. `before` is what we agreed on last; `copy` what it shall be.

    `occurrence` is "" for the row's own copy, else the original date of an occurrence that
    Exchange refused as an exception and that lives as a single copy of its own.
    `number` and `fingerprint` are the row's when this was planned: what the copy is brought to.
    An adoption whose content is not known to be the row's has no fingerprint. A delete without a
    remote id forgets a link that has no copy; nothing is sent for it.
    """

    verb: Verb
    row: RowId
    cause: Cause
    copy: Copy | None = None
    before: Copy | None = None
    remote_id: RemoteId | None = None
    occurrence: str = ""
    number: int = 0
    fingerprint: Fingerprint = Fingerprint("")


@dataclass(frozen=True, slots=True)
class Part:
    """One request inside a batch. `url` is relative to the service's root.

    `mailbox` (a user's object id) is whose limit it counts on.
    """

    method: str
    url: str
    mailbox: str
    body: bytes | None = None
    headers: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Fine:
    """It was done; `body` is what the service answered (empty where it answers nothing)."""

    body: Mapping[str, Any]
    etag: str = ""


@dataclass(frozen=True, slots=True)
class NotThere:
    """The thing addressed does not exist (any more)."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The service will not do this, now or later; `scope` says whether others will fare the same."""

    reason: str
    message: str
    advice: str = ""
    scope: Literal["item", "collection", "mailbox", "tenant"] = "item"


@dataclass(frozen=True, slots=True)
class Later:
    """Not now; ask again after so many seconds. Nothing was done."""

    after: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Stale:
    """Somebody else touched the item in between: read it again."""


@dataclass(frozen=True, slots=True)
class Lost:
    """No answer that can be believed: it may have been done.

    `after`: the service asked that the mailbox be left alone for so many seconds all the same.
    """

    after: float = 0.0


Reply = Fine | NotThere | Refused | Later | Stale | Lost


@dataclass(frozen=True, slots=True)
class Written:
    """The copy stands in the target as wanted (or is gone, for a delete)."""

    remote_id: RemoteId
    etag: str = ""
    answer: Fingerprint = Fingerprint("")
    """Fingerprint of the copy as the target shows it; "" where it was not read back."""
    detached: tuple[str, ...] = ()
    """Occurrences (original dates) that the target refused as exceptions; they need single copies."""


@dataclass(frozen=True, slots=True)
class Failed:
    """This action did not happen and will not by itself; the rest goes on."""

    reason: str
    message: str
    advice: str = ""
    scope: Literal["item", "collection", "mailbox", "tenant"] = "item"


@dataclass(frozen=True, slots=True)
class Open:
    """We cannot know whether it happened: the lane looks before it writes again."""


Outcome = Written | Failed | Open

Steps: TypeAlias = Generator[tuple[Part, ...], tuple[Reply, ...], Outcome]
"""Yields parts, is sent their replies in the same order; never a Later: the executor repeats those itself."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One item seen in a target folder; `copy` is None where it could not be understood.

    `created` is when the service says it came to be, as sortable text: of equal attempts the oldest is ours.
    """

    remote_id: RemoteId
    etag: str
    mark: Mark | None
    copy: Copy | None
    answer: Fingerprint
    created: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """What a target folder showed. `complete`: it was a full look, so what is absent is gone.

    `changed` holds ids with their etags ("" where it did not say); which of them must be read is the
    caller's decision. `removed`, and absence from a complete look, are questions too: a copy that a
    person moved far away is still there. Read the ids that you have links for before you believe it.
    """

    changed: Mapping[RemoteId, str]
    removed: frozenset[RemoteId]
    complete: bool
    cursor: Cursor


@dataclass(frozen=True, slots=True)
class FolderGone:
    """The folder that the lane knows is not there any more."""


@dataclass(frozen=True, slots=True)
class FolderReady:
    """The folder's id; `created`: we have just made it, so it is empty."""

    folder: str
    created: bool = False


Looking: TypeAlias = Generator[tuple[Part, ...], tuple[Reply, ...], Look | FolderGone | Failed | Open]
Reading: TypeAlias = Generator[
    tuple[Part, ...], tuple[Reply, ...], "Mapping[RemoteId, Sighting | None] | Failed | Open"
]
Preparing: TypeAlias = Generator[tuple[Part, ...], tuple[Reply, ...], FolderReady | Failed | Open]


FOLDER_IN_USE = "folder in use"
"""Why a folder is not dropped: somebody keeps things of his own in it."""


class Target(Protocol):
    """One kind of folder in one mailbox. Every method gives steps; nothing is sent before they are driven."""

    def prepare(self, folder: str, name: str, mark: Mark) -> Preparing:
        """The folder's id: `folder` if still there, one that bears our mark, else a new one called `name`.

        `name` "" means the mailbox's default calendar or contacts.
        """
        ...

    def look(self, folder: str, window: Window, cursor: Cursor | None) -> Looking:
        """What changed in the folder since `cursor`; an expired cursor becomes a complete look."""
        ...

    def read(self, folder: str, ids: Sequence[RemoteId]) -> Reading:
        """Each id with its mark and content, None where it is not there."""
        ...

    def create(self, folder: str, copy: Copy, mark: Mark) -> Steps:
        """A new copy that bears `mark`."""
        ...

    def update(self, folder: str, remote_id: RemoteId, copy: Copy, before: Copy | None) -> Steps:
        """Make the copy say `copy`; with `before`, only what differs is sent.

        A copy that is not there fails with reason "gone".
        """
        ...

    def delete(self, folder: str, remote_id: RemoteId) -> Steps:
        """Remove it for good; that it is not there counts as done."""
        ...

    def drop_folder(self, folder: str) -> Steps:
        """Remove a dedicated folder, but only an empty one: else it fails with FOLDER_IN_USE.

        Whatever it holds counts, also what a look does not show: far dates, subfolders, lists of people.
        """
        ...


class Door(Protocol):
    """The way to a tenant's service. One call is one batch on the wire."""

    def send(self, parts: Sequence[Part]) -> Sequence[Reply]:
        """Up to 20 parts, replies in the same order. Safe to call from several threads.

        Raises NeedsAPerson when the tenant no longer lets us in, TryAgain when the whole batch was
        refused and certainly nothing was done; a lost answer is a Lost for each part.
        """
        ...


class Pace(Protocol):
    """Limits per mailbox: what may be sent now, and what an answer said about later."""

    def room(self, mailbox: str) -> int:
        """How many parts may be sent to the mailbox now; 0 while it must be left alone."""
        ...

    def sent(self, mailbox: str, parts: int) -> None:
        """So many requests have gone out."""
        ...

    def asked_to_wait(self, mailbox: str, seconds: float) -> None:
        """Leave the mailbox alone for so long."""
        ...

    def wait_for(self, mailbox: str) -> float:
        """Seconds until `room` may be above 0 again; 0 now."""
        ...
