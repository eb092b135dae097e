"""The walk of a lane, as its keeper and the mailbox's owner see it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncengine.executing.memory import Killed
from syncengine.model.identity import ItemKey
from syncengine.planning.digest import digest
from syncengine.planning.guards import GuardSettings
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


def test_a_run_brings_every_copy_and_a_second_writes_nothing(tunnel):
    fill(tunnel, 50)
    report = tunnel.run().reports[0]
    assert is_level(tunnel)
    assert (report.finished, report.cursor, report.counts) == (True, 50, {"create": 50})
    writes = tunnel.door.writes
    tunnel.run(look_asked=True)
    tunnel.run()
    assert tunnel.door.writes == writes


def test_a_lane_that_agrees_asks_its_mailbox_nothing(tunnel):
    fill(tunnel, 5)
    tunnel.run()
    assert tunnel.run().parts == 0


def test_a_change_costs_one_look_and_one_write(tunnel):
    fill(tunnel, 100)
    tunnel.settle_down()
    tunnel.run(look_asked=True)
    tunnel.write("key100", contact("new"))
    assert tunnel.run().parts == 2
    tunnel.write("key100", contact("newer"))
    assert tunnel.run().parts == 1


def test_a_first_push_into_a_new_folder_needs_no_look(tunnel):
    fill(tunnel, 100)
    drive = tunnel.run()
    assert (drive.parts, drive.batches) == (101, 6)


def test_pages_of_a_large_register_are_one_lane_to_its_owner(tunnel, monkeypatch):
    monkeypatch.setattr("syncengine.executing.lanes.PAGE", 7)
    fill(tunnel, 40)
    tunnel.run()
    for one in range(0, 40, 3):
        tunnel.write(f"key{one}", None)
    tunnel.write("key50", contact("new"))
    tunnel.run()
    assert is_level(tunnel)
    assert tunnel.lanes["anna"].cursor == tunnel.register.head


def test_the_cursor_moves_with_the_pages_that_are_done_when_time_is_up(tunnel, monkeypatch):
    monkeypatch.setattr("syncengine.executing.lanes.PAGE", 40)
    fill(tunnel, 400)
    report = tunnel.run(seconds=0.3).reports[0]
    assert not report.finished
    assert 0 < report.cursor < 400
    assert report.cursor <= len(tunnel.items("anna"))
    while not tunnel.run(seconds=0.3).reports[0].finished:
        pass
    assert is_level(tunnel)


def test_the_cursor_stays_before_deletions_that_are_not_done(tunnel, monkeypatch):
    monkeypatch.setattr("syncengine.executing.lanes.PAGE", 5)
    fill(tunnel, 20)
    tunnel.run()
    for one in range(20):
        tunnel.write(f"key{one}", None)
    fill(tunnel, 3)
    report = tunnel.run(moods=["fine"] * 4 + ["busy"] * 30, busy_s=99).reports[0]
    assert (report.finished, report.cursor) == (False, 20)
    tunnel.settle_down()
    assert is_level(tunnel)


def test_deletions_come_last(tunnel):
    fill(tunnel, 3)
    tunnel.settle_down()
    tunnel.write("key0", None)
    tunnel.write("key1", contact("changed"))
    tunnel.write("key9", contact("new"))
    tunnel.run()
    verbs = [entry.verb for entry in tunnel.book.ledger][-3:]
    assert verbs[-1] == "delete"
    assert sorted(verbs[:2]) == ["create", "update"]


def test_every_write_is_in_the_ledger_with_its_cause(tunnel):
    fill(tunnel, 2)
    tunnel.run()
    tunnel.write("key0", None, cause="source disabled")
    tunnel.run()
    assert [(entry.verb, entry.cause) for entry in tunnel.book.ledger] == [
        ("create", "new at the source"),
        ("create", "new at the source"),
        ("delete", "source disabled"),
    ]


def test_intents_are_stored_before_anything_is_sent(tunnel):
    fill(tunnel, 3)
    with pytest.raises(Killed):
        tunnel.run(moods=["fine", "killed before"])
    links = tunnel.book.links(tunnel.lanes["anna"].facts.id)
    assert {link.intent for link in links.values()} == {"create"}


# What was lost


def test_a_create_whose_answer_was_lost_is_adopted_and_not_written_again(tunnel):
    fill(tunnel, 3)
    tunnel.settle_down()
    tunnel.write("key3", contact("new"))
    report = tunnel.run(moods=["fine", "lost after"]).reports[0]
    assert (report.finished, report.open) == (True, 1)
    writes = tunnel.door.writes
    report = tunnel.run().reports[0]
    assert (report.counts, report.looked, tunnel.door.writes) == ({"adopt": 1}, True, writes)
    assert is_level(tunnel)


def test_a_create_that_did_not_happen_is_tried_in_the_next_walk_only(tunnel):
    tunnel.write("a", contact("Anna"))
    with pytest.raises(Killed):
        tunnel.run(moods=["fine", "killed before"])
    tunnel.run(moods=["fine", "fine", "lost before"])
    assert tunnel.door.tenant.calls["anna"] == 4  # prepare, then prepare, look, create
    assert tunnel.run().reports[0].counts == {"create": 1}
    assert is_level(tunnel)


def test_a_create_that_comes_late_is_removed_as_a_twin(tunnel):
    fill(tunnel, 1)
    tunnel.settle_down()
    tunnel.write("late", contact("Late"))
    tunnel.run(moods=["fine", "late"])
    tunnel.run()
    tunnel.door.let_late_ones_arrive()
    assert len(tunnel.items("anna")) == 3
    report = tunnel.run(look_asked=True).reports[0]
    assert report.counts == {"delete": 1}
    assert tunnel.book.ledger[-1].cause == "late twin"
    assert is_level(tunnel)


def test_a_twin_whose_removal_is_lost_is_seen_again(tunnel):
    fill(tunnel, 1)
    tunnel.settle_down()
    tunnel.write("late", contact("Late"))
    tunnel.run(moods=["fine", "late"])
    tunnel.run()
    tunnel.door.let_late_ones_arrive()
    tunnel.run(look_asked=True, moods=["fine", "fine", "lost before"])
    assert len(tunnel.items("anna")) == 3
    tunnel.run(look_asked=True)
    assert is_level(tunnel)


def test_a_late_twin_of_a_forgotten_create_is_known_though_its_row_is_gone(tunnel):
    fill(tunnel, 1)
    tunnel.settle_down()
    tunnel.write("late", contact("Late"))
    tunnel.run(moods=["fine", "late"])
    tunnel.write("late", None)
    tunnel.run()
    tunnel.door.let_late_ones_arrive()
    tunnel.run(look_asked=True)
    assert is_level(tunnel)


def test_an_update_whose_answer_was_lost_is_written_in_full(tunnel):
    tunnel.write("a", contact("Anna"))
    tunnel.settle_down()
    tunnel.write("a", contact("Anna", "Boss"))
    tunnel.run(moods=["lost after"])
    tunnel.write("a", contact("Anna"))
    tunnel.run()
    assert is_level(tunnel)


def test_an_open_intent_makes_the_lane_look(tunnel):
    tunnel.write("a", contact("Anna"))
    tunnel.settle_down()
    tunnel.write("a", contact("Anna", "Boss"))
    tunnel.run(moods=["lost before"])
    report = tunnel.run().reports[0]
    assert report.looked
    assert is_level(tunnel)


def test_a_doubt_that_could_not_be_settled_stays_a_doubt(tunnel):
    tunnel.write("a", contact("Anna"))
    tunnel.settle_down()
    tunnel.write("a", None)
    tunnel.run(moods=["lost before"])
    assert not tunnel.run(moods=["fine", "busy"], busy_s=99).reports[0].finished
    tunnel.clock.sleep(100)
    tunnel.run()
    assert is_level(tunnel)


def test_unsent_writes_are_no_doubts(tunnel):
    fill(tunnel, 60)
    tunnel.settle_down()
    for one in range(60):
        tunnel.write(f"key{one}", contact(f"changed {one}"))
    tunnel.run(moods=["fine"] * 20 + ["busy"] * 40, busy_s=99)
    links = tunnel.book.links(tunnel.lanes["anna"].facts.id).values()
    assert not any(link.intent for link in links)
    tunnel.clock.sleep(100)
    assert tunnel.run().parts == 40


def test_an_adopted_copy_that_a_person_has_edited_is_repaired_even_if_the_worker_dies(tunnel):
    tunnel.write("a", contact("Anna"))
    tunnel.settle_down()
    tunnel.folder("anna").remove(tunnel.items("anna")[0].remote_id)
    with pytest.raises(Killed):
        tunnel.run(look_asked=True, moods=["fine", "fine", "killed after"])
    tunnel.tenant.edit(tunnel.folder("anna"), tunnel.items("anna")[0].remote_id, contact("Hanna"))
    with pytest.raises(Killed):
        tunnel.run(dies_at=2)
    tunnel.run(look_asked=True)
    assert is_level(tunnel)


def test_a_restored_database_finds_its_copies_by_their_marks(tunnel):
    tunnel.write("a", contact("Anna"))
    tunnel.settle_down()
    backup = tunnel.saved()
    fill(tunnel, 30)
    tunnel.run()
    writes = tunnel.door.writes
    tunnel.restore(backup)
    fill(tunnel, 30)
    report = tunnel.run().reports[0]
    assert (report.counts, tunnel.door.writes) == ({"adopt": 30}, writes)
    assert is_level(tunnel)


def test_copies_for_rows_that_a_restored_database_does_not_know_are_reported_and_left_alone(tunnel):
    tunnel.write("a", contact("Anna"))
    tunnel.settle_down()
    backup = tunnel.saved()
    fill(tunnel, 3)
    tunnel.run()
    tunnel.restore(backup)
    assert tunnel.run(look_asked=True).reports[0].strays == 3
    assert len(tunnel.items("anna")) == 4
    fill(tunnel, 3)
    report = tunnel.run(look_asked=True).reports[0]
    assert (report.counts, report.strays) == ({"adopt": 3}, 0)


# What people do


def test_an_edited_copy_is_restored_at_the_next_look(tunnel):
    fill(tunnel, 3)
    tunnel.settle_down()
    item = tunnel.items("anna")[1]
    tunnel.tenant.edit(tunnel.folder("anna"), item.remote_id, contact("edited"))
    assert tunnel.run().parts == 0
    report = tunnel.run(look_asked=True).reports[0]
    assert report.counts == {"update": 1}
    assert tunnel.book.ledger[-1].cause == "repaired drift"
    assert tunnel.items("anna")[1].remote_id == item.remote_id
    assert is_level(tunnel)


def test_drift_is_seen_again_when_time_was_up_before_its_repair(tunnel):
    fill(tunnel, 3)
    tunnel.settle_down()
    tunnel.tenant.edit(tunnel.folder("anna"), tunnel.items("anna")[0].remote_id, contact("edited"))
    assert not tunnel.run(look_asked=True, moods=["fine", "fine", "busy"], busy_s=99).reports[0].finished
    tunnel.clock.sleep(100)
    tunnel.run(look_asked=True)
    assert is_level(tunnel)


def test_drift_of_a_row_that_is_planned_anyway_is_repaired_once(tunnel):
    copy = series("Weekly", moved={MONDAYS[1]: (MONDAYS[2], 15)})
    tunnel.write("a", copy)
    tunnel.settle_down()
    own = next(item for item in tunnel.items("anna") if item.copy.recurrence)
    tunnel.tenant.edit(tunnel.folder("anna"), own.remote_id, series("Weekly"))
    tunnel.lanes["anna"].cursor = 0
    tunnel.run(look_asked=True)
    assert is_level(tunnel)


def test_a_deleted_copy_comes_back_once(tunnel):
    fill(tunnel, 3)
    tunnel.settle_down()
    tunnel.folder("anna").remove(tunnel.items("anna")[0].remote_id)
    assert tunnel.run(look_asked=True).reports[0].counts == {"create": 1}
    assert is_level(tunnel)
    assert tunnel.run(look_asked=True).reports[0].counts == {}


def test_a_copy_that_is_gone_when_it_shall_be_updated_is_made_anew(tunnel):
    fill(tunnel, 3)
    tunnel.settle_down()
    tunnel.folder("anna").remove(tunnel.items("anna")[0].remote_id)
    tunnel.write("key0", contact("changed"))
    tunnel.run()
    assert is_level(tunnel)


def test_a_service_that_tells_no_etags_is_read_and_not_believed_to_echo(tunnel):
    fill(tunnel, 1)
    tunnel.settle_down()
    folder = tunnel.folder("anna")
    tunnel.tenant.edit(folder, tunnel.items("anna")[0].remote_id, contact("edited"))
    for place, item in list(folder.items.items()):
        folder.items[place] = replace(item, etag="")
    links = tunnel.book.lanes[tunnel.lanes["anna"].facts.id]
    links.update({place: replace(link, etag="") for place, link in links.items()})
    tunnel.run(look_asked=True)
    assert is_level(tunnel)


def test_what_is_foreign_is_never_touched(tunnel):
    fill(tunnel, 3)
    tunnel.settle_down()
    folder = tunnel.folder("anna")
    own = tunnel.tenant.add(folder, contact("her own"))
    paste = tunnel.tenant.paste(folder, tunnel.items("anna")[0].remote_id)
    before = {one: folder.items[one] for one in (own, paste)}
    fill(tunnel, 5)
    tunnel.write("key0", None)
    folder.forget_cursors()
    tunnel.settle_down()
    assert {one: folder.items[one] for one in (own, paste)} == before
    assert is_level(tunnel, without=(own, paste))


def test_a_paste_stays_when_its_original_is_deleted_at_the_source(tunnel):
    fill(tunnel, 1)
    tunnel.settle_down()
    paste = tunnel.tenant.paste(tunnel.folder("anna"), tunnel.items("anna")[0].remote_id)
    tunnel.write("key0", None)
    tunnel.settle_down()
    tunnel.folder("anna").forget_cursors()
    tunnel.settle_down()
    assert [item.remote_id for item in tunnel.items("anna")] == [paste]


def test_a_deleted_folder_is_made_once_and_filled(tunnel):
    fill(tunnel, 5)
    tunnel.settle_down()
    del tunnel.tenant.folders["anna"][tunnel.folder("anna").folder_id]
    tunnel.run(look_asked=True)
    assert is_level(tunnel)
    assert len(tunnel.tenant.folders["anna"]) == 1


def test_a_renamed_folder_is_followed(tunnel):
    fill(tunnel, 2)
    tunnel.settle_down()
    tunnel.folder("anna").name = "My colleagues"
    fill(tunnel, 4)
    tunnel.settle_down()
    assert [len(folder.items) for folder in tunnel.tenant.folders["anna"].values()] == [4]


def test_a_service_that_alters_what_it_is_given_is_no_drift(tunnel):
    tunnel.shows = lambda copy: replace(copy, display_name=copy.display_name.strip().upper())
    fill(tunnel, 3)
    tunnel.run()
    writes = tunnel.door.writes
    tunnel.folder("anna").forget_cursors()
    tunnel.run(look_asked=True)
    assert tunnel.door.writes == writes
    assert is_level(tunnel)


# Series


def test_an_occurrence_that_is_refused_stands_beside_its_series(tunnel):
    tunnel.write("a", series("Weekly", moved={MONDAYS[1]: (MONDAYS[2], 15)}))
    report = tunnel.run().reports[0]
    assert report.counts == {"create": 2}
    assert is_level(tunnel)
    assert tunnel.run(look_asked=True).reports[0].counts == {}


def test_a_detached_occurrence_follows_its_series_and_goes_with_it(tunnel):
    tunnel.write("a", series("Weekly", moved={MONDAYS[1]: (MONDAYS[2], 15)}))
    tunnel.run()
    tunnel.write("a", series("Weekly", moved={MONDAYS[1]: (MONDAYS[2], 17)}))
    assert tunnel.run().reports[0].counts == {"update": 1}
    assert is_level(tunnel)
    tunnel.write("a", series("Weekly", 10))
    tunnel.run()
    assert is_level(tunnel)
    tunnel.write("a", None)
    tunnel.run()
    assert tunnel.items("anna") == []


def test_a_worker_that_dies_between_a_series_and_its_detached_occurrence_leaves_no_gap(tunnel):
    tunnel.write("a", series("Weekly", moved={MONDAYS[1]: (MONDAYS[2], 15)}))
    with pytest.raises(Killed):
        tunnel.run(dies_at=2, dies_after=True)
    tunnel.run()
    assert is_level(tunnel)


# Guards


def test_a_landslide_is_held_and_the_rest_goes_on(tunnel):
    tunnel.guards = GuardSettings()
    fill(tunnel, 50)
    tunnel.run()
    for one in range(20):
        tunnel.write(f"key{one}", None)
    tunnel.write("key60", contact("new"))
    report = tunnel.run().reports[0]
    assert (report.finished, len(report.held), report.counts) == (True, 20, {"create": 1})
    assert report.held_reason
    assert len(tunnel.items("anna")) == 51


def test_what_is_held_stays_held_until_a_person_lets_it_go(tunnel):
    tunnel.guards = GuardSettings()
    fill(tunnel, 50)
    tunnel.run()
    for one in range(20):
        tunnel.write(f"key{one}", None)
    tunnel.run()
    assert len(tunnel.run().reports[0].held) == 20
    lane = tunnel.lanes["anna"]
    lane.released, lane.held = lane.held, frozenset()
    assert tunnel.run().reports[0].counts == {"delete": 20}
    assert is_level(tunnel)


def test_what_is_held_is_over_when_the_source_has_it_again(tunnel):
    tunnel.guards = GuardSettings()
    fill(tunnel, 50)
    tunnel.run()
    for one in range(20):
        tunnel.write(f"key{one}", None)
    tunnel.run()
    fill(tunnel, 50)
    report = tunnel.run().reports[0]
    assert (report.held, report.counts) == ((), {})


def test_a_landslide_in_small_slices_is_held_too(tunnel):
    tunnel.guards = GuardSettings()
    fill(tunnel, 50)
    tunnel.run()
    held = 0
    for one in range(20):
        tunnel.write(f"key{one}", None)
        held = len(tunnel.run().reports[0].held)
    assert (held, len(tunnel.items("anna"))) == (10, 40)


def test_leaving_the_window_is_not_counted(tunnel):
    tunnel.guards = GuardSettings()
    fill(tunnel, 50)
    tunnel.run()
    for one in range(40):
        tunnel.write(f"key{one}", None, cause="left the window")
    assert tunnel.run().reports[0].counts == {"delete": 40}


# Refusals


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
