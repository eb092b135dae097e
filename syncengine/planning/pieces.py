"""A copy as it stands in a target: the row's own, and single copies of occurrences that were refused.

Exchange does not let an occurrence move across its neighbours. Such a one is cancelled in the
series and lives beside it as a single appointment with a link of its own.
Source: https://learn.microsoft.com/graph/api/event-update
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from syncengine.model.copies import Copy, EventCopy

OWN = ""
"""The occurrence that stands for the row's own copy."""


def pieces(copy: Copy, detached: Collection[str]) -> dict[str, Copy]:
    """The copy by occurrence: its own piece, and one for each detached date that it still changes."""
    if not detached or not isinstance(copy, EventCopy):
        return {OWN: copy}
    apart = {day: says for day, says in copy.exceptions if day.isoformat() in detached}
    own = replace(
        copy,
        exceptions=tuple((day, says) for day, says in copy.exceptions if day not in apart),
        cancelled=tuple(sorted({*copy.cancelled, *apart})),
    )
    return {OWN: own, **{day.isoformat(): EventCopy(says) for day, says in apart.items()}}


def mark_of(row: str, occurrence: str) -> str:
    """A piece's part of a mark; `row` is the row's."""
    return f"{row}-{occurrence}" if occurrence else row


def read_mark(text: str) -> tuple[str, str]:
    """The row's part of a mark, and the occurrence."""
    row, _, occurrence = text.partition("-")
    return row, occurrence
