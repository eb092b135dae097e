"""Our mirror of source collections: read once, however many tunnels drink from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Func, Q, Value

from tenants.models import Tenant

if TYPE_CHECKING:
    from partners.principals import Principal


class FeedQuerySet(models.QuerySet["Feed"]):
    """The questions that many callers ask about feeds."""

    def visible_to(self, principal: Principal) -> FeedQuerySet:
        """The feeds of tenants that `principal` may see: never from the other end of a tunnel."""
        return self.filter(tenant__in=Tenant.objects.visible_to(principal))


class Feed(models.Model):
    """One source collection. The database guarantees that a collection is mirrored once.

    `head` numbers the changes of its items; cells remember how far they have shaped. The chain of
    deltas covers `window_start` to `window_end`. The address list reads the tenant's directory
    mirror instead: its cursor is the directory's number.
    """

    class Kind(models.TextChoices):
        """What sort of collection."""

        CALENDAR = "calendar", "Calendar"
        ADDRESS_LIST = "address_list", "Address list"

    class State(models.TextChoices):
        """What the last look said."""

        FRESH = "new", "Not read yet"
        HEALTHY = "healthy", "Healthy"
        DEGRADED = "degraded", "Degraded"
        HELD = "held", "Held"

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="feeds")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    mailbox = models.CharField(max_length=64, blank=True, help_text="Its object id; none for a list.")
    calendar = models.CharField(max_length=200, blank=True, help_text="Its name; empty: the default.")
    calendar_id = models.TextField(blank=True, help_text="Of a calendar that is not the default one.")
    name = models.CharField(max_length=320, help_text="For people.")
    window_start = models.DateTimeField(null=True, blank=True)
    window_end = models.DateTimeField(null=True, blank=True)
    cursor = models.TextField(blank=True)
    head = models.BigIntegerField(default=0)
    look = models.BigIntegerField(default=0, help_text="Counts full looks, which items remember.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.FRESH)
    reason = models.CharField(max_length=80, blank=True)
    message = models.CharField(max_length=300, blank=True, help_text="For people. No item content.")
    advice = models.CharField(max_length=300, blank=True)
    failures = models.PositiveIntegerField(default=0, help_text="Looks in a row that failed.")
    due_at = models.DateTimeField(null=True, blank=True)
    looked_at = models.DateTimeField(null=True, blank=True, help_text="When a look was last finished.")
    is_urgent = models.BooleanField(default=False, help_text="Somebody asked for it: before all others.")

    objects = FeedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "kind", "mailbox", "calendar"], name="a_collection_has_one_feed"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="feeds_that_are_due"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_well(self) -> bool:
        """Whether what it holds may be believed to be current."""
        return self.state in {self.State.HEALTHY, self.State.FRESH}


class FeedItem(models.Model):
    """One item of a feed as last read, or a question: an id that waits to be read.

    `number` is the feed's own change number (0 until it was read once). A deleted item stays as
    `gone` until every cell has passed it. `asked` orders questions, removed ids first.
    """

    feed = models.ForeignKey(Feed, on_delete=models.CASCADE, related_name="items")
    remote_id = models.TextField()
    key = models.TextField(blank=True)
    number = models.BigIntegerField(default=0)
    item = models.JSONField(null=True, help_text="The canonical item; null until it was read.")
    fingerprint = models.CharField(max_length=32, blank=True)
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True, help_text="Null with a start: for ever.")
    gone = models.BooleanField(default=False)
    to_read = models.BooleanField(default=False)
    asked = models.BigIntegerField(default=0)
    look = models.BigIntegerField(default=0, help_text="The last full look that showed it.")
    unreadable = models.CharField(max_length=300, blank=True, help_text="Why it was not understood.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "feed",
                Func(F("remote_id"), Value(0), function="hashtextextended"),
                name="an_address_is_one_item",
            ),
        ]
        indexes = [
            models.Index(fields=["feed", "number"], name="items_by_number"),
            models.Index(fields=["feed", "asked"], condition=Q(to_read=True), name="items_to_be_read"),
            models.Index(fields=["feed", "key"], name="items_by_key"),
            models.Index(fields=["feed", "starts_at"], name="items_by_start"),
            models.Index(fields=["feed", "ends_at"], name="items_by_end"),
        ]

    def __str__(self) -> str:
        return f"item {self.pk} of feed {self.feed_id}"
