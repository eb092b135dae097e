"""The walk of a lane: refusals, leaving, previews, and what always holds."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncengine.model.identity import ItemKey
from syncengine.planning.digest import digest
from syncengine.run import plan_lane
from tests.syncengine.tunnels import MONDAYS, Tunnel, contact, meeting, series, shown


@pytest.fixture
def tunnel() -> Tunnel:
    """One lane, into Anna's mailbox."""
    tunnel = Tunnel()
    tunnel.join("anna")
    return tunnel


def fill(tunnel: Tunnel, number: int) -> None:
    for one in range(number):
        tunnel.write(f"key{one}", contact(f"name {one}"))


def is_level(tunnel: Tunnel, mailbox="anna", without=()) -> bool:
    return tunnel.shown(mailbox, without) == tunnel.shall_show(mailbox)


def test_a_mailbox_that_refuses_costs_few_requests_and_says_why(tunnel):
    fill(tunnel, 100)
    tunnel.tenant.refusals["anna"] = "MailboxNotEnabledForRESTAPI"
    drive = tunnel.run()
    report = drive.reports[0]
    assert (drive.parts, report.finished) == (1, False)
    assert (report.failed.reason, report.failed.scope) == ("MailboxNotEnabledForRESTAPI", "mailbox")


def test_a_mailbox_that_fills_up_half_way_goes_on_when_there_is_room_again(tunnel):
    fill(tunnel, 10)
    tunnel.run()
    fill(tunnel, 100)
    tunnel.tenant.full = {"anna"}
    drive = tunnel.run()
    assert (drive.reports[0].failed.reason, drive.reports[0].failures, drive.parts) == (
        "ErrorQuotaExceeded",
        {},
        21,
    )
    tunnel.tenant.full = set()
    tunnel.run()
    assert is_level(tunnel)


def test_a_mailbox_that_refused_last_time_is_tried_with_one_write(tunnel):
    fill(tunnel, 10)
    tunnel.settle_down()
    fill(tunnel, 500)
    tunnel.tenant.full = {"anna"}
    assert tunnel.run(is_careful=True).parts == 2
    tunnel.tenant.full = set()
    tunnel.run(is_careful=True)
    assert is_level(tunnel)


def test_one_sick_mailbox_does_not_stop_the_others(tunnel):
    for name in ("ben", "carl"):
        tunnel.join(name)
    fill(tunnel, 30)
    tunnel.tenant.refusals["ben"] = "ErrorQuotaExceeded"
    tunnel.run()
    assert is_level(tunnel, "anna")
    assert is_level(tunnel, "carl")
    assert tunnel.items("ben") == []


# Coming late, leaving


def test_a_lane_older_than_the_tombstones_compares_all_its_links(tunnel):
    fill(tunnel, 5)
    tunnel.run()
    tunnel.write("key1", None)
    tunnel.register.purge(tunnel.register.head)
    tunnel.run()
    assert len(tunnel.items("anna")) == 5
    tunnel.run(resync=True)
    assert is_level(tunnel)
    assert tunnel.book.ledger[-1].cause == "source deleted"


def test_a_leaving_lane_takes_everything_and_its_folder_with_it(tunnel):
    fill(tunnel, 30)
    tunnel.run()
    own = tunnel.tenant.add(tunnel.tenant.folder_named("anna", "Contacts"), contact("her own"))
    tunnel.leave("anna")
    report = tunnel.run().reports[0]
    assert (report.is_gone, report.counts["delete"]) == (True, 30)
    assert {entry.cause for entry in tunnel.book.ledger if entry.verb == "delete"} == {"lane leaves"}
    assert [list(folder.items) for folder in tunnel.tenant.folders["anna"].values()] == [[own]]
    assert not tunnel.book.links(tunnel.lanes["anna"].facts.id)


def test_who_leaves_with_a_create_in_doubt_waits_for_it(tunnel):
    fill(tunnel, 3)
    tunnel.settle_down()
    fill(tunnel, 4)
    tunnel.run(moods=["fine", "late"])
    tunnel.leave("anna")
    report = tunnel.run().reports[0]
    assert (report.is_gone, report.open) == (False, 1)
    tunnel.door.let_late_ones_arrive()
    assert tunnel.run().reports[0].is_gone
    assert not tunnel.tenant.folders["anna"]


