"""The dates that a rule means, against dateutil wherever the two speak of the same rule."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from dateutil import rrule
from hypothesis import given
from hypothesis import strategies as st

from syncengine.sandbox.calendars.recurrence import INDEXES, Rule
from syncengine.sandbox.calendars.series import Series, Times
from syncengine.sandbox.calendars.zones import zone_named

days = st.dates(date(2015, 1, 1), date(2030, 12, 31))
weekdays = st.lists(st.integers(0, 6), min_size=1, unique=True).map(lambda found: tuple(sorted(found)))
TEN_YEARS = timedelta(days=3650)


def dates_of(rule: Rule, until: date) -> list[date]:
    """Its dates up to a day."""
    found = []
    for day in rule.dates():
        if day > until:
            break
        found.append(day)
    return found


def from_dateutil(frequency: int, first: date, **more: object) -> list[date]:
    """What dateutil says of the ten years after `first`."""
    start = datetime.combine(first, time())
    rule = rrule.rrule(frequency, dtstart=start, until=start + TEN_YEARS, **more)
    return [moment.date() for moment in rule]


@given(first=days, interval=st.integers(1, 40))
def test_daily(first, interval):
    ours = dates_of(Rule("daily", interval, first), first + TEN_YEARS)
    assert ours == from_dateutil(rrule.DAILY, first, interval=interval)


@given(first=days, interval=st.integers(1, 9), on=weekdays, starts=st.integers(0, 6))
def test_weekly_counts_weeks_from_the_first_day_of_the_week(first, interval, on, starts):
    rule = Rule("weekly", interval, first, weekdays=on, week_starts=starts)
    theirs = from_dateutil(rrule.WEEKLY, first, interval=interval, byweekday=on, wkst=starts)
    assert dates_of(rule, first + TEN_YEARS) == theirs


@given(first=days, interval=st.integers(1, 12), day=st.integers(1, 28))
def test_monthly_by_day(first, interval, day):
    rule = Rule("absoluteMonthly", interval, first, day=day)
    theirs = from_dateutil(rrule.MONTHLY, first, interval=interval, bymonthday=day)
    assert dates_of(rule, first + TEN_YEARS) == theirs


@given(first=days, interval=st.integers(1, 12), on=weekdays, index=st.sampled_from(INDEXES))
def test_monthly_by_weekday_takes_one_day_a_month(first, interval, on, index):
    rule = Rule("relativeMonthly", interval, first, weekdays=on, index=index)
    position = -1 if index == "last" else INDEXES.index(index) + 1
    theirs = from_dateutil(rrule.MONTHLY, first, interval=interval, byweekday=on, bysetpos=position)
    assert dates_of(rule, first + TEN_YEARS) == theirs


@given(first=days, month=st.integers(1, 12), on=weekdays, index=st.sampled_from(INDEXES))
def test_yearly_by_weekday(first, month, on, index):
    rule = Rule("relativeYearly", 1, first, weekdays=on, month=month, index=index)
    position = -1 if index == "last" else INDEXES.index(index) + 1
    theirs = from_dateutil(rrule.YEARLY, first, bymonth=month, byweekday=on, bysetpos=position)
    assert dates_of(rule, first + TEN_YEARS) == theirs


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Rule("absoluteMonthly", 1, date(2026, 1, 31), day=31), "01-31 02-28 03-31 04-30"),
        (Rule("absoluteMonthly", 1, date(2026, 1, 30), day=30), "01-30 02-28 03-30 04-30"),
        (Rule("absoluteYearly", 1, date(2024, 2, 29), day=29, month=2), "02-29 02-28 02-28 02-28"),
        (Rule("daily", 1, date(2026, 1, 1), count=2), "01-01 01-02"),
        (Rule("daily", 2, date(2026, 1, 1), last=date(2026, 1, 3)), "01-01 01-03"),
    ],
)
def test_a_day_that_a_month_has_not_is_its_last_and_ranges_end(rule, expected):
    found = [day.strftime("%m-%d") for day in islice(rule.dates(), 4)]
    assert found == expected.split()


@given(
    first=days,
    clock=st.times().map(lambda clock: clock.replace(microsecond=0, fold=0)),
    minutes=st.integers(0, 1440),
    zone=st.sampled_from(["America/New_York", "Europe/Berlin", "Australia/Sydney", "Asia/Kathmandu"]),
)
def test_occurrences_keep_the_wall_clock_of_their_zone(first, clock, minutes, zone):
    start = datetime.combine(first, clock)
    times = Times.of(start, start + timedelta(minutes=minutes), zone_named(zone), zone_named(zone), False)
    series = Series(Rule("daily", 1, first, count=400), times, zone_named(zone))
    for day, found in zip(series.rule.dates(), series.head(400), strict=True):
        rules = ZoneInfo(zone)
        for wall, instant in ((found.start, found.at), (found.end, found.until)):
            shown = instant.replace(tzinfo=UTC).astimezone(rules).replace(tzinfo=None)
            skipped = shown - wall
            # A clock that is put forward skips some walls; they are shown as much later.
            assert skipped in (timedelta(), timedelta(hours=1))
            assert (
                not skipped
                or wall.replace(tzinfo=rules).utcoffset() != shown.replace(tzinfo=rules).utcoffset()
            )
        assert (found.start.date(), found.start.time()) == (day, clock)
