"""From a stored connection to an open service. Credentials are unsealed here and nowhere else."""

from __future__ import annotations

from django.conf import settings

from partners import clock
from syncengine.connectors.registry import (
    Certificate,
    ConnectionSettings,
    GraphService,
    OnRequest,
    Secret,
    open_graph,
)
from syncengine.errors import NeedsAPerson
from tenants import problems
from tenants.models import Connection, Tenant

SUBJECT = "tenant"


def open_service(tenant: Tenant, on_request: OnRequest | None = None) -> GraphService:
    """The tenant's Graph, ready to be asked. Raises NeedsAPerson where nobody has connected it."""
    connection = Connection.objects.filter(tenant=tenant).first()
    if connection is None or connection.is_lost:
        raise NeedsAPerson(
            "Culvert has no consent in this tenant.",
            reason="not connected",
            advice="Connect the tenant: enter its app registration, or grant consent again.",
            scope="tenant",
        )
    return open_graph(_settings_of(connection, on_request))


def _settings_of(connection: Connection, on_request: OnRequest | None) -> ConnectionSettings:
    is_secret = connection.credential == Connection.Credential.SECRET
    return ConnectionSettings(
        graph_url=settings.CULVERT_GRAPH_URL,
        login_url=settings.CULVERT_LOGIN_URL,
        ca_bundle=settings.CULVERT_CA_BUNDLE or None,
        tid=str(connection.tenant.microsoft_id),
        client_id=str(connection.client_id),
        credential=Secret(connection.secret)
        if is_secret
        else Certificate(connection.secret, connection.certificate),
        on_request=on_request,
    )


def lose(tenant: Tenant, fault: NeedsAPerson) -> None:
    """The tenant no longer lets us in: stop everything there, and open the one problem of it."""
    Connection.objects.filter(tenant=tenant).update(
        state=Connection.State.LOST, reason=str(fault)[:300], checked_at=clock.now()
    )
    problems.report(tenant, subject=SUBJECT, reason="consent lost", message=str(fault), advice=fault.advice)


def keep(tenant: Tenant, roles: list[str] | None = None) -> None:
    """The tenant lets us in: say so, and close the problem if there was one."""
    now = clock.now()
    Connection.objects.filter(tenant=tenant).exclude(state=Connection.State.CONNECTED).update(
        connected_at=now
    )
    changes = {"state": Connection.State.CONNECTED, "reason": "", "checked_at": now}
    if roles is not None:
        changes["roles"] = roles  # type: ignore[assignment]
    Connection.objects.filter(tenant=tenant).update(**changes)
    problems.settle(tenant, subject=SUBJECT, reason="consent lost")
