"""Calendars of a mailbox, and mailboxes that are in trouble."""

from __future__ import annotations

import pytest

from tests.sandbox.calendars.conftest import event

CALENDARS = "users/ann/calendars"
MORNING = ("2026-03-05T09:00:00", "2026-03-05T10:00:00")


def test_a_mailbox_has_a_default_calendar(graph):
    rows = graph.ask("GET", CALENDARS)["value"]
    assert [(row["name"], row["isDefaultCalendar"], row["isRemovable"]) for row in rows] == [
        ("Calendar", True, False)
    ]
    assert graph.ask("GET", "users/ann/calendar")["id"] == rows[0]["id"]
    assert rows[0]["owner"] == {"name": "Ann Alder", "address": "ann@alder.example"}


def test_ids_of_calendars_ignore_the_kind_of_id(graph):
    plain = graph.ask("GET", CALENDARS)["value"][0]["id"]
    immutable = graph.ask("GET", CALENDARS, prefer='IdType="ImmutableId"')["value"][0]["id"]
    assert plain == immutable


def test_a_calendar_is_made_renamed_and_removed(graph):
    made = graph.ask("POST", CALENDARS, {"name": "Shifts", "color": "lightBlue"})
    assert (made["name"], made["color"], made["isRemovable"]) == ("Shifts", "lightBlue", True)
    address = f"{CALENDARS}/{made['id']}"
    assert graph.ask("PATCH", address, {"name": "Rota"})["name"] == "Rota"
    made = graph.ask("POST", f"{address}/events", event(*MORNING))
    graph.ask("DELETE", address)
    assert graph.refused("GET", address) == (404, "ErrorItemNotFound")
    assert graph.refused("GET", f"users/ann/events/{made['id']}") == (404, "ErrorItemNotFound")


def test_two_calendars_cannot_share_a_name(graph):
    made = graph.ask("POST", CALENDARS, {"name": "Shifts"})
    assert graph.refused("POST", CALENDARS, {"name": "SHIFTS"}) == (409, "ErrorFolderExists")
    refused = graph.refused("PATCH", f"{CALENDARS}/{made['id']}", {"name": "Calendar"})
    assert refused == (409, "ErrorFolderExists")


def test_the_default_calendar_stays(graph):
    default = graph.ask("GET", "users/ann/calendar")["id"]
    assert graph.refused("DELETE", f"{CALENDARS}/{default}")[0] == 400
    assert graph.refused("POST", f"{CALENDARS}/{default}/permanentDelete")[0] == 400


def test_an_id_may_change_after_it_was_answered(graph):
    graph.world.switches.calendar_id_changes = True
    made = graph.ask("POST", CALENDARS, {"name": "Shifts"})
    assert graph.refused("GET", f"{CALENDARS}/{made['id']}") == (404, "ErrorItemNotFound")
    rows = graph.ask("GET", f"{CALENDARS}?$filter=name%20eq%20'Shifts'")["value"]
    assert graph.ask("GET", f"{CALENDARS}/{rows[0]['id']}")["name"] == "Shifts"


def test_events_lie_in_their_calendar(graph):
    shifts = graph.ask("POST", CALENDARS, {"name": "Shifts"})
    graph.ask("POST", f"{CALENDARS}/{shifts['id']}/events", event(*MORNING))
    assert len(graph.ask("GET", f"{CALENDARS}/{shifts['id']}/events")["value"]) == 1
    assert graph.ask("GET", "users/ann/events")["value"] == []
    assert graph.ask("GET", "users/ann/calendar/events")["value"] == []


@pytest.mark.parametrize("body", [{"name": ""}, {}, {"name": "x", "owner": {}}, {"name": "x", "size": 1}])
def test_a_calendar_that_makes_no_sense_is_refused(graph, body):
    assert graph.refused("POST", CALENDARS, body)[0] == 400


@pytest.mark.parametrize(
    ("trouble", "refusal"),
    [
        ("unlicensed", (404, "MailboxNotEnabledForRESTAPI")),
        ("soft-deleted", (404, "MailboxNotEnabledForRESTAPI")),
        ("on-premises", (404, "MailboxNotEnabledForRESTAPI")),
        ("access-denied", (403, "ErrorAccessDenied")),
    ],
)
def test_a_mailbox_in_trouble_refuses_everything(graph, trouble, refusal):
    graph.tenant.mailboxes["ann"].trouble = trouble
    assert graph.refused("GET", "users/ann/events") == refusal
    assert graph.refused("POST", "users/ann/events", event(*MORNING)) == refusal


def test_a_full_mailbox_can_be_read_and_emptied(graph):
    made = graph.ask("POST", "users/ann/events", event(*MORNING))
    graph.tenant.mailboxes["ann"].trouble = "over-quota"
    address = f"users/ann/events/{made['id']}"
    assert graph.refused("POST", "users/ann/events", event(*MORNING)) == (507, "ErrorQuotaExceeded")
    assert graph.refused("PATCH", address, {"subject": "x"}) == (507, "ErrorQuotaExceeded")
    assert graph.ask("GET", address)["subject"] == "Review"
    graph.ask("POST", f"{address}/permanentDelete")


def test_nobodys_mailbox_is_not_found(graph):
    assert graph.refused("GET", "users/nobody/events")[0] == 404
    graph.tenant.mailboxes.clear()
    assert graph.refused("GET", "users/ann/events") == (404, "MailboxNotEnabledForRESTAPI")


def test_a_calendar_bears_extended_properties_for_those_who_ask(graph):
    name = "String {6d2c9d0b-31f5-4f39-9a2e-5a0f4a3c7e18} Name Tag"
    tagged = {"name": "Shifts", "singleValueExtendedProperties": [{"id": name, "value": "ours"}]}
    made = graph.ask("POST", CALENDARS, tagged)
    assert "singleValueExtendedProperties" not in made
    expand = f"$select=id&$expand=singleValueExtendedProperties($filter=id eq '{name}')"
    rows = graph.ask("GET", f"{CALENDARS}?{expand}")["value"]
    found = {row["id"]: row.get("singleValueExtendedProperties") for row in rows}
    assert found.pop(made["id"]) == tagged["singleValueExtendedProperties"]
    assert set(found.values()) == {None}
