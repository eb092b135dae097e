"""What the sandbox counted: requests, batch parts, writes, how many were under way at once."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any, NamedTuple

LOGGED = 20_000


@dataclass(slots=True)
class MailboxCount:
    """The traffic of one mailbox."""

    calls: int = 0
    writes: int = 0
    throttled: int = 0
    early_requests: int = 0
    most_under_way: int = 0


class Entry(NamedTuple):
    """One line of the request log. A part of a batch has its own line, with the batch's id."""

    at: str
    id: str
    tenant: str
    app: str
    method: str
    path: str
    query: str
    status: int
    mailbox: str
    batch: str
    part: str
    fault: str
    early: bool


@dataclass(slots=True)
class Counters:
    """Numbers since the last reset, and the last requests.

    `requests` are HTTP requests to Graph, a batch being one; `calls` are single requests
    and batch parts; `writes` are calls that changed something, also where the answer was
    lost; `early_requests` came before a Retry-After was over.
    """

    requests: int = 0
    batches: int = 0
    parts: int = 0
    calls: int = 0
    writes: int = 0
    throttled: int = 0
    early_requests: int = 0
    tokens: int = 0
    routes: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    mailboxes: dict[tuple[str, str], MailboxCount] = field(default_factory=dict)
    log: deque[Entry] = field(default_factory=lambda: deque(maxlen=LOGGED))

    def mailbox(self, tenant: str, mailbox: str) -> MailboxCount:
        """The count of one mailbox, made at its first call."""
        key = (tenant, mailbox)
        count = self.mailboxes.get(key)
        if count is None:
            count = self.mailboxes[key] = MailboxCount()
        return count

    def as_json(self) -> dict[str, Any]:
        """Everything but the log, for `/_sandbox/counters`."""
        return {
            "requests": self.requests,
            "batches": self.batches,
            "parts": self.parts,
            "calls": self.calls,
            "writes": self.writes,
            "throttled": self.throttled,
            "early_requests": self.early_requests,
            "tokens": self.tokens,
            "most_under_way": max((count.most_under_way for count in self.mailboxes.values()), default=0),
            "routes": dict(self.routes),
            "statuses": {str(status): count for status, count in self.statuses.items()},
            "mailboxes": [
                {
                    "tenant": tenant,
                    "mailbox": mailbox,
                    "calls": count.calls,
                    "writes": count.writes,
                    "throttled": count.throttled,
                    "early_requests": count.early_requests,
                    "most_under_way": count.most_under_way,
                }
                for (tenant, mailbox), count in self.mailboxes.items()
            ],
        }
