"""The engine's memory of lanes: links, intents, and the ledger of what was written.

Intents of a window are one statement, outcomes with their ledger rows another (measured: twelve
times quicker than rows one by one). The caller is in no transaction, so each is committed when it
returns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from syncengine.model.identity import Fingerprint, LaneId, RemoteId, RowId
from syncengine.ports.remembering import Census, Intent, Link, OpenIntent, Place, Result
from syncengine.ports.writing import Written
from tunnels.bookkeeping.bodies import Bodies
from tunnels.bookkeeping.hot import hot_cursor
from tunnels.bookkeeping.recording import INTEND, RECORD, columns_of

_LINK = (
    "l.row, l.remote_id, l.version, l.sent, l.attempt, l.etag, l.answer, l.intent, l.failed,"
    " l.respected, l.occurrence"
)


class SqlBook:
    """Links and ledger in PostgreSQL. `runs` names the run that each lane's writes belong to."""

    def __init__(self, bodies: Bodies, runs: Mapping[LaneId, int] | None = None) -> None:
        self._bodies, self._runs = bodies, runs or {}

    def links(self, lane: LaneId, rows: Sequence[RowId] | None = None) -> Mapping[Place, Link]:
        """Links by (row, occurrence); only those of `rows` where given. Bases are loaded."""
        if rows is None:
            return _by_place(self._read("l.lane = %s", [lane]))
        return _by_place(self._read("l.lane = %s AND l.row = ANY(%b)", [lane, list(rows)]))

    def by_remote_id(self, lane: LaneId, ids: Sequence[RemoteId]) -> Mapping[RemoteId, Link]:
        """The links that own these remote ids."""
        found = self._read(
            "l.lane = %s AND hashtextextended(l.remote_id, 0) = ANY("
            "SELECT hashtextextended(id, 0) FROM unnest(%b::text[]) AS id) AND l.remote_id = ANY(%b)",
            [lane, list(ids), list(ids)],
        )
        return {link.remote_id: link for link in found if link.remote_id is not None}

    def unsettled(self, lane: LaneId) -> Mapping[Place, Link]:
        """Links with an open intent, and links that still wait for their copy."""
        return _by_place(
            self._read(
                "l.lane = %s AND (l.intent <> '' OR l.remote_id IS NULL)"
                " AND (l.intent <> '' OR (l.failed = '' AND NOT l.respected))",
                [lane],
            )
        )

    def intend(self, lane: LaneId, intents: Sequence[Intent]) -> None:
        """Store what we are about to do. An open create's attempt that is replaced stays known."""
        ours = [intent for intent in intents if intent.action.cause != "late twin"]
        if not ours:
            return
        with hot_cursor() as cursor:
            cursor.execute(
                INTEND,
                {
                    "lane": lane,
                    "run": self._runs.get(lane),
                    "rows": [intent.action.row for intent in ours],
                    "occurrences": [intent.action.occurrence for intent in ours],
                    "verbs": [intent.action.verb for intent in ours],
                    "attempts": [intent.attempt for intent in ours],
                },
            )

    def record(self, lane: LaneId, results: Sequence[Result]) -> None:
        """Store what came of it, and the ledger rows: one statement."""
        if not results:
            return
        with hot_cursor() as cursor:
            cursor.execute(RECORD, {"lane": lane, "run": self._runs.get(lane), **columns_of(results)})
        self._wait_for_detached(lane, results)

    def withdraw(self, lane: LaneId, intents: Sequence[Intent]) -> None:
        """These were never sent: their intents end, no ledger row remains."""
        if not intents:
            return
        with hot_cursor() as cursor:
            cursor.execute(
                "UPDATE tunnels_link l SET intent = ''"
                " FROM unnest(%b::bigint[], %b::text[]) AS t(row, occurrence)"
                " WHERE l.lane = %s AND l.row = t.row AND l.occurrence = t.occurrence",
                [
                    [intent.action.row for intent in intents],
                    [intent.action.occurrence for intent in intents],
                    lane,
                ],
            )

    def confirm(self, lane: LaneId, seen: Mapping[RemoteId, tuple[str, Fingerprint]]) -> None:
        """The target shows these copies as we wrote them: remember etag and answer."""
        if not seen:
            return
        with hot_cursor() as cursor:
            cursor.execute(
                "UPDATE tunnels_link l SET etag = t.etag, answer = t.answer"
                " FROM unnest(%b::text[], %b::text[], %b::text[]) AS t(id, etag, answer)"
                " WHERE l.lane = %s AND hashtextextended(l.remote_id, 0) = hashtextextended(t.id, 0)"
                " AND l.remote_id = t.id AND (l.etag, l.answer) IS DISTINCT FROM (t.etag, t.answer)",
                [list(seen), [etag for etag, _ in seen.values()], [said for _, said in seen.values()], lane],
            )

    def past_attempts(self, lane: LaneId, attempts: Sequence[str]) -> Mapping[str, RemoteId | None]:
        """Those of the attempts that we ever made, with the copy they were settled with."""
        with hot_cursor() as cursor:
            cursor.execute(
                """
                SELECT attempt, max(remote_id) FILTER (WHERE outcome = 'written' AND remote_id <> '')
                FROM tunnels_ledgerentry
                WHERE attempt = ANY(%(attempts)b) AND attempt <> '' AND lane = %(lane)s
                GROUP BY attempt
                UNION ALL
                SELECT attempt, remote_id FROM tunnels_link
                WHERE lane = %(lane)s AND attempt = ANY(%(attempts)b) AND remote_id IS NULL
                """,
                {"lane": lane, "attempts": list(attempts)},
            )
            fates: dict[str, RemoteId | None] = {}
            for attempt, remote_id in cursor.fetchall():
                fates[attempt] = fates.get(attempt) or (RemoteId(remote_id) if remote_id else None)
            return fates

    def census(self, lane: LaneId) -> Census:
        """What the guard of deletions counts against."""
        with hot_cursor() as cursor:
            cursor.execute(
                "SELECT (SELECT count(*) FROM tunnels_link WHERE lane = %(lane)s AND remote_id IS NOT NULL),"
                " (SELECT coalesce(sum(removes), 0) FROM tunnels_ledgerentry WHERE lane = %(lane)s"
                "  AND removes > 0 AND at > culvert_now() - interval '24 hours' AND outcome = 'written')",
                {"lane": lane},
            )
            copies, deleted = cursor.fetchone() or (0, 0)
        return Census(copies=copies, deleted=int(deleted))

    def _read(self, condition: str, values: list[Any]) -> list[Link]:
        with hot_cursor() as cursor:
            cursor.execute(f"SELECT {_LINK} FROM tunnels_link l WHERE {condition}", values)  # noqa: S608
            found = cursor.fetchall()
        bases = self._bodies.load(row[3] for row in found)
        return [
            Link(
                row=RowId(row[0]),
                remote_id=RemoteId(row[1]) if row[1] else None,
                version=row[2],
                sent=Fingerprint(row[3]),
                attempt=row[4],
                etag=row[5],
                answer=Fingerprint(row[6]),
                intent=cast("OpenIntent", row[7]),
                failed=row[8],
                respected=row[9],
                occurrence=row[10],
                base=bases.get(row[3]),
            )
            for row in found
        ]

    def _wait_for_detached(self, lane: LaneId, results: Sequence[Result]) -> None:
        """Each newly detached occurrence gets a link that waits for its copy."""
        places = [
            (result.intent.action.row, day)
            for result in results
            if isinstance(result.outcome, Written)
            for day in result.outcome.detached
        ]
        if places:
            with hot_cursor() as cursor:
                cursor.execute(
                    "INSERT INTO tunnels_link (lane, row, occurrence)"
                    " SELECT %s, * FROM unnest(%b::bigint[], %b::text[]) ON CONFLICT DO NOTHING",
                    [lane, [row for row, _ in places], [day for _, day in places]],
                )


def _by_place(links: Sequence[Link]) -> dict[Place, Link]:
    return {(link.row, link.occurrence): link for link in links}
