"""Errands: what a walk asks the driver to see through, and what it gets back."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from syncengine.ports.writing import Part, Reply

Report = TypeVar("Report")

CHUNK = 200
"""Outcomes that are recorded together: ten batches, beyond which nothing is gained (measured 2026)."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """The outcome of an errand that the driver did not see through: time was up, or a failure reached it.

    `begun`: some of it was done, so that only a look can tell how far it went.
    """

    begun: bool


class Errand:
    """Steps on their way. `reads`: they go before writes. `note` is the walk's own.

    `outcome` is what the steps returned, or Stopped. The rest is the driver's: `missing` replies of
    the step under way, `begun` once anything was done, and whose walk it is.
    """

    __slots__ = ("begun", "missing", "note", "outcome", "reads", "replies", "steps", "walk")

    def __init__(
        self,
        steps: Generator[tuple[Part, ...], tuple[Reply, ...], Any],
        *,
        reads: bool = False,
        note: Any = None,
    ) -> None:
        self.steps, self.reads, self.note = steps, reads, note
        self.outcome: Any = None
        self.begun = False
        self.missing = 0
        self.replies: list[Any] = []
        self.walk: Any = None


Walk: TypeAlias = Generator[Sequence[Errand], Sequence[Errand], Report]
"""Yields errands to start (none: it goes on waiting for those under way) and is sent errands that have
come to an end: at least `CHUNK`, or all that are under way. Its return value is its report."""
