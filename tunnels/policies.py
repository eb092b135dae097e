"""A tunnel's policy and guards, read from its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from syncengine.planning.guards import GuardSettings
from syncengine.shaping.policy import Policy, policy_from_json
from tunnels.models import Tunnel


def policy_of(tunnel: Tunnel) -> Policy:
    """The version that rules; the defaults where there is none."""
    row = tunnel.policies.first()
    return read(tunnel.kind, row.content if row else {})


def read(kind: str, content: Mapping[str, Any]) -> Policy:
    """What a policy's content asks for, in a tunnel of this kind. Raises PolicyError."""
    return policy_from_json("events" if kind == Tunnel.Kind.EVENTS else "contacts", content)


def version_of(tunnel: Tunnel) -> int:
    """The number of the version that rules; 0 where there is none."""
    row = tunnel.policies.first()
    return row.version if row else 0


class BadGuard(ValueError):
    """A guard setting that cannot be meant."""

    def __init__(self, message: str, name: str) -> None:
        super().__init__(message)
        self.name = name


def guards_of(tunnel: Tunnel) -> GuardSettings:
    """The defaults, and what the tunnel says otherwise."""
    return guards_from(tunnel.guards)


def guards_from(said: Mapping[str, Any]) -> GuardSettings:
    """Guard settings by name. Raises BadGuard for an unknown name or something that is no number."""
    known = [field.name for field in fields(GuardSettings)]
    for name, value in said.items():
        if name not in known:
            raise BadGuard(f"There is no guard setting {name!r}; known are {', '.join(known)}.", name)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise BadGuard(f"{name} is a whole number.", name)
    return GuardSettings(**said)
