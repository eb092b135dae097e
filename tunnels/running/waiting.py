"""Bringing one tunnel level from where one stands: slices in this process until its run is over."""

from __future__ import annotations

import time

from django.db.models import Min

from partners import clock
from tunnels.models import Feed, Run, Tunnel
from tunnels.running import clocks, due, slices

NAP_S = 0.5
"""How long others who hold a lease are waited for."""

LONGEST_NAP_S = 5.0


def until_over(run: Run, patience_s: float) -> Run:
    """Work on the run's tunnel until the run is over, or patience is; other workers may help."""
    end = time.monotonic() + patience_s
    while not run.is_over and time.monotonic() < end:
        done = slices.Slice(only=run.tunnel).work()
        run.refresh_from_db()
        if not done and not run.is_over:
            clocks.pause(min(next_due(run.tunnel), LONGEST_NAP_S))
    return run


def until_read(tunnel: Tunnel, patience_s: float = 600.0) -> None:
    """Read the tunnel's sources and shape its register, and write nothing."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        done = slices.Slice(only=tunnel, reads_only=True).work()
        if not done and not is_unread(tunnel):
            return
        if not done:
            clocks.pause(NAP_S)


def is_unread(tunnel: Tunnel) -> bool:
    """Whether something is still to be read, now, before a plan can be believed."""
    return any(
        work.exists()
        for work in (
            due.directories(tunnel),
            due.rosters(tunnel),
            due.feeds(tunnel).filter(is_urgent=True),
            due.cells(tunnel),
        )
    )


def next_due(tunnel: Tunnel) -> float:
    """Seconds until something of the tunnel may be done; a short nap where others are at it."""
    now = clock.now()
    lanes = due.workable(tunnel).aggregate(first=Min("due_at"))["first"]
    urgent = Feed.objects.filter(members__tunnel=tunnel, is_urgent=True)
    feeds = urgent.aggregate(first=Min("due_at"))["first"]
    times = [moment for moment in (lanes, feeds) if moment is not None]
    return max(NAP_S, (min(times) - now).total_seconds()) if times else NAP_S
