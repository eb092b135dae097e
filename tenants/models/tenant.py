"""A client's Microsoft 365 organisation, and how we reach it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from partners import clock
from partners.models import Partner
from partners.permissions import Permission
from tenants.secrets import SealedField

if TYPE_CHECKING:
    from partners.principals import Principal


class TenantQuerySet(models.QuerySet["Tenant"]):
    """The questions that many callers ask about tenants."""

    def visible_to(self, principal: Principal) -> TenantQuerySet:
        """The tenants that `principal` may see. Every reader starts here."""
        if not principal.may(Permission.TENANTS_SEE):
            return self.none()
        return self.filter(principal.scope.condition("pk"), partner_id=principal.partner_id)


class Tenant(models.Model):
    """One client. The database itself guarantees that a Microsoft tenant belongs to one partner."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="tenants")
    slug = models.SlugField(max_length=60, help_text="Its name in configuration files.")
    name = models.CharField(max_length=200)
    domain = models.CharField(max_length=253, blank=True)
    microsoft_id = models.UUIDField(unique=True, help_text="The tenant id (tid) in Entra.")
    region = models.CharField(max_length=2, blank=True, help_text="Country of its telephone numbers.")
    zone = models.CharField(max_length=64, default="UTC", help_text="IANA zone in which its days begin.")
    created_at = models.DateTimeField(db_default=clock.Now())

    objects = TenantQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["partner", "slug"], name="one_tenant_per_partner_and_slug"),
        ]

    def __str__(self) -> str:
        return self.name


class Connection(models.Model):
    """How we reach Graph in one tenant: an app registration and its credential.

    `state` is earned: *connected* means that a token was issued and the directory was read.
    """

    class State(models.TextChoices):
        """What we know of the way in."""

        UNTRIED = "untried", "Not tried yet"
        CONNECTED = "connected", "Connected"
        LOST = "lost", "Consent lost"

    class Credential(models.TextChoices):
        """What proves that we are the app."""

        SECRET = "secret", "Client secret"
        CERTIFICATE = "certificate", "Certificate"

    tenant = models.OneToOneField(Tenant, on_delete=models.CASCADE, related_name="connection")
    client_id = models.UUIDField()
    credential = models.CharField(max_length=12, choices=Credential.choices, default=Credential.SECRET)
    secret = SealedField(blank=True, help_text="The client secret, or the private key as PEM.")
    certificate = models.TextField(blank=True, help_text="The public certificate as PEM.")
    expires_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.UNTRIED)
    reason = models.CharField(max_length=300, blank=True, help_text="For people. No secrets.")
    checked_at = models.DateTimeField(null=True, blank=True)
    connected_at = models.DateTimeField(null=True, blank=True)
    roles = models.JSONField(default=list, blank=True, help_text="Application permissions in the last token.")

    def __str__(self) -> str:
        return f"{self.tenant}: {self.get_state_display()}"

    @property
    def is_lost(self) -> bool:
        """Whether a person must let us in again before anything is sent."""
        return self.state == self.State.LOST
