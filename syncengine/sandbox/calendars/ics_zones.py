"""The time zone of a file's event under a name that Exchange knows.

Files bring zones of their own making. One is accepted under its name if that means the
same, else under the name of a zone whose clocks agree with it for some years.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from tzlocal.windows_tz import win_tz

from syncengine.sandbox.calendars.zones import Zone, zone_named
from syncengine.sandbox.kernel import Refusal

YEARS = 5
_WEEK, _DAY = timedelta(days=7), timedelta(days=1)


def zone_of(moment: datetime, tzid: str | None, years: int) -> Zone | None:
    """The zone that agrees with a file's at this moment and for some years; None if there is none."""
    for zone in _candidates(moment, tzid):
        if _agrees(zone, moment, years, _WEEK) and _agrees(zone, moment, years, _DAY):
            return zone
    return None


def _candidates(moment: datetime, tzid: str | None) -> Iterator[Zone]:
    for name in (tzid, str(getattr(moment.tzinfo, "key", ""))):
        if name:
            try:
                yield zone_named(name)
            except Refusal:
                continue
    yield from _all_zones()


@functools.cache
def _all_zones() -> tuple[Zone, ...]:
    return tuple(zone_named(name) for name in win_tz)


def _agrees(zone: Zone, moment: datetime, years: int, step: timedelta) -> bool:
    at, end = moment, moment + timedelta(days=365 * years)
    while at <= end:
        instant = at.astimezone(UTC).replace(tzinfo=None)
        if zone.instant(at.replace(tzinfo=None)) != instant:
            return False
        at += step
    return True
