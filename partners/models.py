"""Partners, their members, and the audit trail of what people did."""

from __future__ import annotations

import zoneinfo
from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from partners import clock
from partners.permissions import Permission, Role
from partners.principals import Principal, PrincipalKind, ScopeKind


def check_time_zone(name: str) -> None:
    """Refuse a name that the zone database does not know."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(f"{name!r} is not a time zone such as Europe/Berlin.")


class UserManager(BaseUserManager["User"]):
    """Makes people; Django's own commands call it."""

    def create_user(self, email: str, password: str | None, **fields: str) -> User:
        """A person who signs in with an address and a password; None means neither."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.full_clean()
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A person who can sign in. What the person may do stands in the membership."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=100)
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(email=Lower("email")), name="addresses_are_lower_case"),
        ]

    def __str__(self) -> str:
        return self.name


class Partner(models.Model):
    """A managed service provider. Nothing of one partner is visible to another."""

    name = models.CharField(max_length=100, unique=True)
    requires_second_factor = models.BooleanField(
        default=True, help_text="Members must set up a second factor before they see anything."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class MemberQuerySet(models.QuerySet["Member"]):
    """The questions that many callers ask about members."""

    def visible_to(self, principal: Principal) -> MemberQuerySet:
        """The members whom `principal` may see. Every reader starts here."""
        if not principal.may(Permission.PEOPLE_SEE):
            return self.none()
        return self.filter(partner_id=principal.partner_id)


class Member(models.Model):
    """A person's place in a partner: a role, and the tenants it covers.

    The database guarantees that a person is a member of one partner only.
    """

    class RoleName(models.TextChoices):
        OWNER = Role.OWNER, "Owner"
        ENGINEER = Role.ENGINEER, "Engineer"
        OPERATOR = Role.OPERATOR, "Operator"
        AUDITOR = Role.AUDITOR, "Auditor"

    class Scope(models.TextChoices):
        THESE = ScopeKind.THESE, "These tenants"
        ALL_BUT_THESE = ScopeKind.ALL_BUT_THESE, "All tenants but these"

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="members")
    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="member")
    role = models.CharField(max_length=20, choices=RoleName.choices)
    scope = models.CharField(max_length=20, choices=Scope.choices, default=Scope.ALL_BUT_THESE)
    tenant_ids = ArrayField(
        models.BigIntegerField(),
        default=list,
        blank=True,
        help_text="Plain ids: tenants stand on a higher floor.",
    )
    time_zone = models.CharField(max_length=50, default="UTC", validators=[check_time_zone])
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = MemberQuerySet.as_manager()

    class Meta:
        ordering = ["user__name", "pk"]
        indexes = [models.Index(fields=["partner"], name="members_of_a_partner")]

    def __str__(self) -> str:
        return self.user.name

    @property
    def reach(self) -> str:
        """The scope in words, by number: names of tenants are known on a higher floor."""
        count = len(self.tenant_ids)
        if self.scope == self.Scope.THESE:
            return f"{count} tenant" if count == 1 else f"{count} tenants"
        return f"All but {count}" if count else "All"


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    """The questions that many callers ask about the audit trail."""

    def visible_to(self, principal: Principal) -> AuditEntryQuerySet:
        """What `principal` may read: the partner's own entries, and those whose tenants all lie in reach."""
        if not principal.may(Permission.AUDIT_SEE):
            return self.none()
        within_reach = principal.scope.condition_for_all("tenant_ids")
        return self.filter(within_reach, partner_id=principal.partner_id)

    def about(self, tenant_id: int) -> AuditEntryQuerySet:
        """Those that concern the tenant, alone or among others."""
        return self.filter(tenant_ids__contains=[tenant_id])


class AuditEntry(models.Model):
    """One deed of a person or of the portal. Never changed, never deleted.

    The database itself refuses UPDATE and DELETE on this table (a trigger of the first
    migration), so not even our own mistake rewrites what happened.
    """

    class Actor(models.TextChoices):
        MEMBER = PrincipalKind.MEMBER, "Member"
        TENANT_ADMIN = PrincipalKind.TENANT_ADMIN, "Tenant admin"
        SYSTEM = PrincipalKind.SYSTEM, "Culvert"

    at = models.DateTimeField(db_default=clock.Now(), editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="audit_entries")
    actor_kind = models.CharField(max_length=20, choices=Actor.choices)
    actor_id = models.BigIntegerField(null=True, help_text="The user's id; the user may go.")
    actor_name = models.CharField(max_length=100)
    verb = models.CharField(max_length=60, help_text="matter.deed, such as member.created")
    object_kind = models.CharField(max_length=60)
    object_id = models.CharField(max_length=60, blank=True)
    object_name = models.CharField(max_length=200, blank=True)
    tenant_ids = ArrayField(
        models.BigIntegerField(),
        default=list,
        help_text="Every tenant that it concerns: who reads it reaches them all.",
    )
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    is_security = models.BooleanField(default=False)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["partner", "-id"], name="audit_of_a_partner"),
            GinIndex(fields=["tenant_ids"], name="audit_of_tenants"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name}: {self.verb} {self.object_name}"
