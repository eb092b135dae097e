"""Bad weather: what cannot be read is never nothing, and nobody else suffers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from partners import clock
from tenants.models import Connection, Problem
from tests.tunnels.world import A, B, C, person, user_id
from tunnels.models import Feed, Lane, LedgerEntry, Run
from tunnels.running.slices import Slice, tick

pytestmark = pytest.mark.django_db

GROUP = {A: {"group": "grp-mobile"}}
SOURCE_PATH = "calendarView"


@pytest.fixture
def tunnel(office):
    office.open(A)
    office.add_event(A, 90)
    return office.calendar_tunnel(to=GROUP)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 403, "code": "ErrorAccessDenied"},
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 503},
        {"kind": "lost"},
        {"kind": "truncated"},
        {"kind": "garbage"},
    ],
    ids=lambda fault: f"{fault['kind']}{fault.get('status', '')}",
)
def test_e11_an_unreadable_source_deletes_nothing_and_says_why(office, tunnel, fault):
    for number in range(11):
        office.add_event(A, 90, subject=f"Shift {number}")
    office.sync(tunnel)
    office.fault(**fault, mailbox=user_id(A, 90), times=None)
    run = office.sync(tunnel)
    assert run.deleted == 0
    assert (run.state, run.remark.startswith("No change. A source could not be read")) == (
        Run.State.FAILED,
        True,
    )
    feed = Feed.objects.get()
    assert feed.state == Feed.State.DEGRADED
    assert feed.message
    assert len(office.calendar(A, 3, "On-Call")) == 12
    office.calm()
    office.advance(timedelta(hours=1))
    assert office.sync(tunnel).state == Run.State.DONE
    assert Feed.objects.get().state == Feed.State.HEALTHY
    assert not Problem.objects.open().exists()


def test_e11_an_unreadable_directory_deletes_no_contact_and_moves_nobody(office):
    office.open(A)
    tunnel = office.contact_tunnel(to=GROUP)
    office.sync(tunnel)
    office.fault(
        kind="status", status=403, code="Authorization_RequestDenied", path="users/delta", times=None
    )
    run = office.sync(tunnel)
    assert (run.written, run.state) == (0, Run.State.FAILED), run.remark
    assert Lane.objects.standing().count() == 6
    office.calm()
    office.advance(timedelta(hours=1))
    assert office.sync(tunnel).remark == "No change."


def test_an_emptied_source_is_held_and_nothing_is_deleted(office, tunnel):
    events = [office.add_event(A, 90, subject=f"Shift {number}") for number in range(11)]
    office.sync(tunnel)
    for event in [
        *events,
        *office.as_user(A, 90, "GET", "calendar/events?$filter=subject eq 'On call'")["value"],
    ]:
        office.as_user(A, 90, "DELETE", f"events/{event['id']}")
    office.sandbox.control("POST", "forget-tokens", {"tenant": A, "mailbox": user_id(A, 90), "kind": "event"})
    run = office.sync(tunnel)
    assert (run.deleted, run.state) == (0, Run.State.FAILED), run.remark
    assert Feed.objects.get().state == Feed.State.HELD
    assert Problem.objects.open().get(reason="source emptied").advice
    assert len(office.calendar(A, 3, "On-Call")) == 12


def test_e04_a_forgotten_cursor_costs_a_full_look_and_no_write(office, tunnel):
    for number in range(40):
        office.add_event(A, 90, subject=f"Shift {number}")
    office.sync(tunnel)
    before = Feed.objects.get().cursor
    office.sandbox.control("POST", "forget-tokens", {"tenant": A, "mailbox": user_id(A, 90), "kind": "event"})
    office.forget_counters()
    run = office.sync(tunnel)
    assert (run.state, run.remark) == (Run.State.DONE, "No change.")
    assert office.counters()["writes"] == 0
    assert Feed.objects.get().cursor not in ("", before)


def test_e09_one_mailbox_asks_to_wait_and_the_others_finish(office, tunnel):
    office.fault(
        kind="status", status=429, retry_after=30, mailbox=user_id(A, 3), method="POST", path="events"
    )
    run = office.sync(tunnel)
    assert (run.state, run.created) == (Run.State.DONE, 6), run.remark
    assert len(office.calendar(A, 3, "On-Call")) == 1
    counters = office.counters()
    assert counters["early_requests"] == 0
    assert counters["throttled"] <= 3
    log = office.sandbox.control("GET", "requests?last=5000")["requests"]
    moments = [one["at"] for one in log if user_id(A, 3) in one["path"] and one["status"] == 429]
    assert len(moments) == 1


def test_e10_parts_under_way_at_a_mailbox_never_exceed_four(office, tunnel):
    for number in range(50):
        office.add_event(A, 90, subject=f"Shift {number}")
    office.sync(tunnel)
    per_mailbox = office.counters()["most_under_way"]
    assert max(per_mailbox.values() if isinstance(per_mailbox, dict) else [per_mailbox]) <= 4
    assert office.counters()["throttled"] == 0


def test_e15_a_lost_consent_is_one_problem_and_stops_nobody_else(office):
    office.open(A, B, C)
    tunnels = {}
    for tid in (A, B, C):
        office.add_event(tid, 90, subject="Shift")
        to = {tid: {"mailboxes": [person(tid, number)["mail"] for number in range(1, 7)]}}
        tunnels[tid] = office.calendar_tunnel(f"call-{tid[:2]}", source=(tid, 90), to=to)
        office.sync(tunnels[tid])
    for tid in (A, B, C):
        office.add_event(tid, 90, subject="Second")
    office.sandbox.control(
        "PATCH", f"tenants/{A}/apps/7c1f4f0e-3d52-4b5c-9a51-0f6d8f2b9a10", {"enabled": False}
    )
    office.fault(kind="expired-token", tenant=A, times=None)
    run = office.sync(tunnels[A])
    assert (run.state, run.written) == (Run.State.FAILED, 0), run.remark
    assert Problem.objects.open().filter(tenant=office.tenants[A]).count() == 1
    assert Connection.objects.get(tenant=office.tenants[A]).is_lost
    assert office.sync(tunnels[B]).created == office.sync(tunnels[C]).created == 6
    assert not Problem.objects.open().exclude(tenant=office.tenants[A]).exists()
    office.forget_counters()
    Slice(60).work()
    assert office.counters()["writes"] == 0
    office.calm()
    office.sandbox.control(
        "PATCH", f"tenants/{A}/apps/7c1f4f0e-3d52-4b5c-9a51-0f6d8f2b9a10", {"enabled": True}
    )
    office.advance(timedelta(minutes=30))
    again = office.sync(tunnels[A])
    assert (again.state, again.created, again.updated) == (Run.State.DONE, 6, 0), again.remark
    assert not Problem.objects.open().exists()


def test_g17_refused_mailboxes_are_grouped_by_reason_and_asked_at_most_twice_an_hour(office):
    office.open(A)
    office.add_event(A, 90)
    for number, trouble in ((1, "unlicensed"), (2, "on-premises"), (3, "access-denied")):
        office.sandbox.control("PATCH", f"tenants/{A}/mailboxes/{user_id(A, number)}", {"trouble": trouble})
    tunnel = office.calendar_tunnel(to=GROUP)
    run = office.sync(tunnel)
    assert (run.created, run.state) == (3, Run.State.FAILED), run.remark
    failing = Lane.objects.filter(state="failing")
    assert failing.count() == 3
    assert all(lane.reason and lane.advice for lane in failing)
    reasons = set(failing.values_list("reason", flat=True))
    assert set(Problem.objects.open().values_list("reason", flat=True)) == reasons
    office.forget_counters()
    for _ in range(60):
        office.advance(timedelta(minutes=1))
        tick()
        Slice(30).work()
    log = office.sandbox.control("GET", "requests?last=5000")["requests"]
    for number in (1, 2, 3):
        asked = [
            one for one in log if user_id(A, number) in one["path"] and "mailboxSettings" not in one["path"]
        ]
        assert len(asked) <= 2, asked


def test_a_worker_that_died_is_noticed_and_its_lanes_are_taken_up_again(office, tunnel):
    office.sync(tunnel)
    office.add_event(A, 90, subject="Second")
    Lane.objects.update(state="running", due_at=clock.now(), wants_look=True)
    run = office.sync(tunnel)
    assert run.created == 6
    assert run.lines.filter(text__startswith="Taken up again").count() == 6


def test_nothing_of_a_calendar_is_in_logs_or_journals(office, caplog):
    office.open(A)
    office.add_event(
        A, 90, subject="Board: Project Falcon", sensitivity="private", location={"displayName": "HQ 4"}
    )
    tunnel = office.calendar_tunnel(to=GROUP, policy={"detail": "title"})
    with caplog.at_level("DEBUG"):
        office.fault(kind="status", status=500, mailbox=user_id(A, 2), path="calendars", times=2)
        run = office.sync(tunnel)
    for text in [*(line.text for line in run.lines.all()), run.remark, caplog.text]:
        assert "Falcon" not in text
        assert "HQ 4" not in text
    assert LedgerEntry.objects.exists()
    [copy] = office.calendar(A, 1, "On-Call")
    assert "Falcon" not in str(copy)
