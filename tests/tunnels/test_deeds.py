"""What is done to a tunnel stands in the audit trail for those who reach all its ends, and nobody else."""

from __future__ import annotations

import pytest

from partners.selectors import AuditQuestion, audit_entries
from tests.tunnels.building import make_tunnel
from tunnels import services
from tunnels.models import TunnelMember

pytestmark = pytest.mark.django_db


def test_a_tunnels_deeds_are_read_by_who_reaches_all_its_ends(
    tenant, make_tenant, owner, auditor, as_principal, as_member
):
    rheinwerk = make_tenant("rheinwerk")
    tunnel = make_tunnel(tenant)
    TunnelMember.objects.filter(tunnel=tunnel, takes=True).update(tenant=rheinwerk)
    services.pause(as_principal(owner), tunnel)
    auditor.scope = "these"
    for reach, seen in (([tenant, rheinwerk], 1), ([tenant], 0), ([rheinwerk], 0), ([], 0)):
        auditor.tenant_ids = [one.pk for one in reach]
        auditor.save()
        found = audit_entries(as_principal(auditor), AuditQuestion(matter="tunnel"))
        assert found.count() == seen, reach
        assert (tunnel.name in as_member(auditor).get("/audit-trail/").content.decode()) == bool(seen)


def test_a_tenants_page_shows_the_last_deeds_on_its_tunnels(tenant, owner, as_principal, as_member):
    page = f"/tenants/{tenant.pk}/"
    assert not as_member(owner).get(page).context["deeds"]
    services.pause(as_principal(owner), make_tunnel(tenant))
    assert [deed.verb for deed in as_member(owner).get(page).context["deeds"]] == ["tunnel.paused"]
