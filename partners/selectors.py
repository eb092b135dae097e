"""What can be asked about partners, members and the audit trail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef
from django.utils import timezone

from partners.models import AuditEntry, AuditEntryQuerySet, Member, MemberQuerySet
from partners.permissions import PERMISSIONS_OF, Role
from partners.principals import Principal, PrincipalKind, ScopeKind, TenantScope


def member_of_user(user_id: int) -> Member | None:
    """The active membership of a person, with all that a principal needs, in one query."""
    active = Member.objects.filter(user=user_id, is_active=True, user__is_active=True)
    return _with_factor(active.select_related("partner", "user")).first()


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
        partner_requires_second_factor=member.partner.requires_second_factor,
        lacks_second_factor=member.partner.requires_second_factor and not has_factor,
    )


def members_of(principal: Principal) -> MemberQuerySet:
    """The members whom `principal` may see, each with `has_second_factor`; owners first."""
    return _with_factor(Member.objects.visible_to(principal).select_related("user")).order_by(
        "-is_active", "user__name", "pk"
    )


@dataclass(frozen=True, slots=True)
class AuditQuestion:
    """Which entries of the audit trail somebody wants to read; empty means all."""

    actor: str = ""
    matter: str = ""
    since: date | None = None
    until: date | None = None
    only_security: bool = False


def audit_entries(principal: Principal, question: AuditQuestion) -> AuditEntryQuerySet:
    """The entries that answer the question, newest first. Days are those of the viewer's zone."""
    found = AuditEntry.objects.visible_to(principal)
    if question.actor:
        found = found.filter(actor_name=question.actor)
    if question.matter:
        found = found.filter(verb__startswith=f"{question.matter}.")
    if question.since:
        found = found.filter(at__gte=_start_of(question.since))
    if question.until:
        found = found.filter(at__lt=_start_of(question.until + timedelta(days=1)))
    if question.only_security:
        found = found.filter(is_security=True)
    return found


def audit_actors(principal: Principal) -> list[str]:
    """Everybody who stands in the trail as `principal` may read it."""
    names = AuditEntry.objects.visible_to(principal).order_by("actor_name")
    return list(names.values_list("actor_name", flat=True).distinct())


def audit_matters(principal: Principal) -> list[str]:
    """What the trail is about: the first word of each verb."""
    verbs = AuditEntry.objects.visible_to(principal).order_by("verb")
    return sorted({verb.split(".")[0] for verb in verbs.values_list("verb", flat=True).distinct()})


def _with_factor(members: MemberQuerySet) -> MemberQuerySet:
    factor = Authenticator.objects.filter(user=OuterRef("user"), type=Authenticator.Type.TOTP)
    return members.annotate(has_second_factor=Exists(factor))


def _start_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
