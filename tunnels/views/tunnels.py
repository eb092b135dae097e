"""The list of tunnels, and one tunnel: whether it does what it should."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from partners.http import PortalRequest, permission_required
from tunnels import selectors, services, tallies, telling
from tunnels.forms import LaneForm, TunnelForm
from tunnels.models import Tunnel

TUNNELS_PER_PAGE = 50
LANES_PER_PAGE = 50
RUNS_SHOWN = 8


def tunnel_or_404(request: PortalRequest, tunnel_id: int) -> Tunnel:
    """The tunnel, where the principal may see it at all."""
    return get_object_or_404(selectors.tunnels_of(request.principal), pk=tunnel_id)


def reaches_all_ends(request: PortalRequest, tunnel: Tunnel) -> bool:
    """Whether the principal may decide on the tunnel as a whole: every end lies within reach."""
    tenants = tunnel.members.values_list("tenant_id", flat=True)
    return all(request.principal.sees_tenant(tenant) for tenant in tenants)


def whole_tunnel_or_404(request: PortalRequest, tunnel_id: int) -> Tunnel:
    """The tunnel for a deed: who does not reach all ends is told no more than a stranger."""
    found = tunnel_or_404(request, tunnel_id)
    if not reaches_all_ends(request, found):
        raise Http404
    return found


@require_GET
@permission_required("tunnels.see")
def tunnels(request: PortalRequest) -> HttpResponse:
    """What flows where, over all clients."""
    form = TunnelForm(request.GET)
    found = telling.tunnels_by_worth(request.principal, **form.question)
    page = Paginator(found, TUNNELS_PER_PAGE).get_page(request.GET.get("page"))
    lines = telling.lines_of(page.object_list)
    ends = telling.ends_of_all([line.tunnel for line in lines], request.principal)
    rows = [(line, *ends[line.tunnel.pk]) for line in lines]
    context = {"form": form, "page": page, "rows": rows, "query": form.query}
    return render(request, "tunnels/tunnels.html", context)


@require_GET
@permission_required("tunnels.see")
def tunnel(request: PortalRequest, tunnel_id: int) -> HttpResponse:
    """Whether one tunnel does what it should: its ends, its lanes, its runs, its policy."""
    found = tunnel_or_404(request, tunnel_id)
    form = LaneForm(request.GET)
    lanes = telling.search_lanes(selectors.lanes_of(request.principal, found), **form.question)
    page = Paginator(lanes, LANES_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        **_state_of(request, found),
        "copies": telling.copies_in(request.principal, found),
        "form": form,
        "page": page,
        "query": form.query,
        "runs": tallies.as_seen(request.principal, selectors.runs_of(request.principal, found)[:RUNS_SHOWN]),
        "policy": selectors.policy_of(found),
        "sentences": telling.policy_in_words(found),
    }
    return render(request, "tunnels/tunnel.html", context)


@require_GET
@permission_required("tunnels.see")
def state(request: PortalRequest, tunnel_id: int) -> HttpResponse:
    """The picture of a tunnel with its state; asks for itself again while something moves."""
    found = tunnel_or_404(request, tunnel_id)
    return render(request, "tunnels/_state.html", _state_of(request, found))


def _state_of(request: PortalRequest, found: Tunnel) -> dict[str, object]:
    ends = selectors.ends_of(request.principal, found)
    return {
        "tunnel": found,
        "state": selectors.state_of(found),
        "sources": [end for end in ends if end.gives],
        "targets": [end for end in ends if end.takes],
        "reaches_all": all(end.is_ours for end in ends),
        "held": selectors.held_of(request.principal, found).count(),
    }


@require_POST
@permission_required("tunnels.run")
def run_now(request: PortalRequest, tunnel_id: int) -> HttpResponse:
    """*Run now*: look at sources and targets at once."""
    found = whole_tunnel_or_404(request, tunnel_id)
    try:
        run = services.run_now(request.principal, found)
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
        return redirect("tunnels:tunnel", found.pk)
    return redirect("tunnels:run", run.pk)


@require_POST
@permission_required("tunnels.pause")
def pause(request: PortalRequest, tunnel_id: int) -> HttpResponse:
    """Stop reading and writing for this tunnel; every copy stays as it is."""
    found = whole_tunnel_or_404(request, tunnel_id)
    services.pause(request.principal, found)
    messages.success(request, f"{found.name} is paused. All copies stay; nothing is read or written for it.")
    return redirect("tunnels:tunnel", found.pk)


@require_POST
@permission_required("tunnels.pause")
def resume(request: PortalRequest, tunnel_id: int) -> HttpResponse:
    """Go on from where it was paused."""
    found = whole_tunnel_or_404(request, tunnel_id)
    services.resume(request.principal, found)
    messages.success(request, f"{found.name} goes on. What changed in between is caught up with.")
    return redirect("tunnels:tunnel", found.pk)
