"""Tunnels and their members: what is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, OuterRef, Q

from partners.clock import Now
from partners.models import Partner
from partners.permissions import Permission
from tenants.models import Tenant
from tunnels import specs
from tunnels.models.feed import Feed

if TYPE_CHECKING:
    from partners.principals import Principal


class Installation(models.Model):
    """Who we are in the marks of our copies: one row, made once, restored with the database.

    The key makes identities opaque. With another key our marks could not be matched with rows.
    """

    single = models.BooleanField(primary_key=True, default=True)
    name = models.CharField(max_length=8, help_text="Eight hex digits; stands in every mark.")
    key = models.BinaryField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(single=True), name="there_is_one_installation"),
        ]

    def __str__(self) -> str:
        return self.name


class TunnelQuerySet(models.QuerySet["Tunnel"]):
    """The questions that many callers ask about tunnels."""

    def visible_to(self, principal: Principal) -> TunnelQuerySet:
        """The tunnels with an end in a tenant that `principal` may see. Every reader starts here."""
        if not principal.may(Permission.TUNNELS_SEE):
            return self.none()
        ends = TunnelMember.objects.filter(principal.scope.condition("tenant_id"), tunnel=OuterRef("pk"))
        return self.filter(Exists(ends), partner_id=principal.partner_id)


class Tunnel(models.Model):
    """What flows from where to whom. Its name in configuration files is unique per partner.

    `definition` counts changes of policy, sources and target rules; `approved` is the last one
    that a person approved. Lanes approved for an older definition write nothing.
    """

    class Kind(models.TextChoices):
        """What flows."""

        EVENTS = "events", "Calendar"
        CONTACTS = "contacts", "Contacts"

    class Shape(models.TextChoices):
        """How sources and targets are coupled."""

        FAN = "fan", "All sources to all targets"

    class State(models.TextChoices):
        """What a person made of it."""

        DRAFT = "draft", "Draft"
        ACTIVE = "active", "Active"
        PAUSED = "paused", "Paused"

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="tunnels")
    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=60)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    shape = models.CharField(max_length=6, choices=Shape.choices, default=Shape.FAN)
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    folder = models.CharField(
        max_length=100, blank=True, help_text="Name of the dedicated folder; empty: the default folder."
    )
    guards = models.JSONField(default=dict, blank=True, help_text="What differs from the default guards.")
    schedule_s = models.PositiveIntegerField(default=120, help_text="Seconds between looks at the sources.")
    definition = models.PositiveIntegerField(default=1)
    approved = models.PositiveIntegerField(default=0)
    next_due_at = models.DateTimeField(null=True, blank=True, help_text="When its roster is resolved again.")
    rostered_at = models.DateTimeField(null=True, blank=True, help_text="When its roster was resolved last.")
    reason = models.CharField(max_length=80, blank=True, help_text="Why its roster could not be resolved.")
    message = models.CharField(max_length=300, blank=True)
    advice = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = TunnelQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["partner", "slug"], name="a_slug_names_one_tunnel_of_a_partner"),
            models.CheckConstraint(condition=Q(schedule_s__gte=10), name="a_schedule_leaves_time_to_breathe"),
        ]
        indexes = [
            models.Index(fields=["next_due_at"], condition=Q(next_due_at__isnull=False), name="tunnels_due"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def needs_approval(self) -> bool:
        """Whether a person must look at a plan before anything more is written."""
        return self.approved < self.definition

    @property
    def is_paused(self) -> bool:
        """Whether a person stopped it: nothing is read or written for it, and all copies stay."""
        return self.state == self.State.PAUSED


class TunnelMember(models.Model):
    """A tenant's part in a tunnel: a collection that gives, or a rule that names mailboxes that take.

    `resolved` remembers the object ids behind the addresses of the spec: once known, the id rules,
    so a renamed mailbox stays the same. `shaped` is the feed's number up to which its items are
    in the register.
    """

    tunnel = models.ForeignKey(Tunnel, on_delete=models.CASCADE, related_name="members")
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="tunnel_members")
    gives = models.BooleanField(default=False)
    takes = models.BooleanField(default=False)
    order = models.PositiveIntegerField(default=0, help_text="The first source gives the content.")
    spec = models.JSONField(help_text="See tunnels.specs.")
    resolved = models.JSONField(default=dict, blank=True)
    feed = models.ForeignKey(Feed, on_delete=models.SET_NULL, null=True, blank=True, related_name="members")
    shaped = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["order"]
        constraints = [
            models.CheckConstraint(condition=Q(gives=True) | Q(takes=True), name="a_member_gives_or_takes"),
            models.UniqueConstraint(fields=["tunnel", "order"], name="members_stand_in_order"),
        ]

    def __str__(self) -> str:
        return f"{'source' if self.gives else 'target'} {self.order} of {self.tunnel_id}"

    def clean(self) -> None:
        """Refuse a spec that cannot be meant."""
        try:
            _ = self.source if self.gives else self.rule
        except specs.BadSpec as fault:
            raise ValidationError({"spec": str(fault)}) from fault

    @property
    def source(self) -> specs.Gives:
        """The collection that it gives. Raises BadSpec."""
        return specs.gives_of(self.spec)

    @property
    def rule(self) -> specs.Takes:
        """The rule that names its mailboxes. Raises BadSpec."""
        return specs.takes_of(self.spec)
