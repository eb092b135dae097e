"""What the workers call. Arguments are words and ids; every task may be delivered twice, or not at all."""

from __future__ import annotations

from tunnels import scheduling
from tunnels.models import Lane
from tunnels.running import slices

MOST = {scheduling.LIVE: Lane.Priority.FRESH, scheduling.BULK: Lane.Priority.CHECK}
"""The last priority that a queue serves."""


def work(queue: str) -> str:
    """One slice of a queue's work; the next is queued while there is more."""
    done = slices.Slice(most=MOST[queue]).work()
    if done and slices.is_anything_due(MOST[queue]):
        scheduling.wake(queue)
    return ", ".join(f"{count} {kind}" for kind, count in sorted(done.items())) or "nothing to do"


def tick() -> str:
    """Each minute: what time alone makes due, and what got lost."""
    return ", ".join(f"{kind} {count}" for kind, count in slices.tick().items())
