"""Files of other calendars: they mean what recurring-ical-events says, or are refused with a reason."""

from __future__ import annotations

import warnings
from collections import Counter
from datetime import UTC, datetime, time, timedelta

import icalendar
import pytest
import recurring_ical_events

from syncengine.sandbox.calendars.desk import Desk
from syncengine.sandbox.calendars.ics_import import import_ics
from syncengine.sandbox.calendars.views import rows_of
from syncengine.sandbox.kernel import Refusal
from tests.conftest import SHARED

# What Graph cannot express, or nobody can read.
REFUSED: dict[str, str] = {
    "ical4j--Casablanca.ics": "holds no event",
    "ical4j--korganizer_sample.ics": "start is not one of its occurrences",
    "icalendar--big_bad_calendar.ics": "holds no event",
    "icalendar--bom_calendar.ics": "holds no event",
    "icalendar--broken_ical.ics": "a line cannot be read",
    "icalendar--created_calendar_with_unicode_fields.ics": "an event has no start",
    "icalendar--empty.ics": "holds no event",
    "icalendar--issue_1050_multiple_calendars.ics": "an event has no start",
    "icalendar--issue_722_missing_timezones.ics": "an event has no start",
    "icalendar--rfc_6868.ics": "an event has no start",
    "icalendar--rfc_7529.ics": "a recurrence by RSCALE",
    "icalendar--rfc_7986_conferences.ics": "an event has no start",
    "icaljs--google_birthday.ics": "RDATE cannot be read",
    "icaljs--multiple_rrules.ics": "several recurrence rules",
    "icaljs--recur_instances.ics": "RDATE",
    "icalnet--MonthlyCountByDay3.ics": "the position -2",
    "icalnet--USHolidays.ics": "several days of a month",
    "khal--cal_lots_of_timezones.ics": "RDATE",
    "node-ical--Office-2012-owa.ics": "time zone is unknown",
    "node-ical--attendee-with-url.ics": "an event has no start",
    "node-ical--bad_custom_ms_tz.ics": "time zone is unknown",
    "node-ical--daily-count-exdate-recurrence-id.ics": "ends before it starts",
    "node-ical--festival-multiday-rrule.ics": "start is not one of its occurrences",
    "node-ical--ms_timezones.ics": "DTSTART cannot be read",
    "node-ical--non-utc-until-ny.ics": "UNTIL names no time zone",
    "node-ical--test_with_int_tzid.ics": "time zone is unknown",
    "node-ical--utf8-french-calendar.ics": "holds no event",
    # Exchange keeps no occurrence past the next one.
    "node-ical--whole_day_moved_over_dst_change_berlin.ics": "ErrorOccurrenceCrossingBoundary",
    "node-ical--windows-quoted-tz-rrule.ics": "time zone is unknown",
}
FILES = sorted(path.name for path in (SHARED / "ics-corpus").glob("*.ics"))
YEARS_AFTER = timedelta(days=3 * 365)


def imported(graph, text):
    return import_ics(graph.world, graph.tenant, graph.tenant.mailboxes["ann"], text)


def instant(moment):
    """A moment of the oracle as a naive instant; what has no zone is meant in UTC."""
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time())
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def expected(text, low, high):
    """How often something stands from one instant to another, in the oracle's opinion."""
    found: Counter[tuple[datetime, datetime, str]] = Counter()
    for calendar in icalendar.Calendar.from_ical(text, multiple=True):
        for one in recurring_ical_events.of(calendar).between(low, high):
            found[instant(one["DTSTART"].dt), instant(one["DTEND"].dt), str(one.get("SUMMARY", ""))] += 1
    return found


def actual(graph, low, high):
    """The same of what is in Ann's calendar."""
    desk = Desk.at(graph.world, graph.tenant, graph.tenant.mailboxes["ann"])
    found: Counter[tuple[datetime, datetime, str]] = Counter()
    for event in desk.drawer.within(desk.default_calendar["id"]):
        for row in rows_of(event, low, high):
            times = row.times or event.times
            all_day = times.is_all_day
            span = (times.start, times.end) if all_day else (times.at, times.until)
            subject = (row.change.changes if row.change else {}).get("subject", event["subject"])
            found[(*span, subject)] += 1
    return found


