"""The door of every page: a typed request, and the right that a page asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Concatenate, ParamSpec, TypeAlias, cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from partners import selectors, services
from partners.models import User
from partners.permissions import Permission
from partners.principals import Principal

Arguments = ParamSpec("Arguments")


class PortalRequest(HttpRequest):
    """A request behind the door: somebody is there, and who it is has been settled."""

    user: User
    principal: Principal
    htmx: HtmxDetails


Page: TypeAlias = Callable[Concatenate[PortalRequest, Arguments], HttpResponse]
GuardedPage: TypeAlias = Callable[Concatenate[HttpRequest, Arguments], HttpResponse]


def principal_of_request(request: HttpRequest) -> Principal | None:
    """Who asks, as the database says now; read once per request, never kept longer."""
    if not hasattr(request, "_principal"):
        user = getattr(request, "user", None)
        member = selectors.member_of_user(user.pk) if isinstance(user, User) else None
        request._principal = selectors.principal_of(member) if member else None  # type: ignore[attr-defined]
    found: Principal | None = request._principal  # type: ignore[attr-defined]
    return found


def permission_required(permission: str) -> Callable[[Page[Arguments]], GuardedPage[Arguments]]:
    """Let a page be opened only by those who hold the right.

    Somebody who is not signed in is sent to sign in; whoever has not set up a required second
    factor is sent to do so; everybody else reads 404, as if the page did not exist. Who asks for an
    object that is not there for him is written down.
    """
    needed = Permission(permission)

    def guard(page: Page[Arguments]) -> GuardedPage[Arguments]:
        @wraps(page)
        def guarded(request: HttpRequest, *args: Arguments.args, **kwargs: Arguments.kwargs) -> HttpResponse:
            principal = principal_of_request(request)
            if not request.user.is_authenticated:
                return to_sign_in(request)
            if principal is None:
                raise Http404
            if principal.lacks_second_factor:
                return _elsewhere(request, redirect("mfa_activate_totp"))
            request.principal = principal  # type: ignore[attr-defined]
            with _noting_refusals(principal, request, names_object=bool(args or kwargs)):
                if not principal.may(needed):
                    raise Http404
                with timezone.override(ZoneInfo(principal.time_zone)):
                    return page(request, *args, **kwargs)  # type: ignore[arg-type]

        guarded.permission = needed  # type: ignore[attr-defined]
        return cast("GuardedPage[Arguments]", guarded)

    return guard


@contextmanager
def _noting_refusals(principal: Principal, request: HttpRequest, *, names_object: bool) -> Iterator[None]:
    try:
        yield
    except Http404:
        if names_object:
            services.note_refusal(principal, method=request.method or "", path=request.path)
        raise


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """The way to the sign-in page and back."""
    # A fragment has no address of its own: come back to the page that it is a part of.
    htmx = getattr(request, "htmx", None)
    path = htmx.current_url_abs_path if htmx else ""
    return _elsewhere(request, redirect_to_login(path or _way_back(request)))


def _way_back(request: HttpRequest) -> str:
    """The page to come back to. A deed is not repeated by coming back: its page is shown again."""
    if request.method in {"GET", "HEAD"}:
        return request.get_full_path()
    before = urlsplit(request.headers.get("Referer", ""))
    return before.path if before.netloc == request.get_host() else "/"


def _elsewhere(request: HttpRequest, there: HttpResponseRedirect) -> HttpResponse:
    """A redirect of the whole page, also where htmx asked for a part of it."""
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(there.url)
    return there
