"""`manage.py audit`: source and targets read afresh from the sandbox, and what it says of them."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from syncengine.connectors.graph.marks import MARK_ID
from tenants.models import Lease
from tests.tunnels.world import A, B, C, person, user_id
from tunnels.bookkeeping.identity import installation
from tunnels.models import Lane, Tunnel
from tunnels.running import auditing

pytestmark = pytest.mark.django_db

EASTERN = "Eastern Standard Time"
MARK = f"$expand=singleValueExtendedProperties($filter=id eq '{MARK_ID}')"


def mails(tid, *numbers):
    return {tid: {"mailboxes": [person(tid, number)["mail"] for number in numbers]}}


def span(start, end, zone):
    return {"start": {"dateTime": start, "timeZone": zone}, "end": {"dateTime": end, "timeZone": zone}}


def hour(day, begins):
    return span(f"{day}T{begins:02}:00:00", f"{day}T{begins + 1:02}:00:00", "UTC")


def weekly(subject, zone=EASTERN, **fields):
    """Thursdays at nine, from before the change of clocks until after it."""
    return {
        "subject": subject,
        **span("2026-10-15T09:00:00", "2026-10-15T10:00:00", zone),
        "recurrence": {
            "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["thursday"]},
            "range": {"type": "numbered", "startDate": "2026-10-15", "numberOfOccurrences": 6,
                      "recurrenceTimeZone": zone},
        },
        **fields,
    }  # fmt: skip


def whole_day(subject, day, zone=EASTERN):
    until = f"{day[:8]}{int(day[8:]) + 1:02}"
    return {
        "subject": subject,
        "isAllDay": True,
        "showAs": "oof",
        **span(f"{day}T00:00:00", f"{until}T00:00:00", zone),
    }


def occurrence(office, tid, number, event, day):
    """The id of a series' occurrence on a day."""
    view = f"events/{event}/instances?startDateTime={day}T00:00:00Z&endDateTime={day}T23:59:59Z"
    [found] = office.as_user(tid, number, "GET", view)["value"]
    return found["id"]


def audited(tunnel):
    """Differences by mailbox, as sorted kinds."""
    found: dict[str, list[str]] = {}
    for one in auditing.audit(tunnel).differences:
        found.setdefault(one.mailbox[:3], []).append(one.difference.kind)
    return {mailbox: sorted(kinds) for mailbox, kinds in found.items()}


def call(*words):
    """What the command prints, and how it ends."""
    said, status = StringIO(), 0
    try:
        call_command(*words, stdout=said)
    except SystemExit as end:
        status = int(str(end.code))
    return said.getvalue(), status


@pytest.fixture
def fan(office):
    """Three events into three mailboxes: seven lines in each."""
    return a_fan(office, 1, 2, 3)


def a_fan(office, *numbers):
    """The same into some mailboxes."""
    office.open(A)
    office.add_event(A, 90, subject="Single")
    office.add_event(A, 90, **whole_day("Day off", "2026-11-05"))
    series = office.add_event(A, 90, **weekly("Series"))
    office.as_user(A, 90, "DELETE", f"events/{occurrence(office, A, 90, series['id'], '2026-11-12')}")
    tunnel = office.calendar_tunnel(to=mails(A, *numbers))
    office.sync(tunnel)
    return tunnel


def copies(office, number):
    """The copies in a mailbox by subject."""
    return {one["subject"]: one["id"] for one in office.calendar(A, number, "On-Call")}


def add_copy(office, number, mark, **fields):
    """An event that bears a mark, put into the mailbox's folder behind our back."""
    folder = Lane.objects.get(mailbox=user_id(A, number)).folder
    event = {
        "subject": "Single",
        **span("2026-11-03T09:00:00", "2026-11-03T10:00:00", "UTC"),
        "isReminderOn": False,
        "singleValueExtendedProperties": [{"id": MARK_ID, "value": mark}],
        **fields,
    }
    office.as_user(A, number, "POST", f"calendars/{folder}/events", event)


