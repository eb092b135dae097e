"""The pace of each mailbox: when it may be asked again, and how often it was asked of late.

Graph allows an application 10,000 requests in ten minutes to a mailbox; each part of a batch is one.
Source: https://learn.microsoft.com/graph/throttling-limits
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from syncengine.limits.clock import Clock

BUDGET = 8_000
"""Requests in ten minutes that we allow ourselves: 80 % of what Graph allows."""

BATCH = 20
"""Parts that a batch may hold."""

_MINUTE_S = 60
_MINUTES = 10


@dataclass(slots=True)
class MailboxPace:
    """What a lease row keeps between workers: `requests` counts by minute since the epoch."""

    not_before: float = 0.0
    requests: dict[int, int] = field(default_factory=dict)

    @classmethod
    def load(cls, not_before: float, requests: Mapping[str, int]) -> MailboxPace:
        """As a lease row stores it (JSON has no numbers for keys)."""
        return cls(not_before, {int(minute): count for minute, count in requests.items()})

    def dump(self) -> tuple[float, dict[str, int]]:
        """For the lease row."""
        return self.not_before, {str(minute): count for minute, count in self.requests.items()}

    def room(self, now: float) -> int:
        """How many requests may leave now."""
        if now < self.not_before:
            return 0
        return max(0, min(BATCH, BUDGET - self._of_late(now)))

    def wait(self, now: float) -> float:
        """Seconds until there may be room."""
        wait = max(0.0, self.not_before - now)
        if self._of_late(now) < BUDGET:
            return wait
        return max(wait, (min(self.requests) + _MINUTES + 1) * _MINUTE_S - now)

    def sent(self, now: float, parts: int) -> None:
        """So many requests have left."""
        minute = int(now // _MINUTE_S)
        self.requests[minute] = self.requests.get(minute, 0) + parts

    def _of_late(self, now: float) -> int:
        # A minute counts until it has passed wholly: rather too slow than too fast.
        oldest = int(now // _MINUTE_S) - _MINUTES
        for minute in [minute for minute in self.requests if minute < oldest]:
            del self.requests[minute]
        return sum(self.requests.values())


class Paces:
    """The paces of the mailboxes that a worker has leased. Implements ports.Pace."""

    def __init__(self, clock: Clock, leased: Iterable[tuple[str, MailboxPace]] = ()) -> None:
        self._clock = clock
        self._paces = dict(leased)

    def of(self, mailbox: str) -> MailboxPace:
        """A mailbox's own, to be stored when its lease is given back."""
        return self._paces.setdefault(mailbox, MailboxPace())

    def room(self, mailbox: str) -> int:
        """How many parts may be sent now; 0 while the mailbox must be left alone."""
        return self.of(mailbox).room(self._clock.now())

    def sent(self, mailbox: str, parts: int) -> None:
        """So many requests have gone out."""
        self.of(mailbox).sent(self._clock.now(), parts)

    def asked_to_wait(self, mailbox: str, seconds: float) -> None:
        """Leave the mailbox alone for so long; an earlier request for longer stands."""
        pace = self.of(mailbox)
        pace.not_before = max(pace.not_before, self._clock.now() + seconds)

    def wait_for(self, mailbox: str) -> float:
        """Seconds until there may be room again; 0 now."""
        return self.of(mailbox).wait(self._clock.now())
