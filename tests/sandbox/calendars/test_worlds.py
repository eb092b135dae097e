"""Calendars in world files, and what people do in Outlook."""

from __future__ import annotations

import json
from copy import deepcopy

import pytest

from syncengine.sandbox.calendars import dump, load, move, paste
from syncengine.sandbox.kernel import Refusal
from syncengine.sandbox.state import Mailbox
from tests.sandbox.calendars.conftest import event
from tests.sandbox.calendars.test_delta import VIEW, WINDOW, kinds, round_of
from tests.sandbox.calendars.test_series import instances, patch_instance, weekly, window

EVENTS = "users/ann/events"
BERLIN = "Europe/Berlin"
MARK = {"id": "String {0a0b0c0d-0000-1111-2222-333344445555} Name Mark", "value": "x"}


def series(graph, **more):
    body = event("2026-03-05T09:00:00", "2026-03-05T10:00:00", **more)
    return graph.ask("POST", EVENTS, {**body, "recurrence": weekly("2026-03-05", "thursday")})


def reloaded(graph):
    """The same world, through a file and back."""
    mailbox = graph.tenant.mailboxes["ann"]
    file = json.loads(json.dumps(dump(graph.world, graph.tenant, mailbox)))
    fresh = graph.tenant.mailboxes["ann"] = Mailbox("ann")
    load(graph.world, graph.tenant, fresh, deepcopy(file))
    again = dump(graph.world, graph.tenant, fresh)
    # The counter of changes goes on; all else is the same.
    assert again[0].pop("_generation") >= file[0].pop("_generation")
    assert again == file
    return fresh


def loaded(graph, *rows):
    """Ann's mailbox with these events in its calendar."""
    mailbox = graph.tenant.mailboxes["ann"] = Mailbox("ann")
    calendar = {"name": "Calendar", "isDefaultCalendar": True, "events": list(rows)}
    load(graph.world, graph.tenant, mailbox, [calendar])
    return mailbox


def test_a_dumped_world_loads_as_the_same_world(graph):
    graph.ask("POST", "users/ann/calendars", {"name": "Shifts"})
    graph.ask("POST", EVENTS, event("2026-03-05T00:00:00", "2026-03-06T00:00:00", isAllDay=True))
    made = series(graph, singleValueExtendedProperties=[MARK])
    patch_instance(
        graph, made, 1, subject="Other", end={"dateTime": "2026-03-12T15:00:00", "timeZone": "UTC"}
    )
    graph.ask("DELETE", f"{EVENTS}/{instances(graph, made)[0]['id']}")
    url = f"users/ann/calendarView?{window('2026-03-01', '2026-04-01')}&$top=100"
    before = [graph.ask("GET", url), graph.ask("GET", url, prefer='IdType="ImmutableId"')]
    reloaded(graph)
    assert before == [graph.ask("GET", url), graph.ask("GET", url, prefer='IdType="ImmutableId"')]


def test_after_loading_ids_stay_unique_and_tokens_are_forgotten(graph):
    made = series(graph)
    link = round_of(graph, f"{VIEW}?{WINDOW}")[1]
    reloaded(graph)
    assert graph.refused("GET", link) == (410, "SyncStateNotFound")
    again = series(graph)
    assert again["id"] != made["id"]
    assert again["iCalUId"] != made["iCalUId"]


def test_a_terse_file_is_completed(graph):
    row = {
        "subject": "Standup",
        "start": {"dateTime": "2026-03-05T09:00:00", "timeZone": BERLIN},
        "end": {"dateTime": "2026-03-05T09:15:00", "timeZone": BERLIN},
        "recurrence": weekly("2026-03-05", "thursday"),
        "location": {"displayName": "Pier 9"},
        "attendees": [{"emailAddress": {"address": "bob@alder.example"}}],
        "_exceptions": [{"originalStart": "2026-03-12T08:00:00Z", "subject": "Long"}],
        "_cancelled": ["2026-03-19"],
    }
    loaded(graph, row)
    master = graph.ask("GET", EVENTS)["value"][0]
    assert master["start"]["dateTime"] == "2026-03-05T08:00:00.0000000"
    assert master["locations"][0]["displayName"] == "Pier 9"
    assert master["attendees"][0]["status"]["response"] == "none"
    rows = instances(graph, master)
    assert sorted(row["subject"] for row in rows) == ["Long", "Standup", "Standup"]
    assert graph.world.outbox == []
    assert graph.ask("GET", "users/bob/events")["value"] == []


def test_an_event_of_another_organiser_is_an_attendees_copy(graph):
    row = {
        "start": {"dateTime": "2026-03-05T09:00:00", "timeZone": BERLIN},
        "end": {"dateTime": "2026-03-05T09:15:00", "timeZone": BERLIN},
        "organizer": {"emailAddress": {"name": "Bob", "address": "bob@alder.example"}},
    }
    loaded(graph, row)
    found = graph.ask("GET", EVENTS)["value"][0]
    assert found["isOrganizer"] is False
    assert found["responseStatus"]["response"] == "notResponded"


