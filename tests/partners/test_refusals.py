"""Who asks for what is not there for him is written down."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from partners import audit, clock, selectors
from partners.models import AuditEntry
from partners.permissions import Role
from partners.principals import ScopeKind
from tests.people import make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def path(tenant):
    return reverse("tenant", kwargs={"tenant_id": tenant.pk})


def refusals(**fields):
    return AuditEntry.objects.filter(verb="access.refused", is_security=True, **fields)


def test_an_attempt_stands_in_the_trail_of_the_one_who_tried(outsider, as_member, path, partner):
    assert as_member(outsider).get(path).status_code == 404
    [entry] = refusals()
    assert (entry.partner_id, entry.actor_id, entry.tenant_ids) == (
        outsider.partner_id,
        outsider.user_id,
        [],
    )
    assert entry.after == {"method": "GET", "path": path}
    assert not refusals(partner=partner).exists()


def test_a_right_that_is_not_held_is_refused_in_the_same_way(auditor, as_member, tenant):
    path = reverse("tenants:refresh", kwargs={"tenant_id": tenant.pk})
    assert as_member(auditor).post(path).status_code == 404
    assert refusals(actor_id=auditor.user_id).get().after == {"method": "POST", "path": path}


def test_the_same_attempt_is_written_once_an_hour(outsider, as_member, path):
    browser = as_member(outsider)
    for _ in range(3):
        browser.get(path)
    assert refusals().count() == 1
    clock.advance(timedelta(minutes=61))
    browser.get(path)
    assert refusals().count() == 2


def test_a_deed_on_several_tenants_is_read_by_who_sees_them_all(owner, partner, as_principal):
    audit.record(as_principal(owner), "tunnel.opened", owner, tenant_ids=[7, 8])
    reaches = {
        (ScopeKind.THESE, 7): 0,
        (ScopeKind.THESE, 7, 8, 9): 1,
        (ScopeKind.ALL_BUT_THESE,): 1,
        (ScopeKind.ALL_BUT_THESE, 8): 0,
    }
    member = make_member(partner, Role.AUDITOR)
    for (kind, *ids), seen in reaches.items():
        member.scope, member.tenant_ids = kind, ids
        entries = selectors.audit_entries(as_principal(member), selectors.AuditQuestion())
        assert entries.count() == seen, (kind, ids)
