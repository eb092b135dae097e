"""Whoever acts: the one `Principal` that every selector and service is given.

It is made anew for each request from what the database says at that moment, so a right that
was taken away is gone with the next click. Tenants are plain ids: nothing here points upward.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from django.core.exceptions import PermissionDenied
from django.db.models import Q

from partners.permissions import ALL_PERMISSIONS, Permission


class PrincipalKind(StrEnum):
    """What sort of actor this is; the audit trail keeps it."""

    MEMBER = "member"
    TENANT_ADMIN = "tenant_admin"
    SYSTEM = "system"


class ScopeKind(StrEnum):
    """How a list of tenants is meant."""

    THESE = "these"
    ALL_BUT_THESE = "all_but_these"


@dataclass(frozen=True, slots=True)
class TenantScope:
    """The tenants that a principal may know of: these, or all of the partner's but these."""

    kind: ScopeKind = ScopeKind.ALL_BUT_THESE
    tenant_ids: frozenset[int] = frozenset()

    def includes(self, tenant_id: int) -> bool:
        """Whether the tenant is one of them."""
        return (tenant_id in self.tenant_ids) == (self.kind is ScopeKind.THESE)

    def condition(self, field_name: str) -> Q:
        """The same question for a queryset whose `field_name` holds a tenant's id."""
        listed = Q(**{f"{field_name}__in": sorted(self.tenant_ids)})
        return listed if self.kind is ScopeKind.THESE else ~listed

    def condition_for_all(self, field_name: str) -> Q:
        """The same for a queryset whose `field_name` holds an array of ids: every one must be included."""
        listed = sorted(self.tenant_ids)
        if self.kind is ScopeKind.THESE:
            return Q(**{f"{field_name}__contained_by": listed})
        return ~Q(**{f"{field_name}__overlap": listed})


EVERYWHERE = TenantScope()


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts, for which partner, with which permissions, on which tenants."""

    kind: PrincipalKind
    partner_id: int
    name: str
    permissions: frozenset[Permission]
    user_id: int | None = None
    scope: TenantScope = field(default=EVERYWHERE)
    time_zone: str = "UTC"
    partner_name: str = ""
    partner_requires_second_factor: bool = False
    # Whether a second factor is asked of this person and not yet set up.
    lacks_second_factor: bool = False

    @classmethod
    def system(cls, partner_id: int, name: str = "Culvert") -> Principal:
        """The portal itself acting for a partner: workers and the command line."""
        return cls(PrincipalKind.SYSTEM, partner_id, name, ALL_PERMISSIONS)

    def may(self, permission: str) -> bool:
        """Whether the right is held at all; `sees_tenant` says where."""
        return permission in self.permissions

    def sees_tenant(self, tenant_id: int) -> bool:
        """Whether a tenant *of this partner* is within reach."""
        return self.scope.includes(tenant_id)

    def require(self, permission: Permission, tenant_id: int | None = None) -> None:
        """Raise PermissionDenied unless the right is held, and held for `tenant_id`."""
        if not self.may(permission) or (tenant_id is not None and not self.sees_tenant(tenant_id)):
            raise PermissionDenied
