"""Addresses of the first floor."""

from __future__ import annotations

from django.urls import path

from tenants import views

app_name = "tenants"
urlpatterns = [
    path("tenants/<int:tenant_id>/directory/", views.directory, name="directory"),
    path("tenants/<int:tenant_id>/directory/groups/", views.groups, name="groups"),
    path("tenants/<int:tenant_id>/directory/groups/<int:group_id>/", views.group, name="group"),
    path("tenants/<int:tenant_id>/directory/cache/", views.cache, name="cache"),
    path("tenants/<int:tenant_id>/directory/refresh/", views.refresh, name="refresh"),
    path("tenants/<int:tenant_id>/connection/try/", views.try_again, name="try-again"),
]
