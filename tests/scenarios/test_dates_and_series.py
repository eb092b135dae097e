"""Days, clocks and series: C02, C03, C04 (in mailboxes), C05, C08 of the acceptance list."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.scenarios.oracles import WINDOW, assert_calendar, found
from tests.scenarios.people import A, B, C, person, user_id
from tests.tunnels.world import NOW
from tunnels.models import LedgerEntry, Run, RunLine

pytestmark = pytest.mark.django_db

EASTERN, TOKYO = "Eastern Standard Time", "Tokyo Standard Time"


def mail(tid, number):
    return person(tid, number)["mail"]


def one_to_one(stage, **changes):
    """A tunnel from A's u07 into u01 of B."""
    return stage.calendar_tunnel(
        "days", source=(A, 7), to={B: {"mailboxes": [mail(B, 1)]}}, folder="Days", **changes
    )


def test_c02_an_all_day_event_is_on_its_date_everywhere(stage):
    """Also where a mailbox does not say at once in which zone its days begin."""
    stage.open(A, B, C)
    stage.fault(kind="status", status=500, path="/mailboxSettings$", mailbox=user_id(C, 2))
    settings = {"settings": {"timeZone": TOKYO}}
    stage.sandbox.control("PATCH", f"tenants/{C}/mailboxes/{user_id(C, 2)}", settings)
    stage.add_event(
        A,
        7,
        subject="Election day",
        isAllDay=True,
        showAs="busy",
        start={"dateTime": "2026-11-03T00:00:00", "timeZone": EASTERN},
        end={"dateTime": "2026-11-04T00:00:00", "timeZone": EASTERN},
    )
    to = {B: {"mailboxes": [mail(B, 1)]}, C: {"mailboxes": [mail(C, 1), mail(C, 2)]}}
    stage.sync(stage.calendar_tunnel("days", source=(A, 7), to=to, folder="Days"))
    for tid, number, zone in ((B, 1, "Europe/Berlin"), (C, 1, "Australia/Sydney"), (C, 2, "Asia/Tokyo")):
        [copy] = stage.calendar(tid, number, "Days")
        dates = (copy["start"]["dateTime"][:10], copy["end"]["dateTime"][:10], copy["isAllDay"])
        assert dates == ("2026-11-03", "2026-11-04", True)
        midnight = datetime(2026, 11, 3, tzinfo=ZoneInfo(zone))
        days = [midnight + timedelta(days=offset) for offset in (-1, 0, 1, 2)]
        instants = [day.astimezone(UTC) for day in days]
        counts = [len(stage.view(tid, number, window, "Days")) for window in itertools.pairwise(instants)]
        assert counts == [0, 1, 0], f"in {zone} it is seen on {counts}"