@pytest.mark.shared
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", FILES)
def test_a_file_of_the_corpus_means_the_same_or_is_refused_with_a_reason(graph, shared, name):
    text = (shared / "ics-corpus" / name).read_bytes()
    if name in REFUSED:
        with pytest.raises(Refusal, match=REFUSED[name]):
            imported(graph, text)
        assert not graph.tenant.mailboxes["ann"].events
        return
    made = imported(graph, text)
    starts = [datetime.fromisoformat(one["start"]["dateTime"]) for one in made]
    low, high = min(starts) - timedelta(days=400), max(starts) + YEARS_AFTER
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert actual(graph, low, high) == expected(text, low, high)
    assert graph.world.outbox == []


def file_of(*lines):
    """A file with one event of these lines."""
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//tests//EN", "BEGIN:VEVENT", "UID:one"]
    return "\r\n".join([*head, *lines, "END:VEVENT", "END:VCALENDAR", ""])


def test_what_a_file_says_becomes_what_graph_says(graph):
    text = file_of(
        "SUMMARY:Review",
        "DESCRIPTION:Bring\\nnotes",
        "LOCATION:Pier 9",
        "CLASS:PRIVATE",
        "TRANSP:TRANSPARENT",
        "PRIORITY:1",
        "CATEGORIES:Red,Blue",
        "DTSTART;TZID=Europe/Berlin:20260305T090000",
        "DTEND;TZID=Europe/Berlin:20260305T100000",
        "ORGANIZER;CN=Zoe:mailto:zoe@birch.example",
        "ATTENDEE;CN=Ann;PARTSTAT=ACCEPTED:mailto:ann@alder.example",
    )
    made = imported(graph, text)[0]
    assert (made["subject"], made["bodyPreview"]) == ("Review", "Bring\nnotes")
    assert (made["sensitivity"], made["showAs"], made["importance"]) == ("private", "free", "high")
    assert made["categories"] == ["Red", "Blue"]
    assert made["start"]["dateTime"][:16] == "2026-03-05T08:00"
    assert made["originalStartTimeZone"] == "Europe/Berlin"
    assert (made["isOrganizer"], made["isReminderOn"]) == (False, False)
    assert made["attendees"][0]["status"]["response"] == "accepted"
    assert graph.ask("GET", f"users/ann/events/{made['id']}")["iCalUId"] == "one"
    assert graph.world.outbox == []


def test_the_same_file_twice_is_refused(graph):
    text = file_of("DTSTART:20260305T090000Z")
    imported(graph, text)
    with pytest.raises(Refusal, match="same UID"):
        imported(graph, text)


@pytest.mark.parametrize(
    ("rule", "pattern"),
    [
        ("FREQ=MONTHLY;BYMONTHDAY=-1", {"type": "absoluteMonthly", "dayOfMonth": 31}),
        ("FREQ=MONTHLY;BYDAY=-1FR", {"type": "relativeMonthly", "index": "last"}),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", {"type": "relativeMonthly", "index": "last"}),
        ("FREQ=DAILY;BYDAY=MO,WE,FR", {"type": "weekly"}),
        ("FREQ=YEARLY;BYMONTH=7;BYMONTHDAY=31", {"type": "absoluteYearly", "month": 7}),
        ("FREQ=YEARLY", {"type": "absoluteYearly", "dayOfMonth": 31, "month": 7}),
    ],
)
def test_rules_that_graph_can_say_are_said(graph, rule, pattern):
    made = imported(graph, file_of("DTSTART:20260731T090000Z", f"RRULE:{rule}"))[0]
    assert pattern.items() <= made["recurrence"]["pattern"].items()


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=MONTHLY",  # the 31st, which February has not
        "FREQ=MONTHLY;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYDAY=FR",
        "FREQ=MONTHLY;BYMONTHDAY=1,15",
        "FREQ=HOURLY",
        "FREQ=YEARLY;BYYEARDAY=100",
        "FREQ=YEARLY;BYMONTH=1,7",
        "FREQ=DAILY;INTERVAL=2;BYDAY=FR",
        "FREQ=WEEKLY;BYMONTH=7",
    ],
)
def test_rules_that_graph_cannot_say_are_refused(graph, rule):
    with pytest.raises(Refusal, match="cannot be imported"):
        imported(graph, file_of("DTSTART:20260731T090000Z", f"RRULE:{rule}"))
    assert graph.ask("GET", "users/ann/events")["value"] == []
