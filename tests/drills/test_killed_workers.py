"""A worker is killed in the middle of a first push, and another one goes on."""

from __future__ import annotations

import pytest

from tests.drills import worlds
from tests.drills.conftest import TARGETS
from tests.drills.points import FEW, TWENTY, Point, Rehearsal, is_right, kill_at, rehearse
from tests.drills.stage import Performance, Stage
from tests.drills.worlds import Json

pytestmark = pytest.mark.drill

SMALL_LIST, LONG_LIST = 120, 1_000
FEW_SERIES, MANY_SERIES = 24, 300

long = pytest.mark.long


def cards(play: Performance, world: Json) -> list[str]:
    """What is wrong with the copies of the address list."""
    people = len(world["tenants"][0]["users"])
    return worlds.contact_faults(world, people, TARGETS)


def occurrences(play: Performance, world: Json) -> list[str]:
    """What is wrong with the copies of the calendar: series by series, then occurrence by occurrence."""
    faults = worlds.series_faults(world, TARGETS)
    source = play.view(worlds.SOURCE)
    for number in range(1, TARGETS + 1):
        faults += worlds.view_faults(f"mailbox {number}", source, play.view(number, worlds.FOLDER))
    return faults


@pytest.fixture(scope="module")
def contacts_rehearsal(people) -> Rehearsal:
    """The push of the address list without a kill."""
    return rehearse(people, cards)


@pytest.fixture(scope="module")
def series_rehearsal(series) -> Rehearsal:
    """The push of the calendar without a kill."""
    return rehearse(series, occurrences)


@pytest.mark.parametrize("point", FEW[:2], ids=str)
@pytest.mark.parametrize("people", [SMALL_LIST], indirect=True)
def test_a_push_of_contacts_survives_a_kill(people, contacts_rehearsal, point: Point):
    kill_at(point, people, contacts_rehearsal, cards)


@pytest.mark.parametrize("point", FEW, ids=str)
@pytest.mark.parametrize("series", [FEW_SERIES], indirect=True)
def test_a_push_of_series_survives_a_kill(series, series_rehearsal, point: Point):
    kill_at(point, series, series_rehearsal, occurrences)


@long
@pytest.mark.parametrize("point", TWENTY, ids=str)
@pytest.mark.parametrize("people", [LONG_LIST], indirect=True)
def test_a_push_of_a_thousand_contacts_survives_a_kill(people, contacts_rehearsal, point: Point):
    kill_at(point, people, contacts_rehearsal, cards)


@long
@pytest.mark.parametrize("point", TWENTY, ids=str)
@pytest.mark.parametrize("series", [MANY_SERIES], indirect=True)
def test_a_push_of_three_hundred_series_survives_a_kill(series, series_rehearsal, point: Point):
    kill_at(point, series, series_rehearsal, occurrences)


@pytest.mark.parametrize("people", [SMALL_LIST], indirect=True)
def test_a_dead_worker_is_noticed_and_its_run_goes_on(people: Stage, contacts_rehearsal):
    with people.performance() as play:
        worker = play.begin()
        Point("writes", 0.4).wait(play, worker, contacts_rehearsal)
        assert worker.kill()
        [(run,)] = play.rows("SELECT id FROM tunnels_run WHERE state = 'running'")
        held = "SELECT mailbox FROM tenants_lease WHERE until > culvert_now()"
        assert len(play.rows(held)) == TARGETS, "nobody else may speak to these mailboxes yet"
        play.finish()
        said = play.rows("SELECT run_id, lane_id FROM tunnels_runline WHERE text LIKE 'Taken up again%'")
        assert len(said) == len(set(said)) == TARGETS
        assert {number for number, _ in said} == {run}, "the same run goes on"
        assert play.rows("SELECT id, state FROM tunnels_run") == [(run, "done")]
        assert play.rows(held) == []
        is_right(play, cards)


@long
@pytest.mark.parametrize("series", [MANY_SERIES], indirect=True)
def test_a_push_survives_one_kill_after_another(series: Stage, series_rehearsal):
    with series.performance() as play:
        for part in (0.05, 0.2, 0.35, 0.5, 0.65, 0.8):
            worker = play.begin()
            Point("writes", part).wait(play, worker, series_rehearsal)
            assert worker.kill()
        play.finish()
        is_right(play, occurrences)


@long
@pytest.mark.parametrize("people", [LONG_LIST], indirect=True)
def test_writes_that_arrive_after_their_worker_died_are_found_again(people: Stage, contacts_rehearsal):
    with people.performance() as play:
        worker = play.begin()
        Point("writes", 0.3).wait(play, worker, contacts_rehearsal)
        play.sandbox.control("PUT", "latency", {"ms": 500})
        Point("writes", 0.35).wait(play, worker, contacts_rehearsal)
        try:
            assert worker.kill()
            seen = play.counted("writes")
            play.when(lambda: play.counted("writes") > seen, patience_s=2)
        finally:
            play.sandbox.control("PUT", "latency", {"ms": 0})
        play.finish()
        is_right(play, cards)
