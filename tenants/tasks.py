"""What the workers call about tenants. Arguments are ids; every task may be delivered twice."""

from __future__ import annotations

from tenants import directory
from tenants.models import Tenant


def refresh_directory(tenant_id: int) -> str:
    """Bring one tenant's directory up to date, unless somebody else is at it."""
    tenant = Tenant.objects.filter(pk=tenant_id).first()
    if tenant is None:
        return "no such tenant"
    return "up to date" if directory.refresh(tenant) else "not now"
