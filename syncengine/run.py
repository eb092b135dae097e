"""The one walk: look, shape, merge, plan, guard, write, record.

A source is looked at once, however many tunnels drink from it (`look_at_calendar`). Each lane is
brought to its register's head by a walk of its own (`walk_lane`); a driver takes many of them
through a tenant side by side. The same plan, not carried out, is the preview (`plan_lane`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from syncengine.errors import CursorExpired
from syncengine.executing.asking import Asking, LaneEnds, ask
from syncengine.executing.carrying import Carrier, Tally
from syncengine.executing.errands import Walk
from syncengine.executing.lanes import LaneReport, LaneWork, plan_lane
from syncengine.executing.looking import Looker
from syncengine.model.identity import Cursor, Mark, RowId
from syncengine.model.time import Window
from syncengine.planning.guards import Judgement, judge_lane
from syncengine.planning.plan import Plan, plan, removal
from syncengine.planning.settling import Settled
from syncengine.ports.looking import EventSource
from syncengine.ports.remembering import Book, FeedBook, Link, Place, Row
from syncengine.ports.writing import FOLDER_IN_USE, Action, Target

__all__ = ["LaneReport", "LaneWork", "look_at_calendar", "plan_lane", "walk_lane"]

QUESTIONS = 200
"""Ids of a source that are read together."""

NOTHING = Settled()
"""What a walk has seen that did not look."""


def look_at_calendar(
    source: EventSource,
    book: FeedBook,
    window: Window,
    *,
    may_go_on: Callable[[], bool] = lambda: True,
) -> bool:
    """Bring the mirror of a calendar up to date: ids first, then what stands behind them.

    The chain moves only when all that it told is stored as questions; questions survive whatever
    happens. False: there are more, but `may_go_on` said no. Faults leave the feed as it was.
    """
    try:
        _ask_what_changed(source, book, window, book.cursor())
    except CursorExpired:
        _ask_what_changed(source, book, window, None)
    while questions := book.questions(QUESTIONS):
        if not may_go_on():
            return False
        doubted = {one for one, is_doubted in questions.items() if is_doubted}
        book.answer(source.read(list(questions), doubted))
    return True


def _ask_what_changed(source: EventSource, book: FeedBook, window: Window, cursor: Cursor | None) -> None:
    last: Cursor | None = None
    for page in source.changes(window, cursor):
        book.to_be_read(page.changed, page.removed)
        last = page.cursor
    if cursor is None:
        book.absent_from_full_look()
    if last is not None:
        book.move(last)


def walk_lane(work: LaneWork, target: Target, book: Book, draw: Callable[[], str]) -> Walk[LaneReport]:
    """Bring one lane to the head of its register; a driver sees it through.

    `draw` draws what tells one create from another: hex digits, never the same twice.
    """
    return _LaneWalk(work, target, book, draw).walk()


class _LaneWalk:
    """One lane on its way."""

    def __init__(self, work: LaneWork, target: Target, book: Book, draw: Callable[[], str]) -> None:
        self._work, self._target, self._book = work, target, book
        self._lane = work.facts.id
        self._tally = Tally()
        self._carrier = Carrier(
            work.installation, self._lane, target, book, draw, self._tally, is_careful=work.is_careful
        )
        self._looker = Looker(work.installation, self._lane, target, book, work.register)
        self._folder, self._cursor = work.folder, work.cursor
        self._looked = False
        self._seen: frozenset[RowId] = frozenset()
        self._seen_to: Cursor | None = None
        self._removals: dict[RowId, list[Action]] = {}
        self._twins: list[Action] = []
        self._judgement = Judgement()
        self._strays = 0
        self._is_gone = False

    def walk(self) -> Walk[LaneReport]:
        """All of it, and the report."""
        ending: LaneEnds | None = None
        try:
            yield from self._leave() if self._work.facts.is_leaving else self._bring_level()
        except LaneEnds as end:
            ending = end
        return self._report(ending)

    def _bring_level(self) -> Asking[None]:
        work = self._work
        unsettled = self._book.unsettled(self._lane)
        self._carrier.doubts.update(place for place, link in unsettled.items() if link.intent)
        if work.look_asked or self._carrier.doubts:
            yield from self._look()
        yield from self._bring(work.waiting(self._book))
        for rows in work.pages():
            yield from self._bring(rows)
            if not self._removals:
                self._cursor = max(self._cursor, rows[-1].number)
        if work.resync:
            for link in work.orphans(self._book):
                self._removals[link.row] = [
                    *self._removals.get(link.row, []),
                    removal(link, "source deleted"),
                ]
        yield from self._remove()
        self._cursor = max(self._cursor, work.register.head)

    # Planning and writing

    def _bring(self, rows: Sequence[Row], seen: Settled = NOTHING) -> Asking[None]:
        """Plan these rows and write what adds and changes. The lane looks before its first create.

        Rows that a look has shown are planned with it, and only so: another plan would not know of it.
        """
        if seen is NOTHING:
            rows = [row for row in rows if row.id not in self._seen]
        todo = self._plan(rows, seen)
        if not self._looked and (todo.creates or (todo.actions and not self._folder)):
            yield from self._look()
            yield from self._bring(rows)
            return
        for action in todo.removals:
            self._removals.setdefault(action.row, []).append(action)
        # What is open in this walk is settled by the next one's look, never tried twice.
        writes = [action for action in todo.writes if (action.row, action.occurrence) not in self._tally.open]
        yield from self._carrier.carry_out(self._folder, writes, {row.id: row for row in rows})
        yield from self._follow_up(rows)

    def _plan(self, rows: Sequence[Row], seen: Settled) -> Plan:
        for row in rows:
            self._removals.pop(row.id, None)
        links = self._book.links(self._lane, [row.id for row in rows]) if rows else {}
        return plan(rows, links, self._work.facts, seen, retries=self._work.retries)

    def _follow_up(self, rows: Sequence[Row]) -> Asking[None]:
        """What only the writes have shown: copies that are gone, occurrences that stand apart now."""
        again, gone = self._tally.again, self._tally.gone
        if again:
            self._tally.again, self._tally.gone = set(), set()
            yield from self._bring([row for row in rows if row.id in again], Settled(missing=frozenset(gone)))

    def _remove(self) -> Asking[None]:
        """Last of all, and as far as the guard lets it: deletes, and updates that cancel occurrences."""
        removals = [action for actions in self._removals.values() for action in actions]
        if removals:
            census = self._book.census(self._lane)
            self._judgement = judge_lane(removals, census, self._work.guards, self._work.released)
        clear = sorted((*self._judgement.clear, *self._twins), key=lambda action: action.verb == "delete")
        self._removals, self._twins = {}, []
        yield from self._carrier.carry_out(self._folder, clear, {})
        yield from self._follow_up(self._work.register.of(list(self._tally.again)))

    # Looking

    def _look(self) -> Asking[None]:
        """Look into the folder, once in a walk, and repair what is seen there."""
        self._looked = True
        seen = yield from self._see()
        if seen is None:
            seen = Settled(
                missing=frozenset(place for place, link in self._links().items() if link.remote_id)
            )
        self._seen = seen.rows
        yield from self._bring(self._work.register.of(list(seen.rows)), seen)

    def _see(self) -> Asking[Settled | None]:
        """What the lane's folder shows; None: we have just made it, so it is empty, whatever links say."""
        for _ in range(2):
            if self._folder:
                cursor = self._work.look_cursor if self._folder == self._work.folder else None
                looked = yield from self._looker.look(self._folder, self._work.window, cursor)
                if looked is not None:
                    self._note(looked[0])
                    self._seen_to = looked[1]
                    return looked[0]
            if (yield from self._prepare()):
                return None
        raise LaneEnds  # It was found and is gone again: a person is at work there.

    def _prepare(self) -> Asking[bool]:
        """Find the folder by our mark, or make it; whether it was made."""
        mark = Mark(self._work.installation, self._lane, "folder", "0")
        ready = yield from ask(lambda: self._target.prepare("", self._work.folder_name, mark), tries=1)
        self._folder = ready.folder
        return bool(ready.created)

    def _note(self, seen: Settled) -> None:
        self._strays = len(seen.strays)
        if seen.adopted:
            self._tally.counts["adopt"] += len(seen.adopted)
        self._twins = [
            Action("delete", row, "late twin", before=twin.copy, remote_id=twin.remote_id)
            for row, twin in seen.twins
        ]

    def _links(self) -> Mapping[Place, Link]:
        return self._book.links(self._lane)

    # Leaving

    def _leave(self) -> Asking[None]:
        """Remove all our copies, then the folder where it is ours alone and holds nothing else."""
        try:
            seen = yield from self._see()
        except LaneEnds as end:
            is_no_mailbox = end.failed is not None and end.failed.scope == "mailbox"
            self._is_gone = is_no_mailbox and not self._links()
            if self._is_gone:
                return
            raise
        cause = self._work.facts.leaving_cause
        links = self._links()
        # Creates that the look did not show may yet arrive: the next walk takes them away, late twins.
        self._tally.open |= {place for place, link in links.items() if link.intent == "create"}
        removals = [removal(link, cause) for link in links.values()]
        if seen is None:
            self._carrier.forget(removals)
        else:
            yield from self._carrier.carry_out(self._folder, [*removals, *self._twins], {})
        if self._tally.open or self._links():
            return
        if self._work.folder_name:
            yield from self._drop_folder()
        self._is_gone = True

    def _drop_folder(self) -> Asking[None]:
        try:
            yield from ask(lambda: self._target.drop_folder(self._folder))
        except LaneEnds as end:
            if end.failed is None or end.failed.reason != FOLDER_IN_USE:
                raise
            return
        self._folder = ""

    def _report(self, ending: LaneEnds | None) -> LaneReport:
        """The look's cursor moves only when all that it showed is dealt with."""
        tally, work = self._tally, self._work
        is_dealt_with = ending is None and self._seen_to and not tally.twins_left and not self._strays
        seen_to = self._seen_to if is_dealt_with else work.look_cursor
        return LaneReport(
            work=work,
            finished=ending is None,
            cursor=self._cursor,
            look_cursor=seen_to if is_dealt_with or self._folder == work.folder else None,
            folder=self._folder,
            looked=self._looked and ending is None,
            counts=dict(tally.counts),
            failures=dict(tally.failures),
            samples=dict(tally.samples),
            open=len(tally.open),
            held=self._judgement.held,
            held_reason=self._judgement.reason,
            failed=ending.failed if ending else None,
            strays=self._strays,
            is_gone=self._is_gone,
        )