def half_hour(uid, start):
    """An appointment made in New York, as Exchange keeps it: by the instant."""
    end = start + timedelta(minutes=30)
    return {
        "subject": f"Night shift {uid}",
        "iCalUId": f"040000008200E00074C5B7101A82E008{uid:>032}",
        "start": {"dateTime": start.strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"},
        "end": {"dateTime": end.strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"},
        "originalStartTimeZone": EASTERN,
        "originalEndTimeZone": EASTERN,
    }


def test_c03_the_hour_that_comes_twice_is_two_hours(stage):
    stage.open(A, B)
    first, second = datetime(2026, 11, 1, 5, 30, tzinfo=UTC), datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    stage.put_events(A, 7, half_hour("1", first), half_hour("2", second))
    stage.sync(one_to_one(stage))
    assert_calendar(stage, (A, 7), (B, 1), "Days")
    starts = sorted(start for start, *_ in found(stage, (B, 1), "Days").elements())
    berlin = [
        datetime.fromisoformat(start[:19]).replace(tzinfo=UTC).astimezone(ZoneInfo("Europe/Berlin"))
        for start in starts
    ]
    assert [f"{one:%d %b %H:%M}" for one in berlin] == ["01 Nov 06:30", "01 Nov 07:30"]


@pytest.mark.parametrize("zone", [EASTERN, "W. Europe Standard Time"])
def test_c04_the_31st_of_every_month_falls_back_to_the_last_day(stage, zone):
    stage.open(A, B)
    stage.add_event(
        A,
        7,
        subject="Close the books",
        start={"dateTime": "2027-01-31T17:00:00", "timeZone": zone},
        end={"dateTime": "2027-01-31T18:00:00", "timeZone": zone},
        recurrence={
            "pattern": {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 31},
            "range": {"type": "endDate", "startDate": "2027-01-31", "endDate": "2027-06-30"},
        },
    )
    window = (WINDOW[0], WINDOW[1] + timedelta(days=120))
    stage.sync(one_to_one(stage, policy={"days_after": 300}))
    assert_calendar(stage, (A, 7), (B, 1), "Days", window=window)
    days = sorted(start[5:10] for start, *_ in found(stage, (B, 1), "Days", window).elements())
    assert days == ["01-31", "02-28", "03-31", "04-30", "05-31", "06-30"]
    [copy] = stage.calendar(B, 1, "Days")
    assert copy["type"] == "seriesMaster"


@pytest.mark.parametrize(
    ("resets", "told", "order"),
    [(True, False, "masters-first"), (False, True, "masters-last"), (False, False, "shuffled")],
)
def test_c05_a_series_that_moves_leaves_no_orphan_and_no_doubled_day(stage, resets, told, order):
    stage.open(A, B, series_change_resets=resets, deleted_occurrence_in_delta=told, delta_order=order)
    series = stage.add_event(
        A,
        7,
        subject="Jour fixe",
        start={"dateTime": "2026-10-05T10:00:00", "timeZone": EASTERN},
        end={"dateTime": "2026-10-05T11:00:00", "timeZone": EASTERN},
        recurrence={
            "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]},
            "range": {"type": "endDate", "startDate": "2026-10-05", "endDate": "2027-02-22"},
        },
    )
    window = "startDateTime=2026-11-01T00:00:00Z&endDateTime=2026-12-31T00:00:00Z"
    instances = stage.act(A, 7, "GET", f"events/{series['id']}/instances?{window}")["value"]
    moved, cancelled = instances[1]["id"], instances[3]["id"]
    change = {
        "start": {"dateTime": "2026-11-10T15:00:00", "timeZone": EASTERN},
        "end": {"dateTime": "2026-11-10T16:30:00", "timeZone": EASTERN},
        "subject": "Jour fixe, late",
    }
    stage.remember(change["subject"])
    stage.act(A, 7, "PATCH", f"events/{moved}", change)
    stage.act(A, 7, "DELETE", f"events/{cancelled}")
    tunnel = one_to_one(stage)
    stage.sync(tunnel)
    assert_calendar(stage, (A, 7), (B, 1), "Days")
    assert sum(found(stage, (B, 1), "Days").values()) == 21 - 1
    later = {
        "start": {"dateTime": "2026-10-05T11:00:00", "timeZone": EASTERN},
        "end": {"dateTime": "2026-10-05T12:00:00", "timeZone": EASTERN},
    }
    stage.act(A, 7, "PATCH", f"events/{series['id']}", later)
    stage.sync(tunnel)
    assert_calendar(stage, (A, 7), (B, 1), "Days")
    days = [start[:10] for start, *_ in found(stage, (B, 1), "Days").elements()]
    assert len(days) == len(set(days)), f"a day is doubled: {sorted(days)}"
    assert len(stage.calendar(B, 1, "Days")) == 1


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("days", [205, 300])
def test_c08_what_is_made_far_ahead_is_nobodys_business(stage, told, days):
    """Day 205 lies within the feed's wider window, day 300 beyond it: delta may say `@removed`."""
    stage.open(A, B, changes_outside_window_told=told)
    stage.add_event(A, 7, subject="Now")
    tunnel = one_to_one(stage)
    stage.sync(tunnel)
    written = LedgerEntry.objects.count()
    far = NOW + timedelta(days=days)
    times = {
        name: {"dateTime": moment.strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"}
        for name, moment in (("start", far), ("end", far + timedelta(hours=1)))
    }
    stage.add_event(A, 7, subject="Next summer", **times)
    stage.forget_counters()
    run = stage.sync(tunnel)
    assert (run.state, run.remark) == (Run.State.DONE, "No change.")
    assert (stage.written(), LedgerEntry.objects.count()) == (0, written)
    assert not RunLine.objects.exclude(level="info").exists()
    assert_calendar(stage, (A, 7), (B, 1), "Days")
