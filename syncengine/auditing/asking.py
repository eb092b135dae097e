"""Asking without a driver: one batch after the other, patiently, and lost answers once more."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import Any, TypeAlias, TypeVar

from syncengine.errors import TryAgain
from syncengine.ports.writing import Door, Failed, Later, Open, Part, Reply

BATCH = 20
TRIES = 3
MOST_WAITS = 8
"""How often in a row a mailbox may ask us to wait before we give up."""
WAIT_S = 10.0
"""Where an answer does not say how long."""
PATIENCE_S = 120.0
"""A longer wait is not worth it: somebody is waiting for the audit."""

Answer = TypeVar("Answer")
Nap: TypeAlias = Callable[[float], None]
Asking: TypeAlias = Generator[tuple[Part, ...], tuple[Reply, ...], Answer]


class CannotBeRead(Exception):
    """It refuses to be read, or does not answer; the sentence says why."""


def answer_of(ask: Callable[[], Asking[Any]], door: Door, nap: Nap) -> Any:
    """What a question comes to, which is not Failed and not Open; a lost answer is asked for again.

    Raises CannotBeRead or a Fault.
    """
    for _ in range(TRIES):
        answer = _driven(ask(), door, nap)
        if isinstance(answer, Failed):
            raise CannotBeRead(answer.message)
        if not isinstance(answer, Open):
            return answer
    raise CannotBeRead("The target does not give an answer that can be used.")


def _driven(steps: Asking[Answer], door: Door, nap: Nap) -> Answer:
    """Send what the steps ask for, and hand them the replies, until they have their answer."""
    replies: tuple[Reply, ...] | None = None
    while True:
        try:
            parts = next(steps) if replies is None else steps.send(replies)
        except StopIteration as end:
            answer: Answer = end.value
            return answer
        replies = tuple(_sent(parts, door, nap))


def _sent(parts: Sequence[Part], door: Door, nap: Nap) -> list[Reply]:
    """Replies in order. Who asks to wait is left alone for so long, and then asked again."""
    replies: dict[int, Reply] = {}
    waiting, waits = deque(range(len(parts))), 0
    while waiting:
        some = [waiting.popleft() for _ in range(min(BATCH, len(waiting)))]
        answers = patiently(partial(door.send, [parts[one] for one in some]), nap)
        replies |= dict(zip(some, answers, strict=True))
        early = {one: reply.after for one in some if isinstance(reply := replies[one], Later)}
        if not early:
            waits = 0
            continue
        waits += 1
        after = max(early.values())
        if waits > MOST_WAITS or after > PATIENCE_S:
            raise TryAgain("The target asks to wait, again and again or for long.", after=after)
        waiting.extendleft(reversed(early))
        nap(after)
    return [replies[one] for one in range(len(parts))]


def patiently(ask: Callable[[], Answer], nap: Nap) -> Answer:
    """The answer, or the last try's fault."""
    for _ in range(TRIES - 1):
        try:
            return ask()
        except TryAgain as fault:
            wait = WAIT_S if fault.after is None else fault.after
            if wait > PATIENCE_S:
                raise
            nap(wait)
    return ask()
