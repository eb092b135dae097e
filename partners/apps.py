"""The application of partners, their members and the audit trail."""

from __future__ import annotations

from django.apps import AppConfig


class PartnersConfig(AppConfig):
    """Who we are: the ground that every page stands on."""

    name = "partners"
    verbose_name = "Partners"

    def ready(self) -> None:
        """Listen to allauth, which tells of second factors by signal only."""
        from allauth.mfa import signals  # noqa: PLC0415 - models must be loaded first

        from partners import accounts  # noqa: PLC0415

        signals.authenticator_added.connect(accounts.note_factor_added)
        signals.authenticator_removed.connect(accounts.note_factor_removed)
