"""From a stored connection to an open service. Credentials are unsealed here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings

from partners import clock
from syncengine.connectors.http import TIMEOUT_S
from syncengine.connectors.registry import (
    Certificate,
    GraphService,
    GraphSettings,
    Secret,
    Usage,
    open_graph,
)
from syncengine.errors import NeedsAPerson
from tenants import problems
from tenants.models import Connection, Tenant

SUBJECT = "tenant"
LOST = "consent lost"


def open_service(
    tenant: Tenant, on_request: Callable[[Usage], None] | None = None, *, even_if_lost: bool = False
) -> GraphService:
    """The tenant's Graph, ready to be asked. Raises NeedsAPerson where nobody lets us in.

    A lost connection is tried by those who find out whether it is lost (`even_if_lost`), and by
    nobody else: a tenant that has shown us the door is not knocked at by every lane.
    """
    connection = Connection.objects.filter(tenant=tenant).first()
    if connection is None or (connection.is_lost and not even_if_lost):
        raise NeedsAPerson(
            connection.reason if connection else "Nobody has connected this tenant.",
            reason=LOST if connection else "not connected",
            advice="Connect the tenant: enter its app registration, or grant consent again.",
            scope="tenant",
        )
    return open_graph(_settings_of(connection, on_request or _count_nothing))


def _count_nothing(_: Usage) -> None:
    """For callers that do not count."""


def _settings_of(connection: Connection, on_request: Callable[[Usage], None]) -> GraphSettings:
    is_secret = connection.credential == Connection.Credential.SECRET
    return GraphSettings(
        graph_url=f"{settings.CULVERT_GRAPH_URL.rstrip('/').removesuffix('/v1.0')}/v1.0",
        login_url=settings.CULVERT_LOGIN_URL.rstrip("/"),
        ca_bundle=settings.CULVERT_CA_BUNDLE or None,
        tid=str(connection.tenant.microsoft_id),
        client_id=str(connection.client_id),
        credential=Secret(connection.secret)
        if is_secret
        else Certificate(connection.certificate, connection.secret),
        timeout_s=timeout_s(),
        on_request=on_request,
    )


def timeout_s() -> float:
    """The longest that a request may take: well within a lease, so that it ends before the lease does."""
    return min(TIMEOUT_S, settings.CULVERT_LEASE_S / 2)


def lose(tenant: Tenant, fault: NeedsAPerson) -> None:
    """The tenant no longer lets us in: stop everything there, and open the one problem of it."""
    Connection.objects.filter(tenant=tenant).update(
        state=Connection.State.LOST, reason=str(fault)[:300], checked_at=clock.now()
    )
    problems.report(tenant, subject=SUBJECT, reason=LOST, message=str(fault), advice=fault.advice)


def keep(tenant: Tenant, roles: list[str] | None = None) -> None:
    """The tenant lets us in: say so, and close the problem if there was one."""
    now = clock.now()
    Connection.objects.filter(tenant=tenant).exclude(state=Connection.State.CONNECTED).update(
        connected_at=now
    )
    changes: dict[str, object] = {"state": Connection.State.CONNECTED, "reason": "", "checked_at": now}
    if roles is not None:
        changes["roles"] = roles
    Connection.objects.filter(tenant=tenant).update(**changes)
    problems.settle(tenant, subject=SUBJECT, reason=LOST)