def test_what_was_done_to_copies_behind_our_back_is_found_mailbox_by_mailbox(office):
    fan = a_fan(office, 1, 2, 3, 4, 5, 6, 7)
    name, lane = installation().name, Lane.objects.get(mailbox=user_id(A, 2))
    office.as_user(A, 1, "DELETE", f"events/{copies(office, 1)['Single']}")
    add_copy(office, 2, f"culvert1.{name}.{lane.pk}.row.attempt")
    office.as_user(A, 3, "PATCH", f"events/{copies(office, 3)['Single']}", {"sensitivity": "private"})
    moved = occurrence(office, A, 4, copies(office, 4)["Series"], "2026-11-05")
    office.as_user(A, 4, "PATCH", f"events/{moved}", hour("2026-11-05", 18))
    crooked = {key: value for key, value in weekly("Series", "UTC").items() if key != "subject"}
    crooked |= span("2026-10-15T13:00:00", "2026-10-15T14:00:00", "UTC")
    office.as_user(A, 5, "PATCH", f"events/{copies(office, 5)['Series']}", crooked)
    one_off = {"isAllDay": True, **span("2026-11-04T00:00:00", "2026-11-05T00:00:00", EASTERN)}
    office.as_user(A, 6, "PATCH", f"events/{copies(office, 6)['Day off']}", one_off)
    add_copy(office, 7, f"culvert1.{name}.{lane.pk}.row.attempt")
    assert audited(fan) == {
        "u01": ["missing"],
        "u02": ["extra"],
        "u03": ["extra", "missing"],
        "u04": ["extra", "missing"],
        # What stands after the change of clocks is an hour off, and so is what was cancelled.
        "u05": ["extra"] * 3 + ["missing"] * 2,
        "u06": ["extra", "missing"],
        "u07": ["stranger"],
    }


def test_what_changed_at_the_source_and_was_not_carried_is_found(office, fan):
    [series] = [
        one for one in office.as_user(A, 90, "GET", "events?$top=99")["value"] if one["subject"] == "Series"
    ]
    office.as_user(A, 90, "DELETE", f"events/{occurrence(office, A, 90, series['id'], '2026-11-19')}")
    assert audited(fan) == {f"u0{number}": ["extra"] for number in (1, 2, 3)}
    office.add_event(A, 90, subject="New")
    assert audited(fan)["u03"] == ["extra", "missing"]
    office.sync(fan)
    assert audited(fan) == {}


def test_a_clean_world_has_no_difference(office):
    office.open(A, B, C)
    office.add_event(
        A, 90, subject="Page", body={"contentType": "html", "content": "<p>One <a href='https://x.example'>two</a></p>"},
        location={"displayName": "Room 1"}, categories=["Red"], sensitivity="private",
    )  # fmt: skip
    text = {"contentType": "text", "content": "one\n two"}
    office.add_event(A, 90, subject="Text", body=text, showAs="tentative")
    office.add_event(A, 90, **whole_day("Day off", "2026-11-05"))
    office.add_event(A, 90, **whole_day("Day off there", "2026-11-06", "AUS Eastern Standard Time"))
    series = office.add_event(A, 90, **weekly("Series", body={"contentType": "html", "content": "<b>x</b>"}))
    for day, fields in {
        "2026-10-29": {"subject": "Renamed"},
        "2026-11-05": hour("2026-11-06", 15),
    }.items():
        office.as_user(A, 90, "PATCH", f"events/{occurrence(office, A, 90, series['id'], day)}", fields)
    office.as_user(A, 90, "DELETE", f"events/{occurrence(office, A, 90, series['id'], '2026-11-12')}")
    to = {**mails(A, 1), **mails(B, 1), **mails(C, 1)}
    tunnel = office.calendar_tunnel(
        to=to, policy={"detail": "full", "categories": True, "private": "as_others"}
    )
    office.sync(tunnel)
    found = auditing.audit(tunnel)
    assert (found.lanes, found.compared, found.differences, found.not_understood) == (3, 3 * 9, (), ())


def test_an_occurrence_that_stands_apart_is_no_difference(office):
    office.open(A)
    days = weekly("Series")
    days["recurrence"]["pattern"] = {"type": "daily", "interval": 1}
    series = office.add_event(A, 90, **days)
    first, second = (occurrence(office, A, 90, series["id"], day) for day in ("2026-10-19", "2026-10-18"))
    # At the source the second of the two was cancelled after the first had moved.
    office.as_user(A, 90, "PATCH", f"events/{first}", hour("2026-10-19", 21))
    office.as_user(A, 90, "DELETE", f"events/{second}")
    tunnel = office.calendar_tunnel(to=mails(A, 1))
    office.sync(tunnel)
    assert audited(tunnel) == {}


