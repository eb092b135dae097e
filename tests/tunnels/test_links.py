"""Links and the ledger: what is remembered of each write."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from syncengine.model.identity import Fingerprint, RemoteId
from syncengine.ports.remembering import Census, Result
from syncengine.ports.writing import Failed, Open, Written
from tests.tunnels.building import (
    intent,
    lane_id,
    make_lane,
    make_tunnel,
    meeting,
    person,
    register_of,
    shaped,
    store,
    written,
)
from tunnels.bookkeeping.bodies import Bodies
from tunnels.bookkeeping.links import SqlBook
from tunnels.models import Lane, LedgerEntry, Link, RegisterRow

pytestmark = pytest.mark.django_db


@pytest.fixture
def cell(tenant):
    return make_tunnel(tenant).cells.get()


@pytest.fixture
def lane(cell):
    return lane_id(make_lane(cell.tunnel))


@pytest.fixture
def row(cell):
    store(cell, shaped("a", person("Ada")))
    return register_of(cell).after(0, 1)[0]


@pytest.fixture
def book():
    return SqlBook(Bodies())


def create(book, lane, row, remote_id="X", **changes):
    asked = intent(row, **changes)
    book.intend(lane, [asked])
    book.record(lane, [written(asked, remote_id, etag="e1", answer=Fingerprint("f" * 32))])
    return asked


def test_an_intent_stands_before_the_answer_comes(book, lane, row):
    book.intend(lane, [intent(row)])
    link = book.unsettled(lane)[row.id, ""]
    assert (link.intent, link.attempt, link.remote_id) == ("create", "a1", None)


def test_a_written_create_has_a_link_and_a_ledger_row(book, lane, row):
    create(book, lane, row)
    link = book.links(lane)[row.id, ""]
    assert (link.remote_id, link.intent, link.sent, link.version) == ("X", "", row.fingerprint, 1)
    assert (link.etag, link.answer, link.base) == ("e1", "f" * 32, row.copy)
    entry = LedgerEntry.objects.get()
    assert (entry.verb, entry.cause, entry.outcome) == ("create", "new at the source", "written")
    assert (entry.before, entry.after) == ("", row.fingerprint)
    assert book.unsettled(lane) == {}


def test_an_update_remembers_what_stood_there_before(book, lane, cell, row):
    create(book, lane, row)
    store(cell, shaped("a", person("Ada", job_title="Lead")))
    [new] = register_of(cell).after(1, 1)
    asked = intent(new, "update", remote_id=RemoteId("X"), cause="changed at the source")
    book.intend(lane, [asked])
    book.record(lane, [written(asked, "X", etag="e2")])
    entry = LedgerEntry.objects.get(verb="update")
    assert (entry.before, entry.after) == (row.fingerprint, new.fingerprint)
    link = book.links(lane)[new.id, ""]
    assert (link.sent, link.version, link.etag, link.attempt) == (new.fingerprint, 2, "e2", "a1")


def test_a_deleted_copy_has_no_link_any_more(book, lane, row):
    create(book, lane, row)
    asked = intent(row, "delete", remote_id=RemoteId("X"), cause="source deleted")
    book.intend(lane, [asked])
    book.record(lane, [written(asked, "X")])
    assert book.links(lane) == {}
    entry = LedgerEntry.objects.get(verb="delete")
    assert (entry.cause, entry.before, entry.after) == ("source deleted", row.fingerprint, "")
    assert (entry.remote_id, entry.removes) == ("X", 1)


def test_a_late_twin_goes_and_the_link_stays(book, lane, row):
    create(book, lane, row)
    twin = intent(row, "delete", remote_id=RemoteId("Y"), cause="late twin")
    book.intend(lane, [twin])
    book.record(lane, [written(twin, "Y")])
    link = book.links(lane)[row.id, ""]
    assert (link.remote_id, link.intent) == ("X", "")
    assert LedgerEntry.objects.get(verb="delete").removes == 0


def test_a_refusal_is_remembered_with_the_number_it_was_for(book, lane, row):
    asked = intent(row)
    book.intend(lane, [asked])
    book.record(lane, [Result(asked, Failed("quota", "The mailbox is full."))])
    link = book.links(lane)[row.id, ""]
    assert (link.failed, link.intent, link.version, link.remote_id) == ("quota", "", 1, None)
    assert book.unsettled(lane) == {}
    assert LedgerEntry.objects.get().outcome == "failed"


def test_a_lost_answer_leaves_the_intent_open(book, lane, row):
    asked = intent(row)
    book.intend(lane, [asked])
    book.record(lane, [Result(asked, Open())])
    assert book.unsettled(lane)[row.id, ""].intent == "create"
    assert book.past_attempts(lane, ["a1", "zz"]) == {"a1": None}


def test_an_attempt_that_another_one_replaced_is_still_known(book, lane, row):
    book.intend(lane, [intent(row, attempt="a1")])
    book.intend(lane, [second := intent(row, attempt="a2")])
    book.record(lane, [written(second, "X")])
    assert book.past_attempts(lane, ["a1", "a2"]) == {"a1": None, "a2": "X"}


def test_a_create_in_place_of_a_lost_copy_forgets_the_old_address(book, lane, row):
    create(book, lane, row, "X", attempt="a1")
    book.intend(lane, [intent(row, attempt="a2", cause="deleted in the target")])
    link = book.unsettled(lane)[row.id, ""]
    assert (link.remote_id, link.attempt, link.intent) == (None, "a2", "create")
    assert book.past_attempts(lane, ["a1", "a2"]) == {"a1": "X", "a2": None}


def test_an_attempt_is_known_after_its_copy_was_deleted(book, lane, row):
    create(book, lane, row)
    asked = intent(row, "delete", remote_id=RemoteId("X"), cause="source deleted")
    book.record(lane, [written(asked, "X")])
    assert book.past_attempts(lane, ["a1"]) == {"a1": "X"}


def test_attempts_of_another_lane_are_not_ours(book, lane, cell, row):
    create(book, lane, row)
    other = lane_id(make_lane(cell.tunnel, "u02"))
    assert book.past_attempts(other, ["a1"]) == {}


def test_a_withdrawn_create_waits_for_its_copy_and_leaves_no_ledger_row(book, lane, row):
    asked = intent(row)
    book.intend(lane, [asked])
    book.withdraw(lane, [asked])
    link = book.unsettled(lane)[row.id, ""]
    assert (link.intent, link.remote_id) == ("", None)
    assert not LedgerEntry.objects.exists()


def test_an_adopted_copy_gets_a_link_even_where_there_was_none(book, lane, row):
    asked = intent(row, "adopt", attempt="old", remote_id=RemoteId("X"), cause="found by its mark")
    book.record(lane, [written(asked, "X", etag="e")])
    link = book.links(lane)[row.id, ""]
    assert (link.remote_id, link.attempt, link.sent) == ("X", "old", row.fingerprint)
    assert book.past_attempts(lane, ["old"]) == {"old": "X"}


def test_each_detached_occurrence_gets_a_link_that_waits_for_its_copy(book, lane, cell):
    store(cell, shaped("m", meeting("Shift")))
    [row] = register_of(cell).after(0, 1)
    asked = intent(row)
    book.intend(lane, [asked])
    book.record(lane, [Result(asked, Written(RemoteId("X"), detached=("2026-11-30",)))])
    assert set(book.unsettled(lane)) == {(row.id, "2026-11-30")}
    assert set(book.links(lane)) == {(row.id, ""), (row.id, "2026-11-30")}


def test_a_copy_is_found_by_its_address_bytewise(book, lane, cell):
    store(cell, shaped("a", person("Ada")), shaped("b", person("Ben")))
    one, two = register_of(cell).after(0, 2)
    create(book, lane, one, "AAMk=x", attempt="1")
    create(book, lane, two, "AAMk=X", attempt="2")
    found = book.by_remote_id(lane, [RemoteId("AAMk=X"), RemoteId("unknown")])
    assert {key: link.row for key, link in found.items()} == {"AAMk=X": two.id}


def test_a_confirmed_copy_has_the_new_etag(book, lane, row):
    create(book, lane, row)
    book.confirm(lane, {RemoteId("X"): ("e9", Fingerprint("a" * 32))})
    link = book.links(lane)[row.id, ""]
    assert (link.etag, link.answer) == ("e9", "a" * 32)


def test_links_of_some_rows_only(book, lane, cell):
    store(cell, shaped("a", person("Ada")), shaped("b", person("Ben")))
    one, two = register_of(cell).after(0, 2)
    create(book, lane, one, "X", attempt="1")
    create(book, lane, two, "Y", attempt="2")
    assert set(book.links(lane, [two.id])) == {(two.id, "")}


def test_the_census_counts_what_guards_count(book, lane, cell):
    store(cell, *[shaped(f"k{n}", person(f"P{n}")) for n in range(4)])
    rows = register_of(cell).after(0, 10)
    for row in rows:
        create(book, lane, row, f"X{row.id}", attempt=f"a{row.id}")
    for row, cause in zip(rows, ("source deleted", "left the window", "own entry"), strict=False):
        gone = intent(row, "delete", remote_id=RemoteId(f"X{row.id}"), cause=cause)
        book.record(lane, [written(gone, f"X{row.id}")])
    assert book.census(lane) == Census(copies=1, deleted=2)


def test_a_link_without_a_copy_is_forgotten_without_a_ledger_row(book, lane, row):
    asked = intent(row)
    book.intend(lane, [asked])
    book.record(lane, [Result(asked, Failed("quota", "Full."))])
    before = LedgerEntry.objects.count()
    forget = intent(row, "delete", cause="source deleted")
    book.record(lane, [Result(forget, Written(RemoteId("")))])
    assert book.links(lane) == {}
    assert LedgerEntry.objects.count() == before


def test_a_ledger_row_names_the_run_of_its_lane(lane, row):
    create(SqlBook(Bodies(), {lane: 77}), lane, row)
    assert LedgerEntry.objects.get().run == 77


def test_nobody_rewrites_the_ledger(book, lane, row):
    create(book, lane, row)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        LedgerEntry.objects.update(cause="nothing happened")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        LedgerEntry.objects.all().delete()


def test_links_and_ledger_name_rows_and_lanes_that_exist(book, lane, row):
    create(book, lane, row)
    assert _orphans() == []
    Link.objects.create(lane=lane, row=999_999, occurrence="", remote_id="Y")
    assert _orphans() == [999_999]


def _orphans() -> list[int]:
    rows = set(Link.objects.values_list("row", flat=True)) - set(
        RegisterRow.objects.values_list("pk", flat=True)
    )
    named = {
        *Link.objects.values_list("lane", flat=True),
        *LedgerEntry.objects.values_list("lane", flat=True),
    }
    lanes = named - set(Lane.objects.values_list("pk", flat=True))
    return sorted(rows | lanes)


def test_the_hot_statements_use_indexes(book, lane, row):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT 1 FROM tunnels_link l WHERE l.lane = 1"
            " AND hashtextextended(l.remote_id, 0) = ANY("
            "SELECT hashtextextended(id, 0) FROM unnest(ARRAY['a','b']) AS id)"
            " AND l.remote_id = ANY(ARRAY['a'])"
        )
        said = "\n".join(line[0] for line in cursor.fetchall())
    assert "links_by_address" in said
