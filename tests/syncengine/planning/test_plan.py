"""The plan: which actions bring a lane level, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from syncengine.model.codec import copy_fingerprint
from syncengine.model.identity import Fingerprint, ItemKey, LaneId, RemoteId, RowId
from syncengine.planning.plan import adoption, plan, removal
from syncengine.planning.settling import Settled
from syncengine.ports.remembering import LaneFacts, Link, Row
from syncengine.ports.writing import Sighting
from tests.syncengine.tunnels import MONDAYS, contact, meeting, series

ANNA = LaneFacts(LaneId(1), "anna", "anna's id", frozenset({"anna's address"}))
OWN = (RowId(1), "")


def row(copy, number=1, **said) -> Row:
    content = copy_fingerprint(copy) if copy else Fingerprint("")
    return Row(RowId(1), ItemKey("key"), number, copy, content, **said)


def link(copy=None, **said) -> Link:
    """A link whose copy says `copy`, and that was written for the row's first number."""
    sent = copy_fingerprint(copy) if copy else Fingerprint("")
    return Link(
        **{
            "row": RowId(1),
            "remote_id": RemoteId("r"),
            "version": 1,
            "sent": sent,
            "attempt": "a",
            "base": copy,
        }
        | said
    )


def sighting(copy, remote_id="r") -> Sighting:
    return Sighting(RemoteId(remote_id), "etag", None, copy, copy_fingerprint(copy))


def only(todo):
    assert len(todo.actions) == 1
    return todo.actions[0]


def test_a_row_without_a_link_is_created():
    action = only(plan([row(contact("Anna"), 7)], {}, ANNA))
    assert (action.verb, action.cause, action.number) == ("create", "new at the source", 7)


def test_a_link_that_agrees_needs_nothing():
    assert plan([row(contact("Anna"))], {OWN: link(contact("Anna"))}, ANNA).actions == ()


def test_a_changed_row_is_updated_from_what_was_agreed():
    action = only(plan([row(contact("Anna", "Boss"))], {OWN: link(contact("Anna"))}, ANNA))
    assert (action.verb, action.cause) == ("update", "changed at the source")
    assert (action.before, action.remote_id) == (contact("Anna"), "r")


def test_an_update_whose_outcome_is_open_is_written_in_full():
    copy = link(contact("Anna"), intent="update")
    assert only(plan([row(contact("Anna", "Boss"))], {OWN: copy}, ANNA)).before is None
    assert only(plan([row(contact("Anna"))], {OWN: copy}, ANNA)).before is None


def test_a_tombstone_takes_its_copy_away_with_its_cause():
    action = only(plan([row(None, cause="left the window")], {OWN: link(contact("Anna"))}, ANNA))
    assert (action.verb, action.cause, action.before) == ("delete", "left the window", contact("Anna"))


def test_a_tombstone_forgets_a_link_that_never_got_its_copy():
    action = only(plan([row(None)], {OWN: link(remote_id=None, intent="create")}, ANNA))
    assert (action.verb, action.remote_id) == ("delete", None)


def test_a_row_without_copy_and_link_is_skipped_with_its_reason():
    todo = plan([row(None, reason="the account is disabled")], {}, ANNA)
    assert [skip.reason for skip in todo.skips] == ["the account is disabled"]
    assert todo.actions == ()


def test_nobody_gets_his_own_entry_unless_the_policy_says_so():
    about_anna = row(contact("Anna"), about="anna's id")
    assert [skip.reason for skip in plan([about_anna], {}, ANNA).skips] == ["own entry"]
    assert plan([about_anna], {}, replace(ANNA, leaves_out_own_entry=False)).creates
    assert only(plan([about_anna], {OWN: link(contact("Anna"))}, ANNA)).cause == "own entry"


