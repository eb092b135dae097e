"""Rows about tunnels, from what was wanted (tunnel, policy) to what was done (ledger)."""

from __future__ import annotations

from tunnels.models.feed import Feed, FeedItem
from tunnels.models.lane import Lane, Link, Turn
from tunnels.models.ledger import LedgerEntry
from tunnels.models.policy import Policy
from tunnels.models.register import Body, Cell, RegisterRow
from tunnels.models.run import HeldAction, LanePlan, Run, RunLine
from tunnels.models.tunnel import Installation, Tunnel, TunnelMember

__all__ = [
    "Body",
    "Cell",
    "Feed",
    "FeedItem",
    "HeldAction",
    "Installation",
    "Lane",
    "LanePlan",
    "LedgerEntry",
    "Link",
    "Policy",
    "RegisterRow",
    "Run",
    "RunLine",
    "Tunnel",
    "TunnelMember",
    "Turn",
]
