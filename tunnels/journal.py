"""Opening runs and writing their journals: one run alive per tunnel, joined by whoever asks."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import F

from partners import clock
from tunnels.models import Lane, Run, RunLine, Tunnel


def open_run(tunnel: Tunnel, trigger: str, asked_by: str = "") -> Run:
    """The tunnel's live run: a new one, or the one that is alive, which is joined.

    Who asks after it began to look gets one more when it ends: the change that made him ask may be
    younger than the look.
    """
    with transaction.atomic():
        fresh = Run(tunnel=tunnel, trigger=trigger, asked_by=asked_by[:100], started_at=clock.now())
        Run.objects.bulk_create([fresh], ignore_conflicts=True)
        run = Run.objects.select_for_update().get(tunnel=tunnel, state=Run.State.RUNNING)
        is_fresh = run.started_at == fresh.started_at and run.trigger == trigger
        if trigger == Run.Trigger.ASKED and not is_fresh:
            run.asked += 1
            run.again = run.again or run.looked_at is not None
            run.save(update_fields=["asked", "again"])
    return run


def live(tunnel_ids: Iterable[int]) -> dict[int, Run]:
    """The runs that are alive, by tunnel."""
    alive = Run.objects.filter(tunnel__in=list(tunnel_ids), state=Run.State.RUNNING)
    return {run.tunnel_id: run for run in alive}


def say(run: Run, text: str, *, level: str = RunLine.Level.INFO, lane: Lane | None = None) -> None:
    """One line of the journal. Texts hold counts and reasons, never content."""
    RunLine.objects.create(
        run=run,
        at=clock.now(),
        level=level,
        lane=lane,
        tenant_id=lane.tenant_id if lane else None,
        text=text[:300],
    )


def say_to(tunnels: Iterable[Tunnel], text: str, *, level: str = RunLine.Level.INFO) -> None:
    """The same line for the live runs of several tunnels."""
    for run in live(tunnel.pk for tunnel in tunnels).values():
        say(run, text, level=level)


def has_begun_to_look(tunnels: Iterable[Tunnel]) -> None:
    """From here on, who asks for these tunnels asks for something younger."""
    Run.objects.filter(tunnel__in=list(tunnels), state=Run.State.RUNNING, looked_at=None).update(
        looked_at=clock.now()
    )


def add(run: int, **counts: int) -> None:
    """Add to a run's counts."""
    changes = {name: F(name) + count for name, count in counts.items() if count}
    if changes:
        Run.objects.filter(pk=run).update(**changes)
