"""What is seen in a target folder: the order of the law, each article once."""

from __future__ import annotations

from syncengine.model.codec import copy_fingerprint
from syncengine.model.identity import Fingerprint, LaneId, Mark, RemoteId, RowId
from syncengine.planning.settling import Known, settle
from syncengine.ports.remembering import Link
from syncengine.ports.writing import Sighting
from tests.syncengine.tunnels import contact

COPY = contact("Anna")
ANSWER = copy_fingerprint(COPY)
OWN = (RowId(1), "")


def mark(attempt="a1", row="row1", lane=1, installation="here") -> Mark:
    return Mark(installation, lane, row, attempt)


def seen(*sightings: Sighting) -> dict[RemoteId, Sighting]:
    return {sighting.remote_id: sighting for sighting in sightings}


def sighting(remote_id="r1", bears=None, created="1", etag="new") -> Sighting:
    return Sighting(RemoteId(remote_id), etag, bears, COPY, ANSWER, created)


def link(remote_id="r1", attempt="a1", **said) -> Link:
    at = RemoteId(remote_id) if remote_id else None
    return Link(
        **{
            "row": RowId(1),
            "remote_id": at,
            "version": 1,
            "sent": ANSWER,
            "attempt": attempt,
            "etag": "old",
            "answer": ANSWER,
        }
        | said
    )


def known(one: Link | None = None, attempts=None, owned=True) -> Known:
    """A memory of one row, perhaps with a link."""
    owners = {one.remote_id: one} if one and one.remote_id and owned else {}
    links = {(one.row, one.occurrence): one} if one else {}
    return Known("here", LaneId(1), owners, links, {"row1": RowId(1)}, attempts or {})


def test_a_linked_copy_that_says_what_we_wrote_is_confirmed():
    assert settle(seen(sighting(bears=mark())), known(link())).confirmed == {"r1": ("new", ANSWER)}


def test_a_linked_copy_of_which_no_answer_is_known_is_confirmed():
    assert settle(seen(sighting()), known(link(answer=Fingerprint("")))).confirmed


def test_a_linked_copy_that_says_something_else_has_drifted():
    settled = settle(seen(sighting()), known(link(answer=Fingerprint("other"))))
    assert (list(settled.drifted), settled.confirmed) == ([OWN], {})


def test_a_linked_id_decides_before_any_mark():
    settled = settle(seen(sighting(bears=mark(lane=9))), known(link()))
    assert (settled.foreign, list(settled.confirmed)) == (frozenset(), ["r1"])


def test_a_linked_id_that_is_not_there_is_missing():
    assert settle({RemoteId("r1"): None}, known(link())).missing == {OWN}


def test_a_copy_with_an_open_write_is_neither_confirmed_nor_drift():
    settled = settle(seen(sighting()), known(link(intent="update", answer=Fingerprint("other"))))
    assert (settled.confirmed, settled.drifted) == ({}, {})


def test_what_bears_no_mark_is_a_persons():
    assert settle(seen(sighting()), known()).foreign == {"r1"}


def test_what_bears_the_mark_of_another_lane_or_installation_is_not_ours():
    others = seen(sighting("r1", mark(lane=2)), sighting("r2", mark(installation="there")))
    assert settle(others, known()).foreign == {"r1", "r2"}


def test_an_attempt_whose_outcome_is_open_is_adopted():
    settled = settle(seen(sighting(bears=mark())), known(link(None, intent="create")))
    assert (list(settled.adopted), settled.twins) == ([OWN], ())


def test_of_an_open_attempt_the_oldest_is_ours_and_the_others_are_pastes():
    both = seen(sighting("paste", mark(), "2"), sighting("ours", mark(), "1"))
    settled = settle(both, known(link(None, intent="create")))
    assert settled.adopted[OWN].remote_id == "ours"
    assert settled.foreign == {"paste"}


def test_an_attempt_that_a_link_owns_is_a_persons_paste():
    settled = settle(seen(sighting("r2", mark())), known(link(), {"a1": RemoteId("r1")}, owned=False))
    assert settled.foreign == {"r2"}
    assert not settled.twins


def test_an_attempt_that_never_came_to_anything_is_a_late_twin():
    settled = settle(seen(sighting("r2", mark("a0"))), known(link(), {"a0": None}, owned=False))
    assert [(row, twin.remote_id) for row, twin in settled.twins] == [(1, "r2")]


def test_a_copy_of_ours_that_a_person_brought_back_is_a_late_twin():
    settled = settle(seen(sighting("r0", mark("a0"))), known(link(), {"a0": RemoteId("r0")}, owned=False))
    assert [twin.remote_id for _, twin in settled.twins] == ["r0"]


def test_a_paste_stays_the_persons_when_its_original_is_long_gone():
    settled = settle(seen(sighting("paste", mark("a0"))), known(None, {"a0": RemoteId("r0")}))
    assert settled.foreign == {"paste"}
    assert not settled.twins
    assert not settled.adopted


def test_without_a_ledger_the_oldest_of_equal_attempts_is_ours():
    both = seen(sighting("paste", mark("x"), "2"), sighting("ours", mark("x"), "1"))
    settled = settle(both, known())
    assert settled.adopted[OWN].remote_id == "ours"
    assert settled.foreign == {"paste"}


def test_a_forgotten_copy_takes_the_place_of_a_missing_one():
    settled = settle({RemoteId("r1"): None, **seen(sighting("r2", mark("x")))}, known(link()))
    assert (settled.adopted[OWN].remote_id, settled.missing) == ("r2", frozenset())


def test_a_forgotten_copy_beside_a_living_one_is_a_twin():
    settled = settle(seen(sighting("r2", mark("x"))), known(link(), owned=False))
    assert ([twin.remote_id for _, twin in settled.twins], settled.adopted) == (["r2"], {})


def test_of_two_forgotten_attempts_the_older_is_adopted():
    settled = settle(seen(sighting("r3", mark("y"), "2"), sighting("r2", mark("x"), "1")), known())
    assert (settled.adopted[OWN].remote_id, [twin.remote_id for _, twin in settled.twins]) == ("r2", ["r3"])


def test_an_open_attempt_goes_before_a_forgotten_one():
    both = seen(sighting("old", mark("x"), "1"), sighting("open", mark(), "2"))
    settled = settle(both, known(link(None, intent="create")))
    assert (settled.adopted[OWN].remote_id, [twin.remote_id for _, twin in settled.twins]) == (
        "open",
        ["old"],
    )


def test_our_mark_for_a_row_that_nobody_knows_is_left_alone():
    assert settle(seen(sighting(bears=mark(row="row9"))), known()).strays == {"r1"}


def test_a_detached_occurrence_is_known_by_its_own_mark():
    settled = settle(seen(sighting(bears=mark(row="row1-2027-02-08"))), known())
    assert list(settled.adopted) == [(RowId(1), "2027-02-08")]


def test_rows_that_need_another_plan_are_named():
    settled = settle({RemoteId("r1"): None}, known(link()))
    assert settled.rows == {RowId(1)}
