"""Series: instances, clocks that change, exceptions, cancellations."""

from __future__ import annotations

import pytest

from tests.sandbox.calendars.conftest import NEW_YORK, event

EVENTS = "users/ann/events"
IMMUTABLE = 'IdType="ImmutableId"'


def weekly(start: str, *days: str, zone: str = NEW_YORK, **span: object) -> dict[str, object]:
    """The recurrence of a weekly series."""
    return {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": list(days)},
        "range": {"type": "noEnd", "startDate": start, **span},
    }


def window(low: str, high: str) -> str:
    return f"startDateTime={low}T00:00:00Z&endDateTime={high}T00:00:00Z"


@pytest.fixture
def series(graph):
    """Thursdays at nine in New York, across the change of clocks on 8 March 2026."""
    body = event("2026-03-05T09:00:00", "2026-03-05T10:00:00")
    return graph.ask("POST", EVENTS, {**body, "recurrence": weekly("2026-03-05", "thursday")})


def instances(graph, series, low="2026-03-01", high="2026-04-01", **headers):
    url = f"{EVENTS}/{series['id']}/instances?{window(low, high)}&$top=100"
    return graph.ask("GET", url, **headers)["value"]


def patch_instance(graph, series, number, **change):
    one = instances(graph, series)[number]
    return graph.ask("PATCH", f"{EVENTS}/{one['id']}", change)


def at(day: str, clock: str = "09:00") -> dict[str, str]:
    return {"dateTime": f"2026-03-{day}T{clock}:00", "timeZone": NEW_YORK}


def test_a_master_shows_its_recurrence_complete(series):
    assert series["type"] == "seriesMaster"
    assert series["recurrence"] == {
        "pattern": {
            "type": "weekly",
            "interval": 1,
            "month": 0,
            "dayOfMonth": 0,
            "daysOfWeek": ["thursday"],
            "firstDayOfWeek": "sunday",
            "index": "first",
        },
        "range": {
            "type": "noEnd",
            "startDate": "2026-03-05",
            "endDate": "0001-01-01",
            "recurrenceTimeZone": NEW_YORK,
            "numberOfOccurrences": 0,
        },
    }


def test_occurrences_follow_the_clock_of_their_zone(graph, series):
    rows = instances(graph, series)
    assert [row["start"]["dateTime"][:16] for row in rows] == [
        "2026-03-05T14:00",
        "2026-03-12T13:00",
        "2026-03-19T13:00",
        "2026-03-26T13:00",
    ]
    assert {row["type"] for row in rows} == {"occurrence"}
    assert {row["seriesMasterId"] for row in rows} == {series["id"]}
    assert rows[1]["originalStart"] == "2026-03-12T13:00:00Z"
    assert len({row["iCalUId"] for row in rows} | {series["iCalUId"]}) == 5
    assert len({row["id"] for row in rows}) == 4


def test_a_series_in_utc_shifts_when_clocks_change(graph):
    body = event("2026-03-05T14:00:00", "2026-03-05T15:00:00", zone="UTC")
    made = graph.ask("POST", EVENTS, {**body, "recurrence": weekly("2026-03-05", "thursday")})
    starts = {row["start"]["dateTime"][11:16] for row in instances(graph, made)}
    assert starts == {"14:00"}


def test_a_skipped_hour_and_a_doubled_one(graph):
    body = event("2026-03-07T02:30:00", "2026-03-07T03:00:00")
    daily = {
        "pattern": {"type": "daily", "interval": 1},
        "range": {"type": "numbered", "startDate": "2026-03-07", "numberOfOccurrences": 2},
    }
    made = graph.ask("POST", EVENTS, {**body, "recurrence": daily})
    assert [row["start"]["dateTime"][:16] for row in instances(graph, made)] == [
        "2026-03-07T07:30",
        "2026-03-08T07:30",  # half past two does not exist; half past three is
    ]
    made = graph.ask("POST", EVENTS, event("2026-11-01T01:30:00", "2026-11-01T01:45:00"))
    assert made["start"]["dateTime"][:16] == "2026-11-01T05:30"  # the first of two


