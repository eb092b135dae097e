"""The partner's first pages: the dashboard, the tenants, and one tenant at a glance."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from partners.http import PortalRequest, permission_required
from partners.selectors import AuditQuestion, audit_entries
from portal import needs, selectors
from tenants import selectors as tenants
from tenants.forms import TenantForm, counted
from tunnels import selectors as tunnels
from tunnels import tallies, telling

TENANTS_PER_PAGE = 50
TUNNELS_PER_PAGE = 50
RUNNING_SHOWN = 10
LAST_DEEDS = 8


@require_GET
@permission_required("tenants.see")
def dashboard(request: PortalRequest) -> HttpResponse:
    """What is broken, what is behind, and what needs somebody."""
    context = {
        "numbers": tunnels.numbers_of(request.principal),
        "worst": selectors.worst_of(request.principal),
        "has_tunnels": tunnels.tunnels_of(request.principal).exists(),
        "needs": needs.needs_of(request.principal),
        "running": tallies.as_seen(
            request.principal, tunnels.runs_of(request.principal).filter(state="running")[:RUNNING_SHOWN]
        ),
    }
    return render(request, "portal/dashboard.html", context)


@require_GET
@permission_required("tenants.see")
def tenant_list(request: PortalRequest) -> HttpResponse:
    """Which client, in what state."""
    form = TenantForm(request.GET)
    found = tenants.asked_for(tenants.tenants_with_counts(request.principal), **form.question)
    page = Paginator(found, TENANTS_PER_PAGE).get_page(request.GET.get("page"))
    counts = selectors.tunnel_counts(request.principal, list(page.object_list))
    rows = [(one, counts.get(one.pk, selectors.TunnelCount())) for one in page.object_list]
    context = {"form": form, "page": page, "rows": rows, "query": form.query}
    return render(request, "portal/tenants.html", context)


@require_GET
@permission_required("tenants.see")
def tenant(request: PortalRequest, tenant_id: int) -> HttpResponse:
    """Whether this client is well."""
    found = get_object_or_404(tenants.tenants_with_counts(request.principal), pk=tenant_id)
    touching = telling.tunnels_by_worth(request.principal, tenant=found)
    page = Paginator(touching, TUNNELS_PER_PAGE).get_page(request.GET.get("page"))
    deeds = audit_entries(request.principal, AuditQuestion()).about(found.pk)
    context = {
        "tenant": found,
        "page": page,
        "lines": telling.lines_of(page.object_list),
        "needs": needs.needs_in(request.principal, found),
        "kinds": counted(tenants.kinds_of(found)),
        "group_count": tenants.groups_of(request.principal).filter(tenant=found).count(),
        "state": tenants.directory_state(found),
        "deeds": deeds[:LAST_DEEDS],
    }
    return render(request, "portal/tenant.html", context)
