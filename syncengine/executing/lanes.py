"""A lane's work and its report: what a walk is given, and what its keeper stores afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from syncengine.model.identity import Cursor
from syncengine.model.time import Window
from syncengine.planning.guards import GuardSettings
from syncengine.planning.plan import Plan, Skip, plan, removal
from syncengine.ports.remembering import Book, LaneFacts, Link, Place, Register, Row
from syncengine.ports.writing import Action, Failed, Verb

PAGE = 1_000
"""Register rows that are planned together: a walk's memory does not grow with the register."""


@dataclass(frozen=True, slots=True)
class LaneWork:
    """What a walk is to do for one lane, as its keeper knows it.

    `folder` is "" until it is known, `folder_name` "" for the mailbox's default one. `look_asked`:
    look though nothing is created (*Run now*, the daily check). `resync`: compare all links with the
    whole register. `retries`: a person asks for what was refused. `is_careful`: the mailbox refused us
    last time; one write goes first. `held` are places whose removal waits for a person, `released` those
    that a person let go.
    """

    facts: LaneFacts
    installation: str
    register: Register
    window: Window
    folder: str = ""
    folder_name: str = ""
    cursor: int = 0
    look_cursor: Cursor | None = None
    look_asked: bool = False
    resync: bool = False
    retries: bool = False
    is_careful: bool = False
    held: frozenset[Place] = frozenset()
    released: frozenset[Place] = frozenset()
    guards: GuardSettings = GuardSettings()

    def waiting(self, book: Book) -> Sequence[Row]:
        """Rows that must be planned though they have not changed: unsettled, held or released, and refused
        ones that a person asks for.
        """
        links = book.unsettled(self.facts.id)
        refused = book.links(self.facts.id) if self.retries else {}
        places = [*links, *self.held, *self.released, *(one for one, link in refused.items() if link.failed)]
        return self.register.of(list({row for row, _ in places}))

    def pages(self) -> Iterator[Sequence[Row]]:
        """Rows that the lane has not seen, by number; all of them for a resync."""
        at = 0 if self.resync else self.cursor
        while rows := self.register.after(at, PAGE):
            yield rows
            at = rows[-1].number

    def orphans(self, book: Book) -> list[Link]:
        """Links whose rows are no longer in the register: the lane was away longer than tombstones stay."""
        links = book.links(self.facts.id).values()
        known = {row.id for row in self.register.of(list({link.row for link in links}))}
        return [link for link in links if link.row not in known]


@dataclass(frozen=True, slots=True)
class LaneReport:
    """What a walk came to.

    `finished`: the lane agrees, but for what is `held`, refused or `open`. Open writes need another
    walk, not before their requests can no longer be running. `failed` is what ended the walk before
    its time, where somebody must know; otherwise time was up or an answer is missing, and it goes on
    with the next walk. `looked`: the folder was looked at, all of it that changed. `strays` bear our
    mark and nobody knows for which row: a database older than they are; they are left alone.
    `is_gone`: a leaving lane holds nothing any more.
    """

    work: LaneWork
    finished: bool
    cursor: int
    look_cursor: Cursor | None
    folder: str
    looked: bool = False
    counts: Mapping[Verb, int] = field(default_factory=dict)
    failures: Mapping[str, int] = field(default_factory=dict)
    samples: Mapping[str, Failed] = field(default_factory=dict)
    open: int = 0
    held: tuple[Action, ...] = ()
    held_reason: str = ""
    failed: Failed | None = None
    strays: int = 0
    is_gone: bool = False


def plan_lane(work: LaneWork, book: Book) -> Plan:
    """The plan of a lane without a look: what a page shows and what an approval is for."""
    lane = work.facts.id
    if work.facts.is_leaving:
        return Plan(
            removals=tuple(removal(link, work.facts.leaving_cause) for link in book.links(lane).values())
        )
    waiting = work.waiting(book)
    first = {row.id for row in waiting}
    pages = [waiting, *([row for row in rows if row.id not in first] for rows in work.pages())]
    plans = [
        plan(rows, book.links(lane, [row.id for row in rows]), work.facts, retries=work.retries)
        for rows in pages
    ]
    orphans = work.orphans(book) if work.resync else []
    removals: list[Action] = [removal(link, "source deleted") for link in orphans]
    skips: list[Skip] = [skip for one in plans for skip in one.skips]
    return Plan(
        writes=tuple(action for one in plans for action in one.writes),
        removals=tuple([action for one in plans for action in one.removals] + removals),
        skips=tuple(skips),
    )
