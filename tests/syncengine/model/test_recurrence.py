"""The dates of a series, held against python-dateutil."""

from __future__ import annotations

import time as stopwatch
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import islice, takewhile
from typing import Any

import pytest
from dateutil import rrule
from hypothesis import given
from hypothesis import strategies as st

from syncengine.model.recurrence import INDEXES, WEEKDAYS, Recurrence, dates_from, has_date, last_date
from tests.syncengine import strategies as some

FREQUENCY: dict[str, Any] = {
    "daily": rrule.DAILY,
    "weekly": rrule.WEEKLY,
    "absoluteMonthly": rrule.MONTHLY,
    "relativeMonthly": rrule.MONTHLY,
    "absoluteYearly": rrule.YEARLY,
    "relativeYearly": rrule.YEARLY,
}
JANUARY = date(2027, 1, 1)


def as_rrule(rule: Recurrence) -> rrule.rrule:
    """The same dates by python-dateutil; Exchange's last-day rule is BYSETPOS=-1 over the possible days."""
    parts: dict[str, Any] = {}
    if rule.type.startswith("absolute"):
        parts = {"bymonthday": list(range(min(28, rule.day_of_month), rule.day_of_month + 1)), "bysetpos": -1}
    elif rule.days:
        parts = {"byweekday": [WEEKDAYS.index(day) for day in rule.days]}
    if rule.type.startswith("relative"):
        parts["bysetpos"] = -1 if rule.index == "last" else INDEXES.index(rule.index) + 1
    if rule.month:
        parts["bymonth"] = rule.month
    # dateutil refuses UNTIL and COUNT together; so do sources.
    return rrule.rrule(
        FREQUENCY[rule.type],
        dtstart=datetime.combine(rule.start, time()),
        interval=rule.interval,
        wkst=WEEKDAYS.index(rule.first_day),
        until=rule.until and datetime.combine(rule.until, time()),
        count=rule.count,
        **parts,
    )


def early(dates, end=date(2045, 1, 1)):
    return list(takewhile(lambda day: day < end, dates))


@given(some.recurrences())
def test_dates_are_those_of_dateutil(rule):
    expected = (moment.date() for moment in as_rrule(rule))
    assert list(islice(dates_from(rule, rule.start), 60)) == list(islice(expected, 60))


@given(some.recurrences(), st.dates(date(2025, 1, 1), date(2044, 1, 1)))
def test_a_start_off_the_pattern_counts_from_its_own_week_or_month(rule, start):
    rule = replace(rule, start=start, until=None)
    expected = (moment.date() for moment in as_rrule(rule))
    assert list(islice(dates_from(rule, start), 20)) == list(islice(expected, 20))


@given(some.recurrences(), st.dates(date(2025, 1, 1), date(2044, 1, 1)))
def test_a_jump_finds_what_walking_finds(rule, first):
    walked = [day for day in early(dates_from(rule, rule.start)) if day >= first]
    assert early(dates_from(rule, first)) == walked


@given(some.recurrences())
def test_the_last_date_is_the_last_one(rule):
    expected = None if rule.is_endless else list(dates_from(rule, rule.start))[-1]
    assert last_date(rule) == expected


@given(some.recurrences(), some.days)
def test_a_date_is_in_a_series_when_walking_meets_it(rule, day):
    assert has_date(rule, day) == (day in early(dates_from(rule, rule.start), day + timedelta(days=1)))


def test_day_31_falls_back_to_the_last_day_of_the_month():
    rule = Recurrence("absoluteMonthly", 1, date(2027, 1, 31), "UTC", day_of_month=31, count=6)
    days = [(day.month, day.day) for day in dates_from(rule, rule.start)]
    assert days == [(1, 31), (2, 28), (3, 31), (4, 30), (5, 31), (6, 30)]


def test_a_birthday_on_29_february_is_kept_on_the_28th():
    rule = Recurrence("absoluteYearly", 1, date(2024, 2, 29), "UTC", day_of_month=29, month=2, count=5)
    assert [day.day for day in dates_from(rule, rule.start)] == [29, 28, 28, 28, 29]


@pytest.mark.parametrize(("index", "day"), [("first", 1), ("second", 4), ("fourth", 6), ("last", 29)])
def test_of_several_weekdays_those_that_fit_are_counted_together(index, day):
    workdays = WEEKDAYS[:5]
    rule = Recurrence("relativeMonthly", 1, JANUARY, "UTC", days=workdays, index=index)
    assert next(dates_from(rule, JANUARY)) == date(2027, 1, day)


@pytest.mark.parametrize(("first_day", "sunday"), [("sunday", 24), ("monday", 17)])
def test_the_first_day_of_the_week_decides_which_week_is_skipped(first_day, sunday):
    start = date(2027, 1, 12)  # a Tuesday
    rule = Recurrence("weekly", 2, start, "UTC", days=("sunday", "tuesday"), first_day=first_day)
    assert next(day.day for day in dates_from(rule, start) if day.weekday() == 6) == sunday


def test_a_late_window_of_an_endless_series_costs_nothing():
    rule = Recurrence("daily", 1, date(1950, 1, 1), "UTC")
    began = stopwatch.perf_counter()
    for _ in range(1000):
        assert next(dates_from(rule, date(9000, 1, 1))) == date(9000, 1, 1)
    assert stopwatch.perf_counter() - began < 1


@pytest.mark.parametrize("kind", FREQUENCY)
def test_a_series_without_end_stops_at_the_end_of_the_calendar(kind):
    rule = Recurrence(kind, 1, date(9990, 5, 1), "UTC", days=("monday",), day_of_month=1, month=5)
    assert list(dates_from(rule, date(9998, 1, 1)))[-1].year in (9998, 9999)


def test_a_series_may_have_no_date_at_all():
    rule = Recurrence("weekly", 1, date(2027, 1, 5), "UTC", days=("monday",), until=date(2027, 1, 6))
    assert list(dates_from(rule, rule.start)) == []
    assert last_date(rule) is None
