"""The pace of a tenant's directory: a bucket of resource units that refills within ten seconds.

Source: https://learn.microsoft.com/graph/throttling-limits#identity-and-access-service-limits
"""

from __future__ import annotations

from dataclasses import dataclass

_SHARE = 0.8
_PERIOD_S = 10.0


def units_per_period(users: int) -> int:
    """Resource units that an application may use of a tenant within ten seconds, by the tenant's size."""
    if users < 50:
        return 3_500
    return 5_000 if users <= 500 else 8_000


@dataclass(slots=True)
class DirectoryPace:
    """What the directory lease keeps: how full the bucket was, and when. We use 80 % of it."""

    users: int = 0
    used: float = 0.0
    at: float = 0.0
    not_before: float = 0.0

    def spend(self, now: float, units: float) -> None:
        """A request of so many units has left."""
        self.used = self._used(now) + units
        self.at = now

    def wait(self, now: float, units: float = 1.0) -> float:
        """Seconds until a request of so many units may leave; 0 now."""
        limit = units_per_period(self.users) * _SHARE
        excess = max(0.0, self._used(now) + units - limit)
        return max(0.0, self.not_before - now, excess * _PERIOD_S / limit)

    def asked_to_wait(self, now: float, seconds: float) -> None:
        """Leave the directory alone for so long."""
        self.not_before = max(self.not_before, now + seconds)

    def _used(self, now: float) -> float:
        refilled = units_per_period(self.users) * _SHARE * max(0.0, now - self.at) / _PERIOD_S
        return max(0.0, self.used - refilled)
