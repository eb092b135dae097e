"""What a run wrote, as a principal may know it: of the other end of a tunnel not even numbers."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count, Q

from partners.principals import Principal
from tunnels.models import Lane, LedgerEntry, Run, RunLine, TunnelMember

_TOTALS = {
    "created": Q(verb="create", outcome="written"),
    "updated": Q(verb="update", outcome="written"),
    "deleted": Q(verb="delete", outcome="written"),
    "adopted": Q(verb="adopt", outcome="written"),
    "failed": Q(outcome="failed"),
}


def as_seen(principal: Principal, runs: Iterable[Run]) -> list[Run]:
    """The runs, to be shown and never saved.

    Where an end of the tunnel is out of reach, the totals are counted anew from the ledger's rows of
    lanes within reach, and what speaks of the whole run is left away. At most four queries.
    """
    found = list(runs)
    split = _with_an_end_out_of_reach(principal, {run.tunnel_id for run in found})
    ours = [run for run in found if run.tunnel_id in split]
    if ours:
        _tell_in_part(principal, ours)
    return found


def _with_an_end_out_of_reach(principal: Principal, tunnels: set[int]) -> set[int]:
    """Those of the tunnels that have, or had, a tenant which the principal may not see."""
    beyond = ~principal.scope.condition("tenant_id")
    members = TunnelMember.objects.filter(beyond, tunnel__in=tunnels).order_by()
    lanes = Lane.objects.filter(beyond, tunnel__in=tunnels).order_by()
    return set(members.values_list("tunnel", flat=True).union(lanes.values_list("tunnel", flat=True)))


def _tell_in_part(principal: Principal, runs: list[Run]) -> None:
    totals, failed = _totals(principal, runs), _troubled(principal, runs)
    for run in runs:
        of_run = totals.get(run.pk, {})
        for name in _TOTALS:
            setattr(run, name, of_run.get(name, 0))
        run.is_partial, run.remark = True, ""
        run.lanes = run.held = run.requests = 0
        if run.state in (Run.State.FAILED, Run.State.HELD, Run.State.DONE):
            run.state = Run.State.FAILED if run.pk in failed or run.failed else Run.State.DONE


def _totals(principal: Principal, runs: list[Run]) -> dict[int, dict[str, int]]:
    """Per run id; the first run's beginning lets the database leave out the months before it."""
    written = LedgerEntry.objects.visible_to(principal).filter(
        run__in=[run.pk for run in runs], at__gte=min(run.started_at for run in runs)
    )
    counts = {name: Count("pk", filter=which) for name, which in _TOTALS.items()}
    rows = written.order_by().values("run").annotate(**counts)
    return {
        number: dict(zip(_TOTALS, of_run, strict=True))
        for number, *of_run in rows.values_list("run", *_TOTALS)
    }


def _troubled(principal: Principal, runs: list[Run]) -> set[int]:
    """The runs whose journal has an error about a mailbox within reach."""
    lines = RunLine.objects.visible_to(principal).filter(run__in=runs, tenant__isnull=False)
    return set(lines.order_by().filter(level=RunLine.Level.ERROR).values_list("run", flat=True))
