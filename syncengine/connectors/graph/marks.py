"""Our mark on items and folders of Exchange: one named property for the whole product.

A mailbox has a finite number of named properties, so the name is a constant.
Source: https://learn.microsoft.com/graph/api/resources/extended-properties-overview
"""

from __future__ import annotations

import hashlib
from typing import Any

from syncengine.model.identity import Mark

MARK_ID = "String {6d2c9d0b-31f5-4f39-9a2e-5a0f4a3c7e18} Name CulvertMark"
"""Changing it orphans every copy in every mailbox."""

EXPAND_MARK = f"singleValueExtendedProperties($filter=id eq '{MARK_ID}')"


def mark_from(raw: dict[str, Any]) -> Mark | None:
    """The mark that an item or folder bears, where it was read with `EXPAND_MARK`."""
    for one in raw.get("singleValueExtendedProperties") or ():
        if str(one.get("id", "")).casefold() == MARK_ID.casefold():
            return Mark.parse(str(one.get("value") or ""))
    return None


def mark_to(mark: Mark) -> list[dict[str, str]]:
    """The mark as `singleValueExtendedProperties` holds it."""
    return [{"id": MARK_ID, "value": str(mark)}]


def transaction_id(mark: Mark) -> str:
    """A hash of the attempt: Exchange makes at most one event of it, and it tells nothing.

    Source: https://learn.microsoft.com/graph/api/resources/event
    """
    return hashlib.blake2b(mark.attempt.encode(), digest_size=16, person=b"culvert-event").hexdigest()
