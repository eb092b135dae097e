"""The plan: exactly what will happen, before it does."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from partners.http import PortalRequest, permission_required
from partners.words import many
from tunnels import deciding, selectors, services, showing, telling
from tunnels.forms import PlanForm
from tunnels.views.tunnels import reaches_all_ends, tunnel_or_404, whole_tunnel_or_404

ROWS_PER_PAGE = 50


@require_GET
@permission_required("tunnels.see")
def plan(request: PortalRequest, tunnel_id: int) -> HttpResponse:
    """Totals, by mailbox; what waits for approval and what guards hold."""
    found = tunnel_or_404(request, tunnel_id)
    held = deciding.held_in(request.principal, found)
    plans = deciding.plans_that_wait(request.principal, found)
    context = {
        "tunnel": found,
        "state": selectors.state_of(found),
        "reaches_all": reaches_all_ends(request, found),
        "waiting": deciding.waiting_of(request.principal, found),
        "page": Paginator(plans, ROWS_PER_PAGE).get_page(request.GET.get("page")),
        "held": held,
        "held_page": Paginator(held.lanes, ROWS_PER_PAGE).get_page(request.GET.get("held")),
        "lagging": Paginator(deciding.lanes_that_lag(request.principal, found), ROWS_PER_PAGE).get_page(
            request.GET.get("lagging")
        ),
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
        "counts": told.counts,
        "page": Paginator(told.search(**form.question), ROWS_PER_PAGE).get_page(request.GET.get("page")),
        "query": form.query,
    }
    return render(request, "tunnels/lane_plan.html", context)


@require_POST
@permission_required("tunnels.approve")
def approve(request: PortalRequest, tunnel_id: int) -> HttpResponse:
    """Let the lanes go ahead whose plan is the one that was read, and still agrees."""
    found = whole_tunnel_or_404(request, tunnel_id)
    if request.POST.get("seal") != deciding.waiting_of(request.principal, found).seal:
        messages.warning(
            request, "Nothing was approved: the plan was made anew while you read it. This is the new one."
        )
        return redirect("tunnels:plan", found.pk)
    try:
        approval = services.approve(request.principal, found)
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
        return redirect("tunnels:plan", found.pk)
    going = many(approval.approved, "mailbox is", "mailboxes are")
    if approval.stale:
        changed = many(approval.stale, "mailbox", "mailboxes")
        messages.warning(
            request,
            f"{going} being brought level. In {changed} something changed since the plan was made:"
            " nothing is written there. Make the plan again, read it, and approve it.",
        )
        return redirect("tunnels:plan", found.pk)
    messages.success(request, f"Approved: {going} being brought level.")
    return redirect("tunnels:tunnel", found.pk)


@require_POST
@permission_required("tunnels.approve")
def plan_again(request: PortalRequest, tunnel_id: int) -> HttpResponse:
    """Make the plans anew that wait for approval, from what is known at this moment."""
    found = whole_tunnel_or_404(request, tunnel_id)
    made = services.plan_again(request.principal, found)
    messages.success(
        request, f"The plan of {many(made, 'mailbox', 'mailboxes')} was made anew. Read it here."
    )
    return redirect("tunnels:plan", found.pk)


@require_POST
@permission_required("tunnels.approve")
def release(request: PortalRequest, tunnel_id: int) -> HttpResponse:
    """Let go what guards hold: exactly what the page has listed."""
    found = whole_tunnel_or_404(request, tunnel_id)
    held = deciding.held_in(request.principal, found)
    if request.POST.get("seal") != held.seal:
        messages.warning(
            request, "Nothing was released: what is held has changed while you read it. Read it again."
        )
        return redirect("tunnels:plan", found.pk)
    services.release(request.principal, found)
    let_go = [many(held.deletions, "deletion", "deletions")] if held.deletions else []
    let_go += [many(held.leaving, "leaving mailbox", "leaving mailboxes")] if held.leaving else []
    messages.success(request, f"Released: {' and '.join(let_go)}. The run that carries it out has begun.")
    return redirect("tunnels:tunnel", found.pk)
