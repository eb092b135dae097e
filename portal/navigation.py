"""The frame of every page: who is here, and where one can go.

A page gets into the navigation by one line in `PARTNER_PAGES` or `TENANT_PAGES`, when it is
built and not before.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from django.http import HttpRequest
from django.urls import reverse

from partners import clock
from partners.http import principal_of_request
from partners.permissions import Permission
from partners.principals import Principal


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the navigation: a page, and the right that it asks for."""

    label: str
    icon: str
    url_name: str
    permission: Permission


PARTNER_PAGES = (
    Entry("Dashboard", "layout-dashboard", "dashboard", Permission.TENANTS_SEE),
    Entry("Tenants", "building", "tenants", Permission.TENANTS_SEE),
    Entry("Tunnels", "route", "tunnels:tunnels", Permission.TUNNELS_SEE),
    Entry("People", "users", "partners:people", Permission.PEOPLE_SEE),
    Entry("Audit trail", "history", "partners:audit-trail", Permission.AUDIT_SEE),
)
# Pages inside one tenant. Their addresses take the tenant's id; they show when the page has
# put a `tenant` into its context.
TENANT_PAGES = (
    Entry("Overview", "building", "tenant", Permission.TENANTS_SEE),
    Entry("Directory", "address-book", "tenants:directory", Permission.TENANTS_SEE),
    Entry("Groups", "users-group", "tenants:groups", Permission.TENANTS_SEE),
)


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the navigation as this request sees it."""

    label: str
    icon: str
    address: str
    is_here: bool


def frame(request: HttpRequest) -> dict[str, object]:
    """What `templates/frame.html` needs beside the page's own words.

    `now` is the one clock, for "3 min ago"; a page that shows no time asks for none.
    """
    principal = principal_of_request(request)
    return {
        "principal": principal,
        "now": cache(clock.now),
        "places": places_of(principal, request.path),
        "tenant_pages": [entry for entry in TENANT_PAGES if _may_open(principal, entry)],
    }


def places_of(principal: Principal | None, path: str) -> list[Place]:
    """The partner's pages that `principal` may open."""
    open_to = [entry for entry in PARTNER_PAGES if _may_open(principal, entry)]
    addresses = [reverse(entry.url_name) for entry in open_to]
    return [
        Place(entry.label, entry.icon, address, _is_here(address, path))
        for entry, address in zip(open_to, addresses, strict=True)
    ]


def _may_open(principal: Principal | None, entry: Entry) -> bool:
    return principal is not None and not principal.lacks_second_factor and principal.may(entry.permission)


def _is_here(address: str, path: str) -> bool:
    """Whether `path` lies at or below a line's address; the dashboard is only itself."""
    return path == address or (address != "/" and path.startswith(address))
