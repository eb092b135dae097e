"""What a tunnel lets through, in versions."""

from __future__ import annotations

from django.db import models

from partners.clock import Now
from tunnels.models.tunnel import Tunnel


class Policy(models.Model):
    """One version of a tunnel's policy. Versions are added, never edited: the last one rules."""

    tunnel = models.ForeignKey(Tunnel, on_delete=models.CASCADE, related_name="policies")
    version = models.PositiveIntegerField()
    content = models.JSONField(default=dict, help_text="As the configuration file writes it.")
    digest = models.CharField(max_length=32)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    created_by = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["-version"]
        verbose_name_plural = "policies"
        constraints = [
            models.UniqueConstraint(fields=["tunnel", "version"], name="a_policy_version_stands_once"),
        ]

    def __str__(self) -> str:
        return f"version {self.version}"
