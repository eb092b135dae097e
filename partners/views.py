"""Pages about people: who we are, who did what, and one's own account."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from partners import selectors, services
from partners.forms import AuditForm, TimeZoneForm
from partners.http import PortalRequest, permission_required, principal_of_request

ENTRIES_PER_PAGE = 50


@require_GET
@permission_required("people.see")
def people(request: PortalRequest) -> HttpResponse:
    """Who may do what, and where."""
    return render(request, "partners/people.html", {"members": selectors.members_of(request.principal)})


@require_GET
@permission_required("audit.see")
def audit_trail(request: PortalRequest) -> HttpResponse:
    """Who did what, when, to what."""
    form = AuditForm(
        request.GET,
        actors=selectors.audit_actors(request.principal),
        matters=selectors.audit_matters(request.principal),
    )
    entries = selectors.audit_entries(request.principal, selectors.AuditQuestion(**form.question))
    page = Paginator(entries, ENTRIES_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "partners/audit_trail.html", {"form": form, "page": page, "query": form.query})


@require_http_methods(["GET", "POST"])
def you(request: HttpRequest) -> HttpResponse:
    """One's own account: time zone, password, second factor. Open before MFA is set up."""
    principal = principal_of_request(request)
    if principal is None:
        raise Http404
    form = TimeZoneForm(request.POST or None, initial={"time_zone": principal.time_zone})
    if request.method == "POST" and form.is_valid():
        services.change_own_time_zone(principal, time_zone=form.cleaned_data["time_zone"])
        messages.success(request, "Times are now shown in your zone.")
        return redirect("partners:you")
    return render(request, "partners/you.html", {"form": form})
