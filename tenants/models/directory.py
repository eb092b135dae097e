"""Our mirror of a tenant's directory, kept by delta and read once however many tunnels need it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from partners import clock
from tenants.models.tenant import Tenant


class DirectoryEntry(models.Model):
    """One user, shared, room or equipment mailbox, guest or mail contact, as last read.

    `person` is the canonical item; the columns beside it are what pages and rules search by.
    `number` is the tenant's own change number (`DirectoryState.head`): readers keep a cursor.
    """

    class Mailbox(models.TextChoices):
        """What we know of the mailbox behind the entry."""

        UNKNOWN = "unknown", "Not asked yet"
        USABLE = "usable", "Usable"
        NONE = "none", "No mailbox that Graph serves"

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="entries")
    object_id = models.CharField(max_length=64)
    kind = models.CharField(max_length=12, help_text="user, shared, room, equipment, guest, org_contact")
    name = models.CharField(max_length=256, blank=True)
    mail = models.CharField(max_length=320, blank=True)
    user_principal_name = models.CharField(max_length=320, blank=True)
    addresses = ArrayField(models.CharField(max_length=320), default=list, blank=True)
    enabled = models.BooleanField(default=True)
    licensed = models.BooleanField(default=False)
    hidden = models.BooleanField(default=False)
    mailbox = models.CharField(max_length=8, choices=Mailbox.choices, default=Mailbox.UNKNOWN)
    purpose_asked_at = models.DateTimeField(null=True, blank=True)
    zone = models.CharField(max_length=64, blank=True)
    person = models.JSONField(default=dict)
    gone = models.BooleanField(default=False)
    number = models.BigIntegerField(default=0)
    seen_at = models.DateTimeField(db_default=clock.Now())

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "object_id"], name="one_entry_per_object"),
        ]
        indexes = [
            models.Index(fields=["tenant", "number"], name="entries_by_number"),
            models.Index(fields=["tenant", "kind", "name"], name="entries_by_kind_and_name"),
        ]

    def __str__(self) -> str:
        return self.name or self.object_id

    @property
    def kind_label(self) -> str:
        """Its kind in a person's words."""
        return {"org_contact": "mail contact", "shared": "shared mailbox"}.get(self.kind, self.kind)


class Group(models.Model):
    """A group of the directory. `members_read_at` is None until its members were read."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="groups")
    object_id = models.CharField(max_length=64)
    name = models.CharField(max_length=256)
    mail = models.CharField(max_length=320, blank=True)
    gone = models.BooleanField(default=False)
    wanted = models.BooleanField(default=False, help_text="Some tunnel needs its members.")
    members_read_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True, help_text="Why its members could not be read.")

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "object_id"], name="one_group_per_object"),
        ]

    def __str__(self) -> str:
        return self.name


class GroupMember(models.Model):
    """A person in a group (nested groups resolved), since we first saw it so."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="members")
    object_id = models.CharField(max_length=64, db_index=True)
    since = models.DateTimeField(db_default=clock.Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["group", "object_id"], name="one_membership_per_person"),
        ]

    def __str__(self) -> str:
        return f"{self.object_id} in {self.group_id}"


class DirectoryState(models.Model):
    """How far our mirror of one tenant's directory is. `head` numbers its changes."""

    tenant = models.OneToOneField(Tenant, on_delete=models.CASCADE, related_name="directory")
    head = models.BigIntegerField(default=0)
    users_cursor = models.TextField(blank=True)
    contacts_cursor = models.TextField(blank=True)
    due_at = models.DateTimeField(null=True, blank=True, db_index=True)
    asked_at = models.DateTimeField(null=True, blank=True, help_text="Somebody asked for it by hand.")
    started_at = models.DateTimeField(null=True, blank=True)
    refreshed_at = models.DateTimeField(null=True, blank=True)
    groups_read_at = models.DateTimeField(null=True, blank=True, help_text="When their names were listed.")
    progress = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=300, blank=True, help_text="Why the last refresh failed.")

    def __str__(self) -> str:
        return f"Directory of {self.tenant_id} at {self.head}"

    @property
    def is_running(self) -> bool:
        """Whether a refresh is under way."""
        return self.started_at is not None
