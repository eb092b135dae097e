"""Slices, ticks and wake-ups: what is due is found, who waited longest goes first, nothing lasts too long."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django_q.models import OrmQ, Schedule

from partners import clock
from tenants import leases
from tenants.models import Connection
from tests.tunnels.building import make_lane, make_tunnel
from tests.tunnels.world import A, person
from tunnels import scheduling, tasks
from tunnels.models import Lane, LedgerEntry, Run
from tunnels.models.ledger import ensure_partitions
from tunnels.running import due, lanes, runs

pytestmark = pytest.mark.django_db


def connect(tenant):
    Connection.objects.create(tenant=tenant, client_id=uuid4(), state="connected")
    return tenant


@pytest.fixture
def tunnel(tenant):
    return make_tunnel(connect(tenant))


def due_lane(tunnel, mailbox="u01", **changes):
    return make_lane(tunnel, mailbox, **{"due_at": clock.now(), "state": "behind", **changes})


def test_a_tick_is_scheduled_each_minute():
    schedule = Schedule.objects.get(func="tunnels.tasks.tick")
    assert (schedule.schedule_type, schedule.minutes, schedule.cluster) == (Schedule.MINUTES, 1, "live")


def test_a_wake_up_goes_out_when_the_transaction_is_over(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        scheduling.wake()
        assert not OrmQ.objects.exists()
    [task] = OrmQ.objects.all()
    assert (task.func(), task.key) == ("tunnels.tasks.work", "live")


def test_a_tick_finds_what_got_lost(tunnel, django_capture_on_commit_callbacks):
    due_lane(tunnel, priority=Lane.Priority.BACKLOG)
    tunnel.rostered_at, tunnel.next_due_at = clock.now(), clock.now() + timedelta(hours=1)
    tunnel.save()
    with django_capture_on_commit_callbacks(execute=True):
        tasks.tick()
    assert {task.key for task in OrmQ.objects.all()} == {"bulk"}


def test_each_day_a_level_lane_is_looked_at(tunnel):
    lane = make_lane(tunnel, state="healthy", look_due_at=clock.now() + timedelta(days=1))
    assert scheduling.check_daily() == 0
    clock.advance(timedelta(days=1))
    assert scheduling.check_daily() == 1
    lane.refresh_from_db()
    assert (lane.wants_look, lane.priority) == (True, Lane.Priority.CHECK)
    assert scheduling.check_daily() == 0


def test_lanes_are_claimed_by_priority(tunnel):
    due_lane(tunnel, "backlog", priority=Lane.Priority.BACKLOG)
    due_lane(tunnel, "asked", priority=Lane.Priority.ASKED)
    assert [lane.mailbox for lane in due.lanes()] == ["asked", "backlog"]
    assert [lane.mailbox for lane in lanes.claim(most=Lane.Priority.FRESH).lanes] == ["asked"]


def test_the_tenant_served_longest_ago_goes_first(tunnel, make_tenant):
    other = make_tunnel(connect(make_tenant("rheinwerk")), "other")
    for number in range(lanes.TOGETHER + 5):
        due_lane(tunnel, f"a{number}")
    due_lane(other, "b1")
    first, second, third = lanes.claim(), lanes.claim(), lanes.claim()
    assert [one.tenant.slug for one in (first, second, third)] == ["northwind", "rheinwerk", "northwind"]
    assert [len(one.lanes) for one in (first, second, third)] == [lanes.TOGETHER, 1, 5]
    assert lanes.claim() is None


def test_a_mailbox_is_claimed_once(tunnel):
    due_lane(tunnel)
    assert lanes.claim() is not None
    assert lanes.claim() is None
    clock.advance(timedelta(minutes=2))
    assert [lane.state for lane in lanes.claim().lanes] == [Lane.State.RUNNING]


def test_a_mailbox_that_asked_to_wait_is_left_alone_until_then(tunnel, tenant):
    due_lane(tunnel)
    holder = uuid4()
    leases.claim(tenant, ["u01"], holder)
    leases.give_back(tenant, holder, waits={"u01": 30.0})
    assert lanes.claim() is None
    clock.advance(timedelta(seconds=31))
    assert lanes.claim() is not None


@pytest.mark.parametrize(
    "change",
    [
        lambda tunnel: type(tunnel).objects.update(state="paused"),
        lambda tunnel: type(tunnel).objects.update(definition=2),
        lambda tunnel: Connection.objects.update(state="lost"),
        lambda tunnel: Connection.objects.all().delete(),
        lambda tunnel: Lane.objects.update(gone_at=clock.now()),
    ],
    ids=["paused", "not approved", "consent lost", "not connected", "gone"],
)
def test_some_lanes_are_not_to_be_worked_on(tunnel, change):
    due_lane(tunnel)
    assert due.lanes().count() == 1
    change(tunnel)
    assert due.lanes().count() == 0


def test_lanes_that_agree_are_not_even_looked_at(tunnel):
    one = make_lane(tunnel, "first", state="healthy")
    fields = {
        name: getattr(one, name) for name in ("cell", "tunnel", "tenant", "kind", "folder_name", "state")
    }
    Lane.objects.bulk_create([Lane(mailbox=f"m{number}", name="m", **fields) for number in range(3_000)])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE tunnels_lane")
        cursor.execute(
            "EXPLAIN SELECT id FROM tunnels_lane WHERE due_at <= culvert_now() AND gone_at IS NULL"
        )
        said = "\n".join(row[0] for row in cursor.fetchall())
    assert "lanes_due" in said


def test_a_run_waits_for_a_lane_that_is_due_soon_and_not_for_a_refused_one(tunnel):
    tunnel.rostered_at, tunnel.next_due_at = clock.now(), clock.now() + timedelta(hours=1)
    tunnel.save()
    Run.objects.create(tunnel=tunnel, trigger="change", started_at=clock.now())
    lane = due_lane(tunnel, due_at=clock.now() + timedelta(seconds=30))
    assert runs.close_if_over(tunnel) is None
    lane.due_at, lane.state = clock.now() + timedelta(minutes=35), "failing"
    lane.save()
    assert runs.close_if_over(tunnel).state == Run.State.FAILED


def test_the_ledger_has_a_partition_for_whatever_month_it_is(tunnel):
    clock.advance(timedelta(days=400))
    ensure_partitions()
    LedgerEntry.objects.create(
        at=clock.now(), lane=1, row=1, occurrence="", verb="create", cause="", outcome="written",
        reason="", attempt="", before="", after="", remote_id="",
    )  # fmt: skip
    ensure_partitions()


def test_work_tells_what_it_did_and_ends_when_nothing_is_due(office):
    office.open(A)
    office.add_event(A, 90)
    tunnel = office.calendar_tunnel(to={A: {"mailboxes": [person(A, 1)["mail"]]}})
    scheduling.look_now(tunnel)
    said = tasks.work("bulk")
    assert "1 directory" in said
    assert "1 feed" in said
    assert tasks.work("bulk") == "nothing to do"
