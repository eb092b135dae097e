"""Single events: what is posted, what comes back, what is refused."""

from __future__ import annotations

import pytest

from tests.sandbox.calendars.conftest import NEW_YORK, event
from tests.sandbox.calls import ask

EVENTS = "users/ann/events"
MORNING = ("2026-03-05T09:00:00", "2026-03-05T10:30:00")


def test_a_posted_event_comes_back_in_utc_with_what_exchange_fills_in(graph):
    made = graph.ask("POST", EVENTS, event(*MORNING))
    assert made["start"] == {"dateTime": "2026-03-05T14:00:00.0000000", "timeZone": "UTC"}
    assert made["originalStartTimeZone"] == NEW_YORK
    assert (made["showAs"], made["sensitivity"], made["importance"]) == ("busy", "normal", "normal")
    assert (made["isReminderOn"], made["reminderMinutesBeforeStart"]) == (True, 15)
    assert made["responseRequested"] is True
    assert made["type"] == "singleInstance"
    assert made["organizer"]["emailAddress"]["address"] == "ann@alder.example"
    assert made["@odata.etag"] == f'W/"{made["changeKey"]}"'
    assert "transactionId" not in made


def test_an_event_reads_the_same_by_either_id(graph):
    made = graph.ask("POST", EVENTS, event(*MORNING), prefer='IdType="ImmutableId"')
    plain = graph.ask("GET", EVENTS)["value"][0]["id"]
    assert made["id"] != plain
    assert graph.ask("GET", f"{EVENTS}/{made['id']}")["id"] == plain
    read = graph.ask("GET", f"{EVENTS}/{plain}", prefer='IdType="ImmutableId"')
    assert read["id"] == made["id"]


def test_times_come_in_the_preferred_zone(graph):
    made = graph.ask("POST", EVENTS, event(*MORNING))
    read = graph.ask("GET", f"{EVENTS}/{made['id']}", prefer='outlook.timezone="W. Europe Standard Time"')
    assert read["start"] == {
        "dateTime": "2026-03-05T15:00:00.0000000",
        "timeZone": "W. Europe Standard Time",
    }


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"mood": "good"}, "RequestBodyRead"),
        ({"showAs": "sleeping"}, "RequestBodyRead"),
        ({"subject": 5}, "RequestBodyRead"),
        ({"iCalUId": "mine"}, "ErrorInvalidPropertySet"),
        (
            {"end": {"dateTime": "2026-03-05T08:00:00", "timeZone": NEW_YORK}},
            "ErrorPropertyValidationFailure",
        ),
        (
            {"start": {"dateTime": "2026-03-05T08:00:00", "timeZone": "Nowhere"}},
            "TimeZoneNotSupportedException",
        ),
        ({"isAllDay": True}, "ErrorPropertyValidationFailure"),
        (
            {"attendees": [{"emailAddress": {"address": f"p{n}@x.example"}} for n in range(501)]},
            "ErrorInvalidRequest",
        ),
    ],
)
def test_what_exchange_does_not_take_is_refused(graph, change, refusal):
    assert graph.refused("POST", EVENTS, event(*MORNING) | change) == (400, refusal)
    assert graph.ask("GET", EVENTS)["value"] == []


def test_what_the_sandbox_does_not_know_fails_loudly(graph):
    body = event(*MORNING, attachments=[])
    assert graph.refused("POST", EVENTS, body) == (501, "SandboxDoesNotKnow")
    assert graph.refused("GET", f"{EVENTS}?$apply=x") == (501, "SandboxDoesNotKnow")
    assert graph.refused("GET", EVENTS, prefer="mood=good") == (501, "SandboxDoesNotKnow")


def test_an_all_day_event_is_at_midnight_in_every_zone(graph):
    body = event("2026-03-05T00:00:00", "2026-03-06T00:00:00", isAllDay=True)
    made = graph.ask("POST", EVENTS, body)
    assert made["start"] == {"dateTime": "2026-03-05T00:00:00.0000000", "timeZone": "UTC"}
    assert (made["showAs"], made["reminderMinutesBeforeStart"]) == ("free", 1080)
    sydney = 'outlook.timezone="AUS Eastern Standard Time"'
    read = graph.ask("GET", f"{EVENTS}/{made['id']}", prefer=sydney)
    assert read["start"]["dateTime"] == "2026-03-05T00:00:00.0000000"
    assert read["end"]["dateTime"] == "2026-03-06T00:00:00.0000000"


def test_what_was_obeyed_is_confirmed(graph):
    prefer = 'outlook.timezone="UTC", outlook.body-content-type="text", odata.maxpagesize=5'
    answer = ask(graph.world, graph.tenant, "GET", EVENTS, prefer=prefer)
    applied = 'odata.maxpagesize=5, outlook.timezone="UTC", outlook.body-content-type="text"'
    assert answer.headers["Preference-Applied"] == applied


def test_location_and_locations_mirror_each_other(graph):
    made = graph.ask("POST", EVENTS, event(*MORNING, location={"displayName": "Pier 9"}))
    assert [place["displayName"] for place in made["locations"]] == ["Pier 9"]
    places = [{"displayName": "A"}, {"displayName": "B"}]
    made = graph.ask("POST", EVENTS, event(*MORNING, locations=places))
    assert made["location"]["displayName"] == "A; B"


