"""Members are let in, changed and shut out by owners, and all of it is written down."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from partners import audit, selectors, services
from partners.models import AuditEntry, Member, Partner, User
from partners.permissions import Role
from partners.principals import Principal, ScopeKind
from tests.people import PASSWORD


def new_member(principal: Principal, **changes: object) -> Member:
    facts: dict = {"email": "Jo@Alder.example", "name": "Jo Alder", "role": Role.ENGINEER}
    return services.create_member(principal, **(facts | {"password": PASSWORD} | changes))


def test_a_partner_is_founded_with_a_second_factor_asked_for(db):
    partner = services.create_partner(name="Alder")
    assert Partner.objects.get() == partner
    assert partner.requires_second_factor
    assert AuditEntry.objects.get().verb == "partner.created"


def test_an_owner_lets_somebody_in(owner, as_principal):
    member = new_member(as_principal(owner), tenant_ids=[7, 3, 3])
    assert member.user.email == "jo@alder.example"
    assert member.user.check_password(PASSWORD)
    assert member.tenant_ids == [3, 7]
    assert member.partner == owner.partner
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.actor_name, entry.is_security) == (
        "member.created",
        "Owner of Alder",
        True,
    )
    assert PASSWORD not in str(entry.after)


@pytest.mark.parametrize("role", [Role.ENGINEER, Role.OPERATOR, Role.AUDITOR])
def test_nobody_but_an_owner_changes_people(role, owner, partner, as_principal):
    owner.role = role
    principal = as_principal(owner)
    deeds = (
        lambda: new_member(principal),
        lambda: services.change_role(principal, member_id=owner.pk, role=Role.OWNER),
        lambda: services.deactivate_member(principal, member_id=owner.pk),
        lambda: services.reset_sign_in(principal, member_id=owner.pk, password=PASSWORD),
    )
    for deed in deeds:
        with pytest.raises(PermissionDenied):
            deed()
    assert not AuditEntry.objects.exists()


def test_an_owner_of_another_partner_does_not_find_our_members(owner, outsider, as_principal):
    stranger = as_principal(outsider)
    with pytest.raises(Member.DoesNotExist):
        services.change_role(stranger, member_id=owner.pk, role=Role.AUDITOR)
    with pytest.raises(Member.DoesNotExist):
        services.deactivate_member(stranger, member_id=owner.pk)
    owner.refresh_from_db()
    assert (owner.role, owner.is_active) == (Role.OWNER, True)


def test_an_address_is_taken_once_over_all_partners(owner, outsider, as_principal):
    new_member(as_principal(owner))
    with pytest.raises(ValidationError):
        new_member(as_principal(outsider), email="JO@alder.example")
    assert User.objects.filter(email="jo@alder.example").count() == 1


def test_a_weak_password_lets_nobody_in(owner, as_principal):
    with pytest.raises(ValidationError):
        new_member(as_principal(owner), password="password1234")
    assert not User.objects.filter(email="jo@alder.example").exists()


def test_a_change_is_written_down_with_before_and_after_and_nothing_else(owner, as_principal):
    principal = as_principal(owner)
    member = new_member(principal)
    services.change_role(principal, member_id=member.pk, role=Role.AUDITOR)
    entry = AuditEntry.objects.first()
    assert (entry.before, entry.after) == ({"role": "engineer"}, {"role": "auditor"})


def test_the_last_owner_stays(owner, as_principal):
    principal = as_principal(owner)
    with pytest.raises(ValidationError, match="at least one active owner"):
        services.change_role(principal, member_id=owner.pk, role=Role.ENGINEER)
    with pytest.raises(ValidationError, match="at least one active owner"):
        services.deactivate_member(principal, member_id=owner.pk)
    owner.refresh_from_db()
    assert (owner.role, owner.is_active, owner.user.is_active) == (Role.OWNER, True, True)
    assert not AuditEntry.objects.exists()


def test_a_scope_of_all_but_these_reaches_tenants_of_tomorrow(owner, as_principal):
    principal = as_principal(owner)
    member = new_member(principal)
    services.change_scope(principal, member_id=member.pk, scope=ScopeKind.ALL_BUT_THESE, tenant_ids=[1])
    seen = selectors.principal_of(Member.objects.get(pk=member.pk))
    assert (seen.sees_tenant(1), seen.sees_tenant(31)) == (False, True)


def test_a_scope_of_these_reaches_nothing_else(owner, as_principal):
    principal = as_principal(owner)
    member = new_member(principal)
    services.change_scope(principal, member_id=member.pk, scope=ScopeKind.THESE, tenant_ids=[1])
    seen = selectors.principal_of(Member.objects.get(pk=member.pk))
    assert (seen.sees_tenant(1), seen.sees_tenant(31)) == (True, False)


def test_a_right_is_held_only_where_the_tenant_is_in_reach(owner, as_principal):
    owner.scope, owner.tenant_ids = ScopeKind.THESE, [1]
    principal = as_principal(owner)
    principal.require("tunnels.run", tenant_id=1)
    with pytest.raises(PermissionDenied):
        principal.require("tunnels.run", tenant_id=2)


def test_the_audit_trail_hides_tenants_out_of_reach(owner, auditor, as_principal):
    for tenant_ids in ([], [1], [2], [2, 1]):
        audit.record(as_principal(owner), "tenant.seen", owner, tenant_ids=tenant_ids)
    auditor.scope, auditor.tenant_ids = ScopeKind.THESE, [1]
    found = selectors.audit_entries(as_principal(auditor), selectors.AuditQuestion())
    assert [entry.tenant_ids for entry in found] == [[1], []]
