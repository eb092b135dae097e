"""The one clock: the database's, plus an offset that is zero in production.

Workers on hosts whose clocks disagree still agree here. Tests and the demo move the offset
instead of sleeping. In SQL it is `culvert_now()`; in queries of the ORM it is `Now()`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import DateTimeField, Func


class Now(Func):
    """`culvert_now()` for the ORM: the moment at which the statement began."""

    function = "culvert_now"
    arity = 0
    output_field = DateTimeField()


def now() -> datetime:
    """The time by which everything is due, claimed and dated (aware, UTC)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT culvert_now()")
        row = cursor.fetchone()
    moment: datetime = row[0]
    return moment.astimezone(UTC)


def today(zone: str = "UTC") -> date:
    """The date in a zone, by the same clock."""
    return now().astimezone(ZoneInfo(zone)).date()


def offset() -> timedelta:
    """How far the clock stands from the database's own."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ahead FROM partners_clockoffset")
        row = cursor.fetchone()
    ahead: timedelta = row[0]
    return ahead


def set_offset(ahead: timedelta) -> None:
    """Let the clock stand so far from the database's own. Nothing of production calls this."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE partners_clockoffset SET ahead = make_interval(secs => %s)", [ahead.total_seconds()]
        )


def advance(by: timedelta) -> None:
    """Move the clock on."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE partners_clockoffset SET ahead = ahead + make_interval(secs => %s)", [by.total_seconds()]
        )
