"""Runs: one at a time, joined by whoever asks, and silent when there is nothing to do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from partners import clock
from tests.tunnels.building import make_tunnel
from tests.tunnels.world import MOBILE, A, B, C, person, user_id
from tunnels import journal, services
from tunnels.models import Lane, LedgerEntry, Run, RunLine
from tunnels.running import waiting
from tunnels.running.slices import Slice

pytestmark = pytest.mark.django_db

GROUP = {A: {"group": "grp-mobile"}}


def test_the_database_allows_one_live_run_per_tunnel(tenant):
    tunnel = make_tunnel(tenant)
    Run.objects.create(tunnel=tunnel, trigger="asked", started_at=clock.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        Run.objects.create(tunnel=tunnel, trigger="asked", started_at=clock.now())


def test_e08_five_clicks_are_one_run(office):
    office.open(A)
    office.add_event(A, 90)
    tunnel = office.calendar_tunnel(to=GROUP)
    services.approve_all(office.principal, tunnel)
    runs = {services.run_now(office.principal, tunnel).pk for _ in range(5)}
    assert len(runs) == 1
    run = waiting.until_over(Run.objects.get(), patience_s=60)
    assert (run.state, run.asked, run.created) == (Run.State.DONE, 5, 6)
    assert Run.objects.count() == 1
    assert [len(office.calendar(A, number, "On-Call")) for number in range(1, 7)] == [1] * 6


def test_who_asks_after_the_look_gets_one_more_run(tenant):
    tunnel = make_tunnel(tenant)
    run = journal.open_run(tunnel, Run.Trigger.ASKED)
    journal.has_begun_to_look([tunnel])
    for _ in range(3):
        assert journal.open_run(tunnel, Run.Trigger.ASKED) == run
    Slice(only=tunnel).work()
    run.refresh_from_db()
    assert run.is_over
    assert Run.objects.filter(state=Run.State.RUNNING).count() <= 1
    assert Run.objects.count() == 2


def test_e20_three_runs_without_a_change_write_nothing(office):
    office.open(A)
    office.add_event(A, 90)
    tunnel = office.calendar_tunnel(to=GROUP)
    office.sync(tunnel)
    office.forget_counters()
    before = LedgerEntry.objects.count()
    for _ in range(3):
        assert office.sync(tunnel).remark == "No change."
    assert (office.counters()["writes"], LedgerEntry.objects.count()) == (0, before)


def test_a_scheduled_cycle_without_changes_asks_the_source_once_and_no_target(office):
    office.open(A)
    office.add_event(A, 90)
    tunnel = office.calendar_tunnel(to=GROUP)
    office.sync(tunnel)
    Slice(only=tunnel).work()
    office.forget_counters()
    runs = Run.objects.count()
    office.advance(timedelta(seconds=tunnel.schedule_s + 1))
    Slice(only=tunnel).work()
    log = office.sandbox.control("GET", "requests")["requests"]
    assert ["/calendarView/delta" in one["path"] for one in log if "/calendar" in one["path"].lower()] == [
        True
    ]
    assert Run.objects.count() == runs


def test_c10_what_is_left_out_is_in_the_journal_with_its_reason(office):
    office.open(A)
    for show_as in ("free", "tentative", "busy", "oof", "workingElsewhere"):
        office.add_event(A, 90, subject=show_as, showAs=show_as)
    policy = {"show_as": ["tentative", "busy", "oof"]}
    tunnel = office.calendar_tunnel(to={A: {"mailboxes": [person(A, 1)["mail"]]}}, policy=policy)
    run = office.sync(tunnel)
    copies = {one["subject"] for one in office.calendar(A, 1, "On-Call")}
    assert copies == {"tentative", "busy", "oof"}
    said = [line.text for line in run.lines.all()]
    assert "Left out: show-as is free (1)." in said
    assert "Left out: show-as is workingElsewhere (1)." in said


def test_c08_a_new_event_far_outside_the_window_is_nothing(office):
    office.open(A)
    office.add_event(A, 90)
    tunnel = office.calendar_tunnel(to=GROUP)
    office.sync(tunnel)
    before = LedgerEntry.objects.count()
    far = {"dateTime": "2027-08-29T09:00:00", "timeZone": "UTC"}
    office.add_event(A, 90, start=far, end={**far, "dateTime": "2027-08-29T10:00:00"})
    run = office.sync(tunnel)
    assert (run.state, run.remark, run.failed) == (Run.State.DONE, "No change.", 0)
    assert LedgerEntry.objects.count() == before
    assert not RunLine.objects.filter(run=run).exclude(level="info").exists()


def test_an_event_comes_into_the_window_by_itself(office):
    office.open(A)
    start = {"dateTime": "2027-05-10T09:00:00", "timeZone": "UTC"}
    office.add_event(A, 90, start=start, end={**start, "dateTime": "2027-05-10T10:00:00"})
    tunnel = office.calendar_tunnel(to={A: {"mailboxes": [person(A, 1)["mail"]]}})
    office.sync(tunnel)
    assert office.calendar(A, 1, "On-Call") == []
    office.advance(timedelta(days=20))
    assert office.sync(tunnel).created == 1
    office.advance(timedelta(days=300))
    assert office.sync(tunnel).deleted == 1
    assert LedgerEntry.objects.get(verb="delete").cause == "left the window"


def test_c20_three_mailboxes_as_three_tunnels_hold_two_copies_each(office):
    office.open(A, B, C)
    places = {A: 1, B: 2, C: 3}
    for tid, number in places.items():
        office.add_event(tid, number, subject=f"Own of {number}")
    tunnels = []
    for tid, number in places.items():
        others = {
            other: {"mailboxes": [person(other, places[other])["mail"]]} for other in places if other != tid
        }
        tunnels.append(office.calendar_tunnel(f"from-{number}", source=(tid, number), to=others))
    for tunnel in tunnels:
        assert office.sync(tunnel).created == 2
    assert sum(run.written for run in map(office.sync, tunnels)) == 0
    copies = [
        event["subject"]
        for tid, number in places.items()
        for from_ in places.values()
        for event in office.calendar(tid, number, f"From-{from_}")
    ]
    assert sorted(copies) == sorted(f"Own of {number}" for number in places.values() for _ in range(2))
    [own] = office.as_user(A, 1, "GET", "calendar/events")["value"]
    office.as_user(A, 1, "DELETE", f"events/{own['id']}")
    assert office.sync(tunnels[0]).deleted == 2
    assert office.calendar(B, 2, "From-1") == office.calendar(C, 3, "From-1") == []
    assert office.outbox() == []


def test_a_paused_tunnel_reads_and_writes_nothing_and_catches_up(office):
    office.open(A)
    event = office.add_event(A, 90)
    tunnel = office.calendar_tunnel(to=GROUP)
    office.sync(tunnel)
    services.pause(office.principal, tunnel)
    assert set(Lane.objects.values_list("state", flat=True)) == {"paused"}
    office.as_user(A, 90, "PATCH", f"events/{event['id']}", {"subject": "Changed"})
    office.forget_counters()
    office.advance(timedelta(days=1))
    Slice(only=tunnel).work()
    assert office.counters()["writes"] == 0
    tunnel.refresh_from_db()
    with pytest.raises(ValidationError, match="paused"):
        services.run_now(office.principal, tunnel)
    services.resume(office.principal, tunnel)
    Slice(60, only=tunnel).work()
    assert {one["subject"] for one in office.calendar(A, 4, "On-Call")} == {"Changed"}
    assert set(Lane.objects.values_list("state", flat=True)) == {"healthy"}


def test_a_copy_is_no_source_so_that_tunnels_cannot_chase_each_other(office):
    office.open(A, B, C)
    office.add_event(A, 1, subject="Own of 1")
    office.add_event(B, 2, subject="Own of 2")
    first = office.calendar_tunnel(
        "a-to-b", source=(A, 1), to={B: {"mailboxes": [person(B, 2)["mail"]]}}, folder=""
    )
    then = office.calendar_tunnel("b-to-c", source=(B, 2), to={C: {"mailboxes": [person(C, 3)["mail"]]}})
    assert office.sync(first).created == 1
    assert office.sync(then).created == 1
    assert [one["subject"] for one in office.calendar(C, 3, "B-To-C")] == ["Own of 2"]
    assert RunLine.objects.filter(text="Left out: it is a copy that Culvert wrote (1).").exists()


def test_a_leaving_lane_never_takes_the_owners_own_events_with_the_folder(office):
    office.open(A)
    office.add_event(A, 90)
    tunnel = office.calendar_tunnel(to=GROUP)
    office.sync(tunnel)
    [calendar] = [
        one for one in office.as_user(A, 4, "GET", "calendars")["value"] if one["name"] == "On-Call"
    ]
    for year in ("2019", "2032"):
        when = {"dateTime": f"{year}-05-05T10:00:00", "timeZone": "UTC"}
        end = {"dateTime": f"{year}-05-05T11:00:00", "timeZone": "UTC"}
        own = {"subject": f"Own of {year}", "start": when, "end": end}
        office.as_user(A, 4, "POST", f"calendars/{calendar['id']}/events", own)
    office.sandbox.as_user(A, "DELETE", f"groups/{MOBILE}/members/{user_id(A, 4)}/$ref")
    office.sync(tunnel)
    assert sorted(one["subject"] for one in office.calendar(A, 4, "On-Call")) == [
        "Own of 2019",
        "Own of 2032",
    ]
    assert Lane.objects.get(mailbox=person(A, 4)["id"]).state == "gone"
