"""What one must know to speak with a tenant's Microsoft Graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from syncengine.connectors.http import TIMEOUT_S

GRAPH_URL = "https://graph.microsoft.com/v1.0"
LOGIN_URL = "https://login.microsoftonline.com"


@dataclass(frozen=True, slots=True)
class Secret:
    """A client secret of the app registration."""

    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate of the app registration with its private key, both PEM."""

    certificate: str = field(repr=False)
    private_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Usage:
    """What one call cost: requests on the wire, batch parts in them, and refusals to hurry (429)."""

    requests: int = 0
    parts: int = 0
    throttled: int = 0


def _ignore(_: Usage) -> None:
    """For callers that do not count."""


@dataclass(frozen=True, slots=True)
class GraphSettings:
    """One tenant, one app registration, one cloud.

    `ca_bundle` is the path of a bundle to trust instead of the usual ones. `timeout_s` is the
    longest that one request may take. `scoped_by_exchange`: the tenant grants mailboxes by RBAC for
    Applications, so a token without mailbox roles is no lost consent.
    Source: https://learn.microsoft.com/exchange/permissions-exo/application-rbac
    """

    tid: str
    client_id: str
    credential: Secret | Certificate
    graph_url: str = GRAPH_URL
    login_url: str = LOGIN_URL
    ca_bundle: str | None = None
    timeout_s: float = TIMEOUT_S
    scoped_by_exchange: bool = False
    on_request: Callable[[Usage], None] = field(default=_ignore, compare=False)
