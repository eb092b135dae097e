"""Names of time zones: what Exchange says, what IANA says, and whole days as instants in a zone."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from tzlocal.windows_tz import tz_win, win_tz

from syncengine.model.time import AllDay

_OF_NO_PLACE = {"localtime", "Factory", "posixrules"}
"""Names in a zone database that depend on the machine, or mean nothing."""
_SAMPLE_DAYS = [datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(12 * 365)]
_SAMPLE_HOURS = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=n) for n in range(365 * 24)]


def iana_zone(name: str) -> str | None:
    """The IANA name of a Windows or IANA zone, in any case; None where it names neither.

    Exchange calls a legacy zone with rules of its own "tzone://Microsoft/Custom": None, too.
    Source: https://learn.microsoft.com/graph/api/resources/event
    """
    return _known_names().get(name.strip().lower())


@cache
def windows_zone(iana: str) -> str:
    """The Windows name of an IANA zone; where it has none, that of a zone with equal rules, else "UTC"."""
    named = tz_win.get(iana)
    if named:
        return named
    zone = ZoneInfo(iana)
    equals = (name for name, other in win_tz.items() if _have_equal_rules(zone, ZoneInfo(other)))
    return next(equals, "UTC")


def all_day_instants(days: AllDay, zone: str) -> tuple[datetime, datetime]:
    """From the first midnight to the last by the clocks of a zone, in UTC."""
    rules = ZoneInfo(zone)
    first, until = (datetime.combine(day, time(), rules) for day in (days.first, days.until))
    return first.astimezone(UTC), until.astimezone(UTC)


@cache
def _known_names() -> dict[str, str]:
    iana = available_timezones() - _OF_NO_PLACE
    names = {name.lower(): place for name, place in win_tz.items() if place in iana}
    names |= {name.lower(): name for name in iana}
    return names | {"tzone://microsoft/utc": "UTC"}


def _have_equal_rules(one: ZoneInfo, other: ZoneInfo) -> bool:
    """Whether clocks agree on each day of twelve years and each hour of one: rules, not history."""
    return all(
        moment.astimezone(one).utcoffset() == moment.astimezone(other).utcoffset()
        for samples in (_SAMPLE_DAYS, _SAMPLE_HOURS)
        for moment in samples
    )
