"""The walk of a lane: drift, what is foreign, guards."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncengine.executing.memory import Killed
from syncengine.planning.guards import GuardSettings
from tests.syncengine.tunnels import MONDAYS, Tunnel, contact, series


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
