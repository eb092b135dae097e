"""The hot path's way to PostgreSQL: values bound at the server, arrays in binary, statements prepared.

Django's own cursor writes every value into the text of the statement: for arrays of a thousand
mixed texts that costs more than the rest of the journal.
"""

from __future__ import annotations

from typing import Any

import psycopg
from django.db import connection


def hot_cursor() -> psycopg.Cursor[tuple[Any, ...]]:
    """A cursor on Django's own connection, and so inside its transaction where there is one."""
    connection.ensure_connection()
    return psycopg.Cursor(connection.connection)
