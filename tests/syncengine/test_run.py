"""The walk of a lane: what is written, what is doubted, what is found again."""

from __future__ import annotations

import pytest

from syncengine.executing.memory import Killed
from tests.syncengine.tunnels import Tunnel, contact


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
