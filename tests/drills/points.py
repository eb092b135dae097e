"""Moments at which a worker is killed: told by what the sandbox has counted, or by the clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.drills.nursery import Child
from tests.drills.stage import Performance, Stage
from tests.drills.worlds import Json

Check = Callable[[Performance, Json], list[str]]
"""What is wrong with the copies of a push, seen from outside."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """How a push goes when nobody is killed."""

    calls: int
    writes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Point:
    """A moment: when so much of all writes, calls or seconds of the push is behind the worker."""

    by: str
    part: float

    def __str__(self) -> str:
        return f"{self.by}-{self.part:.0%}"

    def wait(self, play: Performance, worker: Child, rehearsal: Rehearsal) -> None:
        """Return at that moment."""
        if self.by == "seconds":
            time.sleep(self.part * rehearsal.seconds)
            return
        number = int(self.part * getattr(rehearsal, self.by))
        play.when(lambda: play.counted(self.by) >= number or worker.is_over)


def points(by: str, parts: Sequence[float]) -> list[Point]:
    """Several of a kind."""
    return [Point(by, part) for part in parts]


FEW = [Point("calls", 0.3), Point("writes", 0.7), Point("writes", 0.2)]

TWENTY = [
    *points("writes", [0.0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95]),
    *points("calls", [0.02, 0.35]),
    *points("seconds", [0.05, 0.2, 0.35, 0.5, 0.65]),
]


def rehearse(stage: Stage, check: Check) -> Rehearsal:
    """The push without a kill; it must be right to begin with."""
    with stage.performance() as play:
        began = time.monotonic()
        play.finish()
        seconds = time.monotonic() - began
        assert play.faults(check) == []
        return Rehearsal(play.counted("calls"), play.counted("writes"), seconds)


def kill_at(point: Point, stage: Stage, rehearsal: Rehearsal, check: Check) -> None:
    """A worker is killed there, another one goes on: nothing twice, nothing missing, nothing foreign."""
    with stage.performance() as play:
        worker = play.begin()
        point.wait(play, worker, rehearsal)
        assert worker.kill(), f"the worker was through before {point}"
        play.finish()
        is_right(play, check)
        is_quiet(play)


def is_right(play: Performance, check: Check) -> None:
    """Nothing twice, nothing missing, nothing foreign touched: seen from outside, and by the audit."""
    assert play.faults(check) == []
    compared, found = play.audit()
    assert (compared > 0, found) == (True, [])


def is_quiet(play: Performance) -> None:
    """The run is over and says so, and the next one finds nothing to write."""
    before = play.counted("writes")
    play.run_now()
    play.finish()
    assert play.counted("writes") == before, "a second run writes"
    assert set(play.rows("SELECT state FROM tunnels_lane")) == {("healthy",)}
    assert set(play.rows("SELECT state FROM tunnels_run")) == {("done",)}
