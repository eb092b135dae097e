"""What needs a person: the open problems of a subject are exactly the causes that hold now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tenants import problems
from tenants.models import Problem, Tenant


@dataclass(frozen=True, slots=True)
class Cause:
    """Why somebody must act. `reason` groups equal cases."""

    reason: str
    message: str
    advice: str = ""


def tell(tenant: Tenant, subject: str, causes: Sequence[Cause]) -> None:
    """Open what is new, close what is over. One problem per reason, however many causes share it."""
    by_reason = {cause.reason[:80]: cause for cause in reversed(causes)}
    waiting = Problem.objects.open().filter(tenant=tenant, subject=subject)
    for problem in waiting:
        if problem.reason not in by_reason:
            problems.settle(tenant, subject=subject, reason=problem.reason)
    known = {(problem.reason, problem.message) for problem in waiting}
    for reason, cause in by_reason.items():
        if (reason, cause.message[:300]) not in known:
            problems.report(
                tenant, subject=subject, reason=reason, message=cause.message, advice=cause.advice
            )