def test_a_contact_of_which_one_field_was_edited_is_found(office):
    office.open(A)
    tunnel = office.contact_tunnel(to=mails(A, 1, 2, 3))
    office.sync(tunnel)
    found = auditing.audit(tunnel)
    assert (found.compared, found.differences) == (3 * 11, ())
    [one] = [one for one in office.contacts(A, 1, "People") if one["displayName"] == "Person 05"]
    office.as_user(A, 1, "PATCH", f"contacts/{one['id']}", {"mobilePhone": "+1 555 9999"})
    [one] = [one for one in office.contacts(A, 2, "People") if one["displayName"] == "Person 05"]
    office.as_user(A, 2, "DELETE", f"contacts/{one['id']}")
    assert audited(tunnel) == {"u01": ["extra", "missing"], "u02": ["missing"]}


def test_a_folder_that_somebody_removed_holds_nothing(office, fan):
    lane = Lane.objects.get(mailbox=user_id(A, 1))
    office.as_user(A, 1, "DELETE", f"calendars/{lane.folder}")
    assert audited(fan) == {"u01": ["missing"] * (1 + 1 + 5)}


WEATHER = {
    "403": {"kind": "status", "status": 403, "code": "ErrorAccessDenied"},
    "500": {"kind": "status", "status": 500},
    "429": {"kind": "status", "status": 429, "retry_after": 20},
    "429 for an hour": {"kind": "status", "status": 429, "retry_after": 3600},
    "truncated": {"kind": "truncated"},
    "lost": {"kind": "lost"},
}


@contextmanager
def weather(office, fault, mailbox, path):
    """What is asked of the mailbox at this path finds this weather; afterwards it has passed."""
    office.fault(**WEATHER[fault], mailbox=mailbox, path=path, times=None)
    yield
    office.calm()
    office.advance(timedelta(hours=2))


@pytest.mark.parametrize("path", ["calendarView", "/events/"])
def test_a_target_that_gives_no_answer_is_not_compared_and_the_others_are(office, fan, path):
    for fault in WEATHER:
        with weather(office, fault, user_id(A, 3), path):
            found = auditing.audit(fan)
        kinds = [(one.mailbox[:3], one.difference.kind) for one in found.differences]
        assert kinds == [("u03", "not compared")], fault
        assert (found.compared, found.lanes) == (2 * 7, 3), fault


@pytest.mark.parametrize("path", ["calendarView", "/events/"])
def test_a_source_that_gives_no_answer_is_told_and_nothing_is_compared(office, fan, path):
    for fault in WEATHER:
        with (
            weather(office, fault, user_id(A, 90), path),
            pytest.raises(CommandError, match="on-call was not audited"),
        ):
            call("audit", "on-call", "--json")


@pytest.mark.parametrize("fault", ["500", "429", "truncated", "lost"])
def test_weather_that_passes_is_waited_for(office, fan, fault):
    office.forget_counters()
    for mailbox in (user_id(A, 90), user_id(A, 3)):
        office.fault(**WEATHER[fault], mailbox=mailbox, times=2)
    assert auditing.audit(fan).compared == 3 * 7
    assert office.counters()["early_requests"] == 0


def test_how_long_a_mailbox_wants_to_be_left_alone_is_left_behind_for_the_workers(office, fan):
    office.fault(kind="status", status=429, retry_after=3600, mailbox=user_id(A, 3), times=1)
    office.forget_counters()
    assert audited(fan)["u03"] == ["not compared"]
    assert Lease.objects.get(mailbox=user_id(A, 3)).not_before is not None
    assert office.counters()["early_requests"] == 0


def test_leases_are_given_back_and_requests_are_counted(office, fan):
    before = Lease.objects.get(mailbox=user_id(A, 3)).spent
    auditing.audit(fan)
    lease = Lease.objects.get(mailbox=user_id(A, 3))
    assert (lease.holder, lease.until) == (None, None)
    assert sum(lease.spent.values()) > sum(before.values())


