"""Pages that belong to no floor: the way in, and what a person reads when something went wrong."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_GET

from partners.http import principal_of_request
from portal.navigation import places_of


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The first page that somebody may open."""
    principal = principal_of_request(request)
    if principal and principal.lacks_second_factor:
        return redirect("mfa_activate_totp")
    places = places_of(principal, request.path)
    if not places:
        raise Http404
    return redirect(places[0].address)


@login_not_required
def forged(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """A form that did not carry this session's token. Nothing was changed."""
    return render(request, "403_csrf.html", status=403)


@login_not_required
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """A request that makes no sense, such as one for a host that we are not."""
    return HttpResponse(render_to_string("400.html"), status=400)


@login_not_required
def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """A deed for which a right is missing. Nothing was changed."""
    return render(request, "403.html", status=403)


@login_not_required
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Nothing here, or nothing that this person may know of: both read the same."""
    return render(request, "404.html", status=404)


@login_not_required
def broken(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """A mistake of ours. The page asks neither the database nor the session."""
    return HttpResponse(render_to_string("500.html"), status=500)