def test_a_body_is_cleaned_and_wrapped_and_shown_as_text_where_asked(graph):
    html = '<p onclick="x()">Hello</p><script>bad()</script>'
    body = event(*MORNING, body={"contentType": "HTML", "content": html})
    made = graph.ask("POST", EVENTS, body)
    assert made["body"]["contentType"] == "html"
    assert made["body"]["content"].startswith("<html>")
    assert "onclick" not in made["body"]["content"]
    assert "bad()" not in made["body"]["content"]
    assert made["bodyPreview"] == "Hello"
    address = f"{EVENTS}/{made['id']}"
    read = graph.ask("GET", address, prefer='outlook.body-content-type="text"')
    assert read["body"] == {"contentType": "text", "content": "Hello"}


def test_a_list_is_paged_by_skip_ten_at_a_time(graph):
    for _ in range(23):
        graph.ask("POST", EVENTS, event(*MORNING))
    first = graph.ask("GET", EVENTS)
    assert len(first["value"]) == 10
    assert "%24skip=10" in first["@odata.nextLink"] or "$skip=10" in first["@odata.nextLink"]
    assert len(graph.pages(EVENTS)) == 23
    assert len(graph.ask("GET", f"{EVENTS}?$top=100")["value"]) == 23


def test_events_are_filtered_sorted_and_selected(graph):
    late = event("2026-03-09T09:00:00", "2026-03-09T10:00:00", subject="Late")
    graph.ask("POST", EVENTS, late)
    early = graph.ask("POST", EVENTS, event(*MORNING))
    url = f"{EVENTS}?$orderby=start/dateTime&$select=subject"
    rows = graph.ask("GET", url)["value"]
    assert [row["subject"] for row in rows] == ["Review", "Late"]
    assert rows[0].keys() == {"@odata.etag", "id", "subject"}
    url = f"{EVENTS}?$filter=start/dateTime%20ge%20'2026-03-09T13:00:00Z'"
    assert [row["subject"] for row in graph.ask("GET", url)["value"]] == ["Late"]
    url = f"{EVENTS}?$filter=iCalUId%20eq%20'{early['iCalUId']}'"
    assert [row["subject"] for row in graph.ask("GET", url)["value"]] == ["Review"]
    url = f"{EVENTS}?$filter=transactionId%20eq%20'x'"
    assert graph.refused("GET", url) == (400, "ErrorInvalidProperty")


def test_an_unknown_id_and_a_malformed_one_differ(graph):
    assert graph.refused("GET", f"{EVENTS}/AAMkADunknownunknown=") == (404, "ErrorItemNotFound")
    assert graph.refused("GET", f"{EVENTS}/x") == (400, "ErrorInvalidIdMalformed")


@pytest.mark.parametrize(("status", "code"), [(409, None), (400, None), (201, "same")])
def test_a_second_post_of_a_transaction_is_answered_as_the_switch_says(graph, status, code):
    graph.world.switches.duplicate_transaction = status
    body = event(*MORNING, transactionId="once")
    made = graph.ask("POST", EVENTS, body)
    assert made["transactionId"] == "once"
    if code:
        assert graph.ask("POST", EVENTS, body)["id"] == made["id"]
    else:
        refused = graph.refused("POST", EVENTS, body)
        assert refused == (status, "ErrorDuplicateTransactionId")
    assert len(graph.ask("GET", EVENTS)["value"]) == 1


@pytest.mark.parametrize("outlives", [False, True])
@pytest.mark.parametrize("how", ["DELETE", "permanentDelete"])
def test_a_transaction_may_outlive_its_event(graph, outlives, how):
    graph.world.switches.transaction_outlives_deletion = outlives
    body = event(*MORNING, transactionId="once")
    address = f"{EVENTS}/{graph.ask('POST', EVENTS, body)['id']}"
    graph.ask(*(("DELETE", address) if how == "DELETE" else ("POST", f"{address}/{how}")))
    if outlives:
        assert graph.refused("POST", EVENTS, body) == (409, "ErrorDuplicateTransactionId")
    else:
        graph.ask("POST", EVENTS, body)


def test_an_online_meeting_loses_its_link_with_its_body(graph):
    made = graph.ask("POST", EVENTS, event(*MORNING, isOnlineMeeting=True))
    assert made["onlineMeetingProvider"] == "teamsForBusiness"
    address = f"{EVENTS}/{made['id']}"
    refused = graph.refused("PATCH", address, {"isOnlineMeeting": False})
    assert refused == (400, "ErrorInvalidRequest")
    kept = {"body": {"contentType": "text", "content": f"See {made['onlineMeeting']['joinUrl']}"}}
    assert graph.ask("PATCH", address, kept)["isOnlineMeeting"] is True
    lost = {"body": {"contentType": "text", "content": "See you"}}
    assert graph.ask("PATCH", address, lost)["onlineMeeting"] is None


@pytest.mark.parametrize("year", ["1500", "4501", "9999"])
def test_a_year_that_exchange_has_not_is_refused(graph, year):
    body = event(f"{year}-03-05T09:00:00", f"{year}-03-05T10:00:00")
    assert graph.refused("POST", EVENTS, body) == (400, "ErrorCalendarOutOfRange")


def test_a_patch_writes_what_it_names_and_nothing_else(graph):
    made = graph.ask("POST", EVENTS, event(*MORNING, categories=["Red"], showAs="oof"))
    after = graph.ask("PATCH", f"{EVENTS}/{made['id']}", {"subject": "New"})
    changed = {name for name in made if made[name] != after[name]}
    assert changed == {"subject", "changeKey", "@odata.etag"}
