"""Scripted faults: the bad weather of Microsoft Graph, as a test orders it."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field, fields
from itertools import count
from typing import Any

KINDS = (
    "status",
    "lost",
    "slow",
    "truncated",
    "garbage",
    "expired-token",
    "expired-cursor",
)


class BadFault(Exception):
    """A script that the sandbox does not understand; the text says why."""


@dataclass(slots=True)
class Fault:
    """One scripted fault: which calls it strikes, how often, and what then happens.

    It strikes single requests and parts of batches; with `whole_batch`, only requests
    to $batch as a whole. `nth` counts the calls that match, from 1; `times` is how often it
    strikes, None meaning until it is cleared.
    """

    kind: str
    method: str = ""
    path: str = ""
    """A regular expression, found anywhere in the path and query after /v1.0."""
    mailbox: str = ""
    tenant: str = ""
    whole_batch: bool = False
    nth: int = 1
    times: int | None = 1
    status: int = 503
    code: str = ""
    message: str = ""
    retry_after: float | None = None
    effect: str = "before"
    """`before`: refused, nothing happened; `after`: the write took effect all the same."""
    seconds: float = 0
    id: int = 0
    seen: int = 0
    struck: int = 0
    _pattern: re.Pattern[str] | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise BadFault(f"kind must be one of {', '.join(KINDS)}, not {self.kind!r}")
        if self.effect not in {"before", "after"}:
            raise BadFault(f"effect must be before or after, not {self.effect!r}")
        try:
            self._pattern = re.compile(self.path, re.I) if self.path else None
        except re.error as error:
            raise BadFault(f"path is not a regular expression: {error}") from error

    def matches(self, method: str, address: str, tenant: str, mailboxes: frozenset[str]) -> bool:
        """Whether a call is of the kind that this fault waits for; `mailboxes` are its names."""
        return (
            (not self.method or self.method.upper() == method)
            and (not self.tenant or self.tenant.lower() == tenant)
            and (not self.mailbox or self.mailbox.lower() in mailboxes)
            and (self._pattern is None or self._pattern.search(address) is not None)
            and (self.kind != "expired-cursor" or _has_cursor(address))
        )

    @property
    def is_spent(self) -> bool:
        """Whether it has struck as often as it was told to."""
        return self.times is not None and self.struck >= self.times

    def as_json(self) -> dict[str, Any]:
        """The fault as it was scripted, with how many calls it saw and struck."""
        return {name: value for name, value in asdict(self).items() if not name.startswith("_")}


@dataclass(slots=True)
class Faults:
    """The faults that are in force, in the order they were scripted."""

    active: list[Fault] = field(default_factory=list)
    _ids: count[int] = field(default_factory=lambda: count(1))

    def script(self, wanted: dict[str, Any]) -> Fault:
        """Put one fault in force. Raises BadFault."""
        known = {one.name for one in fields(Fault)} - {"id", "seen", "struck", "_pattern"}
        if unknown := wanted.keys() - known:
            raise BadFault(f"unknown: {', '.join(sorted(unknown))}")
        if "kind" not in wanted:
            raise BadFault("kind is missing")
        fault = Fault(**wanted, id=next(self._ids))
        self.active.append(fault)
        return fault

    def clear(self, fault_id: int | None = None) -> None:
        """Take one fault, or all of them, out of force."""
        self.active = [one for one in self.active if fault_id is not None and one.id != fault_id]

    def strike(
        self,
        method: str,
        address: str,
        tenant: str,
        mailboxes: frozenset[str],
        *,
        whole_batch: bool = False,
    ) -> Fault | None:
        """The fault that hits this call, or None. Counting it as seen is part of the question."""
        for fault in self.active:
            if fault.is_spent or fault.whole_batch != whole_batch:
                continue
            if fault.matches(method, address, tenant, mailboxes):
                fault.seen += 1
                if fault.seen >= fault.nth:
                    fault.struck += 1
                    return fault
        return None


def _has_cursor(address: str) -> bool:
    lowered = address.lower()
    return "/delta?" in lowered and ("deltatoken=" in lowered or "skiptoken=" in lowered)
