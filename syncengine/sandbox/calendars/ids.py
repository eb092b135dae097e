"""Ids as Exchange makes them: opaque, case-sensitive, one plain and one immutable per item.

An occurrence has no row of its own: its id is made from its series' id and its
original date, and read back here. Callers of Graph must not rely on the form.
Source: https://learn.microsoft.com/graph/outlook-immutable-id
"""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from datetime import date

_PLAIN, _IMMUTABLE = "AAMkAD", "AAkALg"
_PLAIN_OCCURRENCE, _IMMUTABLE_OCCURRENCE = "AAMkAFRAAgAI", "AAkALgFRAAgI"
_UID_HEAD = "040000008200E00074C5B7101A82E008"
_WELL_FORMED = re.compile(r"[A-Za-z0-9+/_=-]{16,}")


def plain_id(mailbox: str, number: int) -> str:
    """The id that the `number`-th change of a mailbox gives; a move gives another."""
    return f"{_PLAIN}{_tag(mailbox)}{_letters(_digest(mailbox, number)[:18])}AAA="


def immutable_id(mailbox: str, number: int) -> str:
    """The id that stays when the item moves within its mailbox."""
    return f"{_IMMUTABLE}{_tag(mailbox)}{_letters(_digest(mailbox, number)[18:33])}"


def calendar_uid(mailbox: str, number: int) -> str:
    """An iCalUId, as Exchange makes them for a new meeting."""
    return f"{_UID_HEAD}00000000{_digest(mailbox, number)[33:49].hex().upper()}"


def occurrence_uid(uid: str, day: date) -> str:
    """The iCalUId of one occurrence, which differs from its series'."""
    stamp = f"{day.year:04X}{day.month:02X}{day.day:02X}"
    if uid.startswith(_UID_HEAD) and len(uid) >= len(_UID_HEAD) + 8:
        return uid[: len(_UID_HEAD)] + stamp + uid[len(_UID_HEAD) + 8 :]
    return f"{uid}{stamp}"


def change_key(mailbox: str, number: int) -> str:
    """The version of an item after the mailbox's `number`-th change."""
    return f"{_tag(mailbox)}{_letters(_digest(mailbox, number)[49:61])}=="


def occurrence_id(master: str, day: date, *, immutable: bool) -> str:
    """The id of the occurrence of this original date."""
    head = _IMMUTABLE_OCCURRENCE if immutable else _PLAIN_OCCURRENCE
    stamp = base64.urlsafe_b64encode(day.toordinal().to_bytes(3, "big")).decode()
    return f"{head}{stamp}{master}"


def split_occurrence(item: str) -> tuple[str, date] | None:
    """The series' id and the original date in an occurrence's id, or None for any other id."""
    for head in (_PLAIN_OCCURRENCE, _IMMUTABLE_OCCURRENCE):
        if item.startswith(head) and len(item) > len(head) + 4:
            stamp = base64.urlsafe_b64decode(item[len(head) : len(head) + 4])
            ordinal = int.from_bytes(stamp, "big")
            if 0 < ordinal <= date.max.toordinal():
                return item[len(head) + 4 :], date.fromordinal(ordinal)
    return None


def is_well_formed(item: str) -> bool:
    """Whether a text could be an id of Exchange at all."""
    return _WELL_FORMED.fullmatch(item) is not None


@functools.lru_cache(maxsize=4096)
def _tag(mailbox: str) -> str:
    return _letters(hashlib.blake2b(mailbox.encode(), digest_size=9).digest())


@functools.lru_cache(maxsize=16)
def _digest(mailbox: str, number: int) -> bytes:
    return hashlib.blake2b(f"{mailbox}/{number}".encode()).digest()


def _letters(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()
