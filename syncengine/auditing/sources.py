"""The source's side of an audit: calendars read whole, and what the policy makes of sources."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from syncengine.auditing.asking import Nap, patiently
from syncengine.errors import CursorExpired, TryAgain
from syncengine.model.identity import ItemKey, RemoteId
from syncengine.model.items import Event, Person
from syncengine.model.time import Window
from syncengine.ports.looking import EventSource, Unreadable
from syncengine.shaping.events import shape_event
from syncengine.shaping.people import shape_person
from syncengine.shaping.policy import ContactPolicy, EventPolicy
from syncengine.shaping.shaped import EventFacts, PersonFacts, Shaped

READ_TOGETHER = 200
EDGE_DAYS = 2
"""Both sides are read a little beyond the window; shaping decides what is inside."""


@dataclass(frozen=True, slots=True)
class CalendarReading:
    """All events of one calendar near the window; `not_understood` says why some could not be read."""

    events: tuple[Event, ...]
    not_understood: tuple[str, ...] = ()


def read_calendar(source: EventSource, window: Window, nap: Nap) -> CalendarReading:
    """The calendar as it is now. Raises a Fault where any answer is missing.

    Where two of its events share an identity, the id is added to the second's, as a feed does.
    """
    ids = patiently(partial(_ids, source, window.widened(EDGE_DAYS)), nap)
    found: dict[ItemKey, Event] = {}
    not_understood: list[str] = []
    for at in range(0, len(ids), READ_TOGETHER):
        some = ids[at : at + READ_TOGETHER]
        for reading in patiently(partial(source.read, some), nap).values():
            match reading:
                case Event(key=key, remote_id=remote_id) as event:
                    own = ItemKey(f"{key}#{remote_id}") if key in found else key
                    found[own] = replace(event, key=own)
                case Unreadable(reason):
                    not_understood.append(reason)
    return CalendarReading(tuple(found.values()), tuple(not_understood))


def shape_events(sources: Sequence[Iterable[Event]], policy: EventPolicy, facts: EventFacts) -> list[Shaped]:
    """What the policy makes of calendars, the first source first; only what gives a copy."""
    return _first_copies(((one.key, shape_event(one, policy, facts)) for one in events) for events in sources)


def shape_people(
    sources: Sequence[Iterable[tuple[Person, PersonFacts]]], policy: ContactPolicy
) -> list[Shaped]:
    """The same of address lists."""
    return _first_copies(
        ((one.key, shape_person(one, policy, facts)) for one, facts in people) for people in sources
    )


def _first_copies(sources: Iterable[Iterable[tuple[ItemKey, Shaped]]]) -> list[Shaped]:
    """One copy for each identity: of the first source in which it gives one."""
    first: dict[ItemKey, Shaped] = {}
    for shaped in sources:
        for key, one in shaped:
            if one.copy is not None:
                first.setdefault(key, one)
    return list(first.values())


def _ids(source: EventSource, window: Window) -> list[RemoteId]:
    """What a full look shows. Raises TryAgain where the service forgets its links half way."""
    try:
        pages = list(source.changes(window, None))
    except CursorExpired as fault:
        raise TryAgain("The calendar's list of events ended half way.") from fault
    return list(dict.fromkeys(one for page in pages for one in page.changed))
