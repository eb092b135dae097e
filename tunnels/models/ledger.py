"""The ledger: each write to a target, for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection, models

from tunnels.models.lane import Lane

if TYPE_CHECKING:
    from partners.principals import Principal


class LedgerQuerySet(models.QuerySet["LedgerEntry"]):
    """The questions that many callers ask about the ledger."""

    def visible_to(self, principal: Principal) -> LedgerQuerySet:
        """The writes into tenants that `principal` may see."""
        return self.filter(lane__in=Lane.objects.visible_to(principal).values("pk"))


class LedgerEntry(models.Model):
    """One write: cause, the copy before, the copy after, what came of it. Append-only.

    The table is partitioned by month and made by SQL: no foreign keys, a primary key that holds
    the month. `before` and `after` name bodies.
    """

    class Outcome(models.TextChoices):
        """What came of it."""

        WRITTEN = "written", "Written"
        FAILED = "failed", "Refused"
        OPEN = "open", "Not known"

    at = models.DateTimeField()
    run = models.BigIntegerField(null=True)
    lane = models.BigIntegerField()
    row = models.BigIntegerField()
    occurrence = models.CharField(max_length=10)
    verb = models.CharField(max_length=6)
    cause = models.CharField(max_length=40)
    outcome = models.CharField(max_length=7, choices=Outcome.choices)
    reason = models.CharField(max_length=80)
    attempt = models.CharField(max_length=32, help_text="Of creates: the mark's part drawn for it.")
    before = models.CharField(max_length=32)
    after = models.CharField(max_length=32)
    remote_id = models.TextField(help_text="The copy; not repeated for updates.")
    removes = models.PositiveSmallIntegerField(default=0, help_text="Deletions as guards count them.")

    objects = LedgerQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name_plural = "ledger entries"

    def __str__(self) -> str:
        return f"{self.verb} of row {self.row} in lane {self.lane}"


def ensure_partitions() -> None:
    """Make the partitions of this month and the next, by our clock. Cheap when they are there."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tunnels_ensure_ledger_partitions()")