def test_a_master_stands_at_the_first_day_that_fits(graph):
    body = event("2026-03-03T09:00:00", "2026-03-03T10:00:00")
    made = graph.ask("POST", EVENTS, {**body, "recurrence": weekly("2026-03-03", "thursday")})
    assert made["start"]["dateTime"][:10] == "2026-03-05"
    assert made["recurrence"]["range"]["startDate"] == "2026-03-05"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"range": {"type": "noEnd", "startDate": "2026-03-06"}}, "ErrorInvalidRequest"),
        (
            {"range": {"type": "endDate", "startDate": "2026-03-05", "endDate": "2026-03-01"}},
            "ErrorInvalidRequest",
        ),
        ({"range": {"type": "numbered", "startDate": "2026-03-05"}}, "ErrorInvalidRequest"),
        ({"pattern": {"type": "weekly", "interval": 1}}, "ErrorInvalidRequest"),
        ({"pattern": {"type": "weekly", "interval": 0, "daysOfWeek": ["monday"]}}, "ErrorInvalidRequest"),
        ({"pattern": {"type": "hourly", "interval": 1}}, "RequestBodyRead"),
        ({"pattern": {"type": "daily", "interval": 1, "bySetPos": 1}}, "RequestBodyRead"),
        (
            {
                "range": {"type": "endDate", "startDate": "2026-03-05", "endDate": "2026-03-06"},
                "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]},
            },
            "ErrorRecurrenceHasNoOccurrence",
        ),
    ],
)
def test_a_recurrence_that_makes_no_sense_is_refused(graph, change, code):
    body = event("2026-03-05T09:00:00", "2026-03-05T10:00:00")
    recurrence = weekly("2026-03-05", "thursday") | change
    assert graph.refused("POST", EVENTS, {**body, "recurrence": recurrence}) == (400, code)


def test_a_series_whose_occurrences_overlap_is_refused(graph):
    body = event("2026-03-05T09:00:00", "2026-03-06T10:00:00")
    recurrence = weekly("2026-03-05", "thursday", "friday")
    refused = graph.refused("POST", EVENTS, {**body, "recurrence": recurrence})
    assert refused == (400, "ErrorOccurrenceTimeSpanTooBig")


def test_a_changed_occurrence_is_an_exception_with_its_old_id(graph, series):
    before = instances(graph, series)[1]
    made = patch_instance(graph, series, 1, subject="Moved", start=at("13"), end=at("13", "10:00"))
    assert (made["id"], made["type"], made["subject"]) == (before["id"], "exception", "Moved")
    assert made["originalStart"] == before["originalStart"]
    rows = sorted(instances(graph, series), key=lambda row: row["start"]["dateTime"])
    assert [row["type"] for row in rows] == ["occurrence", "exception", "occurrence", "occurrence"]
    url = f"{EVENTS}/{series['id']}?$expand=exceptionOccurrences"
    assert [one["id"] for one in graph.ask("GET", url)["exceptionOccurrences"]] == [before["id"]]
    assert "exceptionOccurrences" not in graph.ask("GET", f"{EVENTS}/{series['id']}")


@pytest.mark.parametrize(
    "moved",
    [
        {"start": at("19", "07:00"), "end": at("19", "08:00")},  # the day of the next
        {"start": at("20"), "end": at("20", "10:00")},  # past the next
        {"start": at("05", "17:00"), "end": at("05", "18:00")},  # the day of the one before
        {"end": at("19", "09:30")},  # into the next
    ],
)
def test_an_occurrence_may_not_reach_its_neighbours(graph, series, moved):
    one = instances(graph, series)[1]
    refused = graph.refused("PATCH", f"{EVENTS}/{one['id']}", moved)
    assert refused == (400, "ErrorOccurrenceCrossingBoundary")
    assert graph.ask("GET", f"{EVENTS}/{one['id']}")["type"] == "occurrence"


