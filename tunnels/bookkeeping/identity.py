"""Who we are in marks, and what stands there instead of identities."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from syncengine.model.identity import keyed_hash
from tunnels.models import Installation


@dataclass(frozen=True, slots=True)
class Identity:
    """Our name and our key."""

    name: str
    key: bytes

    def row_mark(self, item_key: str) -> str:
        """The row's part of a mark: opaque, and the same after a rebuild."""
        return keyed_hash(f"row {item_key}", self.key)

    def address_hash(self, address: str) -> str:
        """What registers and lanes compare instead of addresses."""
        return keyed_hash(address.lower(), self.key)


def installation() -> Identity:
    """This installation's identity, made when it is first asked for."""
    row = Installation.objects.first()
    if row is None:
        fresh = Installation(name=secrets.token_hex(4), key=secrets.token_bytes(32))
        Installation.objects.bulk_create([fresh], ignore_conflicts=True)
        row = Installation.objects.get()
    return Identity(row.name, bytes(row.key))
