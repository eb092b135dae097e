"""`manage.py rotate_secrets`: bring every secret at rest under the first key."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from partners import accounts
from tenants.models import Connection


class Command(BaseCommand):
    help = (
        "Seal every stored secret with the first of CULVERT_FIELD_KEYS. Afterwards the older keys "
        "may be dropped from the list."
    )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """One row at a time, each in a transaction of its own: it may be stopped and repeated."""
        ids = list(Connection.objects.values_list("pk", flat=True))
        for pk in ids:
            with transaction.atomic():
                # Reading unseals with whichever key fits, storing seals with the first.
                Connection.objects.select_for_update().get(pk=pk).save(update_fields=["secret"])
        factors = accounts.rotate_factors()
        self.stdout.write(f"Sealed anew: {len(ids)} connections, {factors} second factors.")
