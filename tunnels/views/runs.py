"""One run: what is happening, and what happened."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from partners.http import PortalRequest, permission_required
from tunnels import pacing, selectors, tallies, telling
from tunnels.models import Run

LINES_PER_PAGE = 100
LANES_SHOWN = 10


@require_GET
@permission_required("tunnels.see")
def run(request: PortalRequest, run_id: int) -> HttpResponse:
    """The whole page of one run."""
    return render(request, "tunnels/run.html", _context(request, run_id))


@require_GET
@permission_required("tunnels.see")
def panel(request: PortalRequest, run_id: int) -> HttpResponse:
    """The live panel of one run; it asks for itself again until the run is over."""
    return render(request, "tunnels/_run_panel.html", _context(request, run_id))


def _context(request: PortalRequest, run_id: int) -> dict[str, object]:
    found = get_object_or_404(selectors.runs_of(request.principal), pk=run_id)
    [found] = tallies.as_seen(request.principal, [found])
    journal = selectors.journal_of(request.principal, found).order_by("-pk")
    context: dict[str, object] = {
        "run": found,
        "pace": pacing.pace_of(request.principal, found),
        "page": Paginator(journal, LINES_PER_PAGE).get_page(request.GET.get("page")),
    }
    if not found.is_over:
        context["under_way"] = pacing.under_way(request.principal, found)[:LANES_SHOWN]
    if _is_the_last(request, found):
        context["failures"] = telling.failures_of(request.principal, found.tunnel)
    return context


def _is_the_last(request: PortalRequest, found: Run) -> bool:
    """Whether what stands in the tunnel's lanes now is what this run left."""
    last = selectors.runs_of(request.principal, found.tunnel).values_list("pk", flat=True).first()
    return last == found.pk
