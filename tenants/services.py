"""Changing what we know of tenants: permission first, then rows, the audit trail, and a wake-up."""

from __future__ import annotations

from typing import TypedDict, Unpack
from uuid import UUID

from django.db import transaction
from django_q.tasks import async_task

from partners import audit
from partners.permissions import Permission
from partners.principals import Principal
from tenants import directory, problems
from tenants.models import Connection, DirectoryState, Tenant


class TenantFields(TypedDict, total=False):
    """What may be said of a tenant."""

    name: str
    domain: str
    region: str
    zone: str


@transaction.atomic
def add_tenant(
    principal: Principal, *, slug: str, microsoft_id: UUID, **fields: Unpack[TenantFields]
) -> Tenant:
    """Take on a client. Raises ValidationError when another partner holds the Microsoft tenant."""
    principal.require(Permission.TENANTS_CHANGE)
    tenant = Tenant(partner_id=principal.partner_id, slug=slug, microsoft_id=microsoft_id, **fields)
    tenant.full_clean()
    tenant.save()
    directory.state_of(tenant)
    said = {name: str(value) for name, value in fields.items()}
    audit.record(principal, "tenant.added", tenant, tenant_ids=[tenant.pk], after={"slug": slug, **said})
    return tenant


@transaction.atomic
def change_tenant(principal: Principal, tenant: Tenant, **fields: Unpack[TenantFields]) -> dict[str, object]:
    """Change what is said of a tenant; returns the fields that really changed, with their old values."""
    principal.require(Permission.TENANTS_CHANGE, tenant.pk)
    before = {name: getattr(tenant, name) for name, value in fields.items() if getattr(tenant, name) != value}
    if not before:
        return {}
    for name in before:
        setattr(tenant, name, fields[name])  # type: ignore[literal-required]
    tenant.full_clean()
    tenant.save()
    after = {name: getattr(tenant, name) for name in before}
    audit.record(principal, "tenant.changed", tenant, tenant_ids=[tenant.pk], before=before, after=after)
    return before


@transaction.atomic
def connect(
    principal: Principal,
    tenant: Tenant,
    *,
    client_id: UUID,
    secret: str,
    credential: str = Connection.Credential.SECRET,
    certificate: str = "",
) -> bool:
    """Store an app registration and its credential; returns whether anything changed.

    A changed credential is untried: the next refresh of the directory tries it. The audit trail
    says that it changed, never what it is.
    """
    principal.require(Permission.TENANTS_CHANGE, tenant.pk)
    wanted = {
        "client_id": client_id,
        "secret": secret,
        "credential": credential,
        "certificate": certificate,
    }
    connection = Connection.objects.filter(tenant=tenant).first()
    if connection and all(getattr(connection, name) == value for name, value in wanted.items()):
        return False
    Connection.objects.update_or_create(
        tenant=tenant, defaults={**wanted, "state": Connection.State.UNTRIED, "reason": ""}
    )
    problems.settle(tenant, subject="tenant", reason="consent lost")
    directory.ask_for_refresh(tenant)
    audit.record(
        principal,
        "tenant.connected",
        tenant,
        tenant_ids=[tenant.pk],
        after={"client_id": str(client_id), "proof": credential},
        is_security=True,
    )
    return True


@transaction.atomic
def try_again(principal: Principal, tenant: Tenant) -> None:
    """A person says that consent was granted again: the connection is tried at once."""
    principal.require(Permission.TENANTS_REFRESH, tenant.pk)
    Connection.objects.filter(tenant=tenant, state=Connection.State.LOST).update(
        state=Connection.State.UNTRIED, reason=""
    )
    refresh_directory(principal, tenant)


@transaction.atomic
def refresh_directory(principal: Principal, tenant: Tenant) -> DirectoryState:
    """*Update cache*: the directory is read anew by the next free worker."""
    principal.require(Permission.TENANTS_REFRESH, tenant.pk)
    state = directory.ask_for_refresh(tenant)
    audit.record(principal, "directory.refresh_asked", tenant, tenant_ids=[tenant.pk])
    transaction.on_commit(
        lambda: async_task("tenants.tasks.refresh_directory", tenant.pk, cluster="live", group="directory")
    )
    return state
