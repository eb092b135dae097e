"""Registers: what makes a number, and that no reader can miss one."""

from __future__ import annotations

import pytest

from tests.tunnels.building import lane_id, make_lane, make_tunnel, person, register_of, shaped, store
from tunnels.bookkeeping.bodies import Bodies
from tunnels.bookkeeping.register import prune
from tunnels.models import Body, Link, RegisterRow

pytestmark = pytest.mark.django_db


@pytest.fixture
def cell(tenant):
    return make_tunnel(tenant).cells.get()


def numbers(cell):
    return dict(RegisterRow.objects.filter(cell=cell).values_list("key", "number"))


def test_new_copies_get_numbers_in_a_row(cell):
    stored = store(cell, shaped("a", person("Ada")), shaped("b", person("Ben")))
    assert (stored.numbered, stored.head) == (2, 2)
    assert sorted(numbers(cell).values()) == [1, 2]


def test_an_item_shaped_again_unchanged_makes_no_number(cell):
    store(cell, shaped("a", person("Ada")))
    stored = store(cell, shaped("a", person("Ada")))
    assert (stored.numbered, stored.head) == (0, 1)


def test_a_changed_copy_moves_to_the_head(cell):
    store(cell, shaped("a", person("Ada")), shaped("b", person("Ben")))
    store(cell, shaped("a", person("Ada", job_title="Engineer")))
    assert numbers(cell) == {"a": 3, "b": 2}
    assert [row.copy.job_title for row in register_of(cell).after(2, 10)] == ["Engineer"]


def test_other_people_in_a_meeting_are_a_change_that_lanes_must_see(cell):
    store(cell, shaped("a", person("Ada"), people=("aa",)))
    assert store(cell, shaped("a", person("Ada"), people=("aa", "bb"))).numbered == 1
    assert store(cell, shaped("a", person("Ada"), people=("bb", "aa"))).numbered == 0


def test_what_the_policy_hides_has_a_reason_and_no_number(cell):
    stored = store(cell, shaped("a", None, reason="declined", cause="filtered by the policy"))
    assert stored.numbered == 0
    assert stored.excused == {"declined": 1}
    assert numbers(cell) == {"a": 0}
    assert register_of(cell).after(0, 10) == []


def test_a_copy_that_is_hidden_now_becomes_a_tombstone_with_its_cause(cell):
    store(cell, shaped("a", person("Ada")))
    store(cell, shaped("a", None, reason="disabled", cause="source disabled"))
    [row] = register_of(cell).after(1, 10)
    assert (row.copy, row.cause, row.reason, row.number) == (None, "source disabled", "disabled", 2)


def test_a_deleted_item_that_never_had_a_copy_leaves_no_trace(cell):
    store(cell, shaped("a", None, reason="declined"))
    store(cell, shaped("a", None))
    store(cell, shaped("b", None))
    assert numbers(cell) == {}


def test_equal_copies_have_one_body(cell):
    store(cell, shaped("a", person("Alex Kim")), shaped("b", person("Alex Kim")))
    assert Body.objects.count() == 1
    assert RegisterRow.objects.count() == 2


def test_a_register_shows_nothing_above_the_head_that_the_walk_saw(cell):
    store(cell, shaped("a", person("Ada")))
    seen = register_of(cell)
    store(cell, shaped("b", person("Ben")))
    assert [row.key for row in seen.after(0, 10)] == ["a"]


def test_a_row_is_found_by_its_mark_after_a_rebuild(cell):
    store(cell, shaped("a", person("Ada")))
    [row] = register_of(cell).after(0, 10)
    RegisterRow.objects.all().delete()
    store(cell, shaped("b", person("Ben")), shaped("a", person("Ada")))
    assert register_of(cell).by_mark([row.mark])[row.mark].key == "a"


def test_rows_come_in_windows(cell):
    store(cell, *[shaped(f"k{n}", person(f"P{n}")) for n in range(7)])
    register = register_of(cell)
    assert [row.number for row in register.after(0, 3)] == [1, 2, 3]
    assert [row.number for row in register.after(3, 3)] == [4, 5, 6]
    assert [row.number for row in register.after(6, 3)] == [7]


def test_a_tombstone_goes_when_every_lane_has_passed_it(cell):
    lane = make_lane(cell.tunnel)
    store(cell, shaped("a", person("Ada")))
    store(cell, shaped("a", None))
    lane.cursor = 1
    lane.save()
    assert prune(cell.pk) == 0
    lane.cursor = 2
    lane.save()
    assert prune(cell.pk) == 1
    assert numbers(cell) == {}


def test_a_tombstone_stays_while_a_lane_holds_its_copy(cell):
    lane = make_lane(cell.tunnel, cursor=2)
    store(cell, shaped("a", person("Ada")))
    row = RegisterRow.objects.get()
    Link.objects.create(lane=lane_id(lane), row=row.pk, occurrence="", remote_id="x")
    store(cell, shaped("a", None))
    assert prune(cell.pk) == 0


def test_a_tombstone_with_a_reason_keeps_the_reason_and_loses_its_number(cell):
    store(cell, shaped("a", person("Ada")))
    store(cell, shaped("a", None, reason="disabled", cause="source disabled"))
    prune(cell.pk)
    assert numbers(cell) == {"a": 0}


def test_bodies_forget_the_oldest_and_read_them_again(cell):
    store(cell, *[shaped(f"k{n}", person(f"P{n}")) for n in range(5)])
    bodies = Bodies(kept=2)
    marks = list(Body.objects.values_list("fingerprint", flat=True))
    assert {copy.display_name for copy in bodies.load(marks).values()} == {f"P{n}" for n in range(5)}
    assert len(bodies.load(marks)) == 5
