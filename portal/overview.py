"""The partner's first pages: the dashboard, the tenants, and one tenant at a glance."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from partners.http import PortalRequest, permission_required
from partners.selectors import AuditQuestion, audit_entries
from portal import selectors
from tenants import selectors as tenants
from tenants.forms import counted
from tunnels import selectors as tunnels
from tunnels.telling import tunnel_lines

TENANTS_PER_PAGE = 50
LAST_CHANGES = 8


@require_GET
@permission_required("tenants.see")
def dashboard(request: PortalRequest) -> HttpResponse:
    """What is broken, what is behind, and what needs somebody."""
    lines = tunnel_lines(request.principal)
    context = {
        "numbers": tunnels.numbers_of(request.principal),
        "worst": selectors.worst_of(lines),
        "tunnel_count": len(lines),
        "problems": tenants.problems_of(request.principal)[:10],
        "running": tunnels.runs_of(request.principal).filter(state="running")[:10],
    }
    return render(request, "portal/dashboard.html", context)


@require_GET
@permission_required("tenants.see")
def tenant_list(request: PortalRequest) -> HttpResponse:
    """Which client, in what state."""
    found = tenants.tenants_with_counts(request.principal)
    words = request.GET.get("words", "").strip()[:200]
    if words:
        found = tenants.named(found, words)
    page = Paginator(found, TENANTS_PER_PAGE).get_page(request.GET.get("page"))
    counts = selectors.tunnel_counts(tunnel_lines(request.principal))
    rows = [(one, counts.get(one.pk, selectors.TunnelCount())) for one in page.object_list]
    asked = request.GET.copy()
    asked.pop("page", None)
    query = f"{asked.urlencode()}&" if asked else ""
    context = {"page": page, "rows": rows, "words": words, "query": query}
    return render(request, "portal/tenants.html", context)


@require_GET
@permission_required("tenants.see")
def tenant(request: PortalRequest, tenant_id: int) -> HttpResponse:
    """Whether this client is well."""
    found = get_object_or_404(tenants.tenants_with_counts(request.principal), pk=tenant_id)
    context = {
        "tenant": found,
        "lines": tunnel_lines(request.principal, tenant=found),
        "problems": tenants.problems_of(request.principal).filter(tenant=found),
        "kinds": counted(tenants.kinds_of(found)),
        "state": tenants.directory_state(found),
        "changes": audit_entries(request.principal, AuditQuestion()).filter(tenant_id=found.pk)[
            :LAST_CHANGES
        ],
    }
    return render(request, "portal/tenant.html", context)
