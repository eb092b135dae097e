"""What cannot be copied, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given

from syncengine.model.identity import ItemKey, RemoteId
from syncengine.model.items import Details, Event
from syncengine.model.recurrence import Recurrence
from syncengine.model.time import AllDay, Timed
from syncengine.model.validity import invalid_reason
from tests.syncengine import strategies as some

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
RULE = Recurrence("weekly", 1, date(2026, 6, 1), "UTC", days=("monday",))
MONTHLY = replace(RULE, type="absoluteMonthly", days=())


def event(when, recurrence=None, **more) -> Event:
    return Event(ItemKey("key"), RemoteId("id"), Details(when), recurrence, **more)


@given(some.events())
def test_what_exchange_can_hold_is_valid(event):
    assert invalid_reason(event) is None


@pytest.mark.parametrize("length", [timedelta(), timedelta(hours=26)])
def test_a_moment_and_a_long_day_are_valid(length):
    assert invalid_reason(event(Timed(NOON, NOON + length, "UTC"))) is None


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        (Timed(NOON, NOON - HOUR, "UTC"), "it ends before it starts"),
        (Timed(NOON.replace(tzinfo=None), NOON, "UTC"), "it does not say in which zone its times are"),
        (Timed(NOON, NOON, "Mars/Olympus"), "it is in a time zone that nobody knows"),
        (AllDay(date(2026, 6, 1), date(2026, 6, 1)), "it covers no whole day"),
    ],
)
def test_wrong_times_are_named(when, reason):
    assert invalid_reason(event(when)) == reason


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (replace(RULE, interval=0), "has no interval"),
        (replace(RULE, zone="../x"), "is in a time zone that nobody knows"),
        (replace(RULE, days=()), "names no weekday"),
        (MONTHLY, "names no day of the month"),
        (replace(MONTHLY, type="absoluteYearly", day_of_month=3), "names no month"),
        (replace(RULE, count=0), "has no occurrence"),
        (replace(RULE, until=date(2026, 5, 31)), "has no occurrence"),
    ],
)
def test_a_wrong_recurrence_is_named(rule, reason):
    assert invalid_reason(event(Timed(NOON, NOON + HOUR, "UTC"), rule)) == f"its recurrence {reason}"


def test_a_wrong_exception_is_named_by_its_date():
    wrong = Details(Timed(NOON, NOON - HOUR, "UTC"))
    series = event(Timed(NOON, NOON + HOUR, "UTC"), RULE, exceptions=((date(2026, 6, 8), wrong),))
    assert invalid_reason(series) == "its occurrence of 2026-06-08 ends before it starts"