def test_a_cancelled_neighbour_makes_room_and_a_moved_one_counts_where_it_is(graph, series):
    second, third = instances(graph, series)[1:3]
    graph.ask("DELETE", f"{EVENTS}/{third['id']}")
    moved = {"start": at("19"), "end": at("19", "10:00")}
    graph.ask("PATCH", f"{EVENTS}/{second['id']}", moved)
    first = instances(graph, series)[0]
    moved = {"start": at("12"), "end": at("12", "10:00")}
    assert graph.ask("PATCH", f"{EVENTS}/{first['id']}", moved)["type"] == "exception"


def test_a_deleted_occurrence_is_listed_by_its_master_alone(graph, series):
    one = instances(graph, series)[1]
    graph.ask("DELETE", f"{EVENTS}/{one['id']}")
    assert len(instances(graph, series)) == 3
    assert graph.refused("GET", f"{EVENTS}/{one['id']}") == (404, "ErrorItemNotFound")
    assert graph.refused("DELETE", f"{EVENTS}/{one['id']}") == (404, "ErrorItemNotFound")
    url = f"{EVENTS}/{series['id']}?$select=cancelledOccurrences"
    assert graph.ask("GET", url)["cancelledOccurrences"] == [f"OID.{series['id']}.2026-03-12"]
    assert "cancelledOccurrences" not in graph.ask("GET", f"{EVENTS}/{series['id']}")
    immutable = graph.ask("GET", url, prefer=IMMUTABLE)
    assert immutable["cancelledOccurrences"] == [f"OID.{immutable['id']}.2026-03-12"]


def test_lists_do_not_tell_of_departures(graph, series):
    for option in ("$expand=exceptionOccurrences", "$select=subject,cancelledOccurrences"):
        assert graph.refused("GET", f"{EVENTS}?{option}")[0] == 501


def test_immutable_ids_of_occurrences_lead_to_them_and_to_their_master(graph, series):
    rows = instances(graph, series, prefer=IMMUTABLE)
    read = graph.ask("GET", f"{EVENTS}/{rows[0]['id']}", prefer=IMMUTABLE)
    assert read["id"] == rows[0]["id"]
    assert graph.ask("GET", f"{EVENTS}/{read['seriesMasterId']}")["id"] == series["id"]


def test_a_new_time_resets_what_departed_from_the_series(graph, series):
    graph.ask("DELETE", f"{EVENTS}/{instances(graph, series)[0]['id']}")
    patch_instance(graph, series, 1, subject="Other")
    change = {"start": at("05", "10:00"), "end": at("05", "11:00")}
    graph.ask("PATCH", f"{EVENTS}/{series['id']}", change)
    rows = instances(graph, series)
    assert [row["type"] for row in rows] == ["occurrence"] * 4
    assert {row["subject"] for row in rows} == {"Review"}


def test_a_new_time_keeps_departures_where_the_switch_says_so(graph, series):
    graph.world.switches.series_change_resets = False
    graph.ask("DELETE", f"{EVENTS}/{instances(graph, series)[0]['id']}")
    patch_instance(graph, series, 1, subject="Other")
    change = {"start": at("05", "10:00"), "end": at("05", "11:00")}
    graph.ask("PATCH", f"{EVENTS}/{series['id']}", change)
    assert sorted(row["type"] for row in instances(graph, series)) == ["exception", *["occurrence"] * 2]


def test_other_changes_of_a_series_keep_its_departures_and_reach_its_exceptions(graph, series):
    patch_instance(graph, series, 1, location={"displayName": "Pier 9"})
    same = {"subject": "Renamed", "recurrence": series["recurrence"]}
    graph.ask("PATCH", f"{EVENTS}/{series['id']}", same)
    changed = [row for row in instances(graph, series) if row["type"] == "exception"]
    assert [row["subject"] for row in changed] == ["Renamed"]
    assert [row["location"]["displayName"] for row in changed] == ["Pier 9"]


def test_a_series_cannot_start_on_another_day_without_a_new_range(graph, series):
    change = {"start": at("06"), "end": at("06", "10:00")}
    refused = graph.refused("PATCH", f"{EVENTS}/{series['id']}", change)
    assert refused == (400, "ErrorInvalidRequest")
    moved = change | {"recurrence": weekly("2026-03-06", "friday")}
    made = graph.ask("PATCH", f"{EVENTS}/{series['id']}", moved)
    assert made["start"]["dateTime"][:10] == "2026-03-06"