def test_an_owner_who_takes_part_already_gets_no_copy():
    with_anna = row(meeting("Talk"), people=frozenset({"anna's address", "ben's address"}))
    assert [skip.reason for skip in plan([with_anna], {}, ANNA).skips] == ["the owner takes part already"]
    assert only(plan([with_anna], {OWN: link(meeting("Talk"))}, ANNA)).cause == "the owner takes part already"


def test_a_leaving_lane_gives_everything_up():
    leaving = replace(ANNA, is_leaving=True)
    assert only(plan([row(contact("Anna"))], {OWN: link(contact("Anna"))}, leaving)).cause == "lane leaves"


def test_what_was_refused_waits_for_its_row_or_a_person():
    refused = {OWN: link(remote_id=None, failed="ErrorInvalidRecipients", version=5)}
    todo = plan([row(contact("Anna"), 5)], refused, ANNA)
    assert ([skip.reason for skip in todo.skips], todo.actions) == (["refused: ErrorInvalidRecipients"], ())
    assert plan([row(contact("Anna"), 6)], refused, ANNA).creates
    assert plan([row(contact("Anna"), 5)], refused, ANNA, retries=True).creates


def test_a_refused_update_waits_too():
    refused = {OWN: link(contact("Anna"), failed="ErrorX", version=5)}
    assert plan([row(contact("Anna", "Boss"), 5)], refused, ANNA).actions == ()
    assert only(plan([row(contact("Anna", "Boss"), 6)], refused, ANNA)).before == contact("Anna")


def test_a_respected_deletion_stays_until_the_row_changes():
    respected = {OWN: link(remote_id=None, respected=True, version=5)}
    assert [skip.reason for skip in plan([row(contact("Anna"), 5)], respected, ANNA).skips] == [
        "a person deleted it"
    ]
    assert plan([row(contact("Anna", "Boss"), 6)], respected, ANNA).creates


def test_drift_is_repaired_from_what_stands_there():
    seen = Settled(drifted={OWN: sighting(contact("Hanna"))})
    action = only(plan([row(contact("Anna"))], {OWN: link(contact("Anna"))}, ANNA, seen))
    assert (action.cause, action.before, action.copy) == ("repaired drift", contact("Hanna"), contact("Anna"))


def test_drift_of_a_copy_that_has_changed_is_the_sources_change():
    seen = Settled(drifted={OWN: sighting(contact("Hanna"))})
    action = only(plan([row(contact("Anna", "Boss"))], {OWN: link(contact("Anna"))}, ANNA, seen))
    assert (action.cause, action.before) == ("changed at the source", contact("Hanna"))


def test_a_copy_that_a_person_deleted_comes_back():
    seen = Settled(missing=frozenset({OWN}))
    action = only(plan([row(contact("Anna"))], {OWN: link(contact("Anna"))}, ANNA, seen))
    assert (action.verb, action.cause) == ("create", "deleted in the target")


def test_an_adopted_copy_agrees_only_where_it_says_what_it_shall():
    assert adoption(row(contact("Anna")), "", sighting(contact("Anna"))).fingerprint
    assert not adoption(row(contact("Anna")), "", sighting(contact("Hanna"))).fingerprint
    assert not adoption(row(None), "", sighting(contact("Anna"))).fingerprint


def test_an_adopted_copy_that_says_something_else_is_written():
    action = only(plan([row(contact("Anna"))], {OWN: link(sent=Fingerprint(""))}, ANNA))
    assert (action.verb, action.cause, action.before) == ("update", "found by its mark", None)


REFUSED = series("Weekly", moved={MONDAYS[1]: (MONDAYS[2], 15), MONDAYS[2]: (MONDAYS[2], 11)})
APART = (RowId(1), "2027-02-08")


def test_a_detached_occurrence_is_created_beside_its_series():
    links = {OWN: link(REFUSED), APART: link(remote_id=None, version=0, occurrence="2027-02-08")}
    action = only(plan([row(REFUSED)], links, ANNA))
    assert (action.verb, action.occurrence) == ("create", "2027-02-08")
    assert action.copy.appointment == dict(REFUSED.exceptions)[MONDAYS[1]]
    assert action.copy.recurrence is None