def test_what_the_second_reading_does_not_show_is_not_told(office, fan, monkeypatch):
    office.as_user(A, 1, "DELETE", f"events/{copies(office, 1)['Single']}")
    office.add_event(A, 90, subject="Late")
    read, readings = auditing._read_sources, []

    def repaired_meanwhile(tunnel: Tunnel):
        if readings:
            office.sync(tunnel)
        readings.append(1)
        return read(tunnel)

    monkeypatch.setattr(auditing, "_read_sources", repaired_meanwhile)
    found = auditing.audit(fan)
    assert (found.differences, found.compared, len(readings)) == ((), 3 * 8, 2)


def test_a_lane_without_difference_is_not_read_again(office, fan):
    office.as_user(A, 1, "DELETE", f"events/{copies(office, 1)['Single']}")
    office.forget_counters()
    auditing.audit(fan)
    asked = [line["path"] for line in office.sandbox.control("GET", "requests")["requests"]]
    looks = [sum(user_id(A, number) in path and "delta" in path for path in asked) for number in (1, 2, 90)]
    assert looks == [2, 1, 2]


def put_events(office, *events):
    """Let the on-call mailbox hold these, as Exchange keeps them."""
    calendar = {"name": "Calendar", "isDefaultCalendar": True, "events": list(events)}
    settings = {"timeZone": EASTERN, "userPurpose": "shared"}
    path = f"tenants/{A}/mailboxes/{user_id(A, 90)}"
    office.sandbox.control("PUT", path, {"settings": settings, "calendars": [calendar]})


def test_an_event_that_cannot_be_understood_is_listed_and_the_others_are_compared(office, monkeypatch):
    office.open(A)
    office.add_event(A, 90, subject="Good")
    tunnel = office.calendar_tunnel(to=mails(A, 1))
    office.sync(tunnel)
    read = auditing.read_calendar

    def with_a_riddle(*arguments):
        # No event that the sandbox keeps is a riddle to us: the reading gains one on the way.
        return replace(read(*arguments), not_understood=("It begins when pigs fly.",))

    monkeypatch.setattr(auditing, "read_calendar", with_a_riddle)
    said, status = call("audit", "on-call", "--json")
    told = json.loads(said)
    assert (told["compared"], told["differences"], status) == (1, [], 0)
    assert [one["reason"] for one in told["not_understood"]] == ["It begins when pigs fly."]
    assert "an item was not understood: It begins when pigs fly." in call("audit", "on-call")[0]


def test_events_that_share_an_identity_are_two(office):
    office.open(A)
    days = [span(f"2026-11-0{day}T09:00:00", f"2026-11-0{day}T10:00:00", "UTC") for day in (3, 4)]
    put_events(office, *({"subject": "Twice", "iCalUId": "0400000082AB", **one} for one in days))
    tunnel = office.calendar_tunnel(to=mails(A, 1))
    assert office.sync(tunnel).created == 2
    found = auditing.audit(tunnel)
    assert (found.compared, found.differences) == (2, ())


def test_a_lane_that_never_got_a_folder_is_not_compared(office, fan):
    office.sandbox.control("PATCH", f"tenants/{A}/mailboxes/{user_id(A, 8)}", {"trouble": "unlicensed"})
    tunnel = office.calendar_tunnel("other", to=mails(A, 8, 9))
    office.sync(tunnel)
    assert audited(tunnel) == {"u08": ["not compared"]}


def test_the_command_says_it_for_machines_and_for_people(office, fan):
    said, status = call("audit", "on-call", "--json")
    assert (json.loads(said), status) == (
        {"tunnel": "on-call", "lanes": 3, "compared": 21, "differences": [], "not_understood": []}, 0,
    )  # fmt: skip
    assert call("audit", "on-call") == ("on-call: 0 differences of 21.\n", 0)
    office.as_user(A, 1, "DELETE", f"events/{copies(office, 1)['Single']}")
    said, status = call("audit", "on-call", "--json")
    [found] = json.loads(said)["differences"]
    assert (found["mailbox"], found["kind"], status) == ("u01@northwind.example", "missing", 1)
    said, status = call("audit", "on-call")
    head, line = said.splitlines()
    assert head == "on-call: 1 differences of 21."
    assert line.startswith(
        "  u01@northwind.example: missing: 2026-11-03 09:00:00 to 2026-11-03 10:00:00, UTC"
    )


def test_nothing_is_written_by_an_audit(office, fan):
    office.as_user(A, 1, "DELETE", f"events/{copies(office, 1)['Single']}")
    office.forget_counters()
    auditing.audit(fan)
    assert office.counters()["writes"] == 0
