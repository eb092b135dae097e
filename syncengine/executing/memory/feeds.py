"""A calendar in memory and the mirror of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from syncengine.errors import CursorExpired, HoldThePlan
from syncengine.model.expansion import expand
from syncengine.model.identity import Cursor, RemoteId
from syncengine.model.items import Event
from syncengine.model.time import Window
from syncengine.planning.guards import GuardSettings, judge_source
from syncengine.ports.looking import ChangePage, Missing, Reading, Unreadable


@dataclass(slots=True)
class MemoryCalendar:
    """Implements ports.EventSource. Pages are small, so that looks can be interrupted between them."""

    events: dict[RemoteId, Event] = field(default_factory=dict)
    log: list[RemoteId] = field(default_factory=list)
    chain: int = 0
    page_size: int = 2
    readable: dict[RemoteId, Event] = field(default_factory=dict)
    """Deleted events that a read by id still finds, as Graph may."""

    def write(self, event: Event) -> None:
        """A new event, or a new state of one."""
        self.events[event.remote_id] = event
        self.log.append(event.remote_id)

    def delete(self, remote_id: RemoteId) -> None:
        """It is gone."""
        del self.events[remote_id]
        self.log.append(remote_id)

    def changes(self, window: Window, cursor: Cursor | None) -> Iterator[ChangePage]:
        """Ids that changed since; all of the window without a cursor. Outside of it, they are "removed"."""
        chain, _, place = (cursor or "").partition(":")
        if cursor is not None and int(chain) != self.chain:
            raise CursorExpired("The chain is forgotten.")
        inside = [one for one, event in self.events.items() if expand(event, window)]
        ids = list(dict.fromkeys(self.log[int(place) :])) if cursor else inside
        last = Cursor(f"{self.chain}:{len(self.log)}")
        pages = [ids[at : at + self.page_size] for at in range(0, len(ids), self.page_size)] or [[]]
        for number, page in enumerate(pages, 1):
            changed = tuple(one for one in page if one in inside)
            removed = tuple(one for one in page if one not in inside)
            yield ChangePage(changed, removed, last if number == len(pages) else None)

    def read(
        self, ids: Sequence[RemoteId], doubted: Collection[RemoteId] = frozenset()
    ) -> Mapping[RemoteId, Reading]:
        """Each id as it is; what was deleted and can still be read is Missing only where it is doubted."""
        found: dict[RemoteId, Reading] = {one: self.events.get(one, Missing()) for one in ids}
        return found | {
            one: event for one, event in self.readable.items() if one in ids and one not in doubted
        }


@dataclass(slots=True)
class MemoryFeedBook:
    """Implements ports.FeedBook. What it holds is what would be committed."""

    items: dict[RemoteId, Event] = field(default_factory=dict)
    unreadable: dict[RemoteId, str] = field(default_factory=dict)
    guards: GuardSettings = GuardSettings()
    _cursor: Cursor | None = None
    _questions: dict[RemoteId, bool] = field(default_factory=dict)
    _shown: set[RemoteId] = field(default_factory=set)

    def cursor(self) -> Cursor | None:
        """Where the chain stands."""
        return self._cursor

    def to_be_read(self, changed: Sequence[RemoteId], removed: Sequence[RemoteId]) -> None:
        """Remember questions; what is removed and unknown is forgotten."""
        self._shown.update(changed)
        self._questions |= dict.fromkeys(changed, False)
        self._questions |= {one: True for one in removed if one in self.items}

    def questions(self, limit: int) -> Mapping[RemoteId, bool]:
        """Ids that wait, doubted ones first."""
        waiting = sorted(self._questions.items(), key=lambda one: not one[1])
        return dict(waiting[:limit])

    def absent_from_full_look(self) -> None:
        """Known ids that were not shown become questions."""
        absent = [one for one in self.items if one not in self._shown]
        reason = judge_source(len(self.items), len(self._shown), self.guards)
        if reason:
            raise HoldThePlan(reason, reason="emptied source", advice="Look whether its owner emptied it.")
        self.to_be_read((), absent)

    def answer(self, readings: Mapping[RemoteId, Reading]) -> None:
        """Store what was read."""
        for one, reading in readings.items():
            self._questions.pop(one, None)
            self.unreadable.pop(one, None)
            match reading:
                case Event():
                    self.items[one] = reading
                case Missing():
                    self.items.pop(one, None)
                case Unreadable(reason):
                    self.unreadable[one] = reason

    def move(self, cursor: Cursor) -> None:
        """The chain stands here now."""
        self._cursor = cursor
        self._shown = set()
