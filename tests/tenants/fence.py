"""Addresses of the first floor that name an object, and an object of Alder's for each."""

from __future__ import annotations

from uuid import uuid4

from partners.models import Member
from tenants.models import Group, Tenant


def _tenant(owner: Member) -> Tenant:
    return Tenant.objects.get_or_create(
        partner=owner.partner, slug="alder", defaults={"name": "Alder Client", "microsoft_id": uuid4()}
    )[0]


def one_tenant(owner: Member) -> dict[str, object]:
    """A client of Alder's."""
    return {"tenant_id": _tenant(owner).pk}


def one_group(owner: Member) -> dict[str, object]:
    """A group in its directory."""
    group = Group.objects.create(tenant=_tenant(owner), object_id=str(uuid4()), name="Alder Phones")
    return {"tenant_id": group.tenant_id, "group_id": group.pk}


EXAMPLES = {
    "tenant": one_tenant,
    "tenants:directory": one_tenant,
    "tenants:groups": one_tenant,
    "tenants:group": one_group,
    "tenants:cache": one_tenant,
    "tenants:refresh": one_tenant,
    "tenants:try-again": one_tenant,
}
