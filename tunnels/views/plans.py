"""The plan: exactly what will happen, before it does."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from partners.http import PortalRequest, permission_required
from tunnels import selectors, services, showing, telling
from tunnels.forms import PlanForm
from tunnels.views.tunnels import tunnel_or_404

LANES_PER_PAGE = 50
ACTIONS_PER_PAGE = 50


@require_GET
@permission_required("tunnels.see")
def plan(request: PortalRequest, tunnel_id: int) -> HttpResponse:
    """Totals, by mailbox; what waits for approval and what guards hold."""
    found = tunnel_or_404(request, tunnel_id)
    plans = showing.plans_that_wait(request.principal, found)
    held = selectors.held_of(request.principal, found)
    leaving = selectors.lanes_of(request.principal, found).filter(leave_held=True)
    context = {
        "tunnel": found,
        "state": selectors.state_of(found),
        "page": Paginator(plans, LANES_PER_PAGE).get_page(request.GET.get("page")),
        "totals": plans.aggregate(
            creates=Sum("creates"), updates=Sum("updates"), deletes=Sum("deletes"), skips=Sum("skips")
        ),
        "lagging": showing.lanes_that_lag(request.principal, found)[:LANES_PER_PAGE],
        "held_lanes": showing.held_by_lane(held),
        "held": held.count(),
        "leaving": leaving,
        "sentences": telling.policy_in_words(found),
    }
    return render(request, "tunnels/plan.html", context)


@require_GET
@permission_required("tunnels.see")
def lane_plan(request: PortalRequest, tunnel_id: int, lane_id: int) -> HttpResponse:
    """Each action in one mailbox, opened to field, before, after, cause; computed at this moment."""
    found = tunnel_or_404(request, tunnel_id)
    lane = get_object_or_404(selectors.lanes_of(request.principal, found), pk=lane_id)
    form = PlanForm(request.GET)
    told = showing.plan_of(lane)
    context = {
        "tunnel": found,
        "lane": lane,
        "form": form,
        "told": told,
        "page": Paginator(told.search(**form.question), ACTIONS_PER_PAGE).get_page(request.GET.get("page")),
        "query": form.query,
    }
    return render(request, "tunnels/lane_plan.html", context)


@require_POST
@permission_required("tunnels.approve")
def approve(request: PortalRequest, tunnel_id: int) -> HttpResponse:
    """Let the lanes go ahead whose plan still agrees with what would be done now."""
    found = tunnel_or_404(request, tunnel_id)
    try:
        approval = services.approve(request.principal, found)
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
        return redirect("tunnels:plan", found.pk)
    if approval.stale:
        messages.warning(
            request,
            f"{approval.approved} mailboxes go ahead. In {approval.stale} something changed since the plan"
            " was made: nothing is written there. Read their new plan and approve again.",
        )
        services.plan_again(request.principal, found)
        return redirect("tunnels:plan", found.pk)
    messages.success(request, f"Approved: {approval.approved} mailboxes are being brought level.")
    return redirect("tunnels:tunnel", found.pk)


@require_POST
@permission_required("tunnels.approve")
def release(request: PortalRequest, tunnel_id: int) -> HttpResponse:
    """Let go what guards hold: exactly the deletions that the page has listed."""
    found = tunnel_or_404(request, tunnel_id)
    released = services.release(request.principal, found)
    messages.success(request, f"Released: {released} held deletions are carried out.")
    return redirect("tunnels:tunnel", found.pk)
