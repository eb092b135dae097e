"""The whole way of a calendar: from a shared mailbox to the people of a group, in the sandbox."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tenants.models import Problem
from tests.tunnels.world import A, user_id
from tunnels.models import Lane, LedgerEntry, Run
from tunnels.running.slices import Slice

pytestmark = pytest.mark.django_db

GROUP = {A: {"group": "grp-mobile"}}


@pytest.fixture
def tunnel(office):
    office.open(A)
    office.add_event(A, 90, subject="First shift")
    return office.calendar_tunnel(to=GROUP)


def test_an_event_reaches_every_mailbox_of_the_group(office, tunnel):
    run = office.sync(tunnel)
    assert (run.state, run.created, run.failed) == (Run.State.DONE, 6, 0), run.remark
    for number in range(1, 7):
        [copy] = office.calendar(A, number, "On-Call")
        assert copy["subject"] == "First shift"
        assert copy["attendees"] == []
    assert office.calendar(A, 7, "On-Call") == []
    assert office.outbox() == []


def test_a_second_run_writes_nothing(office, tunnel):
    office.sync(tunnel)
    office.forget_counters()
    run = office.sync(tunnel)
    assert (run.state, run.remark) == (Run.State.DONE, "No change.")
    assert office.counters()["writes"] == 0
    assert LedgerEntry.objects.count() == 6
    assert set(Lane.objects.values_list("state", flat=True)) == {"healthy"}


def test_a_change_and_a_deletion_follow(office, tunnel):
    event = office.add_event(A, 90, subject="Second shift")
    office.sync(tunnel)
    office.as_user(A, 90, "PATCH", f"events/{event['id']}", {"subject": "Moved shift"})
    assert office.sync(tunnel).updated == 6
    assert {one["subject"] for one in office.calendar(A, 1, "On-Call")} == {"First shift", "Moved shift"}
    office.as_user(A, 90, "DELETE", f"events/{event['id']}")
    assert office.sync(tunnel).deleted == 6
    assert {one["subject"] for one in office.calendar(A, 1, "On-Call")} == {"First shift"}


def test_who_leaves_the_group_loses_the_copies_and_who_joins_gets_them(office, tunnel):
    office.sync(tunnel)
    office.sandbox.as_user(
        A, "DELETE", f"groups/00000000-0000-4000-8000-00000000aaaa/members/{user_id(A, 6)}/$ref"
    )
    office.sandbox.as_user(
        A,
        "POST",
        "groups/00000000-0000-4000-8000-00000000aaaa/members/$ref",
        {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{user_id(A, 9)}"},
    )
    run = office.sync(tunnel)
    assert (run.created, run.deleted) == (1, 1), run.remark
    assert office.lane(tunnel, A, 6).state == Lane.State.GONE
    assert not any(one["name"] == "On-Call" for one in office.as_user(A, 6, "GET", "calendars")["value"])
    assert len(office.calendar(A, 9, "On-Call")) == 1


def test_a_calendar_is_found_by_its_name(office):
    office.open(A)
    office.add_event(A, 90, subject="Of the default calendar")
    rota = office.as_user(A, 90, "POST", "calendars", {"name": "Rota"})
    office.as_user(
        A,
        90,
        "POST",
        f"calendars/{rota['id']}/events",
        {
            "subject": "Of the rota",
            "start": {"dateTime": "2026-11-03T09:00:00", "timeZone": "UTC"},
            "end": {"dateTime": "2026-11-03T10:00:00", "timeZone": "UTC"},
        },
    )
    tunnel = office.calendar_tunnel(to=GROUP, calendar="rota")
    assert office.sync(tunnel).created == 6
    assert [one["subject"] for one in office.calendar(A, 1, "On-Call")] == ["Of the rota"]


def test_a_calendar_that_is_not_there_is_told_and_no_other_is_taken(office):
    office.open(A)
    office.add_event(A, 90)
    tunnel = office.calendar_tunnel(to=GROUP, calendar="Rota")
    run = office.sync(tunnel)
    assert (run.written, run.state) == (0, Run.State.FAILED)
    assert Problem.objects.open().get().reason == "calendar not found"


def test_a_refused_mailbox_fills_no_page_with_runs(office, tunnel):
    mailbox = f"tenants/{A}/mailboxes/{user_id(A, 3)}"
    office.sandbox.control("PATCH", mailbox, {"trouble": "access-denied"})
    office.sync(tunnel)
    before = Run.objects.count()
    for _ in range(3):
        office.advance(timedelta(minutes=40))
        Slice(60).work()
    assert Run.objects.count() == before
    office.sandbox.control("PATCH", mailbox, {"trouble": ""})
    office.advance(timedelta(minutes=40))
    Slice(60).work()
    assert len(office.calendar(A, 3, "On-Call")) == 1
    assert Run.objects.count() == before + 1
    assert not Problem.objects.open().exists()
