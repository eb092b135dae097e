"""calendarView/delta, with every trap that developers met."""

from __future__ import annotations

import pytest

from syncengine.sandbox.calendars import forget_tokens
from tests.sandbox.calendars.conftest import event
from tests.sandbox.calendars.test_series import at, weekly

EVENTS = "users/ann/events"
VIEW = "users/ann/calendarView/delta"
WINDOW = "startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-04-01T00:00:00Z"
BIG = "odata.maxpagesize=500"
STUB = {"@odata.type", "@odata.etag", "id", "seriesMasterId", "type", "start", "end"}


def single(graph, day="05", **more):
    return graph.ask("POST", EVENTS, event(f"2026-03-{day}T09:00:00", f"2026-03-{day}T10:00:00", **more))


def series(graph, **more):
    body = event("2026-03-05T09:00:00", "2026-03-05T10:00:00", **more)
    return graph.ask("POST", EVENTS, {**body, "recurrence": weekly("2026-03-05", "thursday")})


def round_of(graph, url, prefer=BIG):
    """All rows of a round in order, and the link of the next round."""
    rows = []
    while True:
        page = graph.ask("GET", url, prefer=prefer)
        rows += page["value"]
        if "@odata.deltaLink" in page:
            return rows, page["@odata.deltaLink"]
        url = page["@odata.nextLink"]


def kinds(rows):
    return [row.get("type") or row["@removed"]["reason"] for row in rows]


@pytest.fixture
def link(graph):
    """The delta link of an empty calendar."""
    return round_of(graph, f"{VIEW}?{WINDOW}")[1]


def test_occurrences_come_as_stubs_and_the_master_with_its_first_times(graph):
    body = event("2026-01-01T09:00:00", "2026-01-01T10:00:00")
    old = graph.ask("POST", EVENTS, {**body, "recurrence": weekly("2026-01-01", "thursday")})
    rows, _ = round_of(graph, f"{VIEW}?{WINDOW}")
    assert kinds(rows) == ["seriesMaster"] + ["occurrence"] * 4
    assert rows[0]["start"]["dateTime"] == "2026-01-01T14:00:00.0000000"
    assert rows[0]["iCalUId"] == old["iCalUId"]
    assert all(row.keys() == STUB for row in rows[1:])


def test_a_round_without_changes_is_empty(graph, link):
    assert round_of(graph, link)[0] == []


def test_what_changed_comes_once_and_whole(graph, link):
    made = single(graph, transactionId="once")
    rows, link = round_of(graph, link)
    assert [(row["id"], row["subject"], row["transactionId"]) for row in rows] == [
        (made["id"], "Review", "once")
    ]
    assert round_of(graph, link)[0] == []


def test_extended_properties_are_never_told(graph, link):
    mark = {"id": "String {0a0b0c0d-0000-1111-2222-333344445555} Name Mark", "value": "x"}
    single(graph, singleValueExtendedProperties=[mark])
    assert "singleValueExtendedProperties" not in round_of(graph, link)[0][0]


def test_a_change_of_a_series_sends_all_its_stubs_again(graph, link):
    made = series(graph)
    link = round_of(graph, link)[1]
    graph.ask("PATCH", f"{EVENTS}/{made['id']}", {"subject": "Renamed"})
    rows, _ = round_of(graph, link)
    assert kinds(rows) == ["seriesMaster"] + ["occurrence"] * 4
    assert rows[0]["subject"] == "Renamed"


def test_an_exception_comes_with_its_own_data(graph, link):
    made = series(graph)
    occurrence = round_of(graph, link)[0][2]["id"]
    graph.ask("PATCH", f"{EVENTS}/{occurrence}", {"subject": "Other"})
    rows, _ = round_of(graph, link)
    own = [row for row in rows if row["type"] == "exception"]
    assert [(row["id"], row["subject"], row["seriesMasterId"]) for row in own] == [
        (occurrence, "Other", made["id"])
    ]


