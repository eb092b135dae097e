"""Each way in which reading can fail, and what it makes us do. Nothing is ever deleted by a fault."""

from __future__ import annotations

from typing import Any

import pytest

from syncengine.connectors.graph.remedies import Asked, reply_of
from syncengine.errors import CursorExpired, NeedsAPerson, TryAgain
from syncengine.model.identity import Mark
from syncengine.ports.looking import Missing
from syncengine.ports.writing import Fine, Lost
from tests.syncengine.connectors.driving import Bench, user_id
from tests.syncengine.connectors.samples import WINDOW, at
from tests.syncengine.connectors.test_graph_contract import GraphCalendarWorld, as_user

U1, U2 = user_id(1), user_id(2)
MARK = Mark("inst", 1, "row", "attempt")
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def calendar(bench: Bench) -> GraphCalendarWorld:
    """A calendar with forty events."""
    found = GraphCalendarWorld(bench)
    for number in range(40):
        found.add(f"event {number}", at(1 + number % 28, 9))
    return found


READ_FAULTS: list[tuple[dict[str, Any], type[Exception]]] = [
    ({"kind": "status", "status": 403, "code": "ErrorAccessDenied"}, NeedsAPerson),
    ({"kind": "status", "status": 500, "code": "UnknownError"}, TryAgain),
    ({"kind": "status", "status": 502}, TryAgain),
    ({"kind": "status", "status": 503, "code": "serviceNotAvailable"}, TryAgain),
    ({"kind": "status", "status": 504, "code": "UnknownError"}, TryAgain),
    ({"kind": "status", "status": 429, "code": "ApplicationThrottled"}, TryAgain),
    ({"kind": "status", "status": 423}, TryAgain),
    ({"kind": "lost"}, TryAgain),
    ({"kind": "truncated"}, TryAgain),
    ({"kind": "garbage"}, TryAgain),
]


@pytest.mark.parametrize(("fault", "remedy"), READ_FAULTS)
def test_a_look_that_fails_raises_and_tells_nothing(bench, calendar, fault, remedy) -> None:
    cursor = calendar.look().cursor
    bench.fault(**fault, path="delta", times=None)
    told = []
    with pytest.raises(remedy):
        told += calendar.source.changes(WINDOW, cursor)
    assert told == []


@pytest.mark.parametrize(("fault", "remedy"), READ_FAULTS)
def test_a_reading_that_fails_in_one_part_answers_nothing(bench, calendar, fault, remedy) -> None:
    ids = calendar.look().changed
    bench.fault(**fault, path="events/", nth=25, times=None)
    with pytest.raises(remedy):
        calendar.source.read(ids)


def test_a_refusal_says_how_long_to_wait_to_the_fraction(bench, calendar) -> None:
    bench.fault(kind="status", status=429, path="delta", retry_after=2.128)
    with pytest.raises(TryAgain) as refusal:
        calendar.look()
    assert refusal.value.after == 2.128
    assert bench.used.throttled == 1


@pytest.mark.parametrize("status", [410, 400])
def test_a_lost_cursor_is_expired_under_either_status(bench, calendar, status) -> None:
    cursor = calendar.look().cursor
    bench.fault(kind="expired-cursor", status=status)
    with pytest.raises(CursorExpired):
        calendar.look(cursor)
    assert len(calendar.look().changed) == 40


def test_a_next_link_may_expire_in_the_middle_of_a_full_look(bench, calendar) -> None:
    add_many(bench, 250)
    bench.fault(kind="expired-cursor", nth=1)
    with pytest.raises(CursorExpired):
        calendar.look()


def test_a_token_that_ends_between_two_pages_is_renewed_and_the_page_asked_for_again(bench, calendar) -> None:
    add_many(bench, 450)
    calendar.look()
    bench.inside.control("DELETE", "counters")
    bench.fault(kind="expired-token", path="delta", nth=3)
    told = calendar.look()
    assert len(set(told.changed)) == 490
    assert bench.world.counters.tokens == 1
    statuses = [line["status"] for line in bench.inside.control("GET", "requests")["requests"]]
    assert statuses == [200, 200, 401, 200], "only the page that was refused is asked for twice"


def test_pages_that_lead_in_a_circle_are_asked_for_in_a_larger_size(bench, calendar) -> None:
    add_many(bench, 210)
    bench.switch(looping_pages_below=500)
    assert len(set(calendar.look().changed)) == 250


def test_a_circle_that_no_size_ends_is_a_fault_and_no_endless_loop(bench, calendar, monkeypatch) -> None:
    monkeypatch.setattr("syncengine.connectors.graph.calendar.PAGE_SIZES", (10, 30))
    bench.switch(looping_pages_below=1001)
    with pytest.raises(TryAgain):
        calendar.look()


def test_a_calendar_that_is_gone_is_not_a_calendar_whose_events_were_deleted(bench) -> None:
    made = as_user(bench, "POST", f"/users/{U1}/calendars", {"name": "Duty"})
    calendar = GraphCalendarWorld(bench, made["id"])
    one = calendar.add("on call", at(5, 9))
    as_user(bench, "DELETE", f"/users/{U1}/calendars/{made['id']}")
    with pytest.raises(NeedsAPerson) as gone:
        calendar.source.read([one])
    assert gone.value.scope == "collection"
    with pytest.raises(NeedsAPerson):
        calendar.look()


def test_one_missing_event_in_a_calendar_that_is_there_is_missing(bench, calendar) -> None:
    stays, goes = calendar.look().changed[:2]
    calendar.remove(goes)
    found = calendar.source.read([stays, goes])
    assert found[goes] == Missing()
    assert found[stays] != Missing()


def add_many(bench: Bench, count: int) -> None:
    """Many more events in u01's calendar."""
    hand = GraphCalendarWorld(bench)
    for number in range(count):
        hand.add(f"more {number}", at(1 + number % 28, 10))


@pytest.mark.parametrize("body", [None, "<html>", "", [], 7])
def test_an_answer_that_should_hold_an_object_and_holds_none_is_lost(body) -> None:
    event = "/users/u1/events/e1"
    assert reply_of(200, {}, body, Asked("GET", event)) == Lost()
    assert reply_of(200, {}, body, Asked("PATCH", event)) == Lost()
    assert reply_of(201, {}, body, Asked("POST", "/users/u1/events")) == Lost()
    assert reply_of(204, {}, body, Asked("DELETE", event)) == Fine({})
