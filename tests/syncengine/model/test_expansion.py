"""Series unrolled, by the wall clock of their zone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncengine.model.copies import Appointment, EventCopy
from syncengine.model.expansion import Shown, expand, occurrence_on, occurrences, series_span
from syncengine.model.identity import ItemKey, RemoteId
from syncengine.model.items import Details, Event
from syncengine.model.recurrence import Recurrence, dates_from
from syncengine.model.time import AllDay, Timed, Window, span_of
from tests.syncengine import strategies as some

ALL = Window(datetime(1990, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def timed(start: str, end: str, zone: str) -> Timed:
    return Timed(at(start), at(end), zone)


def event(details: Details, **more) -> Event:
    return Event(ItemKey("key"), RemoteId("id"), details, **more)


def starts(shown: list[Shown]) -> list[str]:
    return [f"{line.start:%m-%d %H:%M}" for line in shown]


def test_an_occurrence_follows_the_wall_clock_of_its_series():
    rule = Recurrence("weekly", 1, date(2026, 3, 1), "America/New_York", days=("sunday",), count=2)
    when = timed("2026-03-01T09:00-05:00", "2026-03-01T10:00-05:00", "America/New_York")
    assert starts(expand(event(Details(when), recurrence=rule), ALL)) == ["03-01 14:00", "03-08 13:00"]


def test_a_night_watch_ends_by_the_wall_clock_though_the_night_is_an_hour_shorter():
    rule = Recurrence("daily", 1, date(2026, 3, 27), "Europe/Berlin", count=2)
    when = timed("2026-03-27T18:00+01:00", "2026-03-28T08:00+01:00", "Europe/Berlin")
    [first, second] = expand(event(Details(when), recurrence=rule), ALL)
    assert first.end - first.start == timedelta(hours=14)
    assert second.end - second.start == timedelta(hours=13)


def test_a_time_that_does_not_exist_is_an_hour_later_and_one_that_comes_twice_the_first():
    rule = Recurrence("daily", 1, date(2026, 3, 7), "America/New_York")
    when = timed("2026-03-07T02:30-05:00", "2026-03-07T02:45-05:00", "America/New_York")
    assert occurrence_on(rule, when, date(2026, 3, 8)) == timed(
        "2026-03-08T03:30-04:00", "2026-03-08T03:45-04:00", "America/New_York"
    )
    early = timed("2026-03-07T01:30-05:00", "2026-03-07T01:45-05:00", "America/New_York")
    assert span_of(occurrence_on(rule, early, date(2026, 11, 1)))[0] == at("2026-11-01T05:30Z")


def test_an_occurrence_never_ends_before_it_begins():
    rule = Recurrence("daily", 1, date(2026, 3, 7), "America/New_York")
    when = timed("2026-03-07T02:30-05:00", "2026-03-07T03:15-05:00", "America/New_York")
    start, end = span_of(occurrence_on(rule, when, date(2026, 3, 8)))
    assert end - start == timedelta(minutes=45)


def test_whole_days_stay_whole_days():
    rule = Recurrence("absoluteYearly", 1, date(2026, 11, 3), "Asia/Tokyo", day_of_month=3, month=11)
    when = AllDay(date(2026, 11, 3), date(2026, 11, 4))
    days = [says.when for says in (line.says for line in expand(event(Details(when), recurrence=rule), ALL))]
    assert days[:2] == [when, AllDay(date(2027, 11, 3), date(2027, 11, 4))]


def test_an_exception_stands_where_it_was_moved_to_and_a_cancelled_date_is_empty():
    rule = Recurrence("daily", 1, date(2026, 6, 1), "UTC", count=4)
    when = timed("2026-06-01T10:00Z", "2026-06-01T11:00Z", "UTC")
    moved = Details(timed("2026-06-02T15:00Z", "2026-06-02T16:00Z", "UTC"), subject="moved")
    series = event(
        Details(when, subject="regular"),
        recurrence=rule,
        exceptions=((date(2026, 6, 2), moved),),
        cancelled=(date(2026, 6, 3),),
    )
    shown = expand(series, ALL)
    assert starts(shown) == ["06-01 10:00", "06-02 15:00", "06-04 10:00"]
    assert [line.says.subject for line in shown] == ["regular", "moved", "regular"]


def test_an_exception_is_in_the_window_by_its_own_time():
    rule = Recurrence("weekly", 1, date(2026, 6, 1), "UTC", days=("monday",))
    when = timed("2026-06-01T10:00Z", "2026-06-01T11:00Z", "UTC")
    away = Details(timed("2026-06-06T10:00Z", "2026-06-06T11:00Z", "UTC"))
    series = event(Details(when), recurrence=rule, exceptions=((date(2026, 6, 8), away),))
    assert starts(expand(series, Window(at("2026-06-05T00:00Z"), at("2026-06-07T00:00Z")))) == ["06-06 10:00"]
    assert expand(series, Window(at("2026-06-08T00:00Z"), at("2026-06-09T00:00Z"))) == []


def test_a_moment_without_length_is_shown():
    when = timed("2026-06-01T10:00Z", "2026-06-01T10:00Z", "UTC")
    assert len(expand(EventCopy(Appointment(when)), Window(when.start, at("2026-06-02T00:00Z")))) == 1


def test_the_two_passes_of_an_hour_stay_an_hour_apart():
    first = Details(timed("2026-11-01T05:30Z", "2026-11-01T06:00Z", "America/New_York"))
    second = Details(timed("2026-11-01T06:30Z", "2026-11-01T07:00Z", "America/New_York"))
    [one], [other] = expand(event(first), ALL), expand(event(second), ALL)
    berlin = ZoneInfo("Europe/Berlin")
    assert [f"{line.start.astimezone(berlin):%H:%M}" for line in (one, other)] == ["06:30", "07:30"]


@given(some.series(), st.data())
def test_a_view_is_the_part_of_the_whole_that_touches_the_window(series, data):
    window = data.draw(some.windows_near(series))
    whole = expand(series, Window(ALL.start, window.end + timedelta(days=7)))
    assert expand(series, window) == [line for line in whole if window.touches(line.start, line.end)]


@given(some.series())
def test_nothing_is_ever_shown_outside_the_span(series):
    start, end = series_span(series)
    shown = expand(series, Window(ALL.start, datetime(2032, 1, 1, tzinfo=UTC)))
    assert all(line.start >= start for line in shown)
    assert (end is None) == series.recurrence.is_endless
    assert end is None or all(line.end <= end for line in shown)


@given(some.series())
def test_every_occurrence_bears_the_date_that_its_wall_clock_shows(series):
    rule, when = series.recurrence, series.details.when
    zone = ZoneInfo(rule.zone)
    for day, stands in occurrences(rule, when, ALL.start, datetime(2029, 1, 1, tzinfo=UTC)):
        assert stands == occurrence_on(rule, when, day)
        if isinstance(stands, Timed):
            assert stands.start.astimezone(zone).date() == day
            assert stands.end >= stands.start


@given(some.series())
def test_the_first_occurrence_is_the_event_itself(series):
    first = next(dates_from(series.recurrence, series.recurrence.start))
    assert span_of(occurrence_on(series.recurrence, series.details.when, first)) == span_of(
        series.details.when
    )


def test_the_span_of_a_single_event_is_its_own():
    when = timed("2026-06-01T10:00Z", "2026-06-01T11:00Z", "UTC")
    assert series_span(event(Details(when))) == span_of(when)


@pytest.mark.parametrize("change", [{"interval": 0}, {"days": ()}, {"zone": "Mars/Olympus"}, {"count": 0}])
def test_an_invalid_series_has_a_span_all_the_same(change):
    when = timed("2026-06-01T10:00Z", "2026-06-01T11:00Z", "UTC")
    rule = replace(Recurrence("weekly", 1, date(2026, 6, 1), "UTC", days=("monday",)), **change)
    assert series_span(event(Details(when), recurrence=rule)) == span_of(when)


def test_an_event_that_ends_before_it_starts_is_a_moment():
    when = timed("2026-06-01T10:00Z", "2026-06-01T09:00Z", "UTC")
    assert series_span(event(Details(when))) == (at("2026-06-01T10:00Z"), at("2026-06-01T10:00Z"))


def test_a_span_reaches_to_an_exception_that_was_moved_out():
    rule = Recurrence("daily", 1, date(2026, 6, 1), "UTC", count=2)
    when = timed("2026-06-01T10:00Z", "2026-06-01T11:00Z", "UTC")
    late = replace(Details(when), when=timed("2026-06-05T10:00Z", "2026-06-05T11:00Z", "UTC"))
    series = event(Details(when), recurrence=rule, exceptions=((date(2026, 6, 2), late),))
    assert series_span(series) == (when.start, at("2026-06-05T11:00Z"))


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/New_York"])
def test_the_edge_of_a_window_is_an_instant_wherever_the_date_stands(zone):
    midnight = datetime(2026, 6, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    when = Timed(midnight, midnight + timedelta(minutes=1), zone)
    late = Timed(midnight + timedelta(hours=23, minutes=59), midnight + timedelta(hours=24), zone)
    rule = Recurrence("daily", 1, date(2026, 6, 1), zone, count=10)
    for first in (when, late):
        start, end = span_of(occurrence_on(rule, first, date(2026, 6, 5)))
        shown = expand(event(Details(first), recurrence=rule), Window(start, end))
        assert [(line.start, line.end) for line in shown] == [(start, end)]
