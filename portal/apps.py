"""The application that is the roof: settings, addresses, frame, commands."""

from __future__ import annotations

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The roof, which nobody imports."""

    name = "portal"
    verbose_name = "Portal"