@pytest.mark.parametrize("told", [False, True])
def test_a_deleted_occurrence_is_told_only_where_the_switch_says_so(graph, link, told):
    graph.world.switches.deleted_occurrence_in_delta = told
    series(graph)
    rows, link = round_of(graph, link)
    graph.ask("DELETE", f"{EVENTS}/{rows[2]['id']}")
    after, _ = round_of(graph, link)
    assert kinds(after) == ["seriesMaster"] + ["occurrence"] * 3 + ["deleted"] * told
    if told:
        assert after[-1]["id"] == rows[2]["id"]


def test_a_deleted_event_is_removed(graph, link):
    made = single(graph)
    link = round_of(graph, link)[1]
    graph.ask("DELETE", f"{EVENTS}/{made['id']}")
    rows, _ = round_of(graph, link)
    assert [(row["id"], row["@removed"]) for row in rows] == [(made["id"], {"reason": "deleted"})]


def test_what_leaves_the_window_looks_deleted(graph, link):
    made = single(graph)
    link = round_of(graph, link)[1]
    away = {
        "start": {"dateTime": "2026-05-05T09:00:00", "timeZone": "UTC"},
        "end": {"dateTime": "2026-05-05T10:00:00", "timeZone": "UTC"},
    }
    graph.ask("PATCH", f"{EVENTS}/{made['id']}", away)
    assert kinds(round_of(graph, link)[0]) == ["deleted"]


@pytest.mark.parametrize("told", [False, True])
def test_what_was_never_in_the_window_is_removed_where_the_switch_says_so(graph, link, told):
    graph.world.switches.changes_outside_window_told = told
    graph.ask("POST", EVENTS, event("2026-07-05T09:00:00", "2026-07-05T10:00:00"))
    assert kinds(round_of(graph, link)[0]) == ["deleted"] * told


@pytest.mark.parametrize("option", ["$select=subject", "$expand=x", "$filter=a", "$orderby=a", "$search=a"])
def test_query_options_are_refused(graph, option):
    assert graph.refused("GET", f"{VIEW}?{WINDOW}&{option}")[0] == 400


def test_unknown_query_options_fail_loudly(graph):
    assert graph.refused("GET", f"{VIEW}?{WINDOW}&$apply=a")[0] == 501


def test_a_series_makes_a_page_longer_than_asked(graph):
    body = event("2026-03-05T09:00:00", "2026-03-05T10:00:00")
    endless = {"type": "noEnd", "startDate": "2026-03-05"}
    daily = {"pattern": {"type": "daily", "interval": 1}, "range": endless}
    graph.ask("POST", EVENTS, {**body, "recurrence": daily})
    single(graph)
    small = "odata.maxpagesize=5"
    first = graph.ask("GET", f"{VIEW}?{WINDOW}", prefer=small)
    assert len(first["value"]) == 28
    graph.world.switches.oversize_pages = False
    first = graph.ask("GET", f"{VIEW}?{WINDOW}", prefer=small)
    assert len(first["value"]) == 5


def test_pages_repeat_items_and_lose_none(graph):
    made = {single(graph, f"{day:02}")["id"] for day in range(1, 24)}
    rows, _ = round_of(graph, f"{VIEW}?{WINDOW}", prefer="odata.maxpagesize=7")
    assert {row["id"] for row in rows} == made
    assert len(rows) == 23 + 3


def test_a_page_may_be_asked_for_again(graph):
    for day in range(1, 24):
        single(graph, f"{day:02}")
    first = graph.ask("GET", f"{VIEW}?{WINDOW}")
    again = [graph.ask("GET", first["@odata.nextLink"]) for _ in range(2)]
    assert again[0] == again[1]


