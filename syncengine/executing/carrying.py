"""Carrying out a lane's actions: intents before the requests, outcomes after them.

Intents are stored in windows, outcomes in chunks: a commit for each batch costs more than the
batch (measured 2026). A window is also what a crash leaves to be settled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from syncengine.executing.asking import Asking, LaneEnds
from syncengine.executing.errands import CHUNK, Errand, Stopped
from syncengine.model.identity import LaneId, Mark, RemoteId, RowId
from syncengine.planning.pieces import mark_of
from syncengine.ports.remembering import Book, Intent, Place, Result, Row
from syncengine.ports.writing import Action, Failed, Open, Outcome, Steps, Target, Verb, Written

WINDOW = 1_000
"""Intents that are stored together."""


@dataclass(slots=True)
class Tally:
    """What a walk's writes came to. `gone` copies were not where their links said; rows in `again`
    need another plan, because of that or because the target detached occurrences.
    """

    counts: Counter[Verb] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    samples: dict[str, Failed] = field(default_factory=dict)
    open: set[Place] = field(default_factory=set)
    gone: set[Place] = field(default_factory=set)
    again: set[RowId] = field(default_factory=set)
    twins_left: bool = False
    ending: LaneEnds | None = None


@dataclass(frozen=True, slots=True)
class Carrier:
    """Carries out one lane's actions. `draw` gives each create's attempt.

    `doubts` are places whose intent was open before: unsent or not, they stay open until they are settled.
    `is_careful`: the mailbox refused us last time, so one write goes before all others.
    """

    installation: str
    lane: LaneId
    target: Target
    book: Book
    draw: Callable[[], str]
    tally: Tally
    doubts: set[Place] = field(default_factory=set)
    is_careful: bool = False

    def carry_out(self, folder: str, actions: Iterable[Action], rows: Mapping[RowId, Row]) -> Asking[None]:
        """See all of them through, in windows. Raises LaneEnds when the lane can go no further."""
        waiting, under_way = iter(actions), 0
        while True:
            size = 1 if self.is_careful and not self.tally.counts else WINDOW
            window = list(islice(waiting, size)) if under_way <= CHUNK and not self.tally.ending else []
            errands = self._begin(folder, window, rows)
            if not window and not under_way:
                break
            under_way += len(errands)
            if under_way:
                finished = yield errands
                under_way -= len(finished)
                self._record(finished)
        if self.tally.ending:
            raise self.tally.ending

    def _begin(self, folder: str, window: Sequence[Action], rows: Mapping[RowId, Row]) -> list[Errand]:
        """Store the intents of a window; what needs no request is done by that."""
        self.forget([action for action in window if _needs_no_request(action)])
        sent = [
            Intent(action, self.draw() if action.verb == "create" else "")
            for action in window
            if not _needs_no_request(action)
        ]
        own = [intent for intent in sent if not _is_twin(intent)]
        if own:
            self.book.intend(self.lane, own)
        return [Errand(self._steps(folder, intent, rows), note=intent) for intent in sent]

    def forget(self, deletes: Sequence[Action]) -> None:
        """Deletes of what is not there: recorded, and nothing is sent."""
        if deletes:
            results = [Result(Intent(one, ""), Written(one.remote_id or RemoteId(""))) for one in deletes]
            self.book.record(self.lane, results)

    def _steps(self, folder: str, intent: Intent, rows: Mapping[RowId, Row]) -> Steps:
        action = intent.action
        if action.verb == "create" and action.copy is not None:
            row = mark_of(rows[action.row].mark, action.occurrence)
            mark = Mark(self.installation, self.lane, row, intent.attempt)
            return self.target.create(folder, action.copy, mark)
        if action.remote_id is None:
            raise ValueError(f"A {action.verb} without an address cannot be carried out.")
        if action.verb == "update" and action.copy is not None:
            return self.target.update(folder, action.remote_id, action.copy, action.before)
        return self.target.delete(folder, action.remote_id)

    def _record(self, finished: Sequence[Errand]) -> None:
        """Sort what came of it: results for the book, intents that end as if they had not been."""
        results: list[Result] = []
        unsent: list[Intent] = []
        for errand in finished:
            intent: Intent = errand.note
            outcome = self._count(intent, errand.outcome)
            if outcome is None:
                unsent.append(intent)
            elif isinstance(outcome, Written) or not _is_twin(intent):
                results.append(Result(intent, outcome))
        if results:
            self.book.record(self.lane, results)
        withdrawn = [
            intent
            for intent in unsent
            if not _is_twin(intent) and (intent.action.row, intent.action.occurrence) not in self.doubts
        ]
        if withdrawn:
            self.book.withdraw(self.lane, withdrawn)

    def _count(self, intent: Intent, outcome: Written | Failed | Open | Stopped) -> Outcome | None:
        """The outcome as the book shall have it; None where the write counts as never tried."""
        action, tally = intent.action, self.tally
        if _is_twin(intent) and not isinstance(outcome, Written):
            tally.twins_left = True
        match outcome:
            case Written(detached=detached):
                tally.counts[action.verb] += 1
                if detached:
                    tally.again.add(action.row)
                return outcome
            case Failed():
                return self._count_failed(action, outcome)
            case Stopped(begun=begun):
                tally.ending = tally.ending or LaneEnds()
                if not begun:
                    return None
        tally.open.add((action.row, action.occurrence))
        return Open()

    def _count_failed(self, action: Action, failed: Failed) -> Failed | None:
        """A refusal of this item is the link's; what reaches further ends the walk and blames no item."""
        if failed.reason == "gone":
            self.tally.gone.add((action.row, action.occurrence))
            self.tally.again.add(action.row)
            return None
        if failed.scope != "item":
            self.tally.ending = self.tally.ending or LaneEnds(failed)
            return None
        self.tally.failures[failed.reason] += 1
        self.tally.samples.setdefault(failed.reason, failed)
        return failed


def _needs_no_request(action: Action) -> bool:
    return action.verb == "delete" and action.remote_id is None


def _is_twin(intent: Intent) -> bool:
    """Whether it is not the link's copy that is written: neither an intent nor a refusal is the link's."""
    return intent.action.cause == "late twin"
