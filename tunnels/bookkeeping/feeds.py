"""The engine's memory of one source calendar: questions first, then what was read.

A look stores ids as questions, page by page; the cursor moves after the last page; then ids are
read and become items. Whatever happens in between, a question stays until it is answered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from django.db import connection, transaction

from syncengine.errors import HoldThePlan
from syncengine.model.codec import item_to_json
from syncengine.model.expansion import series_span
from syncengine.model.identity import Cursor, RemoteId, fingerprint
from syncengine.model.items import Event
from syncengine.planning.guards import GuardSettings, judge_source
from syncengine.ports.looking import Missing, Reading, Unreadable
from tunnels.models import Feed

_ADDRESS_ONLY = ("remote_id", "etag", "key")
"""Fields of an event that say where it is and not what: no change of content."""


class SqlFeedBook:
    """One calendar's feed. `changed` counts items that got a new number, `unread` why some did not."""

    def __init__(self, feed: Feed, settings: GuardSettings | None = None) -> None:
        self._feed, self._settings = feed, settings or GuardSettings()
        self._look = feed.look
        self.changed = 0
        self.unread: dict[str, int] = {}

    def cursor(self) -> Cursor | None:
        """Where the delta chain stands; None for a full look."""
        return Cursor(self._feed.cursor) if self._feed.cursor else None

    def begin_full_look(self) -> None:
        """From here on, what the look does not show will be asked for by id."""
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE tunnels_feed SET look = look + 1, cursor = '' WHERE id = %s RETURNING look",
                [self._feed.pk],
            )
            self._look = int(cursor.fetchone()[0])
        self._feed.look, self._feed.cursor = self._look, ""

    def forget_before(self, start: datetime) -> None:
        """Let go of items that ended before a window begins, where every register has passed them.

        What they left in registers is the answer to "why not": nobody asks that of the past.
        """
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                """
                DELETE FROM tunnels_feeditem WHERE feed_id = %(feed)s AND NOT to_read AND ends_at < %(start)s
                    AND number <= (SELECT coalesce(min(shaped), 0) FROM tunnels_tunnelmember
                                   WHERE feed_id = %(feed)s)
                    AND NOT EXISTS (
                        SELECT 1 FROM tunnels_registerrow r
                        JOIN tunnels_cell c ON c.id = r.cell_id
                        JOIN tunnels_tunnelmember m ON m.tunnel_id = c.tunnel_id AND m.feed_id = %(feed)s
                        WHERE r.key = tunnels_feeditem.key AND r.fingerprint <> '')
                RETURNING key
                """,
                {"feed": self._feed.pk, "start": start},
            )
            keys = [row[0] for row in cursor.fetchall()]
            cursor.execute(
                "DELETE FROM tunnels_registerrow r USING tunnels_cell c, tunnels_tunnelmember m"
                " WHERE r.cell_id = c.id AND m.tunnel_id = c.tunnel_id AND m.feed_id = %s"
                " AND r.number = 0 AND r.key = ANY(%s)",
                [self._feed.pk, keys],
            )

    def to_be_read(self, changed: Sequence[RemoteId], removed: Sequence[RemoteId]) -> None:
        """Remember these ids as questions. Removed ids that we do not know are forgotten."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO tunnels_feeditem AS old
                    (feed_id, remote_id, look, to_read, asked, key, number, fingerprint, gone, unreadable)
                SELECT %(feed)s, id, %(look)s, true, 1, '', 0, '', false, ''
                FROM (SELECT DISTINCT id FROM unnest(%(ids)s::text[]) AS id) AS ids
                ON CONFLICT (feed_id, hashtextextended(remote_id, 0)) DO UPDATE
                    SET look = EXCLUDED.look, to_read = true, asked = 1
                """,
                {"feed": self._feed.pk, "look": self._look, "ids": list(changed)},
            )
            cursor.execute(
                "UPDATE tunnels_feeditem SET to_read = true, asked = 0"
                " WHERE feed_id = %s AND NOT gone AND remote_id = ANY(%s)"
                " AND hashtextextended(remote_id, 0) = ANY("
                "SELECT hashtextextended(id, 0) FROM unnest(%s::text[]) AS id)",
                [self._feed.pk, list(removed), list(removed)],
            )

    def questions(self, limit: int) -> Mapping[RemoteId, bool]:
        """Ids that wait to be read, and whether a look spoke against them; those come first."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT remote_id, asked = 0 FROM tunnels_feeditem WHERE feed_id = %s AND to_read"
                " ORDER BY asked, id LIMIT %s",
                [self._feed.pk, limit],
            )
            return {RemoteId(one): is_doubted for one, is_doubted in cursor.fetchall()}

    def absent_from_full_look(self) -> None:
        """After the last page of a full look: known ids that it did not show become questions.

        Raises HoldThePlan when the look showed nothing where the feed held many items.
        """
        with connection.cursor() as cursor:
            cursor.execute(
                """
                SELECT count(*) FILTER (WHERE look = %(look)s),
                       count(*) FILTER (WHERE number > 0 AND starts_at < %(end)s
                                          AND (ends_at IS NULL OR ends_at > %(start)s))
                FROM tunnels_feeditem WHERE feed_id = %(feed)s AND NOT gone
                """,
                {
                    "look": self._look,
                    "feed": self._feed.pk,
                    "start": self._feed.window_start,
                    "end": self._feed.window_end,
                },
            )
            shown, held = cursor.fetchone()
            if reason := judge_source(held, shown, self._settings):
                raise HoldThePlan(
                    reason,
                    reason="source emptied",
                    advice="Look into the calendar; restore it, or confirm that it was emptied on purpose.",
                )
            cursor.execute(
                "UPDATE tunnels_feeditem SET to_read = true, asked = 0"
                " WHERE feed_id = %s AND NOT gone AND look < %s",
                [self._feed.pk, self._look],
            )

    def answer(self, readings: Mapping[RemoteId, Reading]) -> None:
        """Store what was read; an unreadable item keeps what we knew and its reason is stored."""
        with transaction.atomic():
            head = _lock(self._feed.pk)
            known = _known(self._feed.pk, list(readings))
            gone = [
                known[place] for place, one in readings.items() if isinstance(one, Missing) and place in known
            ]
            head = self._bury(gone, head)
            events = [one for one in readings.values() if isinstance(one, Event)]
            head = self._store(events, known, head)
            self._note(readings)
            _set_head(self._feed.pk, head)

    def move(self, cursor: Cursor) -> None:
        """The chain stands here now."""
        Feed.objects.filter(pk=self._feed.pk).update(cursor=cursor)
        self._feed.cursor = cursor

    def _bury(self, gone: Sequence[_Known], head: int) -> int:
        """Deleted items become tombstones with a number; those that were never read are forgotten."""
        read = [item for item in gone if item.number and not item.gone]
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM tunnels_feeditem WHERE id = ANY(%s) AND number = 0", [[item.id for item in gone]]
            )
            cursor.execute(
                "UPDATE tunnels_feeditem i SET gone = true, to_read = false, number = t.number"
                " FROM unnest(%s::bigint[], %s::bigint[]) AS t(id, number) WHERE i.id = t.id",
                [[item.id for item in read], list(range(head + 1, head + len(read) + 1))],
            )
            cursor.execute(
                "UPDATE tunnels_feeditem SET to_read = false WHERE id = ANY(%s)", [[item.id for item in gone]]
            )
        self.changed += len(read)
        return head + len(read)

    def _store(self, events: Sequence[Event], known: Mapping[RemoteId, _Known], head: int) -> int:
        taken = _owners(self._feed.pk, [event.key for event in events])
        rows, renamed = [], []
        for event in events:
            item = known.get(event.remote_id)
            key = _key_for(event, item, taken)
            said = item_to_json(event)
            mark = fingerprint({name: said[name] for name in said if name not in _ADDRESS_ONLY})
            is_same = item is not None and item.fingerprint == mark and not item.gone and item.key == key
            head += not is_same
            number = item.number if is_same and item is not None else head
            rows.append((event.remote_id, key, number, said, mark, *series_span(event)))
            self.changed += not is_same
            if item is not None and item.key not in ("", key) and not item.gone:
                renamed.append(item)
        self._write(rows)
        return self._leave_tombstones(renamed, head)

    def _leave_tombstones(self, renamed: Sequence[_Known], head: int) -> int:
        """An item that became another one: the old identity is gone, and cells must hear of it."""
        if not renamed:
            return head
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO tunnels_feeditem"
                " (feed_id, remote_id, key, number, fingerprint, gone, to_read, asked, look, unreadable)"
                " SELECT %s, t.*, '', true, false, 0, 0, ''"
                " FROM unnest(%s::text[], %s::text[], %s::bigint[]) AS t ON CONFLICT DO NOTHING",
                [
                    self._feed.pk,
                    [f"{item.remote_id}#{item.number}" for item in renamed],
                    [item.key for item in renamed],
                    list(range(head + 1, head + len(renamed) + 1)),
                ],
            )
        return head + len(renamed)

    def _write(self, rows: Sequence[tuple[RemoteId, str, int, Any, str, datetime, datetime | None]]) -> None:
        if not rows:
            return
        ids, keys, numbers, said, marks, starts, ends = map(list, zip(*rows, strict=True))
        with connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO tunnels_feeditem AS old
                    (feed_id, remote_id, key, number, item, fingerprint, starts_at, ends_at,
                     gone, to_read, asked, look, unreadable)
                SELECT %s, t.*, false, false, 0, %s, ''
                FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::jsonb[], %s::text[],
                            %s::timestamptz[], %s::timestamptz[]) AS t
                ON CONFLICT (feed_id, hashtextextended(remote_id, 0)) DO UPDATE SET
                    key = EXCLUDED.key, number = EXCLUDED.number, item = EXCLUDED.item,
                    fingerprint = EXCLUDED.fingerprint, starts_at = EXCLUDED.starts_at,
                    ends_at = EXCLUDED.ends_at, gone = false, to_read = false, unreadable = ''
                """,
                [
                    self._feed.pk, self._look, ids, keys, numbers,
                    [orjson.dumps(one).decode() for one in said], marks, starts, ends,
                ],
            )  # fmt: skip

    def _note(self, readings: Mapping[RemoteId, Reading]) -> None:
        """What cannot be understood keeps what we knew, and its reason is stored."""
        bad = {place: one.reason for place, one in readings.items() if isinstance(one, Unreadable)}
        for reason in bad.values():
            self.unread[reason] = self.unread.get(reason, 0) + 1
        if bad:
            with connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE tunnels_feeditem i SET to_read = false, unreadable = left(t.reason, 300)"
                    " FROM unnest(%s::text[], %s::text[]) AS t(id, reason)"
                    " WHERE i.feed_id = %s AND i.remote_id = t.id"
                    " AND hashtextextended(i.remote_id, 0) = hashtextextended(t.id, 0)",
                    [list(bad), list(bad.values()), self._feed.pk],
                )


