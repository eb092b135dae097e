"""Leases: who may speak to a mailbox (or to a tenant's directory) just now."""

from __future__ import annotations

from django.db import models

from tenants.models.tenant import Tenant

DIRECTORY = "directory"
"""The lease name of a tenant's directory reads."""


class Lease(models.Model):
    """One mailbox's turn. Whoever holds it until `until` may send; nobody before `not_before`.

    `spent` holds the requests of the last ten minutes, as counts by minute, so that a mailbox's
    limit needs no limiter shared between workers. Claimed and kept by `tenants.leases` alone.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="leases")
    mailbox = models.CharField(max_length=64, help_text="Object id, or the word directory.")
    holder = models.UUIDField(null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(null=True, blank=True)
    spent = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "mailbox"], name="one_lease_per_mailbox"),
        ]

    def __str__(self) -> str:
        return f"{self.mailbox} of {self.tenant_id}"
