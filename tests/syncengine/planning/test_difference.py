"""Differences, digests and explanations."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from syncengine.model.codec import copy_fingerprint
from syncengine.model.identity import ItemKey, LaneId, RemoteId, RowId
from syncengine.model.items import Address
from syncengine.model.time import AllDay
from syncengine.planning.difference import difference, in_words
from syncengine.planning.digest import digest
from syncengine.planning.explain import explain
from syncengine.planning.plan import plan
from syncengine.ports.remembering import LaneFacts, Link, Row
from tests.syncengine.tunnels import MONDAYS, at, contact, meeting, series

ANNA = LaneFacts(LaneId(1), "anna", "anna's id", frozenset())
COPIES = [
    contact("Anna"),
    contact("Ben", "Boss"),
    meeting("Talk"),
    series("Weekly", moved={MONDAYS[1]: (MONDAYS[1], 15)}),
]


def row(copy, number=1, **said) -> Row:
    return Row(RowId(1), ItemKey("key"), number, copy, copy_fingerprint(copy) if copy else "", **said)


def link(copy, **said) -> Link:
    return Link(RowId(1), RemoteId("r"), 1, copy_fingerprint(copy), "a", base=copy, **said)


def test_only_fields_that_differ_are_named_with_both_values():
    changes = difference(contact("Anna"), contact("Anna", "Boss"))
    assert [(change.field, change.before, change.after) for change in changes] == [("job_title", "", "Boss")]


def test_occurrences_are_named_by_their_original_date():
    changes = difference(series("Weekly"), series("Weekly", cancelled=(MONDAYS[2],)))
    assert [(change.field, change.after) for change in changes] == [("cancelled on 2027-02-15", True)]
    moved = difference(series("Weekly"), series("Weekly", moved={MONDAYS[1]: (MONDAYS[1], 15)}))
    assert "subject on 2027-02-08" in [change.field for change in moved]


def test_a_copy_that_is_new_shows_all_its_fields():
    assert ("display_name", None, "Anna") in difference(None, contact("Anna"))


@given(st.sampled_from(COPIES), st.sampled_from(COPIES))
def test_equal_copies_differ_in_nothing_and_others_in_something(one, other):
    assert bool(difference(one, other)) == (one != other)


def test_values_are_said_in_words():
    assert in_words(at(date(2027, 2, 1), 9)) == "2027-02-01 09:00 to 2027-02-01 09:50 UTC (UTC)"
    assert in_words(AllDay(date(2027, 2, 1), date(2027, 2, 2))) == "all day 2027-02-01"
    assert in_words(("a", "b")) == "a, b"
    assert in_words(Address(city="Bonn", country="Germany")) == "Bonn, Germany"
    assert in_words(None) == ""
    assert in_words(True) == "yes"
    assert "weekly" in in_words(series("Weekly").recurrence)


def test_a_digest_tells_plans_apart_and_not_the_order_of_their_making():
    rows = [replace(row(contact(name)), id=RowId(number)) for number, name in enumerate(("Anna", "Ben"), 1)]
    both = plan(rows, {}, ANNA)
    assert digest(both) == digest(plan(rows[::-1], {}, ANNA))
    assert digest(both) == digest(replace(both, writes=both.writes[::-1]))
    assert digest(both) != digest(plan(rows[:1], {}, ANNA))
    changed = [rows[0], replace(row(contact("Bert")), id=RowId(2))]
    assert digest(both) != digest(plan(changed, {}, ANNA))


def test_an_explanation_tells_the_whole_chain():
    told = explain(row(contact("Anna")), {}, ANNA, ("it is a user", "the account is enabled"))
    assert told.decision == "create"
    assert told.sentences == ("It is a user.", "The account is enabled.", "A copy will be made.")


def test_an_explanation_says_why_there_is_no_copy_once():
    told = explain(
        row(None, reason="it has no phone number"), {}, ANNA, ("it is a user", "it has no phone number")
    )
    assert told.decision == "left out"
    assert told.sentences == ("It is a user.", "It has no phone number.", "So there is no copy.")


def test_an_explanation_knows_what_only_the_lane_knows():
    told = explain(row(contact("Anna"), about="anna's id"), {}, ANNA, ("it is a user",))
    assert told.decision == "left out"
    assert "one's own entry is left out" in told.sentences[1]


def test_an_explanation_names_fields_but_never_what_they_say():
    told = explain(row(contact("Anna", "Secret"), 2), {"": link(contact("Anna"))}, ANNA)
    assert told.decision == "update"
    assert told.sentences == ("The copy will be updated, changed at the source: job_title.",)


def test_an_explanation_of_a_removal_names_its_cause():
    told = explain(row(None, cause="left the window"), {"": link(contact("Anna"))}, ANNA)
    assert (told.decision, told.sentences[-1]) == ("delete", "The copy will be removed: left the window.")


def test_an_explanation_of_a_refusal_an_open_write_and_a_level_copy():
    refused = replace(link(contact("Anna")), remote_id=None, failed="ErrorX")
    assert explain(row(contact("Anna")), {"": refused}, ANNA).sentences == ("Refused: ErrorX.",)
    unclear = explain(row(contact("Anna")), {"": link(contact("Anna"), intent="update")}, ANNA)
    assert unclear.decision == "unclear"
    assert explain(row(contact("Anna")), {"": link(contact("Anna"))}, ANNA).decision == "level"


def test_an_explanation_tells_of_occurrences_that_stand_apart():
    copy = series("Weekly", moved={MONDAYS[1]: (MONDAYS[2], 15)})
    links = {"": link(copy), "2027-02-08": replace(link(copy), occurrence="2027-02-08")}
    told = explain(row(copy), links, ANNA)
    assert told.decision == "level"
    assert "2027-02-08" in told.sentences[-1]
