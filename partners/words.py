"""Numbers in sentences: one mailbox, 1 204 mailboxes."""

from __future__ import annotations


def grouped(number: float) -> str:
    """A number with its thousands apart: 12 345 (with a narrow space that does not break)."""
    return f"{number:,}".replace(",", "\u202f")


def many(number: int, one: str, several: str) -> str:
    """A number with the word that fits it."""
    return f"{grouped(number)} {one if number == 1 else several}"
