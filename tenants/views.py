"""Pages of one tenant's directory: whom we know, and how fresh that is."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from partners.http import PortalRequest, permission_required
from tenants import selectors, services
from tenants.forms import DirectoryForm, GroupForm, counted
from tenants.models import Tenant

ENTRIES_PER_PAGE = 50


def _tenant(request: PortalRequest, tenant_id: int) -> Tenant:
    return get_object_or_404(selectors.tenants_of(request.principal), pk=tenant_id)


@require_GET
@permission_required("tenants.see")
def directory(request: PortalRequest, tenant_id: int) -> HttpResponse:
    """Everybody and everything with an address, searched as one types."""
    tenant = _tenant(request, tenant_id)
    form = DirectoryForm(request.GET)
    entries = selectors.search(
        selectors.directory_of(request.principal).filter(tenant=tenant), **form.question
    )
    context = {
        "tenant": tenant,
        "form": form,
        "page": Paginator(entries, ENTRIES_PER_PAGE).get_page(request.GET.get("page")),
        "query": form.query,
        "state": selectors.directory_state(tenant),
        "kinds": counted(selectors.kinds_of(tenant)),
    }
    return render(request, "tenants/directory.html", context)


@require_GET
@permission_required("tenants.see")
def groups(request: PortalRequest, tenant_id: int) -> HttpResponse:
    """The groups of a tenant with the number of people in them."""
    tenant = _tenant(request, tenant_id)
    form = GroupForm(request.GET)
    found = selectors.search_groups(
        selectors.groups_of(request.principal).filter(tenant=tenant), **form.question
    )
    page = Paginator(found, ENTRIES_PER_PAGE).get_page(request.GET.get("page"))
    context = {"tenant": tenant, "form": form, "page": page, "query": form.query}
    return render(request, "tenants/groups.html", context)


@require_GET
@permission_required("tenants.see")
def group(request: PortalRequest, tenant_id: int, group_id: int) -> HttpResponse:
    """Who is in one group, and since when we have seen it so."""
    tenant = _tenant(request, tenant_id)
    found = get_object_or_404(selectors.groups_of(request.principal), tenant=tenant, pk=group_id)
    members = selectors.members_of(found)
    page = Paginator(members, ENTRIES_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "tenants/group.html", {"tenant": tenant, "group": found, "page": page})


@require_GET
@permission_required("tenants.see")
def cache(request: PortalRequest, tenant_id: int) -> HttpResponse:
    """The age of the cache; it asks for itself again while a refresh is under way."""
    tenant = _tenant(request, tenant_id)
    context = {"tenant": tenant, "state": selectors.directory_state(tenant)}
    return render(request, "tenants/_cache.html", context)


@require_POST
@permission_required("tenants.refresh")
def refresh(request: PortalRequest, tenant_id: int) -> HttpResponse:
    """*Update cache*."""
    tenant = _tenant(request, tenant_id)
    state = services.refresh_directory(request.principal, tenant)
    if request.htmx:
        return render(request, "tenants/_cache.html", {"tenant": tenant, "state": state})
    messages.success(request, "The directory is being read again.")
    return redirect("tenants:directory", tenant.pk)


@require_POST
@permission_required("tenants.refresh")
def try_again(request: PortalRequest, tenant_id: int) -> HttpResponse:
    """Somebody says that consent was granted again."""
    tenant = _tenant(request, tenant_id)
    services.try_again(request.principal, tenant)
    messages.success(
        request, f"The connection to {tenant.name} is being tried. Nothing is written before it works."
    )
    return redirect("tenants:directory", tenant.pk)
