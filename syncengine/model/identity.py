"""Names of things, fingerprints, and the mark that our copies bear."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any, NewType

import orjson

ItemKey = NewType("ItemKey", str)
"""An item's identity within a cell: iCalUId for events, object id for people of a directory."""

RemoteId = NewType("RemoteId", str)
"""A provider's own address of an item: case-sensitive, opaque; in Graph the immutable id."""

RowId = NewType("RowId", int)
"""A register row."""

LaneId = NewType("LaneId", int)
"""A cell's way into one target folder."""

Cursor = NewType("Cursor", str)
"""Where a delta chain stands: the provider's own link, followed verbatim."""

Fingerprint = NewType("Fingerprint", str)
"""32 hex digits; equal content has an equal fingerprint, whatever the order of keys."""


def fingerprint(content: dict[str, Any]) -> Fingerprint:
    """The fingerprint of canonical JSON content (strings, numbers, lists, dicts, None)."""
    raw = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    return Fingerprint(hashlib.blake2b(raw, digest_size=16).hexdigest())


def keyed_hash(text: str, key: bytes) -> str:
    """16 hex digits that stand for a text without telling it (an identity, an address)."""
    return hmac.new(key, text.encode(), "sha256").hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Mark:
    """What a copy bears in the target, so that we know it again without a database.

    Opaque on purpose: `row` is a keyed hash of the item's identity, `attempt` is drawn
    for each create, so that a late twin and a person's paste can be told from the copy.
    """

    installation: str
    lane: int
    row: str
    attempt: str

    def __str__(self) -> str:
        return f"culvert1.{self.installation}.{self.lane}.{self.row}.{self.attempt}"

    @classmethod
    def parse(cls, text: str) -> Mark | None:
        """The mark in a property's value, or None where the value is not one of ours."""
        parts = text.split(".")
        if len(parts) != 5 or parts[0] != "culvert1" or not parts[2].isdigit():
            return None
        return cls(parts[1], int(parts[2]), parts[3], parts[4])
