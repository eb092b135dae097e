"""A tunnel's policy and guards, read from its rows."""

from __future__ import annotations

from dataclasses import fields

from syncengine.planning.guards import GuardSettings
from syncengine.shaping.policy import Policy, policy_from_json
from tunnels.models import Tunnel


def policy_of(tunnel: Tunnel) -> Policy:
    """The version that rules; the defaults where there is none."""
    row = tunnel.policies.first()
    return policy_from_json(
        "events" if tunnel.kind == Tunnel.Kind.EVENTS else "contacts", row.content if row else {}
    )


def version_of(tunnel: Tunnel) -> int:
    """The number of the version that rules; 0 where there is none."""
    row = tunnel.policies.first()
    return row.version if row else 0


def guards_of(tunnel: Tunnel) -> GuardSettings:
    """The defaults, and what the tunnel says otherwise."""
    known = {field.name for field in fields(GuardSettings)}
    return GuardSettings(**{name: value for name, value in tunnel.guards.items() if name in known})
