"""Reading a source: changes give questions, reading by id gives items."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from syncengine.model.identity import Cursor, RemoteId
from syncengine.model.items import Event, Person
from syncengine.model.time import Window


@dataclass(frozen=True, slots=True)
class ChangePage:
    """One page of "what changed": ids only, to be read by id before anything is believed.

    `cursor` stands on the last page only; the caller stores it after everything before it.
    """

    changed: tuple[RemoteId, ...]
    removed: tuple[RemoteId, ...]
    cursor: Cursor | None


@dataclass(frozen=True, slots=True)
class Missing:
    """The id was asked for and is certainly not there."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The item is there and cannot be understood; what we knew of it stays."""

    reason: str


Reading = Event | Missing | Unreadable


class EventSource(Protocol):
    """One calendar that we may read."""

    def changes(self, window: Window, cursor: Cursor | None) -> Iterator[ChangePage]:
        """Ids that changed since `cursor`; without one, all ids in the window. Raises CursorExpired."""
        ...

    def read(
        self, ids: Sequence[RemoteId], doubted: Collection[RemoteId] = frozenset()
    ) -> Mapping[RemoteId, Reading]:
        """Each id, whatever the window. Raises TryAgain when any answer is missing.

        A look spoke against those that are `doubted`: that a service still knows their ids does not
        prove that they are in the calendar.
        """
        ...


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """One page of the directory: entries as they are now, and object ids that are gone."""

    people: tuple[Person, ...]
    gone: tuple[str, ...]
    cursor: Cursor | None


@dataclass(frozen=True, slots=True)
class Group:
    """A group with the object ids of its members, nested ones resolved."""

    id: str
    name: str
    members: frozenset[str]
    mail: str = ""


@dataclass(frozen=True, slots=True)
class Purposes:
    """What mailboxes are for, by user id: "user", "shared", "room", "equipment"; "" where there is none.

    `waits` are those that did not say, with the seconds for which they want to be left alone.
    """

    found: Mapping[str, str]
    waits: Mapping[str, float] = field(default_factory=dict)


class DirectorySource(Protocol):
    """A tenant's directory."""

    def users(self, cursor: Cursor | None) -> Iterator[PeoplePage]:
        """Users that changed since `cursor`; without one, all. Raises CursorExpired."""
        ...

    def org_contacts(self, cursor: Cursor | None) -> Iterator[PeoplePage]:
        """Mail contacts of the tenant, likewise."""
        ...

    def groups(self) -> Iterator[Group]:
        """All groups that hold people, without their members."""
        ...

    def members(self, group_id: str) -> frozenset[str]:
        """Object ids of all users and org contacts in a group, nested ones included.

        Raises NeedsAPerson (scope "collection") for a group that is gone or unreadable: never an empty set.
        """
        ...

    def purposes(self, user_ids: Sequence[str]) -> Purposes:
        """UserPurpose of these mailboxes. One that does not answer stops no other one."""
        ...

    def time_zone(self, user_id: str) -> str:
        """The IANA zone of a mailbox, "UTC" where it says none that we know."""
        ...
