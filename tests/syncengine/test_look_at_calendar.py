"""Looking at a calendar: ids are questions, the chain moves last, and nothing is believed too early."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncengine.errors import CursorExpired, HoldThePlan, TryAgain
from syncengine.executing.memory import MemoryCalendar, MemoryFeedBook
from syncengine.model.identity import ItemKey, RemoteId
from syncengine.model.items import Details, Event
from syncengine.model.time import Timed
from syncengine.ports.looking import Unreadable
from syncengine.run import look_at_calendar
from tests.syncengine.tunnels import WINDOW


def event(name: str, day: date = date(2027, 2, 1), subject: str = "Talk") -> Event:
    start = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    return Event(ItemKey(name), RemoteId(name), Details(Timed(start, start.replace(hour=10), "UTC"), subject))


class Weather(MemoryCalendar):
    """A calendar of which pages and readings may fail: `fails` counts down the calls until one does."""

    fails = 0
    reads = 0
    unreadable: frozenset[str] = frozenset()

    def _count(self):
        self.fails -= 1
        if self.fails == 0:
            raise TryAgain("The service is unwell.")

    def changes(self, window, cursor):
        for page in MemoryCalendar.changes(self, window, cursor):
            self._count()
            yield page

    def read(self, ids, doubted=frozenset()):
        self._count()
        self.reads += len(ids)
        readings = MemoryCalendar.read(self, ids, doubted)
        return {one: Unreadable("odd") if one in self.unreadable else said for one, said in readings.items()}


@pytest.fixture
def calendar() -> Weather:
    calendar = Weather()
    for number in range(12):
        calendar.write(event(f"event {number}"))
    return calendar


def test_a_first_look_reads_everything_once_and_a_second_reads_nothing(calendar):
    book = MemoryFeedBook()
    assert look_at_calendar(calendar, book, WINDOW)
    assert book.items == calendar.events
    look_at_calendar(calendar, book, WINDOW)
    assert calendar.reads == 12


def test_changes_and_deletions_are_followed(calendar):
    book = MemoryFeedBook()
    look_at_calendar(calendar, book, WINDOW)
    calendar.write(event("event 3", subject="changed"))
    calendar.delete(RemoteId("event 4"))
    calendar.write(event("new"))
    look_at_calendar(calendar, book, WINDOW)
    assert book.items == calendar.events
    assert calendar.reads == 15


@pytest.mark.parametrize("forgotten", [False, True], ids=["by delta", "by a full look"])
def test_a_deleted_event_that_can_still_be_read_is_gone_though_the_look_was_interrupted(calendar, forgotten):
    book, gone = MemoryFeedBook(), RemoteId("event 4")
    look_at_calendar(calendar, book, WINDOW)
    calendar.readable[gone] = calendar.events[gone]
    calendar.delete(gone)
    calendar.chain += forgotten
    assert not look_at_calendar(calendar, book, WINDOW, may_go_on=lambda: False)
    assert gone in book.items
    later = Weather(calendar.events, calendar.log, calendar.chain, readable=calendar.readable)
    look_at_calendar(later, book, WINDOW)
    assert book.items == calendar.events


def test_an_unknown_id_that_is_removed_is_forgotten(calendar):
    book = MemoryFeedBook()
    look_at_calendar(calendar, book, WINDOW)
    calendar.write(event("far away", date(2029, 1, 1)))
    look_at_calendar(calendar, book, WINDOW)
    assert calendar.reads == 12
    assert "far away" not in book.items


def test_an_event_that_left_the_window_is_read_and_not_taken_for_deleted(calendar):
    book = MemoryFeedBook()
    look_at_calendar(calendar, book, WINDOW)
    moved = event("event 3", date(2029, 1, 1))
    calendar.write(moved)
    look_at_calendar(calendar, book, WINDOW)
    assert book.items[RemoteId("event 3")] == moved


def test_an_expired_cursor_makes_a_full_look_that_finds_deletions(calendar):
    book = MemoryFeedBook()
    look_at_calendar(calendar, book, WINDOW)
    calendar.delete(RemoteId("event 4"))
    calendar.chain += 1
    look_at_calendar(calendar, book, WINDOW)
    assert book.items == calendar.events


def test_an_emptied_source_is_held_and_nothing_is_forgotten(calendar):
    book = MemoryFeedBook()
    look_at_calendar(calendar, book, WINDOW)
    before = dict(book.items)
    calendar.events.clear()
    calendar.chain += 1
    with pytest.raises(HoldThePlan):
        look_at_calendar(calendar, book, WINDOW)
    assert book.items == before


def test_a_small_source_may_be_emptied():
    calendar, book = Weather(), MemoryFeedBook()
    calendar.write(event("only"))
    look_at_calendar(calendar, book, WINDOW)
    calendar.events.clear()
    calendar.chain += 1
    look_at_calendar(calendar, book, WINDOW)
    assert book.items == {}


def test_an_unreadable_event_keeps_what_was_known_of_it(calendar):
    book = MemoryFeedBook()
    look_at_calendar(calendar, book, WINDOW)
    calendar.unreadable = frozenset({"event 3"})
    calendar.write(event("event 3", subject="changed"))
    look_at_calendar(calendar, book, WINDOW)
    assert book.items[RemoteId("event 3")] == event("event 3")
    assert book.unreadable == {"event 3": "odd"}


def test_a_look_that_may_not_go_on_continues_where_it_was(calendar, monkeypatch):
    monkeypatch.setattr("syncengine.run.QUESTIONS", 5)
    book = MemoryFeedBook()
    answers = iter([True, False])
    assert not look_at_calendar(calendar, book, WINDOW, may_go_on=lambda: next(answers))
    assert len(book.items) == 5
    assert look_at_calendar(calendar, book, WINDOW)
    assert calendar.reads == 12


def test_a_chain_that_ends_without_a_cursor_does_not_move(calendar):
    book = MemoryFeedBook()
    calendar.changes = lambda window, cursor: iter(())
    look_at_calendar(calendar, book, WINDOW)
    assert book.cursor() is None


def test_an_expired_cursor_of_a_full_look_is_the_callers(calendar):
    def expired(window, cursor):
        yield from ()
        raise CursorExpired("again")

    calendar.changes = expired
    with pytest.raises(CursorExpired):
        look_at_calendar(calendar, MemoryFeedBook(), WINDOW)


deeds = st.lists(
    st.tuples(
        st.sampled_from("abcdef"), st.sampled_from(["write", "delete", "far", "expire"]), st.integers(0, 6)
    ),
    max_size=25,
)


@given(deeds=deeds)
def test_whatever_failed_one_calm_look_makes_the_mirror_true(deeds):
    calendar, book = Weather(), MemoryFeedBook()
    for number, (name, deed, fails) in enumerate(deeds):
        key = RemoteId(name)
        match deed:
            case "write":
                calendar.write(event(name, subject=str(number)))
            case "far":
                calendar.write(event(name, date(2029, 1, 1), str(number)))
            case "delete" if key in calendar.events:
                calendar.delete(key)
            case "expire":
                calendar.chain += 1
        calendar.fails = fails
        try:
            look_at_calendar(calendar, book, WINDOW)
        except TryAgain:
            continue
        finally:
            calendar.fails = 0
    look_at_calendar(calendar, book, WINDOW)
    inside = {key: one for key, one in calendar.events.items() if one.details.when.start.year == 2027}
    known = {key: one for key, one in book.items.items() if one.details.when.start.year == 2027}
    assert known == inside