def test_a_series_becomes_a_single_and_back(graph, series):
    made = graph.ask("PATCH", f"{EVENTS}/{series['id']}", {"recurrence": None})
    assert (made["type"], made["recurrence"]) == ("singleInstance", None)
    change = {"recurrence": weekly("2026-03-05", "thursday")}
    made = graph.ask("PATCH", f"{EVENTS}/{series['id']}", change)
    assert made["type"] == "seriesMaster"


def test_a_view_holds_occurrences_and_singles_and_no_master(graph, series):
    graph.ask("POST", EVENTS, event("2026-03-10T09:00:00", "2026-03-10T10:00:00", subject="One"))
    url = f"users/ann/calendarView?{window('2026-03-09', '2026-03-20')}&$orderby=start/dateTime"
    rows = graph.ask("GET", url)["value"]
    assert [row["type"] for row in rows] == ["singleInstance", "occurrence", "occurrence"]


def test_the_offset_of_a_window_counts(graph, series):
    base = "users/ann/calendarView?startDateTime=2026-03-05T09:30:00-05:00&endDateTime="
    assert len(graph.ask("GET", f"{base}2026-03-05T23:00:00Z")["value"]) == 1
    base = "users/ann/calendarView?startDateTime=2026-03-05T15:00:00&endDateTime="
    zone = f'outlook.timezone="{NEW_YORK}"'
    assert graph.ask("GET", f"{base}2026-03-05T23:00:00", prefer=zone)["value"] == []


def test_a_window_is_needed_and_is_at_most_1825_days(graph, series):
    assert graph.refused("GET", "users/ann/calendarView")[0] == 400
    url = f"users/ann/calendarView?{window('2020-01-01', '2025-01-01')}"
    assert graph.refused("GET", url) == (400, "ErrorInvalidRequest")
    url = f"{EVENTS}/{series['id']}/instances?startDateTime=2026-03-01T00:00:00Z"
    assert graph.refused("GET", url)[0] == 400


def test_an_all_day_series_keeps_its_dates_in_the_far_east(graph):
    sydney = "AUS Eastern Standard Time"
    body = event("2026-03-05T00:00:00", "2026-03-06T00:00:00", zone=sydney, isAllDay=True)
    made = graph.ask("POST", EVENTS, {**body, "recurrence": weekly("2026-03-05", "thursday")})
    rows = instances(graph, made)
    assert [row["start"]["dateTime"][:16] for row in rows][:2] == [
        "2026-03-05T00:00",
        "2026-03-12T00:00",
    ]
    # The stored instant decides about windows: it is the fourth of March in UTC.
    day = f"users/ann/calendarView?{window('2026-03-04', '2026-03-05')}"
    assert len(graph.ask("GET", day)["value"]) == 1


def test_a_stale_version_is_refused_with_412(graph, series):
    address = f"{EVENTS}/{series['id']}"
    graph.ask("PATCH", address, {"subject": "New"})
    stale = {"if_match": series["@odata.etag"]}
    for method, body in (("PATCH", {"subject": "Newer"}), ("DELETE", None)):
        refused = graph.refused(method, address, body, **stale)
        assert refused == (412, "ErrorIrresolvableConflict")
    fresh = graph.ask("GET", address)["@odata.etag"]
    graph.ask("DELETE", address, if_match=fresh)
    assert graph.refused("GET", address) == (404, "ErrorItemNotFound")


def test_a_deleted_event_may_still_be_read_where_the_switch_says_so(graph, series):
    graph.world.switches.deleted_event_still_readable = True
    address = f"{EVENTS}/{series['id']}"
    graph.ask("DELETE", address)
    assert graph.ask("GET", address)["subject"] == "Review"
    assert graph.ask("GET", EVENTS)["value"] == []


def test_what_is_gone_for_good_cannot_be_read(graph, series):
    graph.world.switches.deleted_event_still_readable = True
    graph.ask("POST", f"{EVENTS}/{series['id']}/permanentDelete")
    assert graph.refused("GET", f"{EVENTS}/{series['id']}") == (404, "ErrorItemNotFound")
