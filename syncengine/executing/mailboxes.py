"""Parts that wait for their mailbox, and how they are packed into batches."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from syncengine.executing.errands import Errand
from syncengine.ports.writing import Pace, Part

BATCH = 20
"""Parts that a batch may hold. Source: https://learn.microsoft.com/graph/json-batching"""


class Waiting(NamedTuple):
    """One part of an errand's step, and its place among the step's replies."""

    errand: Errand
    place: int
    part: Part


class Mailbox:
    """One mailbox's parts, in three lines: reads, what has begun, and the rest.

    `is_busy` while a batch with parts of it is under way. `refusals` counts the batches in a row that
    it asked us to send again later.
    """

    __slots__ = ("is_busy", "is_listed", "lines", "name", "refusals")

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: tuple[deque[Waiting], ...] = (deque(), deque(), deque())
        self.is_busy = self.is_listed = False
        self.refusals = 0

    def __len__(self) -> int:
        return sum(map(len, self.lines))

    def line_of(self, errand: Errand) -> deque[Waiting]:
        """Where the errand's parts wait."""
        return self.lines[0 if errand.reads else 1 if errand.begun else 2]

    def take(self, number: int) -> Iterator[Waiting]:
        """The next so many parts."""
        for line in self.lines:
            while line and number:
                number -= 1
                yield line.popleft()

    def drop(self, is_dropped: Callable[[Errand], bool]) -> list[Waiting]:
        """Take out, for good, what belongs to such errands."""
        dropped: list[Waiting] = []
        for line in self.lines:
            waiting = list(line)
            line.clear()
            line.extend(one for one in waiting if not is_dropped(one.errand))
            dropped += [one for one in waiting if is_dropped(one.errand)]
        return dropped


class Mailboxes:
    """All mailboxes of a drive; those with parts and no batch under way take turns."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._boxes: dict[str, Mailbox] = {}
        self._ready: deque[Mailbox] = deque()

    def add(self, waiting: Sequence[Waiting]) -> None:
        """The parts of an errand's step."""
        for one in waiting:
            box = self.of(one.part)
            box.line_of(one.errand).append(one)
            if not box.is_listed and not box.is_busy:
                self._list(box)

    def of(self, part: Part) -> Mailbox:
        """The mailbox that a part counts on."""
        box = self._boxes.get(part.mailbox)
        if box is None:
            box = self._boxes[part.mailbox] = Mailbox(part.mailbox)
        return box

    def pack(self, *, only_full: bool) -> list[Waiting]:
        """The next batch, of mailboxes that are busy from now on; [] where none should leave.

        One mailbox fills it, or several share it. A mailbox that asked us to wait is first asked
        with a single part: were it still throttled, each part more would be a request wasted.
        """
        chosen: list[tuple[Mailbox, int]] = []
        free = BATCH
        for box in self._ready:
            room = min(self._pace.room(box.name), 1 if box.refusals else BATCH, len(box), free)
            if room > 0:
                chosen.append((box, room))
                free -= room
            if not free:
                break
        if not chosen or (only_full and free):
            return []
        return [one for box, room in chosen for one in self._take(box, room)]

    def put_back(self, waiting: Sequence[Waiting]) -> None:
        """These go first when their mailboxes may be asked again."""
        for one in reversed(waiting):
            self.of(one.part).line_of(one.errand).appendleft(one)

    def came_back(self, batch: Sequence[Waiting]) -> None:
        """A batch is no longer under way: its mailboxes take turns again."""
        for one in batch:
            box = self.of(one.part)
            box.is_busy = False
            if len(box) and not box.is_listed:
                self._list(box)

    @property
    def have_parts(self) -> bool:
        """Whether any part waits for a mailbox that has no batch under way."""
        return bool(self._ready)

    def wait(self) -> float:
        """Seconds until one of those that have parts may be asked."""
        return min(self._pace.wait_for(box.name) for box in self._ready)

    def drop(self, is_dropped: Callable[[Errand], bool]) -> list[Waiting]:
        """Take out what belongs to such errands, from all mailboxes."""
        dropped = [one for box in self._boxes.values() for one in box.drop(is_dropped)]
        self._ready = deque(box for box in self._ready if len(box))
        for box in self._boxes.values():
            box.is_listed = box.is_listed and len(box) > 0
        return dropped

    def _take(self, box: Mailbox, number: int) -> Iterator[Waiting]:
        box.is_busy = True
        self._unlist(box)
        self._pace.sent(box.name, number)
        return box.take(number)

    def _list(self, box: Mailbox) -> None:
        box.is_listed = True
        self._ready.append(box)

    def _unlist(self, box: Mailbox) -> None:
        box.is_listed = False
        self._ready.remove(box)
