"""What needs a person: one open row per cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from partners import clock
from tenants.models.tenant import Tenant

if TYPE_CHECKING:
    from partners.principals import Principal


class ProblemQuerySet(models.QuerySet["Problem"]):
    """The questions that many callers ask about problems."""

    def visible_to(self, principal: Principal) -> ProblemQuerySet:
        """The problems of tenants that `principal` may see."""
        return self.filter(tenant__in=Tenant.objects.visible_to(principal))

    def open(self) -> ProblemQuerySet:
        """Those that still wait for somebody."""
        return self.filter(closed_at=None)


class Problem(models.Model):
    """A cause that only a person can end. A lost consent is one row, however many lanes it stops.

    `subject` says what it is about in plain words of ours: "tenant", "tunnel 12", "mailbox <id>".
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="problems")
    subject = models.CharField(max_length=120)
    reason = models.CharField(max_length=80, help_text="Groups equal cases.")
    message = models.CharField(max_length=300, help_text="For people. No secrets, no item content.")
    advice = models.CharField(max_length=300, blank=True)
    count = models.PositiveIntegerField(default=1, help_text="How many times it was met.")
    opened_at = models.DateTimeField(db_default=clock.Now())
    met_at = models.DateTimeField(db_default=clock.Now())
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = ProblemQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "subject", "reason"],
                condition=Q(closed_at=None),
                name="one_open_problem_per_cause",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject}: {self.reason}"
