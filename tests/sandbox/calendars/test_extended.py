"""Extended properties of events: never told unless asked for, findable by filter."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest

from tests.sandbox.calendars.conftest import event
from tests.sandbox.calendars.test_series import instances, weekly

EVENTS = "users/ann/events"
GUID = "{0a0b0c0d-0000-1111-2222-333344445555}"
MARK = f"String {GUID} Name Mark"
NAME = "singleValueExtendedProperties"
_BY_ID = quote(f"id eq '{MARK}'")
EXPAND = f"$expand={NAME}($filter={_BY_ID})"


def marked(graph, value="x", **more):
    body = event("2026-03-05T09:00:00", "2026-03-05T10:00:00", **more)
    return graph.ask("POST", EVENTS, {**body, NAME: [{"id": MARK, "value": value}]})


def found(graph, condition, address=EVENTS, more=""):
    text = quote(f"{NAME}/Any(ep: ep/id eq '{MARK}' and {condition})")
    return [row["id"] for row in graph.ask("GET", f"{address}?$filter={text}{more}")["value"]]


def test_they_come_only_by_expand(graph):
    made = marked(graph)
    address = f"{EVENTS}/{made['id']}"
    assert NAME not in made
    assert NAME not in graph.ask("GET", address)
    assert graph.ask("GET", f"{address}?{EXPAND}")[NAME] == [{"id": MARK, "value": "x"}]
    assert graph.ask("GET", f"{EVENTS}?{EXPAND}")["value"][0][NAME] == [{"id": MARK, "value": "x"}]


def test_a_patch_changes_one_and_keeps_the_others(graph):
    made = marked(graph)
    other = f"String {GUID} Name Other"
    address = f"{EVENTS}/{made['id']}"
    graph.ask("PATCH", address, {NAME: [{"id": other, "value": "y"}]})
    both = quote(f"id eq '{MARK}' or id eq '{other}'")
    values = {one["value"] for one in graph.ask("GET", f"{address}?$expand={NAME}($filter={both})")[NAME]}
    assert values == {"x", "y"}


@pytest.mark.parametrize(
    ("condition", "is_found"),
    [
        ("ep/value eq 'mark-1'", True),
        ("ep/value eq 'mark-2'", False),
        ("contains(ep/value, 'ark')", True),
        ("startswith(ep/value, 'mark')", True),
        ("startswith(ep/value, 'ark')", False),
    ],
)
def test_events_are_found_by_their_value(graph, condition, is_found):
    made = marked(graph, "mark-1")
    assert found(graph, condition) == [made["id"]] * is_found


def test_the_name_is_case_sensitive(graph):
    marked(graph)
    text = quote(f"{NAME}/Any(ep: ep/id eq '{MARK.replace('Mark', 'mark')}' and ep/value eq 'x')")
    assert graph.ask("GET", f"{EVENTS}?$filter={text}")["value"] == []


def test_a_filter_written_for_the_item_is_refused(graph):
    text = quote(f"{NAME}/id eq '{MARK}'")
    assert graph.refused("GET", f"{EVENTS}?$filter={text}") == (400, "ErrorInvalidProperty")


def test_a_filter_may_be_late(graph):
    graph.world.switches.late_filter_s = 60
    made = marked(graph)
    assert found(graph, "ep/value eq 'x'") == []
    graph.world.clock.frozen += timedelta(seconds=61)
    assert found(graph, "ep/value eq 'x'") == [made["id"]]


def test_occurrences_have_their_series_properties_and_exceptions_their_own(graph):
    made = marked(graph, recurrence=weekly("2026-03-05", "thursday"))
    occurrence = instances(graph, made)[1]["id"]
    address = f"{EVENTS}/{occurrence}"
    assert graph.ask("GET", f"{address}?{EXPAND}")[NAME][0]["value"] == "x"
    graph.ask("PATCH", address, {NAME: [{"id": MARK, "value": "own"}]})
    assert graph.ask("GET", f"{address}?{EXPAND}")[NAME][0]["value"] == "own"
    assert graph.ask("GET", f"{EVENTS}/{made['id']}?{EXPAND}")[NAME][0]["value"] == "x"
    view = f"users/ann/calendarView?startDateTime=2026-03-01&endDateTime=2026-04-01&{EXPAND}"
    values = [row[NAME][0]["value"] for row in graph.ask("GET", view)["value"]]
    assert sorted(values) == ["own", "x", "x", "x"]
