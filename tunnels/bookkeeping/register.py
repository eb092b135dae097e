"""Registers: storing rows under new numbers, and reading them by number."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, cast

from django.db import connection, transaction

from syncengine.model.copies import Copy
from syncengine.model.identity import Fingerprint, ItemKey, RowId
from syncengine.ports.remembering import Row
from syncengine.ports.writing import Cause
from tunnels.bookkeeping.bodies import Bodies
from tunnels.bookkeeping.hot import hot_cursor
from tunnels.bookkeeping.identity import Identity

WINDOW = 1_000
"""Rows read at once. Beyond that nothing is gained (measured), and memory stays flat."""

SOURCE_DELETED: Cause = "source deleted"


@dataclass(frozen=True, slots=True)
class Shaped:
    """What became of one item: a copy, or why there is none. `people` are keyed hashes."""

    key: str
    copy: Copy | None
    fingerprint: Fingerprint = Fingerprint("")
    reason: str = ""
    cause: Cause = SOURCE_DELETED
    about: str = ""
    people: tuple[str, ...] = ()
    member: int = 0
    starts_at: datetime | None = None

    @property
    def is_gone(self) -> bool:
        """Whether the item itself is no more, so that nobody will ask why it has no copy."""
        return self.copy is None and not self.reason


@dataclass(frozen=True, slots=True)
class Stored:
    """What storing did: rows that got a number, the new head, and the reasons that are new."""

    numbered: int
    head: int
    excused: Mapping[str, int]


class _Known(NamedTuple):
    id: int
    fingerprint: str
    people: list[str]
    reason: str
    cause: str
    number: int


@transaction.atomic
def store_rows(cell: int, shaped: Sequence[Shaped], identity: Identity, bodies: Bodies) -> Stored:
    """Bring rows to what was shaped. Only a change that a lane must see gets a number.

    The cell's row is locked until commit, so whoever reads up to the head has seen everything.
    """
    head = _lock(cell)
    known = _known(cell, [row.key for row in shaped])
    numbered = [row for row in shaped if _is_a_change(row, known.get(row.key))]
    silent = [row for row in shaped if _is_new_reason(row, known.get(row.key))]
    bodies.store({row.fingerprint: row.copy for row in numbered if row.copy is not None})
    _upsert(cell, [*numbered, *silent], range(head + 1, head + len(numbered) + 1), identity)
    _forget(cell, [row.key for row in shaped if row.is_gone])
    if numbered:
        head = _move_head(cell, len(numbered))
    return Stored(len(numbered), head, _count_reasons([*numbered, *silent]))


def _lock(cell: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT head FROM tunnels_cell WHERE id = %s FOR UPDATE", [cell])
        return int(cursor.fetchone()[0])


def _move_head(cell: int, by: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tunnels_cell SET head = head + %s WHERE id = %s RETURNING head", [by, cell])
        return int(cursor.fetchone()[0])


def _known(cell: int, keys: Sequence[str]) -> dict[str, _Known]:
    with hot_cursor() as cursor:
        cursor.execute(
            "SELECT key, id, fingerprint, people, reason, cause, number FROM tunnels_registerrow"
            " WHERE cell_id = %s AND key = ANY(%b)",
            [cell, list(keys)],
        )
        return {row[0]: _Known(*row[1:]) for row in cursor.fetchall()}


def _is_a_change(row: Shaped, known: _Known | None) -> bool:
    """Whether some lane may have to hold something else now."""
    if row.copy is None:
        return known is not None and known.fingerprint != ""
    if known is None or known.fingerprint != row.fingerprint:
        return True
    return sorted(known.people) != sorted(row.people)


def _is_new_reason(row: Shaped, known: _Known | None) -> bool:
    """Whether only the answer to "why not" is new: no lane needs to hear of it."""
    if row.copy is not None or row.is_gone or (known and known.fingerprint):
        return False
    return known is None or (known.reason, known.cause) != (row.reason, row.cause)


def _count_reasons(rows: Sequence[Shaped]) -> dict[str, int]:
    reasons: dict[str, int] = {}
    for row in rows:
        if row.reason:
            reasons[row.reason] = reasons.get(row.reason, 0) + 1
    return reasons


def _upsert(cell: int, rows: Sequence[Shaped], numbers: Sequence[int], identity: Identity) -> None:
    """Rows beyond `numbers` keep the number that they have, or get none."""
    if not rows:
        return
    padded = [*numbers, *([0] * (len(rows) - len(numbers)))]
    with hot_cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO tunnels_registerrow AS old
                (cell_id, key, mark, number, fingerprint, reason, cause, about, people, member,
                 starts_at, changed_at)
            SELECT %s, key, mark, number, fingerprint, reason, cause, about,
                   string_to_array(people, ' '), member, starts_at, culvert_now()
            FROM unnest(%b::text[], %b::text[], %b::bigint[], %b::text[], %b::text[], %b::text[],
                        %b::text[], %b::text[], %b::bigint[], %b::timestamptz[])
                 AS t(key, mark, number, fingerprint, reason, cause, about, people, member, starts_at)
            ON CONFLICT (cell_id, key) DO UPDATE SET
                number = CASE WHEN EXCLUDED.number > 0 THEN EXCLUDED.number ELSE old.number END,
                fingerprint = EXCLUDED.fingerprint, reason = EXCLUDED.reason, cause = EXCLUDED.cause,
                about = CASE WHEN EXCLUDED.about <> '' THEN EXCLUDED.about ELSE old.about END,
                people = EXCLUDED.people, member = EXCLUDED.member,
                starts_at = coalesce(EXCLUDED.starts_at, old.starts_at), changed_at = EXCLUDED.changed_at
            """,
            [
                cell,
                [row.key for row in rows],
                [identity.row_mark(row.key) for row in rows],
                padded,
                [row.fingerprint if row.copy is not None else "" for row in rows],
                [row.reason[:200] for row in rows],
                [row.cause for row in rows],
                [row.about for row in rows],
                [" ".join(row.people) for row in rows],
                [row.member for row in rows],
                [row.starts_at for row in rows],
            ],
        )


