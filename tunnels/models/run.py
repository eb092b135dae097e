"""Runs, their journals, plans and what guards hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from tenants.models import Tenant
from tunnels.models.lane import Lane
from tunnels.models.tunnel import Tunnel

if TYPE_CHECKING:
    from partners.principals import Principal


class RunQuerySet(models.QuerySet["Run"]):
    """The questions that many callers ask about runs."""

    def visible_to(self, principal: Principal) -> RunQuerySet:
        """The runs of tunnels that `principal` may see. Every reader starts here."""
        return self.filter(tunnel__in=Tunnel.objects.visible_to(principal))


class Run(models.Model):
    """Lanes of one tunnel brought to the head of the register, with a journal.

    The database itself guarantees that a tunnel has at most one live run. Whoever asks while one is
    alive joins it (`asked`); who asks after it began to look gets one more when it ends (`again`).
    """

    class Trigger(models.TextChoices):
        """Why it began."""

        ASKED = "asked", "Run now"
        CHANGE = "change", "Something changed"
        APPROVAL = "approval", "A plan was approved"
        CHECK = "check", "Daily check"

    class State(models.TextChoices):
        """What became of it."""

        RUNNING = "running", "Running"
        DONE = "done", "Done"
        HELD = "held", "Held by a guard"
        FAILED = "failed", "Needs attention"
        STOPPED = "stopped", "Stopped"

    tunnel = models.ForeignKey(Tunnel, on_delete=models.PROTECT, related_name="runs")
    trigger = models.CharField(max_length=10, choices=Trigger.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    asked_by = models.CharField(max_length=100, blank=True)
    asked = models.PositiveIntegerField(default=1, help_text="How often it was asked for.")
    again = models.BooleanField(default=False, help_text="Somebody asked after it had begun to look.")
    started_at = models.DateTimeField()
    looked_at = models.DateTimeField(null=True, blank=True, help_text="When it began to look.")
    ended_at = models.DateTimeField(null=True, blank=True)
    lanes = models.PositiveIntegerField(default=0, help_text="Lanes that it set out to bring level.")
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    deleted = models.PositiveIntegerField(default=0)
    adopted = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    held = models.PositiveIntegerField(default=0)
    requests = models.PositiveIntegerField(default=0, help_text="Batches and single requests sent.")
    remark = models.CharField(max_length=300, blank=True, help_text="For people. No item content.")

    is_partial = False
    """Set by `tallies`: the totals are those of mailboxes within a principal's reach."""

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["tunnel"], condition=Q(state="running"), name="one_live_run_per_tunnel"
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.pk}"

    @property
    def is_over(self) -> bool:
        """Whether nothing will change any more."""
        return self.state != self.State.RUNNING

    @property
    def written(self) -> int:
        """Copies created, updated and deleted."""
        return self.created + self.updated + self.deleted


class RunLineQuerySet(models.QuerySet["RunLine"]):
    """The questions that many callers ask about journals."""

    def visible_to(self, principal: Principal) -> RunLineQuerySet:
        """Lines of visible runs, without those about mailboxes at the other end of a tunnel."""
        seen = Tenant.objects.visible_to(principal)
        return self.filter(
            Q(tenant=None) | Q(tenant__in=seen), run__tunnel__in=Tunnel.objects.visible_to(principal)
        )


class RunLine(models.Model):
    """One line of a run's journal: what happened, with counts; never a subject, a name of a contact."""

    class Level(models.TextChoices):
        """How loud."""

        INFO = "info", "Info"
        WARNING = "warning", "Warning"
        ERROR = "error", "Error"

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="lines")
    at = models.DateTimeField()
    level = models.CharField(max_length=7, choices=Level.choices, default=Level.INFO)
    lane = models.ForeignKey(Lane, on_delete=models.PROTECT, null=True, blank=True, related_name="lines")
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    text = models.CharField(max_length=300)

    objects = RunLineQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.text


class LanePlan(models.Model):
    """What bringing one lane level would take, as counts. Its actions are computed again, purely.

    `digest` stands for the actions: where a later computation differs, the plan is stale.
    """

    class State(models.TextChoices):
        """What a person made of it."""

        OPEN = "open", "Waits for approval"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        STALE = "stale", "Stale"

    lane = models.OneToOneField(Lane, on_delete=models.CASCADE, related_name="plan")
    definition = models.PositiveIntegerField()
    number = models.BigIntegerField(help_text="The register's head when it was made.")
    digest = models.CharField(max_length=32)
    creates = models.PositiveIntegerField(default=0)
    updates = models.PositiveIntegerField(default=0)
    deletes = models.PositiveIntegerField(default=0)
    skips = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"plan of lane {self.lane_id}"

    @property
    def is_empty(self) -> bool:
        """Whether the lane agrees already."""
        return not (self.creates or self.updates or self.deletes)


class HeldActionQuerySet(models.QuerySet["HeldAction"]):
    """The questions that many callers ask about held actions."""

    def visible_to(self, principal: Principal) -> HeldActionQuerySet:
        """Those of lanes into tenants that `principal` may see."""
        return self.filter(lane__in=Lane.objects.visible_to(principal))

    def waiting(self) -> HeldActionQuerySet:
        """Those that nobody has decided on."""
        return self.filter(state=HeldAction.State.HELD)


class HeldAction(models.Model):
    """One action that a guard did not let pass, until a person decides."""

    class State(models.TextChoices):
        """What became of it."""

        HELD = "held", "Held"
        RELEASED = "released", "Released"
        REJECTED = "rejected", "Rejected"
        OVER = "over", "No longer wanted"

    lane = models.ForeignKey(Lane, on_delete=models.CASCADE, related_name="held_actions")
    row = models.BigIntegerField()
    occurrence = models.CharField(max_length=10, blank=True)
    verb = models.CharField(max_length=6)
    cause = models.CharField(max_length=40)
    guard = models.CharField(max_length=40)
    state = models.CharField(max_length=8, choices=State.choices, default=State.HELD)
    held_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=100, blank=True)

    objects = HeldActionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lane", "row", "occurrence"],
                condition=Q(state="held"),
                name="an_action_is_held_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verb} of row {self.row} in lane {self.lane_id}"
