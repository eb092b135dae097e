"""Processor time of other processes, where /proc tells."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from django.db import connection

TICKS_S = 100
"""What the kernel counts in; 100 on every Linux that we know of."""


class _Stat(NamedTuple):
    parent: int
    own: int
    children: int


def postgres_seconds() -> float:
    """What the database server we are connected to has used so far, with all its sessions."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        session = _stat(int(cursor.fetchone()[0]))
    if session is None:
        return 0.0
    server = _stat(session.parent)
    alive = [one for one in map(_stat, _processes()) if one and one.parent == session.parent]
    used = sum(one.own for one in alive) + (server.own + server.children if server else 0)
    return used / TICKS_S


def _processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]


def _stat(pid: int) -> _Stat | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    user, system, children_user, children_system = map(int, fields[11:15])
    return _Stat(int(fields[1]), user + system, children_user + children_system)
