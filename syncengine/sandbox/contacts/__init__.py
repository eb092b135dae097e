"""Personal contacts of the sandbox: folders, contacts, deltas, pictures; import from vCard."""

from __future__ import annotations

from syncengine.sandbox.contacts import delta, folders, items, photos
from syncengine.sandbox.contacts.delta import forget_tokens
from syncengine.sandbox.contacts.store import deleted_items
from syncengine.sandbox.contacts.worlds import dump, load, move, paste

__all__ = [
    "deleted_items",
    "delta",
    "dump",
    "folders",
    "forget_tokens",
    "items",
    "load",
    "move",
    "paste",
    "photos",
]