def test_what_changes_while_a_round_is_read_is_told_by_the_next(graph):
    for day in range(1, 24):
        single(graph, f"{day:02}")
    first = graph.ask("GET", f"{VIEW}?{WINDOW}")
    late = single(graph, "30")
    _, link = round_of(graph, first["@odata.nextLink"])
    assert [row["id"] for row in round_of(graph, link)[0]] == [late["id"]]


def test_small_pages_may_loop_for_ever(graph):
    graph.world.switches.looping_pages_below = 20
    for day in range(1, 24):
        single(graph, f"{day:02}")
    first = graph.ask("GET", f"{VIEW}?{WINDOW}")
    second = graph.ask("GET", first["@odata.nextLink"])
    assert second["@odata.nextLink"] == first["@odata.nextLink"]
    assert len(round_of(graph, f"{VIEW}?{WINDOW}")[0]) == 23


@pytest.mark.parametrize("order", ["masters-first", "masters-last", "shuffled"])
def test_no_order_is_promised(graph, order):
    graph.world.switches.delta_order = order
    series(graph)
    single(graph, "20")
    rows, _ = round_of(graph, f"{VIEW}?{WINDOW}")
    assert sorted(kinds(rows)) == ["occurrence"] * 4 + ["seriesMaster", "singleInstance"]
    if order == "masters-last":
        assert rows[4]["type"] == "seriesMaster"


def test_tokens_know_nothing_of_ids_so_either_kind_works(graph, link):
    made = single(graph)
    rows, _ = round_of(graph, link, prefer=f'IdType="ImmutableId", {BIG}')
    assert rows[0]["id"] != made["id"]
    assert graph.ask("GET", f"{EVENTS}/{rows[0]['id']}")["id"] == made["id"]


def test_a_forgotten_token_is_gone_with_the_way_to_a_new_round(graph, link):
    forget_tokens(graph.tenant.mailboxes["ann"])
    assert graph.refused("GET", link) == (410, "SyncStateNotFound")
    forget_tokens(graph.tenant.mailboxes["ann"], 400, "InvalidDeltaToken")
    assert graph.refused("GET", link) == (400, "InvalidDeltaToken")
    _, fresh = round_of(graph, f"{VIEW}?{WINDOW}")
    assert round_of(graph, fresh)[0] == []


def test_a_forgotten_round_breaks_off_between_pages(graph):
    for day in range(1, 24):
        single(graph, f"{day:02}")
    first = graph.ask("GET", f"{VIEW}?{WINDOW}")
    forget_tokens(graph.tenant.mailboxes["ann"])
    assert graph.refused("GET", first["@odata.nextLink"]) == (410, "SyncStateNotFound")


def test_a_made_up_token_or_one_of_another_calendar_is_refused(graph, link):
    assert graph.refused("GET", f"{VIEW}?$deltatoken=made-up") == (400, "InvalidDeltaToken")
    foreign = link.replace("users/ann", "users/bob")
    assert graph.refused("GET", foreign) == (400, "InvalidDeltaToken")


def test_a_named_calendar_has_a_chain_of_its_own(graph, link):
    shifts = graph.ask("POST", "users/ann/calendars", {"name": "Shifts"})
    base = f"users/ann/calendars/{shifts['id']}"
    _, own = round_of(graph, f"{base}/calendarView/delta?{WINDOW}")
    made = graph.ask("POST", f"{base}/events", event("2026-03-05T09:00:00", "2026-03-05T10:00:00"))
    assert round_of(graph, link)[0] == []
    assert [row["id"] for row in round_of(graph, own)[0]] == [made["id"]]


def test_a_moved_exception_outside_the_window_keeps_its_series_in_it(graph, link):
    made = series(graph)
    rows, link = round_of(graph, link)
    last = rows[4]
    graph.ask("PATCH", f"{EVENTS}/{last['id']}", {"start": at("31", "20:00"), "end": at("31", "21:00")})
    rows, _ = round_of(graph, link)
    assert kinds(rows) == ["seriesMaster"] + ["occurrence"] * 3
    assert rows[0]["id"] == made["id"]
