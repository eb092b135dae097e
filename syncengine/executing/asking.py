"""Asking a target one thing, and ending a lane's walk where it does not answer."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any, TypeAlias, TypeVar

from syncengine.executing.errands import Errand, Stopped
from syncengine.ports.writing import Failed, Open, Part, Reply

Answer = TypeVar("Answer")

Question: TypeAlias = Callable[[], Generator[tuple[Part, ...], tuple[Reply, ...], Any]]
"""Makes the steps that ask; called again for each try."""

Asking: TypeAlias = Generator[Sequence[Errand], Sequence[Errand], Answer]
"""A piece of a walk: `yield from` it, and its answer is the value."""

TRIES = 3
"""How often a question is repeated whose answer was lost. Only questions that change nothing are."""


class LaneEnds(Exception):
    """The walk of this lane goes no further for now. `failed`: what a person or time must mend first."""

    def __init__(self, failed: Failed | None = None) -> None:
        super().__init__(failed.reason if failed else "for now")
        self.failed = failed


def ask(question: Question, *, tries: int = TRIES) -> Asking[Any]:
    """What the question's steps come to. Raises LaneEnds where that is no answer."""
    outcome: Any = Open()
    while isinstance(outcome, Open) and tries:
        tries -= 1
        (errand,) = yield [Errand(question(), reads=True)]
        outcome = errand.outcome
    return believe(outcome)


def ask_all(questions: Sequence[Question]) -> Asking[list[Any]]:
    """The same for several, asked side by side; the answers in their order."""
    answers: dict[int, Any] = {}
    for _ in range(TRIES):
        errands = [
            Errand(question(), reads=True, note=place)
            for place, question in enumerate(questions)
            if place not in answers
        ]
        yield from _see_through(errands)
        answers |= {
            errand.note: believe(errand.outcome) for errand in errands if not isinstance(errand.outcome, Open)
        }
    if len(answers) < len(questions):
        raise LaneEnds
    return [answers[place] for place in range(len(questions))]


def _see_through(errands: Sequence[Errand]) -> Asking[None]:
    left = len(errands)
    while left:
        finished = yield (errands if left == len(errands) else [])
        left -= len(finished)


def believe(outcome: Any) -> Any:
    """The outcome itself. Raises LaneEnds where it is none."""
    if isinstance(outcome, Failed):
        raise LaneEnds(outcome)
    if isinstance(outcome, Open | Stopped):
        raise LaneEnds
    return outcome
