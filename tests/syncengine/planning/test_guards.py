"""Guards: too much at once waits for a person; what is not counted goes on."""

from __future__ import annotations

import pytest

from syncengine.model.identity import RemoteId, RowId
from syncengine.planning.guards import GuardSettings, counted, judge_lane, judge_leaving, judge_source
from syncengine.ports.remembering import Census
from syncengine.ports.writing import Action
from tests.syncengine.tunnels import MONDAYS, contact, series

DEFAULTS = GuardSettings()


def deletes(number: int, cause="source deleted") -> list[Action]:
    return [Action("delete", RowId(row), cause, remote_id=RemoteId(f"r{row}")) for row in range(number)]


@pytest.mark.parametrize(
    ("number", "copies", "deleted", "is_held"),
    [
        (10, 40, 0, False),  # not more than ten
        (11, 55, 0, False),  # not more than a fifth
        (11, 54, 0, True),
        (1, 40, 10, True),  # the eleventh within 24 hours, of fifty
        (1, 45, 10, False),
        (10, 10, 0, False),  # a small lane may lose all
        (0, 10, 500, False),
    ],
)
def test_deletions_are_counted_over_24_hours(number, copies, deleted, is_held):
    judgement = judge_lane(deletes(number), Census(copies, deleted), DEFAULTS)
    assert (len(judgement.held), len(judgement.clear)) == ((number, 0) if is_held else (0, number))
    assert bool(judgement.reason) == is_held


@pytest.mark.parametrize("cause", ["left the window", "late twin", "lane leaves", "tunnel removed"])
def test_some_causes_are_not_counted_and_go_on_when_others_are_held(cause):
    free = deletes(30, cause)
    judgement = judge_lane([*free, *deletes(20)], Census(50, 0), DEFAULTS)
    assert (judgement.clear, len(judgement.held)) == (tuple(free), 20)


def test_what_a_person_let_go_is_cleared_and_not_counted():
    released = {(RowId(row), "") for row in range(15)}
    judgement = judge_lane(deletes(20), Census(50, 0), DEFAULTS, released)
    assert (len(judgement.clear), judgement.held) == (20, ())
    assert len(judge_lane(deletes(40), Census(50, 0), DEFAULTS, released).held) == 25


def test_cancelled_occurrences_count_though_they_are_part_of_an_update():
    before, after = series("Weekly", cancelled=(MONDAYS[0],)), series("Weekly", cancelled=tuple(MONDAYS[:3]))
    update = Action("update", RowId(1), "changed at the source", after, before, RemoteId("r"))
    assert counted(update) == 2
    assert judge_lane([update] * 6, Census(10, 0), DEFAULTS).held


def test_an_update_that_cancels_nothing_is_not_counted():
    update = Action("update", RowId(1), "changed at the source", contact("A"), contact("B"), RemoteId("r"))
    assert counted(update) == 0


def test_forgetting_a_link_without_a_copy_is_not_counted():
    assert counted(Action("delete", RowId(1), "source deleted")) == 0


@pytest.mark.parametrize(
    ("leaving", "left", "lanes", "is_held"),
    [
        (3, 0, 10, False),
        (4, 0, 19, True),
        (4, 0, 20, False),
        (1, 3, 10, True),
        (0, 9, 10, False),
        (3, 0, 3, False),
    ],
)
def test_lanes_that_leave_are_counted_the_same_way(leaving, left, lanes, is_held):
    assert bool(judge_leaving(leaving, left, lanes, DEFAULTS)) == is_held


def test_a_source_that_held_much_and_shows_nothing_is_not_believed():
    assert judge_source(11, 0, DEFAULTS)
    assert not judge_source(10, 0, DEFAULTS)
    assert not judge_source(11, 1, DEFAULTS)
