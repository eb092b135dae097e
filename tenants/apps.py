"""The app of client tenants."""

from __future__ import annotations

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """Tenants, connections, directory, leases, problems."""

    name = "tenants"
    verbose_name = "Tenants"
