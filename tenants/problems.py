"""Opening and closing problems: once per cause, however often it is met."""

from __future__ import annotations

from django.db.models import F

from partners import clock
from tenants.models import Problem, Tenant


def report(tenant: Tenant, *, subject: str, reason: str, message: str, advice: str = "") -> Problem:
    """The one open problem of this cause; met once more if it is open already."""
    problem, is_new = Problem.objects.get_or_create(
        tenant=tenant,
        subject=subject,
        reason=reason,
        closed_at=None,
        defaults={"message": message[:300], "advice": advice[:300]},
    )
    if not is_new:
        Problem.objects.filter(pk=problem.pk).update(
            count=F("count") + 1, message=message[:300], advice=advice[:300], met_at=clock.now()
        )
    return problem


def settle(tenant: Tenant, *, subject: str, reason: str | None = None) -> int:
    """Close the open problems of a subject (of one reason, or all). Returns how many."""
    waiting = Problem.objects.open().filter(tenant=tenant, subject=subject)
    if reason is not None:
        waiting = waiting.filter(reason=reason)
    return waiting.update(closed_at=clock.now())
