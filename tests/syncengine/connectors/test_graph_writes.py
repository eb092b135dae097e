"""Writes whose answers get lost, folders that come and go: nothing is made twice."""

from __future__ import annotations

from datetime import date

import pytest

from syncengine.connectors.graph.remedies import CURSOR_EXPIRED
from syncengine.model.identity import Mark, RemoteId
from syncengine.ports.writing import (
    Fine,
    FolderGone,
    Look,
    NotThere,
    Open,
    Part,
    Refused,
)
from tests.syncengine.connectors.driving import Bench, user_id
from tests.syncengine.connectors.samples import WINDOW, at
from tests.syncengine.connectors.test_graph_contract import CalendarFolders, GraphCalendarWorld, as_user

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


@pytest.mark.parametrize("answers", [201, 400, 409])
def test_an_event_posted_twice_under_one_attempt_is_one_event(bench, answers) -> None:
    bench.switch(duplicate_transaction=answers)
    place = CalendarFolders(bench)
    folder = place.folder()
    bench.fault(kind="lost", method="POST", path="/events")
    assert bench.run(place.target.create(folder, place.copy("once"), MARK)) == Open()
    done = bench.run(place.target.create(folder, place.copy("once"), MARK))
    assert place.look(folder).changed == {done.remote_id: done.etag}
    assert place.see(folder, done.remote_id).answer == done.answer


def test_a_transaction_that_outlived_its_event_leaves_the_action_open(bench) -> None:
    bench.switch(transaction_outlives_deletion=True)
    place = CalendarFolders(bench)
    folder = place.folder()
    made = bench.run(place.target.create(folder, place.copy("once"), MARK))
    place.discard(folder, made.remote_id)
    assert bench.run(place.target.create(folder, place.copy("once"), MARK)) == Open()
    other = Mark("inst", 1, "row", "another attempt")
    assert bench.run(place.target.create(folder, place.copy("once"), other)).remote_id != made.remote_id


@pytest.mark.parametrize("kind", ["lost", "truncated"])
def test_a_folder_whose_making_was_lost_is_found_and_not_made_twice(bench, kind) -> None:
    for target, path in (
        (bench.service.target_events(U1), "calendars"),
        (bench.service.target_contacts(U1), "contactFolders"),
    ):
        mark = Mark("inst", 1, "folder", "folder")
        bench.fault(kind=kind, method="POST", path=path)
        assert bench.run(target.prepare("", "Team", mark)) == Open()
        ready = bench.run(target.prepare("", "Team", mark))
        assert not ready.created
        names = [
            one.get("name") or one.get("displayName")
            for one in as_user(bench, "GET", f"/users/{U1}/{path}")["value"]
        ]
        assert names.count("Team") == 1


def test_a_persons_folder_of_the_same_name_is_left_alone(bench) -> None:
    as_user(bench, "POST", f"/users/{U1}/calendars", {"name": "Team"})
    target = bench.service.target_events(U1)
    ready = bench.run(target.prepare("", "Team", Mark("inst", 1, "folder", "folder")))
    names = {one["id"]: one["name"] for one in as_user(bench, "GET", f"/users/{U1}/calendars")["value"]}
    assert names[ready.folder] == "Team (2)"


def test_a_look_at_a_target_survives_a_cursor_that_dies_while_paging(bench) -> None:
    place = CalendarFolders(bench)
    folder = place.folder()
    made = {place.put(folder, f"copy {n}", f"row{n}").remote_id for n in range(3)}
    cursor = place.look(folder).cursor
    bench.fault(kind="expired-cursor", status=400)
    seen = bench.run(place.target.look(folder, WINDOW, cursor))
    assert isinstance(seen, Look)
    assert seen.complete
    assert seen.changed.keys() == made


def test_a_look_whose_answer_is_lost_is_open(bench) -> None:
    place = CalendarFolders(bench)
    folder = place.folder()
    bench.fault(kind="lost", path="delta")
    assert bench.run(place.target.look(folder, WINDOW, None)) == Open()


def test_a_window_that_slid_beyond_its_chain_begins_a_new_one(bench) -> None:
    from syncengine.model.time import window_around

    place = CalendarFolders(bench)
    folder = place.folder()
    made = place.put(folder, "ours")
    cursor = place.look(folder).cursor
    near = bench.run(place.target.look(folder, window_around(date(2026, 4, 1), 30, 180), cursor))
    assert (near.complete, near.changed) == (False, {})
    far = bench.run(place.target.look(folder, window_around(date(2026, 6, 1), 120, 180), near.cursor))
    assert (far.complete, far.changed) == (True, {made.remote_id: made.etag})


def test_more_than_four_megabytes_go_in_several_batches(bench) -> None:
    from dataclasses import replace

    place = CalendarFolders(bench)
    folder = place.folder()
    large = place.copy("large")
    large = replace(large, appointment=replace(large.appointment, body="x" * 1_000_000))
    parts = [next(place.target.create(folder, large, Mark("i", 1, "r", f"a{n}")))[0] for n in range(9)]
    with bench.counting() as counted:
        replies = bench.door.send(parts)
    assert all(isinstance(reply, Fine) for reply in replies)
    assert counted["requests"] == 3


def test_a_twenty_first_part_is_our_own_mistake(bench) -> None:
    with pytest.raises(ValueError, match="20"):
        bench.door.send([Part("GET", "/users", "")] * 21)


def test_an_expired_cursor_in_a_part_is_a_refusal_that_steps_know(bench, calendar) -> None:
    cursor = calendar.look().cursor
    bench.fault(kind="expired-cursor")
    (reply,) = bench.door.send([Part("GET", str(cursor), U1)])
    assert isinstance(reply, Refused)
    assert reply.reason == CURSOR_EXPIRED


def test_what_is_not_there_is_not_there(bench) -> None:
    (reply,) = bench.door.send([Part("GET", f"/users/{U1}/events/{'A' * 40}", U1)])
    assert reply == NotThere()
    assert bench.run(bench.service.target_events(U1).look("A" * 40, WINDOW, None)) == FolderGone()
    assert bench.run(bench.service.target_events(U1).read("A" * 40, [RemoteId("B" * 40)])) == {
        RemoteId("B" * 40): None
    }
