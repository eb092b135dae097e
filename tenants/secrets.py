"""Secrets at rest: encrypted with the first of our keys, readable with any of them.

To rotate: put a new key first in CULVERT_FIELD_KEYS, restart, run `manage.py rotate_secrets`,
then drop the old key.
"""

from __future__ import annotations

from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models


class Unreadable(Exception):
    """A secret was encrypted with a key that we no longer have."""


def _box() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.CULVERT_FIELD_KEYS])


def seal(secret: str) -> str:
    """The secret as it may lie in the database."""
    return _box().encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str:
    """The secret behind `sealed`. Raises Unreadable when none of our keys fits."""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise Unreadable("A stored secret fits none of the keys in CULVERT_FIELD_KEYS.") from error


def rotate(sealed: str) -> str:
    """The same secret under the first key."""
    try:
        return _box().rotate(sealed.encode()).decode()
    except InvalidToken as error:
        raise Unreadable("A stored secret fits none of the keys in CULVERT_FIELD_KEYS.") from error


class SealedField(models.TextField[str, str]):
    """A text that is encrypted on its way into the database and readable only in Python.

    It cannot be filtered on: equal secrets look different at rest.
    """

    def get_prep_value(self, value: Any) -> Any:
        """Seal what is stored; an empty text stays empty."""
        return seal(value) if value else ""

    def from_db_value(self, value: str | None, *_: Any) -> str:
        """Unseal what is read."""
        return unseal(value) if value else ""
