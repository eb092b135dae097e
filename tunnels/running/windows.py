"""Which days a tunnel keeps in step, and which a feed must cover for all that drink from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from syncengine.model.time import Window
from syncengine.shaping.policy import EventPolicy
from tunnels import policies
from tunnels.models import Feed, Tunnel

WIDER_DAYS = 30
"""How much wider a feed's window is than any tunnel's, on both sides."""

MARGIN_DAYS = 3
"""A chain is renewed so long before its window is too narrow."""


def window_of(tunnel: Tunnel, today: date) -> Window:
    """The days that the tunnel's policy keeps in step, or those of the default policy for contacts."""
    policy = policies.policy_of(tunnel)
    return (policy if isinstance(policy, EventPolicy) else EventPolicy()).window(today)


def needed_window(tunnels: Sequence[Tunnel], today: date) -> Window:
    """The days that somebody needs of a feed."""
    windows = [window_of(tunnel, today) for tunnel in tunnels] or [EventPolicy().window(today)]
    return Window(min(one.start for one in windows), max(one.end for one in windows))


def is_too_narrow(feed: Feed, needed: Window) -> bool:
    """Whether the feed's chain of deltas does not cover what is needed, now or in a few days."""
    if feed.window_start is None or feed.window_end is None:
        return True
    soon = needed.widened(MARGIN_DAYS)
    return feed.window_start > needed.start or feed.window_end < soon.end
