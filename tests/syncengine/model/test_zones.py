"""Windows names of zones and IANA's."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import available_timezones

import pytest
from tzlocal.windows_tz import win_tz

from syncengine.model.time import AllDay
from syncengine.model.zones import all_day_instants, iana_zone, windows_zone


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("Eastern Standard Time", "America/New_York"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("AUS Eastern Standard Time", "Australia/Sydney"),
        ("w. europe standard time", "Europe/Berlin"),
        ("Europe/Berlin", "Europe/Berlin"),
        ("utc", "UTC"),
        ("tzone://Microsoft/Utc", "UTC"),
        ("tzone://Microsoft/Custom", None),
        ("Customized Time Zone", None),
        ("localtime", None),
        ("../etc/passwd", None),
        ("America", None),
        ("", None),
    ],
)
def test_a_zone_is_known_by_either_name(name, zone):
    assert iana_zone(name) == zone


def test_every_windows_zone_comes_back_to_itself():
    names = [name for name in win_tz if iana_zone(name)]
    assert len(names) > 130
    assert {name: windows_zone(iana_zone(name)) for name in names} == {name: name for name in names}


def test_a_zone_that_windows_does_not_know_takes_the_name_of_an_equal_one():
    assert iana_zone(windows_zone("Europe/Uzhgorod")) == "Europe/Kiev"
    assert windows_zone("Antarctica/Troll") == "UTC"


def test_every_zone_has_a_windows_name():
    assert {windows_zone(zone) for zone in available_timezones() - {"localtime"}} <= set(win_tz)


def test_whole_days_begin_at_the_midnights_of_their_zone():
    days = AllDay(date(2026, 3, 8), date(2026, 3, 9))
    start, end = all_day_instants(days, "America/New_York")
    assert start == datetime(2026, 3, 8, 5, tzinfo=UTC)
    assert end == datetime(2026, 3, 9, 4, tzinfo=UTC)
