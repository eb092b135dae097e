"""A clock that stands still until somebody sleeps."""

from __future__ import annotations


class MemoryClock:
    """Implements limits.Clock; sleeping takes no time but moves it."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self._now = now

    def now(self) -> float:
        """The time."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self._now += seconds
