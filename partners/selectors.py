"""What can be asked about partners, members and the audit trail."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef

from partners.models import Member
from partners.permissions import PERMISSIONS_OF, Role
from partners.principals import Principal, PrincipalKind, ScopeKind, TenantScope


def member_of_user(user_id: int) -> Member | None:
    """The active membership of a person, with all that a principal needs, in one query."""
    factor = Authenticator.objects.filter(user=OuterRef("user"), type=Authenticator.Type.TOTP)
    return (
        Member.objects.filter(user=user_id, is_active=True, user__is_active=True)
        .select_related("partner", "user")
        .annotate(has_second_factor=Exists(factor))
        .first()
    )


def principal_of(member: Member) -> Principal:
    """What `member` may do, as the row stands now."""
    has_factor: bool = getattr(member, "has_second_factor", False)
    return Principal(
        kind=PrincipalKind.MEMBER,
        partner_id=member.partner_id,
        name=member.user.name,
        permissions=PERMISSIONS_OF[Role(member.role)],
        user_id=member.user_id,
        scope=TenantScope(ScopeKind(member.scope), frozenset(member.tenant_ids)),
        time_zone=member.time_zone,
        partner_name=member.partner.name,
        lacks_second_factor=member.partner.requires_second_factor and not has_factor,
    )
