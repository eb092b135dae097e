"""The driver: walks of many lanes of one tenant, side by side.

It packs parts of several errands and mailboxes into batches of up to 20 and keeps the promises of
pace: one batch under way to a mailbox, none before it may be asked again, reads before writes. One
thread (the caller's) runs walks, their steps and whatever they remember; other threads only send.
"""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from random import Random
from typing import Any, Generic

from syncengine.errors import NeedsAPerson, TryAgain
from syncengine.executing.errands import CHUNK, Errand, Report, Stopped, Walk
from syncengine.executing.mailboxes import Mailboxes, Waiting
from syncengine.limits.clock import Clock
from syncengine.ports.writing import Door, Failed, Later, Lost, Pace, Reply

LINGER_S = 0.02
"""How long a batch that is not full waits for company while others are under way."""

LONGEST_WAIT_S = 60.0
"""Our own growing delay, where an answer names none or a shorter one, ends here."""


@dataclass(slots=True)
class Drive(Generic[Report]):
    """What came of it: the walks' reports in their order, and what was sent.

    `fault` stopped the whole tenant; `wait_s` is how long the tenant as a whole must be left alone.
    """

    reports: list[Report] = field(default_factory=list)
    batches: int = 0
    parts: int = 0
    fault: NeedsAPerson | None = None
    wait_s: float = 0.0


class _Walker(Generic[Report]):
    """One walk, what it has under way, what came back, and whether it is to come to an end."""

    __slots__ = ("finished", "is_stopped", "report", "under_way", "walk")

    def __init__(self, walk: Walk[Report]) -> None:
        self.walk = walk
        self.under_way = 0
        self.finished: list[Errand] = []
        self.is_stopped = False
        self.report: Report | None = None


