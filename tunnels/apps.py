"""The application of tunnels: what flows where, and how it came there."""

from __future__ import annotations

from django.apps import AppConfig


class TunnelsConfig(AppConfig):
    """The second floor."""

    name = "tunnels"
    verbose_name = "Tunnels"
