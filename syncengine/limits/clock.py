"""The borrowed clock: engine, sandbox and tests share one that can be set."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Seconds since the epoch, and a way to let them pass."""

    def now(self) -> float:
        """The time."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return after so long."""
        ...