class Driver:
    """Makes one drive through one tenant's door. Up to `senders` batches are under way at once.

    Waits longer than `patience_s` are left to a later drive, once nothing else can be done.
    """

    def __init__(
        self,
        door: Door,
        pace: Pace,
        clock: Clock,
        rng: Random,
        executor: Executor,
        *,
        senders: int = 8,
        patience_s: float = 2.0,
    ) -> None:
        self._door, self._pace, self._clock, self._rng = door, pace, clock, rng
        self._executor, self._senders, self._patience_s = executor, senders, patience_s
        self._boxes = Mailboxes(pace)
        self._came_back: queue.SimpleQueue[Future[Sequence[Reply]]] = queue.SimpleQueue()
        self._under_way: dict[Future[Sequence[Reply]], list[Waiting]] = {}
        self._awake: deque[_Walker[Any]] = deque()
        self._lingered = False
        self._not_before = 0.0
        self._tries = 0
        self._walkers: list[_Walker[Any]] = []
        self._drive: Drive[Any] = Drive()

    def drive(self, walks: Iterable[Walk[Report]], until: float) -> Drive[Report]:
        """Bring the walks to their ends; after `until` nothing is sent, and they end where they are."""
        self._walkers = [_Walker(walk) for walk in walks]
        for walker in self._walkers:
            self._resume(walker, None)
        while self._awake or self._under_way or self._boxes.have_parts:
            self._step(until)
        self._drive.reports = [walker.report for walker in self._walkers]
        self._drive.wait_s = max(0.0, self._not_before - self._clock.now())
        return self._drive

    def _step(self, until: float) -> None:
        while self._awake:
            self._run(self._awake.popleft())
        now = self._clock.now()
        if now >= until:
            self._stop()
        self._launch(now)
        if self._under_way:
            self._receive()
        elif not self._awake:
            self._wait(now, until)

    # Sending

    def _launch(self, now: float) -> None:
        """Send what may be sent. A batch that is not full lingers once while others are under way."""
        while len(self._under_way) < self._senders and now >= self._not_before:
            batch = self._boxes.pack(only_full=bool(self._under_way) and not self._lingered)
            if not batch:
                return
            self._lingered = False
            future = self._executor.submit(self._door.send, [one.part for one in batch])
            self._under_way[future] = batch
            future.add_done_callback(self._came_back.put)
            self._drive.batches += 1
            self._drive.parts += len(batch)

    def _wait(self, now: float, until: float) -> None:
        """Nothing is under way: let time pass, or give up for now."""
        if not self._boxes.have_parts:
            return
        wait = max(self._boxes.wait(), self._not_before - now)
        if wait > self._patience_s or now + wait >= until:
            self._stop()
        elif wait > 0:
            self._clock.sleep(wait)

    # Receiving

    def _receive(self) -> None:
        try:
            future = self._came_back.get(timeout=LINGER_S if not self._lingered else None)
        except queue.Empty:
            self._lingered = True
            return
        self._lingered = False
        batch = self._under_way.pop(future)
        try:
            replies = future.result()
        except TryAgain as fault:
            self._send_again(batch)
            self._pause(fault.after)
        except NeedsAPerson as fault:
            self._send_again(batch)
            self._stop(fault)
        else:
            self._tries = 0
            self._hand_out(batch, replies)

    def _hand_out(self, batch: list[Waiting], replies: Sequence[Reply]) -> None:
        refused: list[Waiting] = []
        for waiting, reply in zip(batch, replies, strict=True):
            if type(reply) is Later:
                self._pace.asked_to_wait(waiting.part.mailbox, reply.after)
                refused.append(waiting)
                continue
            if type(reply) is Lost and reply.after:
                self._pace.asked_to_wait(waiting.part.mailbox, reply.after)
            errand, place, _ = waiting
            errand.begun = True
            errand.replies[place] = reply
            errand.missing -= 1
            if not errand.missing:
                self._advance(errand)
        self._grow_patient(batch, refused)
        self._send_again(refused)
        self._boxes.came_back(batch)

    def _grow_patient(self, batch: list[Waiting], refused: list[Waiting]) -> None:
        """A mailbox that refuses again and again is asked ever more rarely, whatever it names."""
        refusing = {self._boxes.of(waiting.part) for waiting in refused}
        for box in {self._boxes.of(waiting.part) for waiting in batch} - refusing:
            box.refusals = 0
        for box in refusing:
            box.refusals += 1
            self._pace.asked_to_wait(box.name, self._delay(box.refusals))

    def _send_again(self, waiting: list[Waiting]) -> None:
        """Nothing was done for these. Those of a walk that is to end are not repeated."""
        ended = [one for one in waiting if one.errand.walk.is_stopped]
        self._boxes.put_back([one for one in waiting if not one.errand.walk.is_stopped])
        self._boxes.came_back(waiting)
        self._cut(ended)

    def _pause(self, after: float | None) -> None:
        self._tries += 1
        wait = max(after or 0.0, self._delay(self._tries))
        self._not_before = max(self._not_before, self._clock.now() + wait)

    def _delay(self, tries: int) -> float:
        return min(LONGEST_WAIT_S, 0.5 * 2.0 ** min(tries, 10)) * self._rng.uniform(0.5, 1.0)

    # Walks and their errands

    def _run(self, walker: _Walker[Any]) -> None:
        """Hand a walk what has come to an end, if it is enough."""
        if walker.finished and (not walker.under_way or len(walker.finished) >= CHUNK):
            finished, walker.finished = walker.finished, []
            self._resume(walker, finished)

    def _resume(self, walker: _Walker[Any], finished: list[Errand] | None) -> None:
        try:
            errands = next(walker.walk) if finished is None else walker.walk.send(finished)
        except StopIteration as end:
            walker.report = end.value
            return
        for errand in errands:
            errand.walk = walker
            walker.under_way += 1
            self._advance(errand)

    def _advance(self, errand: Errand) -> None:
        """The errand's next step, or its end. What was answered is understood even after a stop."""
        is_stopped = errand.walk.is_stopped
        if is_stopped and (not errand.begun or None in errand.replies):
            self._finish(errand, Stopped(errand.begun))
            return
        try:
            parts = errand.steps.send(tuple(errand.replies)) if errand.begun else next(errand.steps)
            while not parts:
                parts = errand.steps.send(())
        except StopIteration as end:
            self._finish(errand, end.value)
            return
        if is_stopped:
            self._finish(errand, Stopped(begun=True))
            return
        errand.missing = len(parts)
        errand.replies = [None] * len(parts)
        self._boxes.add([Waiting(errand, place, part) for place, part in enumerate(parts)])

    def _finish(self, errand: Errand, outcome: Any) -> None:
        walker: _Walker[Any] = errand.walk
        errand.outcome = outcome
        walker.under_way -= 1
        walker.finished.append(errand)
        if not walker.under_way or len(walker.finished) == CHUNK:
            self._awake.append(walker)
        if type(outcome) is Failed and outcome.scope != "item":
            self._stop_because(walker, outcome)

    # Coming to an end

    def _stop_because(self, walker: _Walker[Any], failed: Failed) -> None:
        """A failure that reaches beyond its item ends the lane's walk, a tenant's all walks."""
        if failed.scope == "tenant":
            self._stop(
                NeedsAPerson(failed.message, reason=failed.reason, advice=failed.advice, scope="tenant")
            )
        elif not walker.is_stopped:
            walker.is_stopped = True
            self._cut(self._boxes.drop(lambda errand: errand.walk is walker))

    def _stop(self, fault: NeedsAPerson | None = None) -> None:
        """Send nothing any more. What is under way is waited for."""
        self._drive.fault = self._drive.fault or fault
        for walker in self._walkers:
            walker.is_stopped = True
        self._cut(self._boxes.drop(lambda _: True))

    def _cut(self, waiting: list[Waiting]) -> None:
        """These parts will not be sent: errands of which nothing is under way end here."""
        for one in waiting:
            one.errand.missing -= 1
            if not one.errand.missing:
                self._finish(one.errand, Stopped(one.errand.begun))
