"""Time zones as Exchange names them, and wall clocks turned into instants and back.

Instants are naive datetimes in UTC; wall times are naive too and belong to a zone.
A wall time that a change of clocks skips is read with the offset before the change, one
that comes twice is the first of the two: RFC 5545 and PEP 495 agree on this.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from tzlocal.windows_tz import tz_win, win_tz

from syncengine.sandbox.kernel import Refusal

_CUSTOM_UTC = {"tzone://Microsoft/Utc": "UTC", "Etc/UTC": "UTC", "UTC": "UTC"}


@dataclass(frozen=True, slots=True)
class Zone:
    """One time zone under the name that the caller gave it (Windows or IANA)."""

    name: str
    rules: ZoneInfo

    def instant(self, wall: datetime) -> datetime:
        """The instant at which clocks in this zone show `wall`."""
        if self.rules.key == "UTC":
            return wall
        return wall - (self.rules.utcoffset(wall.replace(tzinfo=self.rules)) or timedelta())

    def wall(self, instant: datetime) -> datetime:
        """What clocks in this zone show at `instant`."""
        if self.rules.key == "UTC":
            return instant
        return instant.replace(tzinfo=UTC).astimezone(self.rules).replace(tzinfo=None, fold=0)


@functools.cache
def zone_named(name: str) -> Zone:
    """The zone with this Windows or IANA name, in any case. 400 for any other name.

    Source: https://learn.microsoft.com/graph/api/resources/datetimetimezone
    """
    key = _names().get(name.lower())
    if key is None:
        message = f"A valid TimeZone value must be specified. Not supported: '{name[:100]}'."
        raise Refusal(400, "TimeZoneNotSupportedException", message)
    return Zone(name, ZoneInfo(key))


@functools.cache
def windows_name(iana: str) -> str | None:
    """The Windows name of an IANA zone, or None."""
    return tz_win.get(iana)


@functools.cache
def _names() -> dict[str, str]:
    """IANA key by lower-case name; Exchange knows only the IANA names that Windows can express."""
    known = available_timezones()
    names = {name.lower(): key for name, key in win_tz.items() if key in known}
    names |= {name.lower(): name for name in tz_win if name in known}
    return names | {name.lower(): key for name, key in _CUSTOM_UTC.items()}


UTC_ZONE = zone_named("UTC")
