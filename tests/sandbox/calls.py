"""Calls of the sandbox's handlers in this process, without a server."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from syncengine.sandbox.kernel import Answer, Call, graph
from syncengine.sandbox.state import Tenant, World

BASE = "https://graph.test/v1.0"
_ROLES = """
    User.Read.All User.ReadWrite.All Group.Read.All GroupMember.Read.All
    GroupMember.ReadWrite.All Group.ReadWrite.All OrgContact.Read.All Place.Read.All
    Organization.Read.All Application.Read.All MailboxSettings.Read
    Contacts.Read Contacts.ReadWrite Calendars.Read Calendars.ReadWrite
"""
EVERYTHING = frozenset(_ROLES.split())


def make_call(
    world: World,
    tenant: Tenant,
    method: str,
    url: str,
    body: Any = None,
    *,
    roles: frozenset[str] = EVERYTHING,
    **headers: str,
) -> Call:
    """A call of a path, or of a link that an answer gave; header names with `_` for `-`."""
    path, _, query = url.removeprefix(BASE).partition("?")
    assert not urlsplit(path).netloc, f"{url} leads to another host"
    pairs = [option.partition("=") for option in query.split("&") if option]
    return Call(
        method=method,
        path=path,
        query={unquote(name): unquote(value) for name, _, value in pairs},
        headers={name.lower().replace("_", "-"): value for name, value in headers.items()},
        body=body,
        world=world,
        tenant=tenant,
        app_id="app",
        roles=roles,
        base=BASE,
    )


def ask(world: World, tenant: Tenant, method: str, url: str, body: Any = None, **headers: Any) -> Answer:
    """What the handler of this address answers."""
    return graph.answer(make_call(world, tenant, method, url, body, **headers))