def _forget(cell: int, keys: Sequence[str]) -> None:
    """Items that are no more and never had a copy leave no trace."""
    if keys:
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM tunnels_registerrow WHERE cell_id = %s AND number = 0 AND key = ANY(%s)",
                [cell, list(keys)],
            )


_COLUMNS = "id, key, number, fingerprint, reason, cause, about, people, mark"


class SqlRegister:
    """A cell's register as a walk reads it, up to the head that the walk saw.

    Lanes that walk together ask for the same windows: the last few are kept, so a row is read and
    decoded once for all of them.
    """

    def __init__(self, cell: int, head: int, bodies: Bodies, windows: int = 8) -> None:
        self.cell, self.head = cell, head
        self._bodies, self._windows = bodies, windows
        self._kept = OrderedDict[tuple[int, int], list[Row]]()

    def after(self, number: int, limit: int = WINDOW) -> Sequence[Row]:
        """Rows above `number` and not above the head, by number; tombstones too."""
        window = (number, limit)
        if window not in self._kept:
            self._kept[window] = _read(
                f"SELECT {_COLUMNS} FROM tunnels_registerrow"  # noqa: S608  (columns are ours)
                " WHERE cell_id = %s AND number > %s AND number <= %s ORDER BY number LIMIT %s",
                [self.cell, number, self.head, limit],
                self._bodies,
            )
            while len(self._kept) > self._windows:
                self._kept.popitem(last=False)
        return self._kept[window]

    def of(self, ids: Collection[RowId]) -> Sequence[Row]:
        """These rows as they are now; what does not exist is left out."""
        return _read(
            f"SELECT {_COLUMNS} FROM tunnels_registerrow WHERE cell_id = %s AND id = ANY(%b)",  # noqa: S608
            [self.cell, list(ids)],
            self._bodies,
        )

    def by_mark(self, marks: Collection[str]) -> Mapping[str, Row]:
        """Rows by their part of a mark."""
        rows = _read(
            f"SELECT {_COLUMNS} FROM tunnels_registerrow WHERE cell_id = %s AND mark = ANY(%b)",  # noqa: S608
            [self.cell, list(marks)],
            self._bodies,
        )
        return {row.mark: row for row in rows}


def _read(sql: str, values: list[Any], bodies: Bodies) -> list[Row]:
    with hot_cursor() as cursor:
        cursor.execute(sql, values)
        found = cursor.fetchall()
    copies = bodies.load(row[3] for row in found)
    return [
        Row(
            id=RowId(row[0]),
            key=ItemKey(row[1]),
            number=row[2],
            copy=copies.get(row[3]),
            fingerprint=Fingerprint(row[3]),
            reason=row[4],
            cause=cast("Cause", row[5]),
            about=row[6],
            people=frozenset(row[7]),
            mark=row[8],
        )
        for row in found
    ]


def prune(cell: int) -> int:
    """Let tombstones go that every lane has passed; rows with a reason stay, without a number."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH passed AS (
                SELECT coalesce(min(cursor), (SELECT head FROM tunnels_cell WHERE id = %(cell)s)) AS number
                FROM tunnels_lane WHERE cell_id = %(cell)s AND gone_at IS NULL
            ), over AS (
                SELECT r.id, r.reason FROM tunnels_registerrow r, passed
                WHERE r.cell_id = %(cell)s AND r.fingerprint = '' AND r.number BETWEEN 1 AND passed.number
                  AND NOT EXISTS (
                      SELECT 1 FROM tunnels_lane l JOIN tunnels_link k ON k.lane = l.id AND k.row = r.id
                      WHERE l.cell_id = %(cell)s AND l.gone_at IS NULL)
            ), silenced AS (
                UPDATE tunnels_registerrow r SET number = 0 FROM over
                WHERE r.id = over.id AND over.reason <> ''
            )
            DELETE FROM tunnels_registerrow r USING over WHERE r.id = over.id AND over.reason = ''
            """,
            {"cell": cell},
        )
        return int(cursor.rowcount)