def prune(feed: int) -> int:
    """Let deleted items go that every register which drinks from the feed has passed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM tunnels_feeditem WHERE feed_id = %s AND gone AND NOT to_read AND number <="
            " (SELECT coalesce(min(shaped), 0) FROM tunnels_tunnelmember WHERE feed_id = %s)",
            [feed, feed],
        )
        return int(cursor.rowcount)


class _Known(NamedTuple):
    id: int
    remote_id: str
    key: str
    number: int
    fingerprint: str
    gone: bool


def _known(feed: int, ids: Sequence[RemoteId]) -> dict[RemoteId, _Known]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, remote_id, key, number, fingerprint, gone FROM tunnels_feeditem"
            " WHERE feed_id = %s AND hashtextextended(remote_id, 0) = ANY("
            "SELECT hashtextextended(id, 0) FROM unnest(%s::text[]) AS id) AND remote_id = ANY(%s)",
            [feed, list(ids), list(ids)],
        )
        return {RemoteId(row[1]): _Known(*row) for row in cursor.fetchall()}


def _owners(feed: int, keys: Sequence[str]) -> dict[str, str]:
    """Which address each identity lives at, of items that stand."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key, remote_id FROM tunnels_feeditem"
            " WHERE feed_id = %s AND key = ANY(%s) AND NOT gone AND number > 0",
            [feed, list(keys)],
        )
        return dict(cursor.fetchall())


def _key_for(event: Event, item: _Known | None, taken: dict[str, str]) -> str:
    """The event's identity; with its address where another event of the calendar has the same.

    An item keeps the identity that it has, so that its copy does not change hands.
    """
    apart = f"{event.key}#{event.remote_id}"
    if item is not None and not item.gone and item.key in (event.key, apart):
        return item.key
    if taken.setdefault(event.key, event.remote_id) == event.remote_id:
        return event.key
    return apart


def _lock(feed: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT head FROM tunnels_feed WHERE id = %s FOR UPDATE", [feed])
        return int(cursor.fetchone()[0])


def _set_head(feed: int, head: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tunnels_feed SET head = %s WHERE id = %s", [head, feed])
