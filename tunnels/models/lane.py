"""Lanes and links: a cell's ways into target folders, and what we know of each copy there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Func, Q, Value

from partners.clock import Now
from partners.permissions import Permission
from tenants.models import Tenant
from tunnels.models.register import Cell
from tunnels.models.tunnel import Tunnel

if TYPE_CHECKING:
    from partners.principals import Principal


class LaneQuerySet(models.QuerySet["Lane"]):
    """The questions that many callers ask about lanes."""

    def visible_to(self, principal: Principal) -> LaneQuerySet:
        """The lanes into tenants that `principal` may see: never the other end's mailboxes."""
        if not principal.may(Permission.TUNNELS_SEE):
            return self.none()
        return self.filter(principal.scope.condition("tenant_id"), tunnel__partner_id=principal.partner_id)

    def standing(self) -> LaneQuerySet:
        """Those that are not gone."""
        return self.filter(gone_at=None)


class Lane(models.Model):
    """A cell's way into one target folder. The database guarantees that a folder has one writer.

    `cursor` is the register number up to which the folder agrees. A lane that agrees has no due
    time and costs nothing. A lane that is gone stays as a row: the ledger names it.
    """

    class State(models.TextChoices):
        """One word for the page."""

        WAITING = "waiting", "Waiting for approval"
        BEHIND = "behind", "Behind"
        RUNNING = "running", "Running"
        HEALTHY = "healthy", "Healthy"
        HELD = "held", "Held"
        FAILING = "failing", "Failing"
        LEAVING = "leaving", "Leaving"
        PAUSED = "paused", "Paused"
        GONE = "gone", "Gone"

    class Priority(models.IntegerChoices):
        """Who is served first."""

        ASKED = 0, "Somebody pressed Run now"
        FRESH = 1, "A fresh change"
        BACKLOG = 2, "A first push, or a long way behind"
        CHECK = 3, "The daily check"

    cell = models.ForeignKey(Cell, on_delete=models.PROTECT, related_name="lanes")
    tunnel = models.ForeignKey(Tunnel, on_delete=models.PROTECT, related_name="lanes")
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="lanes")
    mailbox = models.CharField(max_length=64, help_text="Object id of the mailbox.")
    name = models.CharField(max_length=256, help_text="The mailbox, for people.")
    address = models.CharField(max_length=320, blank=True)
    kind = models.CharField(max_length=10, choices=Tunnel.Kind.choices)
    folder_name = models.CharField(max_length=100, blank=True, help_text="Empty: the default folder.")
    folder = models.TextField(blank=True, help_text="The folder's id, once it stands.")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.BACKLOG)
    approved = models.PositiveIntegerField(default=0, help_text="The tunnel's definition it may carry out.")
    cursor = models.BigIntegerField(default=0)
    look_cursor = models.TextField(blank=True)
    wants_look = models.BooleanField(default=False, help_text="Look at the folder though nothing changed.")
    wants_retry = models.BooleanField(default=False, help_text="A person asks again for what was refused.")
    resync = models.BooleanField(default=False, help_text="Compare all links with the whole register.")
    looked_at = models.DateTimeField(null=True, blank=True)
    look_due_at = models.DateTimeField(null=True, blank=True, help_text="The daily check.")
    due_at = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(null=True, blank=True, help_text="A refused mailbox is left alone.")
    copies = models.PositiveIntegerField(default=0, help_text="Copies that stand in the folder.")
    failed = models.PositiveIntegerField(default=0, help_text="Rows that the target refused.")
    failures = models.PositiveIntegerField(default=0, help_text="Walks in a row that failed.")
    reason = models.CharField(max_length=80, blank=True)
    message = models.CharField(max_length=300, blank=True, help_text="For people. No item content.")
    advice = models.CharField(max_length=300, blank=True)
    last_write_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    leaving_since = models.DateTimeField(null=True, blank=True)
    leave_held = models.BooleanField(default=False, help_text="It should leave; a guard holds it.")
    gone_at = models.DateTimeField(null=True, blank=True)

    objects = LaneQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "mailbox", "kind", "folder_name"],
                condition=Q(gone_at=None),
                name="a_folder_has_one_writer",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(due_at__isnull=False, gone_at__isnull=True), name="lanes_due"
            ),
            models.Index(
                fields=["look_due_at"], condition=Q(gone_at__isnull=True), name="lanes_to_be_checked"
            ),
            models.Index(fields=["cell", "cursor"], condition=Q(gone_at__isnull=True), name="lanes_that_lag"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_leaving(self) -> bool:
        """Whether its mailbox is no longer named by the tunnel."""
        return self.leaving_since is not None

    @property
    def behind_by(self) -> int:
        """How many changes of the register it has not seen."""
        return max(0, self.cell.head - self.cursor)


class Link(models.Model):
    """One register row and its copy in one lane.

    Plain numbers instead of foreign keys: at 200,000 copies the checks cost as much as everything
    else together (measured 2026); a test looks for orphans. The base of a copy
    is the body named by `sent`.
    """

    class Intent(models.TextChoices):
        """A write whose outcome we do not know."""

        NONE = "", "None"
        CREATE = "create", "Create"
        UPDATE = "update", "Update"
        DELETE = "delete", "Delete"

    pk = models.CompositePrimaryKey("lane", "row", "occurrence")
    lane = models.BigIntegerField()
    row = models.BigIntegerField()
    occurrence = models.CharField(max_length=10, default="", db_default="")
    remote_id = models.TextField(null=True)  # noqa: DJ001  (a create that is not settled has no address)
    version = models.BigIntegerField(default=0, db_default=0)
    sent = models.CharField(max_length=32, default="", db_default="")
    attempt = models.CharField(max_length=32, default="", db_default="")
    etag = models.TextField(default="", db_default="")
    answer = models.CharField(max_length=32, default="", db_default="")
    intent = models.CharField(max_length=6, choices=Intent.choices, default="", db_default="", blank=True)
    failed = models.CharField(max_length=80, default="", db_default="")
    respected = models.BooleanField(default=False, db_default=False)

    class Meta:
        indexes = [
            models.Index(
                "lane",
                Func(F("remote_id"), Value(0), function="hashtextextended"),
                name="links_by_address",
            ),
            models.Index(
                fields=["lane"], condition=~Q(intent="") | Q(remote_id=None), name="links_to_be_settled"
            ),
            models.Index(fields=["lane"], condition=~Q(failed=""), name="links_that_failed"),
        ]

    def __str__(self) -> str:
        return f"row {self.row} in lane {self.lane}"


class Turn(models.Model):
    """When a tenant was served last: of tenants that wait, the one served longest ago goes first."""

    tenant = models.OneToOneField(Tenant, on_delete=models.CASCADE, primary_key=True, related_name="turn")
    served_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"turn of {self.pk}"
