"""What the outside world can make us do: wait, forget the cursor, call a person, hold the plan.

Named by the remedy, not by the cause. Connectors translate at the wall; nobody above
them sees an HTTP status. Messages are for people: no item content, no secrets.
"""

from __future__ import annotations

from typing import Literal

Scope = Literal["tenant", "mailbox", "collection", "item"]


class Fault(Exception):
    """The outside world did not do what we asked; the subclass names what to do next."""


class TryAgain(Fault):
    """Nothing is known to be wrong for good: ask again, not before `after` seconds."""

    def __init__(self, message: str, *, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


class CursorExpired(Fault):
    """The service has forgotten our cursor: look again without one. Nothing is deleted by this."""


class NeedsAPerson(Fault):
    """Only a person can mend it. `reason` groups equal cases; `advice` says what to do next.

    `scope` says how far it reaches: a lost consent stops a tenant, a missing licence one mailbox.
    """

    def __init__(self, message: str, *, reason: str, advice: str, scope: Scope) -> None:
        super().__init__(message)
        self.reason, self.advice, self.scope = reason, advice, scope


class HoldThePlan(Fault):
    """What the source shows is not to be believed (it held items and shows none): a person decides."""

    def __init__(self, message: str, *, reason: str, advice: str) -> None:
        super().__init__(message)
        self.reason, self.advice = reason, advice
