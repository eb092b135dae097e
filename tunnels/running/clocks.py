"""The clock that a slice borrows: ours, read once and carried on, so that pacing costs no query."""

from __future__ import annotations

import time

from partners import clock


class SliceClock:
    """Implements limits.Clock. After a sleep it reads anew: in tests that is what moves it."""

    def __init__(self) -> None:
        self._read()

    def now(self) -> float:
        """Seconds since the epoch, by our clock."""
        return self._epoch + time.monotonic() - self._at

    def sleep(self, seconds: float) -> None:
        """Return after so long."""
        pause(seconds)
        self._read()

    def _read(self) -> None:
        self._epoch, self._at = clock.now().timestamp(), time.monotonic()


def pause(seconds: float) -> None:
    """Let time pass. Tests put another deed in its place, which moves the clock instead."""
    time.sleep(seconds)
