"""What can be done to partners and members. Right first, then the row, then the audit trail."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from partners import audit
from partners.audit import Json
from partners.clock import Now
from partners.models import AuditEntry, Member, Partner, User
from partners.permissions import Permission, Role
from partners.principals import Principal, ScopeKind


@transaction.atomic
def create_partner(*, name: str, requires_second_factor: bool = True) -> Partner:
    """Found a partner. Only the command line does it: there is nobody yet who could."""
    partner = Partner(name=name, requires_second_factor=requires_second_factor)
    partner.full_clean()
    partner.save()
    after: dict[str, Json] = {"requires_second_factor": requires_second_factor}
    audit.record(Principal.system(partner.pk), "partner.created", partner, after=after)
    return partner


@transaction.atomic
def change_second_factor(principal: Principal, *, requires: bool) -> Partner:
    """Ask for a second factor of every member, or no longer, from the next click on."""
    principal.require(Permission.PEOPLE_CHANGE)
    partner = Partner.objects.select_for_update().get(pk=principal.partner_id)
    before, partner.requires_second_factor = partner.requires_second_factor, requires
    partner.save(update_fields=["requires_second_factor"])
    audit.record(
        principal,
        "partner.second_factor_changed",
        partner,
        before={"requires_second_factor": before},
        after={"requires_second_factor": requires},
        is_security=True,
    )
    return partner


@transaction.atomic
def create_member(
    principal: Principal,
    *,
    email: str,
    name: str,
    role: Role,
    password: str | None = None,
    scope: ScopeKind = ScopeKind.ALL_BUT_THESE,
    tenant_ids: Iterable[int] = (),
    time_zone: str = "UTC",
) -> Member:
    """Let a person in. Without a password the person cannot sign in until one is set.

    Raises ValidationError for an address that is taken, by whichever partner.
    """
    principal.require(Permission.PEOPLE_CHANGE)
    if password is not None:
        validate_password(password, User(email=email, name=name))
    user = User.objects.create_user(email, password, name=name)
    # allauth asks for a verified address before it lets anybody set up a second factor.
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    member = Member(
        partner_id=principal.partner_id,
        user=user,
        role=role,
        scope=scope,
        tenant_ids=sorted(set(tenant_ids)),
        time_zone=time_zone,
    )
    member.full_clean()
    member.save()
    audit.record(principal, "member.created", member, after=_facts(member), is_security=True)
    return member


@transaction.atomic
def change_role(principal: Principal, *, member_id: int, role: Role) -> Member:
    """Give a member another role, from the member's next click on.

    Raises Member.DoesNotExist for somebody else's member, ValidationError for the last owner.
    """
    member = _locked(principal, member_id)
    before = _facts(member)
    member.role = role
    return _changed(principal, member, before, "member.role_changed")


@transaction.atomic
def change_scope(
    principal: Principal, *, member_id: int, scope: ScopeKind, tenant_ids: Iterable[int]
) -> Member:
    """Say which tenants a member may know of, from the member's next click on."""
    member = _locked(principal, member_id)
    before = _facts(member)
    member.scope, member.tenant_ids = scope, sorted(set(tenant_ids))
    return _changed(principal, member, before, "member.scope_changed")


@transaction.atomic
def deactivate_member(principal: Principal, *, member_id: int) -> Member:
    """Shut a member out at once: open sessions end with their next request."""
    member = _locked(principal, member_id)
    before = _facts(member)
    member.is_active = member.user.is_active = False
    member.user.save(update_fields=["is_active"])
    return _changed(principal, member, before, "member.deactivated")


@transaction.atomic
def reactivate_member(principal: Principal, *, member_id: int) -> Member:
    """Let a member in again, with the role and the tenants of before."""
    member = _locked(principal, member_id)
    before = _facts(member)
    member.is_active = member.user.is_active = True
    member.user.save(update_fields=["is_active"])
    return _changed(principal, member, before, "member.reactivated")


@transaction.atomic
def reset_sign_in(principal: Principal, *, member_id: int, password: str) -> Member:
    """Give a member a new password and forget the second factor, as after a lost phone."""
    member = _locked(principal, member_id)
    validate_password(password, member.user)
    member.user.set_password(password)
    member.user.save(update_fields=["password"])
    Authenticator.objects.filter(user=member.user).delete()
    audit.record(principal, "member.sign_in_reset", member, is_security=True)
    return member


@transaction.atomic
def change_own_time_zone(principal: Principal, *, time_zone: str) -> Member:
    """Show times in another zone. Every member may do this for oneself."""
    if principal.user_id is None:
        raise PermissionDenied
    member = Member.objects.get(partner_id=principal.partner_id, user_id=principal.user_id)
    before = _facts(member)
    member.time_zone = time_zone
    return _changed(principal, member, before, "member.time_zone_changed")


REFUSED = "access.refused"
ONCE_IN = timedelta(hours=1)


def note_refusal(principal: Principal, *, method: str, path: str) -> None:
    """Somebody asked for an object that is not there for him: a security event of his partner's trail.

    Once an hour for the same address: a page that asks for itself again must not fill the trail.
    """
    said: dict[str, Json] = {"method": method, "path": path[:200]}
    lately = AuditEntry.objects.filter(actor_id=principal.user_id, verb=REFUSED, after=said)
    if lately.filter(partner=principal.partner_id, at__gt=Now() - ONCE_IN).exists():
        return
    member = Member.objects.get(user=principal.user_id)
    audit.record(principal, REFUSED, member, after=said, is_security=True)


def _locked(principal: Principal, member_id: int) -> Member:
    """A member of the principal's partner, for a change; the partner's row queues the writers."""
    principal.require(Permission.PEOPLE_CHANGE)
    Partner.objects.select_for_update().get(pk=principal.partner_id)
    return Member.objects.visible_to(principal).select_related("user").get(pk=member_id)


def _changed(principal: Principal, member: Member, before: dict[str, Json], verb: str) -> Member:
    member.full_clean()
    member.save()
    owners = Member.objects.filter(partner_id=member.partner_id, role=Role.OWNER, is_active=True)
    if not owners.exists():
        raise ValidationError("A partner needs at least one active owner.")
    after = _facts(member)
    differing = [name for name in after if after[name] != before[name]]
    audit.record(
        principal,
        verb,
        member,
        before={name: before[name] for name in differing},
        after={name: after[name] for name in differing},
        is_security=verb != "member.time_zone_changed",
    )
    return member


def _facts(member: Member) -> dict[str, Json]:
    return {
        "role": str(member.role),
        "scope": str(member.scope),
        "tenant_ids": list(member.tenant_ids),
        "time_zone": member.time_zone,
        "is_active": member.is_active,
    }
