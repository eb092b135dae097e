"""Every address of the portal, by the floor that answers it."""

from __future__ import annotations

from allauth.account import views as account
from django.urls import URLPattern, URLResolver, include, path

from portal import overview, views

# allauth's own list has pages for people who sign up; here nobody does.
_sign_in: list[URLPattern] = [
    path("sign-in/", account.login, name="account_login"),
    path("sign-out/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("password/", account.password_change, name="account_change_password"),
    path("first-password/", account.password_set, name="account_set_password"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("dashboard/", overview.dashboard, name="dashboard"),
    path("tenants/", overview.tenant_list, name="tenants"),
    path("tenants/<int:tenant_id>/", overview.tenant, name="tenant"),
    path("", include("tunnels.urls")),
    path("", include("tenants.urls")),
    path("", include("partners.urls")),
    path("account/", include(_sign_in)),
    path("account/second-factor/", include("allauth.mfa.urls")),
]

handler400 = "portal.views.bad_request"
handler403 = "portal.views.forbidden"
handler404 = "portal.views.not_found"
handler500 = "portal.views.broken"