def test_a_folder_that_holds_something_else_stays(tunnel):
    fill(tunnel, 3)
    tunnel.run()
    own = tunnel.tenant.add(tunnel.folder("anna"), contact("her own"))
    tunnel.leave("anna")
    assert tunnel.run().reports[0].is_gone
    assert [item.remote_id for item in tunnel.items("anna")] == [own]


def test_an_event_of_the_owner_beyond_the_window_keeps_its_folder(tunnel):
    tunnel.write("a", meeting("Talk"))
    tunnel.run()
    own = tunnel.tenant.add(tunnel.folder("anna"), meeting("her own", date(2028, 6, 1)))
    tunnel.leave("anna")
    tunnel.run()
    assert [item.remote_id for item in tunnel.items("anna")] == [own]


def test_a_default_folder_is_never_removed():
    tunnel = Tunnel(folder_name="")
    tunnel.join("anna")
    fill(tunnel, 3)
    tunnel.run()
    tunnel.leave("anna")
    assert tunnel.run().reports[0].is_gone
    assert tunnel.items("anna") == []
    assert tunnel.folder("anna") is not None


def test_a_leaving_lane_whose_mailbox_is_none_any_more_waits_while_it_has_copies(tunnel):
    fill(tunnel, 3)
    tunnel.run()
    tunnel.leave("anna")
    tunnel.tenant.refusals["anna"] = "ErrorNonExistentMailbox"
    assert not tunnel.run().reports[0].is_gone


def test_a_leaving_lane_that_never_reached_its_mailbox_just_goes(tunnel):
    fill(tunnel, 3)
    tunnel.tenant.refusals["anna"] = "ErrorNonExistentMailbox"
    tunnel.run()
    tunnel.leave("anna")
    assert tunnel.run().reports[0].is_gone


# The plan that is shown


def test_the_plan_that_is_shown_is_the_plan_that_is_carried_out(tunnel):
    fill(tunnel, 20)
    tunnel.run()
    tunnel.write("key0", None)
    tunnel.write("key1", contact("changed"))
    tunnel.write("key30", contact("new"))
    shown_plan = plan_lane(tunnel.work("anna"), tunnel.book)
    assert sorted(action.verb for action in shown_plan.actions) == ["create", "delete", "update"]
    assert tunnel.run().reports[0].counts == {"create": 1, "update": 1, "delete": 1}
    assert plan_lane(tunnel.work("anna"), tunnel.book).actions == ()


def test_the_plan_of_a_leaving_lane_is_that_of_an_empty_register(tunnel):
    fill(tunnel, 5)
    tunnel.run()
    tunnel.leave("anna")
    todo = plan_lane(tunnel.work("anna"), tunnel.book)
    assert [action.verb for action in todo.removals] == ["delete"] * 5
    assert not todo.writes


contents = st.dictionaries(
    st.sampled_from("abcd"),
    st.sampled_from(
        [contact("A"), contact("B"), meeting("T"), series("S", moved={MONDAYS[1]: (MONDAYS[2], 9)})]
    ),
)


@given(before=contents, after=contents)
def test_a_delta_and_a_full_comparison_lead_to_the_same_plan(before, after):
    tunnel = Tunnel()
    tunnel.join("anna")
    for key, copy in before.items():
        tunnel.write(key, copy)
    tunnel.run()
    for key in sorted(before.keys() | after.keys()):
        tunnel.write(key, after.get(key))
    delta = plan_lane(tunnel.work("anna"), tunnel.book)
    tunnel.lanes["anna"].cursor = 0
    assert digest(plan_lane(tunnel.work("anna", resync=True), tunnel.book)) == digest(delta)


@given(
    history=st.lists(contents, min_size=1, max_size=4),
    moods=st.lists(st.sampled_from(["fine", "busy", "lost before", "lost after", "late"]), max_size=30),
)
def test_whatever_happened_before_one_calm_run_brings_the_target_level(history, moods):
    tunnel = Tunnel()
    tunnel.join("anna")
    folder = tunnel.tenant.folder_named("anna", "Colleagues")
    by_hand = tunnel.tenant.add(folder, contact("by hand"))
    for items in history:
        for key in "abcd":
            tunnel.write(key, items.get(key))
        tunnel.run(moods=moods)
    tunnel.settle_down()
    assert plan_lane(tunnel.work("anna"), tunnel.book).actions == ()
    assert folder.items[by_hand].copy == contact("by hand")
    assert tunnel.shown("anna", (by_hand,)) == shown(list(history[-1].values()))
    assert {row.key for row in tunnel.register.rows if row.copy} == set(map(ItemKey, history[-1]))
