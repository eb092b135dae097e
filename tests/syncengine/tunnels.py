"""A tunnel in memory for tests: a register, lanes into mailboxes, and runs in any weather."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from itertools import count
from random import Random

from syncengine.executing.driver import Drive, Driver
from syncengine.executing.memory import (
    Here,
    Killed,
    MemoryBook,
    MemoryClock,
    MemoryDoor,
    MemoryFolder,
    MemoryItem,
    MemoryRegister,
    MemoryTarget,
    MemoryTenant,
)
from syncengine.limits.pace import Paces
from syncengine.model.copies import Appointment, ContactCopy, Copy, EventCopy
from syncengine.model.expansion import expand
from syncengine.model.identity import Cursor, ItemKey, LaneId
from syncengine.model.recurrence import Recurrence
from syncengine.model.time import Timed, window_around
from syncengine.planning.guards import GuardSettings
from syncengine.planning.plan import wanted
from syncengine.ports.remembering import LaneFacts, Place
from syncengine.run import LaneReport, LaneWork, walk_lane

WINDOW = window_around(date(2027, 1, 15), 30, 180)
NO_GUARDS = GuardSettings(copies=1_000_000)
INSTALLATION = "here"


def contact(name: str, title: str = "", *, phone: str = "") -> ContactCopy:
    """Somebody."""
    return ContactCopy(name, job_title=title, mobile_phone=phone)


def at(day: date, hour: int) -> Timed:
    """An hour of a day, UTC."""
    start = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    return Timed(start, start.replace(minute=50), "UTC")


def meeting(subject: str, day: date = date(2027, 2, 1), hour: int = 9) -> EventCopy:
    """A single appointment."""
    return EventCopy(Appointment(at(day, hour), subject))


MONDAYS = [date(2027, 2, 1), date(2027, 2, 8), date(2027, 2, 15), date(2027, 2, 22)]


def series(
    subject: str,
    hour: int = 9,
    moved: dict[date, tuple[date, int]] | None = None,
    cancelled: tuple[date, ...] = (),
) -> EventCopy:
    """Four Mondays; `moved` says whither, by original date."""
    rule = Recurrence("weekly", 1, MONDAYS[0], "UTC", days=("monday",), count=4)
    changed = tuple(
        (day, Appointment(at(*to), f"{subject}, moved")) for day, to in sorted((moved or {}).items())
    )
    return EventCopy(Appointment(at(MONDAYS[0], hour), subject), rule, changed, cancelled)


def crosses(copy: EventCopy, day: date, says: Appointment) -> bool:
    """What Exchange refuses: an occurrence on the day of a neighbour, or beyond it."""
    assert isinstance(says.when, Timed)
    return abs((says.when.start.date() - day).days) >= 7


class DyingBook(MemoryBook):
    """A book whose process dies at its n-th deed, before or after the commit."""

    dies_at = 0
    dies_after = False

    def _deed(self, name: str, *arguments: object) -> None:
        self.dies_at -= 1
        if self.dies_at == 0 and not self.dies_after:
            raise Killed
        getattr(MemoryBook, name)(self, *arguments)
        if self.dies_at == 0:
            raise Killed

    def intend(self, lane, intents):
        self._deed("intend", lane, intents)

    def record(self, lane, results):
        self._deed("record", lane, results)

    def withdraw(self, lane, intents):
        self._deed("withdraw", lane, intents)

    def confirm(self, lane, seen):
        self._deed("confirm", lane, seen)


@dataclass
class Lane:
    """What a keeper stores of a lane."""

    facts: LaneFacts
    folder: str = ""
    cursor: int = 0
    look_cursor: Cursor | None = None
    held: frozenset[Place] = frozenset()
    released: frozenset[Place] = frozenset()
    is_gone: bool = False


class TickingClock(MemoryClock):
    """Each look at it costs a moment, so that time can be up anywhere."""

    def now(self) -> float:
        self._now += 0.01
        return self._now


@dataclass
class Tunnel:
    """A register and its lanes; `run` is one slice of a worker that may die."""

    folder_name: str = "Colleagues"
    clock: MemoryClock = field(default_factory=TickingClock)
    tenant: MemoryTenant = field(default_factory=MemoryTenant)
    register: MemoryRegister = field(default_factory=MemoryRegister)
    lanes: dict[str, Lane] = field(default_factory=dict)
    guards: GuardSettings = NO_GUARDS
    shows = staticmethod(lambda copy: copy)

    def __post_init__(self) -> None:
        self.book = DyingBook(self.register.bodies)
        self.door = MemoryDoor(self.tenant, self.clock)
        self.paces = Paces(self.clock)
        self.executor = Here()
        self._attempts = count(1)
        self._lane_ids = count(1)

    def join(self, mailbox: str, **facts: object) -> Lane:
        """A new lane."""
        lane = LaneFacts(LaneId(next(self._lane_ids)), mailbox, f"owner of {mailbox}", frozenset(), **facts)
        self.lanes[mailbox] = Lane(lane)
        return self.lanes[mailbox]

    def leave(self, mailbox: str) -> None:
        """Its owner is no longer meant."""
        lane = self.lanes[mailbox]
        lane.facts = replace(lane.facts, is_leaving=True)

    def write(self, key: str, copy: Copy | None, **about: object) -> None:
        """Something changed at the source, and was shaped."""
        self.register.store(ItemKey(key), copy, **about)

    def work(self, mailbox: str, **asked: object) -> LaneWork:
        """What the keeper asks for."""
        lane = self.lanes[mailbox]
        return LaneWork(
            lane.facts,
            INSTALLATION,
            self.register,
            WINDOW,
            folder=lane.folder,
            folder_name=self.folder_name,
            cursor=lane.cursor,
            look_cursor=lane.look_cursor,
            held=lane.held,
            released=lane.released,
            guards=self.guards,
            **asked,
        )

    def target(self, mailbox: str) -> MemoryTarget:
        """The mailbox, through the door."""
        return MemoryTarget(self.door, mailbox, shows=self.shows, refuses=crosses)

    def run(
        self,
        *mailboxes: str,
        moods=(),
        seconds: float = 1e6,
        dies_at=0,
        dies_after=False,
        busy_s=1.0,
        **asked,
    ) -> Drive[LaneReport]:
        """One slice for these lanes (all of them, where none is named). What it reports is stored."""
        self.door.set_moods(moods)
        self.door.busy_s = busy_s
        self.book.dies_at, self.book.dies_after = dies_at, dies_after
        names = [name for name in mailboxes or self.lanes if not self.lanes[name].is_gone]
        walks = [
            walk_lane(
                self.work(name, **asked), self.target(name), self.book, lambda: f"a{next(self._attempts)}"
            )
            for name in names
        ]
        driver = Driver(self.door, self.paces, self.clock, Random(7), self.executor)
        drive = driver.drive(walks, self.clock.now() + seconds)
        for name, report in zip(names, drive.reports, strict=True):
            self.keep(name, report)
        return drive

    def keep(self, mailbox: str, report: LaneReport) -> None:
        """Store a report."""
        lane = self.lanes[mailbox]
        lane.folder, lane.cursor, lane.look_cursor = report.folder, report.cursor, report.look_cursor
        lane.is_gone = report.is_gone
        if report.finished:
            lane.held = frozenset((action.row, action.occurrence) for action in report.held)

    def settle_down(self, **asked) -> Drive[LaneReport]:
        """A calm run that looks, after everything that was under way has arrived."""
        self.door.let_late_ones_arrive()
        self.clock.sleep(3600)
        return self.run(look_asked=True, **asked)

    # What an observer sees

    def folder(self, mailbox: str) -> MemoryFolder | None:
        """Where the mailbox's copies stand."""
        folders = self.tenant.folders.get(mailbox, {}).values()
        return next((folder for folder in folders if folder.name == self.folder_name), None)

    def items(self, mailbox: str) -> list[MemoryItem]:
        """All that stands there."""
        folder = self.folder(mailbox)
        return list(folder.items.values()) if folder else []

    def shown(self, mailbox: str, without=()) -> Counter:
        """What its owner sees of copies, except these ids."""
        return shown([item.copy for item in self.items(mailbox) if item.remote_id not in without])

    def shall_show(self, mailbox: str) -> Counter:
        """What he should see."""
        facts = self.lanes[mailbox].facts
        copies = [wanted(row, facts).copy for row in self.register.rows]
        return shown([self.shows(copy) for copy in copies if copy is not None])

    def saved(self) -> tuple:
        """A backup of the database."""
        return self.book.saved(), deepcopy(self.lanes), deepcopy(self.register)

    def restore(self, backup: tuple) -> None:
        """The database as it was then."""
        book, self.lanes, self.register = deepcopy(backup)
        self.book = DyingBook(self.register.bodies, book.lanes, book.ledger)


def shown(copies: list[Copy]) -> Counter:
    """What people see of copies: contacts as they are, appointments as a calendar shows them."""
    lines: Counter = Counter()
    for copy in copies:
        if isinstance(copy, EventCopy):
            lines.update(
                (line.start, line.end, line.is_all_day, line.says.subject) for line in expand(copy, WINDOW)
            )
        else:
            lines[copy] += 1
    return lines