def test_a_change_of_a_detached_occurrence_leaves_its_series_alone():
    later = series("Weekly", moved={MONDAYS[1]: (MONDAYS[2], 17), MONDAYS[2]: (MONDAYS[2], 11)})
    links = {OWN: link(REFUSED), APART: link(REFUSED, occurrence="2027-02-08")}
    action = only(plan([row(later, 2)], links, ANNA))
    assert (action.verb, action.occurrence) == ("update", "2027-02-08")
    assert action.before.appointment == dict(REFUSED.exceptions)[MONDAYS[1]]


def test_a_change_of_the_series_keeps_detached_occurrences_cancelled_in_it():
    later = series("Daily", moved={MONDAYS[1]: (MONDAYS[2], 15), MONDAYS[2]: (MONDAYS[2], 11)})
    links = {OWN: link(REFUSED), APART: link(REFUSED, occurrence="2027-02-08")}
    own = next(action for action in plan([row(later, 2)], links, ANNA).actions if not action.occurrence)
    assert own.before.cancelled == own.copy.cancelled == (MONDAYS[1],)
    assert MONDAYS[1] not in dict(own.copy.exceptions)


def test_a_detached_occurrence_goes_when_its_exception_is_gone():
    links = {OWN: link(REFUSED), APART: link(REFUSED, occurrence="2027-02-08")}
    todo = plan([row(series("Weekly"), 2)], links, ANNA)
    assert [(action.verb, action.occurrence) for action in todo.actions] == [
        ("update", ""),
        ("delete", "2027-02-08"),
    ]


def test_deletions_and_cancellations_come_last():
    rows = [
        replace(row(None), id=RowId(1), number=1),
        replace(row(series("Weekly", cancelled=(MONDAYS[1],))), id=RowId(2), number=2),
        replace(row(contact("Ben")), id=RowId(3), number=3),
    ]
    links = {OWN: link(contact("Anna")), (RowId(2), ""): replace(link(series("Weekly")), row=RowId(2))}
    todo = plan(rows, links, ANNA)
    assert [action.verb for action in todo.writes] == ["create"]
    assert [action.verb for action in todo.removals] == ["delete", "update"]


def test_a_removal_without_a_copy_names_no_address():
    assert removal(link(remote_id=None), "lane leaves").remote_id is None


copies = st.sampled_from([None, contact("Anna"), contact("Ben"), meeting("Talk", date(2027, 2, 2)), REFUSED])
rows_of = st.lists(st.tuples(copies, st.booleans()), min_size=1, max_size=6)


@given(held=rows_of, order=st.randoms())
def test_the_order_of_rows_changes_nothing(held, order):
    rows = [replace(row(copy, number), id=RowId(number)) for number, (copy, _) in enumerate(held, 1)]
    links = {
        (one.id, ""): replace(link(contact("Anna")), row=one.id)
        for one, (_, linked) in zip(rows, held, strict=True)
        if linked
    }
    mixed = list(rows)
    order.shuffle(mixed)
    assert plan(mixed, dict(reversed(links.items())), ANNA) == plan(rows, links, ANNA)


@given(held=rows_of)
def test_only_what_a_link_names_is_updated_or_deleted(held):
    rows = [replace(row(copy, number), id=RowId(number)) for number, (copy, _) in enumerate(held, 1)]
    links = {
        (one.id, ""): replace(link(contact("Anna")), row=one.id, remote_id=RemoteId(f"r{one.id}"))
        for one, (_, linked) in zip(rows, held, strict=True)
        if linked
    }
    for action in plan(rows, links, ANNA).actions:
        if action.verb == "create":
            assert (action.row, "") not in links
        else:
            assert links[action.row, ""].remote_id == action.remote_id
