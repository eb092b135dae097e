"""The limits of Microsoft Graph, told by the sandbox's clock.

Exchange counts per app and mailbox: 10,000 requests in 10 minutes, 4 at once, 150 MB of
uploads in 5 minutes. The directory counts resource units per app and tenant in a bucket.
Requests that are refused count too.

Source: https://learn.microsoft.com/graph/throttling-limits
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from math import ceil

REQUESTS, REQUESTS_S = 10_000, 600
UPLOAD_BYTES, UPLOAD_S = 150 * 1024 * 1024, 300
AT_ONCE = 4
UNITS_S = 10
DIRECTORY_WRITES, DIRECTORY_WRITES_S = 3000, 150
_BINS = 60


class Window:
    """A sum over the last `seconds`, in sixty bins."""

    __slots__ = ("_bins", "_total", "_width", "limit")

    def __init__(self, limit: int, seconds: int) -> None:
        self.limit = limit
        self._width = seconds / _BINS
        self._bins: deque[list[int]] = deque()
        self._total = 0

    def add(self, now: float, amount: int = 1) -> float:
        """Count `amount`; answers the seconds to wait, 0 while the limit holds."""
        at = int(now // self._width)
        bins = self._bins
        if bins and bins[-1][0] > at:  # the clock was set back
            bins.clear()
            self._total = 0
        if bins and bins[-1][0] == at:
            bins[-1][1] += amount
        else:
            bins.append([at, amount])
        self._total += amount
        while bins[0][0] <= at - _BINS:
            self._total -= bins.popleft()[1]
        if self._total <= self.limit:
            return 0
        return max(1.0, (bins[0][0] + _BINS) * self._width - now)


class Bucket:
    """A token bucket that is full after `seconds` of rest and may be overdrawn by four fifths."""

    __slots__ = ("_at", "_level", "_rate", "limit")

    def __init__(self, limit: int, seconds: int) -> None:
        self.limit = limit
        self._rate = limit / seconds
        self._level = float(limit)
        self._at: float | None = None

    def take(self, now: float, amount: int) -> float:
        """Take `amount`; answers the seconds to wait, 0 while there was enough."""
        if self._at is not None and now > self._at:
            self._level = min(self.limit, self._level + (now - self._at) * self._rate)
        self._at = now
        enough = self._level >= amount
        self._level = max(self._level - amount, -0.8 * self.limit)
        return 0 if enough else max(1.0, ceil(-self._level / self._rate))

    @property
    def used(self) -> float:
        """How much of the bucket is used: 1.0 when it is empty, up to 1.8 when overdrawn."""
        return 1 - self._level / self.limit


@dataclass(slots=True)
class MailboxLoad:
    """What one app does to one mailbox right now and did lately."""

    under_way: int = 0
    requests: Window = field(default_factory=lambda: Window(REQUESTS, REQUESTS_S))
    upload: Window = field(default_factory=lambda: Window(UPLOAD_BYTES, UPLOAD_S))


@dataclass(slots=True)
class Throttles:
    """Every limit's present state, and until when whom was asked to wait."""

    mailboxes: dict[tuple[str, str, str], MailboxLoad] = field(default_factory=dict)
    """By app, tenant and mailbox."""
    directories: dict[tuple[str, str], Bucket] = field(default_factory=dict)
    """By app and tenant."""
    directory_writes: dict[tuple[str, str], Window] = field(default_factory=dict)
    """By app and tenant."""
    wait_until: dict[tuple[str, str, str], float] = field(default_factory=dict)
    """By app, tenant and mailbox ("" for the directory): when the last Retry-After is over."""

    def load(self, key: tuple[str, str, str]) -> MailboxLoad:
        """The load of one mailbox, made at its first request."""
        load = self.mailboxes.get(key)
        if load is None:
            load = self.mailboxes[key] = MailboxLoad()
        return load

    def directory(self, app: str, tenant: str, users: int) -> Bucket:
        """The bucket of one app in one tenant; a bigger tenant has a bigger one."""
        bucket = self.directories.get((app, tenant))
        if bucket is None:
            size = 3500 if users < 50 else 5000 if users <= 500 else 8000
            bucket = self.directories[app, tenant] = Bucket(size, UNITS_S)
        return bucket

    def writes(self, app: str, tenant: str) -> Window:
        """The directory writes of one app in one tenant."""
        fresh = Window(DIRECTORY_WRITES, DIRECTORY_WRITES_S)
        return self.directory_writes.setdefault((app, tenant), fresh)


def resource_units(path: str, query: dict[str, str]) -> int:
    """What a read of the directory costs.

    Source: https://learn.microsoft.com/graph/throttling-limits
    """
    parts = path.strip("/").lower().split("/")
    units = _BASE_UNITS.get(parts[0] if len(parts) == 1 or parts[1] == "delta" else "", 1)
    if parts[0] == "groups" and len(parts) > 2:
        units = _MEMBER_UNITS.get(parts[2], 1)
    if parts[0] == "directoryobjects" and parts[-1] == "getbyids":
        units = 3
    if "$select" in query:
        units -= 1
    if "$expand" in query:
        units += 1
    top = query.get("$top", "")
    if top.isdigit() and int(top) < 20:
        units -= 1
    return max(1, units)


_BASE_UNITS = {"users": 2, "contracts": 3, "subscribedskus": 3, "applications": 2}
_MEMBER_UNITS = {"members": 3, "transitivemembers": 5}
