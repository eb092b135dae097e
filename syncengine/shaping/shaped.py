"""What came of an item, with all that a register row and the page "why" need; and the facts it takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from syncengine.model.copies import Copy
from syncengine.model.time import Window
from syncengine.ports.writing import Cause


@dataclass(frozen=True, slots=True)
class EventFacts:
    """What shaping may know beside the event: today's window, and the salt of keyed hashes."""

    window: Window
    salt: bytes


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """What shaping may know beside the person: the ids of the groups that hold him, nested ones too."""

    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Shaped:
    """A copy, or None with the `reason` why there is none, and what a delete of copies is called.

    `because` is the chain of decisions in order, for people; it holds words of the policy, never of
    the item. `span` is where the item stands in time (end None: for ever; None for people). `about`
    is the object id of the person that a contact is about; `people` are keyed hashes of the
    addresses that take part in an event, empty where the policy does not ask for them.
    """

    copy: Copy | None
    reason: str = ""
    cause: Cause = "filtered by the policy"
    about: str = ""
    people: frozenset[str] = frozenset()
    span: tuple[datetime, datetime | None] | None = None
    because: tuple[str, ...] = ()