@pytest.mark.parametrize(
    "change",
    [{"colour": "red"}, {"_cancelled": ["2026-03-06"]}, {"_exceptions": [{"subject": "x"}]}],
)
def test_a_world_that_makes_no_sense_is_refused(graph, change):
    row = {
        "start": {"dateTime": "2026-03-05T09:00:00", "timeZone": BERLIN},
        "end": {"dateTime": "2026-03-05T09:15:00", "timeZone": BERLIN},
        "recurrence": weekly("2026-03-05", "thursday"),
    }
    with pytest.raises(Refusal):
        loaded(graph, row | change)


def test_a_moved_event_keeps_its_immutable_id_alone(graph):
    made = series(graph)
    immutable = graph.ask("GET", f"{EVENTS}/{made['id']}", prefer='IdType="ImmutableId"')["id"]
    link = round_of(graph, f"{VIEW}?{WINDOW}")[1]
    shifts = graph.ask("POST", "users/ann/calendars", {"name": "Shifts"})
    mailbox = graph.tenant.mailboxes["ann"]
    moved = move(graph.world, graph.tenant, mailbox, made["id"], shifts["id"])
    assert moved != made["id"]
    assert graph.refused("GET", f"{EVENTS}/{made['id']}") == (404, "ErrorItemNotFound")
    assert graph.ask("GET", f"{EVENTS}/{immutable}")["id"] == moved
    assert graph.ask("GET", EVENTS)["value"] == []
    assert kinds(round_of(graph, link)[0]) == ["deleted"]


def test_an_event_moved_away_and_back_is_not_removed_by_its_immutable_id(graph):
    made = series(graph)
    link = round_of(graph, f"{VIEW}?{WINDOW}")[1]
    shifts = graph.ask("POST", "users/ann/calendars", {"name": "Shifts"})
    mailbox = graph.tenant.mailboxes["ann"]
    default = graph.ask("GET", "users/ann/calendar")["id"]
    away = move(graph.world, graph.tenant, mailbox, made["id"], shifts["id"])
    move(graph.world, graph.tenant, mailbox, away, default)
    immutable = 'IdType="ImmutableId", odata.maxpagesize=100'
    assert kinds(round_of(graph, link, prefer=immutable)[0]) == ["seriesMaster"] + ["occurrence"] * 4
    assert kinds(round_of(graph, link)[0]) == ["deleted", "seriesMaster"] + ["occurrence"] * 4


@pytest.mark.parametrize("clones", [True, False])
def test_a_pasted_event_is_new_and_carries_marks_where_the_switch_says_so(graph, clones):
    graph.world.switches.paste_clones_properties = clones
    made = series(graph, singleValueExtendedProperties=[MARK], transactionId="once")
    mailbox = graph.tenant.mailboxes["ann"]
    copy = paste(graph.world, graph.tenant, mailbox, made["id"])
    url = f"{EVENTS}/{copy}?$expand=singleValueExtendedProperties($filter=id%20eq%20'{MARK['id']}')"
    read = graph.ask("GET", url)
    assert read["iCalUId"] != made["iCalUId"]
    assert "transactionId" not in read
    assert ("singleValueExtendedProperties" in read) == clones


def test_an_event_that_left_the_window_is_removed_by_the_id_it_had(graph):
    graph.world.switches.changes_outside_window_told = False
    made = series(graph)
    link = round_of(graph, f"{VIEW}?{WINDOW}")[1]
    away = event("2026-05-05T09:00:00", "2026-05-05T10:00:00", recurrence=None)
    graph.ask("PATCH", f"{EVENTS}/{made['id']}", away)
    shifts = graph.ask("POST", "users/ann/calendars", {"name": "Shifts"})
    mailbox = graph.tenant.mailboxes["ann"]
    default = graph.ask("GET", "users/ann/calendar")["id"]
    moved = move(graph.world, graph.tenant, mailbox, made["id"], shifts["id"])
    move(graph.world, graph.tenant, mailbox, moved, default)
    removed = {row["id"] for row in round_of(graph, link)[0] if "@removed" in row}
    assert made["id"] in removed


def test_what_ends_before_it_starts_may_lie_in_a_file_but_nobody_makes_it(graph):
    backwards = event("2026-03-05T10:00:00", "2026-03-05T09:00:00")
    assert graph.refused("POST", EVENTS, backwards)[0] == 400
    loaded(graph, backwards)
    [shown] = graph.ask("GET", f"users/ann/calendarView?{window('2026-03-01', '2026-04-01')}")["value"]
    assert shown["end"]["dateTime"] < shown["start"]["dateTime"]
    reloaded(graph)
