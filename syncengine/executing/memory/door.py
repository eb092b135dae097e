"""A door in memory, with moods.

Answers get lost before and after the deed, mailboxes are busy, workers die.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from typing import Any, Literal, TypeVar

from syncengine.errors import TryAgain
from syncengine.executing.memory.folders import MemoryTenant
from syncengine.limits.clock import Clock
from syncengine.ports.writing import Later, Lost, Part, Refused, Reply

Mood = Literal[
    "fine", "busy", "lost before", "lost after", "late", "killed before", "killed after", "refused"
]
"""What happens to one request. "late": it takes effect at some later time, and its answer is lost."""

Value = TypeVar("Value")


class Killed(BaseException):
    """The process dies here. Not an Exception: nothing may catch it."""


class Here(Executor):
    """Runs what is submitted at once, in the caller's thread: everything happens in one order."""

    def submit(self, fn: Callable[..., Value], /, *args: Any, **kwargs: Any) -> Future[Value]:
        """The finished future of a call."""
        future: Future[Value] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except (Exception, Killed) as fault:  # noqa: BLE001  (as every executor: it is the future's)
            future.set_exception(fault)
        return future


class MemoryDoor:
    """Implements ports.Door. Requests are deeds kept by number until they are done.

    `moods` are used up one by one, then all is fine. `most_under_way` and `too_early` are what the
    promises of pace are about: batches at one time to one mailbox, requests before its time. `writes`
    are requests that could change something.
    """

    def __init__(
        self, tenant: MemoryTenant, clock: Clock, moods: Iterable[Mood] = (), busy_s: float = 1.0
    ) -> None:
        self.tenant, self.busy_s = tenant, busy_s
        self.batches: list[int] = []
        self.writes = 0
        self.most_under_way: Counter[str] = Counter()
        self.too_early: list[str] = []
        self._clock = clock
        self._moods: Iterator[Mood] = iter(moods)
        self._deeds: dict[str, Callable[[], Reply]] = {}
        self._late: list[Callable[[], Reply]] = []
        self._under_way: Counter[str] = Counter()
        self._not_before: dict[str, float] = {}
        self._lock = threading.Lock()

    def set_moods(self, moods: Iterable[Mood]) -> None:
        """The weather from now on."""
        self._moods = iter(moods)

    def request(self, mailbox: str, method: str, deed: Callable[[], Reply]) -> Part:
        """The part that asks for a deed."""
        url = f"deeds/{len(self._deeds) + 1}"
        self._deeds[url] = deed
        return Part(method, url, mailbox)

    def send(self, parts: Sequence[Part]) -> Sequence[Reply]:
        """One batch."""
        boxes = {part.mailbox for part in parts}
        with self._lock:
            self._under_way.update(boxes)
            for box in boxes:
                self.most_under_way[box] = max(self.most_under_way[box], self._under_way[box])
            self.too_early += [box for box in boxes if self._clock.now() < self._not_before.get(box, 0.0)]
        try:
            with self._lock:
                return self._answer(parts)
        finally:
            with self._lock:
                self._under_way.subtract(boxes)

    def let_late_ones_arrive(self) -> None:
        """Requests whose answers were lost take effect now."""
        late, self._late = self._late, []
        for deed in late:
            deed()

    def _answer(self, parts: Sequence[Part]) -> Sequence[Reply]:
        moods: list[Mood] = [next(self._moods, "fine") for _ in parts]
        self.batches.append(len(parts))
        if "refused" in moods:
            raise TryAgain("The whole batch was refused.", after=self.busy_s)
        return [self._answer_one(part, mood) for part, mood in zip(parts, moods, strict=True)]

    def _answer_one(self, part: Part, mood: Mood) -> Reply:
        if mood == "killed before":
            raise Killed
        self.tenant.calls[part.mailbox] = self.tenant.calls.get(part.mailbox, 0) + 1
        if mood == "busy":
            self._not_before[part.mailbox] = self._clock.now() + self.busy_s
            return Later(self.busy_s)
        if mood in ("lost before", "late"):
            self._late += [self._deeds[part.url]] if mood == "late" else []
            return Lost()
        if reason := self.tenant.refusals.get(part.mailbox):
            return Refused(reason, "The mailbox refuses.", scope="mailbox")
        if part.mailbox in self.tenant.full and part.method in ("POST", "PATCH"):
            return Refused("ErrorQuotaExceeded", "The mailbox is full.", scope="mailbox")
        self.writes += part.method != "GET"
        reply = self._deeds[part.url]()
        if mood == "killed after":
            raise Killed
        return Lost() if mood == "lost after" else reply
