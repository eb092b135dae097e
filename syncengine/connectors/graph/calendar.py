"""A mailbox calendar as a source: delta gives questions, reading by id gives answers.

Sources: https://learn.microsoft.com/graph/api/event-delta,
https://learn.microsoft.com/graph/api/event-get
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from syncengine.connectors.graph.door import MOST_PARTS, GraphDoor
from syncengine.connectors.graph.marks import EXPAND_MARK
from syncengine.connectors.graph.paths import (
    IMMUTABLE,
    IN_UTC,
    ITEM_HEADERS,
    calendar_path,
    event_path,
    same_event_path,
    with_query,
)
from syncengine.connectors.graph.remedies import fault_of
from syncengine.connectors.graph.wire_events import SOURCE_EXCEPTION_FIELDS, SOURCE_FIELDS, event_from
from syncengine.connectors.graph.wire_time import Misread
from syncengine.errors import TryAgain
from syncengine.model.identity import Cursor, RemoteId
from syncengine.model.time import Window
from syncengine.ports.looking import ChangePage, Missing, Reading, Unreadable
from syncengine.ports.writing import Fine, NotThere, Part

Json = dict[str, Any]

PAGE_SIZES = (200, 999)
"""The usual page, and the one for a second attempt after the links led in a circle."""

_EMPTY_PAGES = 100
_OF_A_SERIES = frozenset({"occurrence", "exception"})


class GraphCalendar:
    """One calendar of a mailbox, the default one where `calendar` is None. It remembers nothing."""

    def __init__(self, door: GraphDoor, mailbox: str, calendar: str | None = None) -> None:
        self._door, self._mailbox, self._calendar = door, mailbox, calendar

    def changes(self, window: Window, cursor: Cursor | None) -> Iterator[ChangePage]:
        """See `EventSource`. Occurrences are told as their series' masters.

        Where Graph's links lead in a circle, the round is begun anew with larger pages: what
        was told twice is a question asked twice.
        """
        start = cursor or self._first_page(window)
        for size in PAGE_SIZES:
            round_ = _Round()
            yield from self._round(start, size, round_)
            if not round_.is_circle:
                return
        raise TryAgain("The calendar's list of changes leads in a circle.")

    def read(
        self, ids: Sequence[RemoteId], doubted: Collection[RemoteId] = frozenset()
    ) -> Mapping[RemoteId, Reading]:
        """See `EventSource`. An occurrence without a readable master is a single event.

        What is doubted is looked for in the calendar even where a read by id finds it: it may be
        found in Deleted Items. Raises NeedsAPerson when the calendar itself is gone: its events are
        not deleted one by one.
        """
        raws = self._without_strays(self._fetch(ids, _ITEM), doubted)
        if any(raw is None for raw in raws.values()):
            self._door.get(with_query(calendar_path(self._mailbox, self._calendar), select="id"))
        loose = {raw["seriesMasterId"] for raw in raws.values() if raw and _is_of_a_series(raw)}
        masters = self._fetch([RemoteId(one) for one in sorted(loose)], {"select": "id"})
        return {one: _reading(raw, masters) for one, raw in raws.items()}

    def _first_page(self, window: Window) -> str:
        path = f"{calendar_path(self._mailbox, self._calendar)}/calendarView/delta"
        if self._calendar is None:
            # The documented address for the default calendar.
            path = path.replace("/calendar/calendarView", "/calendarView")
        start, end = (moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in (window.start, window.end))
        return with_query(path, startDateTime=start, endDateTime=end)

    def _round(self, start: str, size: int, round_: _Round) -> Iterator[ChangePage]:
        headers = {"Prefer": f"{IMMUTABLE}, {IN_UTC}, odata.maxpagesize={size}"}
        link: str | None = start
        while link is not None:
            page = self._door.get(link, headers)
            link = page.get("@odata.nextLink")
            told = round_.take(page, link)
            if round_.is_circle:
                return
            if link is not None:
                yield told
                continue
            cursor = page.get("@odata.deltaLink")
            if cursor is None:
                raise TryAgain("The last page of changes has no link to go on from.")
            orphans = self._without_master(round_)
            yield ChangePage((*told.changed, *orphans), told.removed, Cursor(cursor))

    def _without_master(self, round_: _Round) -> list[RemoteId]:
        """Occurrences whose master was not told and cannot be read: events of their own.

        So it is for somebody who was invited to one occurrence of a series only.
        """
        loose = sorted(round_.occurrences.keys() - round_.told)
        found = self._fetch([RemoteId(one) for one in loose], {"select": "id"})
        alone = [master for master, raw in found.items() if raw is None]
        return [RemoteId(one) for master in alone for one in round_.occurrences[master]]

    def _fetch(self, ids: Sequence[RemoteId], options: Mapping[str, str]) -> dict[RemoteId, Json | None]:
        """Each id's event, None where it is not there. Raises a Fault when any answer is missing."""
        found: dict[RemoteId, Json | None] = {}
        wanted = list(dict.fromkeys(ids))
        for at in range(0, len(wanted), MOST_PARTS):
            some = wanted[at : at + MOST_PARTS]
            replies = self._door.send([self._part(one, options) for one in some])
            for one, reply in zip(some, replies, strict=True):
                match reply:
                    case Fine(body=body):
                        found[one] = dict(body)
                    case NotThere():
                        found[one] = None
                    case _:
                        raise fault_of(reply)
        return found

    def _without_strays(
        self, raws: dict[RemoteId, Json | None], doubted: Collection[RemoteId]
    ) -> dict[RemoteId, Json | None]:
        """The events, None for those that are found by their id and do not lie in this calendar."""
        uids = {
            one: str(raw["iCalUId"])
            for one, raw in raws.items()
            if raw and raw.get("iCalUId") and not _is_of_a_series(raw) and one in doubted
        }
        wanted = list(uids)
        for at in range(0, len(wanted), MOST_PARTS):
            some = wanted[at : at + MOST_PARTS]
            urls = [same_event_path(self._mailbox, self._calendar, uids[one]) for one in some]
            replies = self._door.send([Part("GET", url, self._mailbox, headers=ITEM_HEADERS) for url in urls])
            for one, reply in zip(some, replies, strict=True):
                if not isinstance(reply, Fine):
                    raise fault_of(reply)
                if one not in {row["id"] for row in reply.body.get("value") or ()}:
                    raws[one] = None
        return raws

    def _part(self, one: RemoteId, options: Mapping[str, str]) -> Part:
        url = with_query(event_path(self._mailbox, self._calendar, one), **options)
        return Part("GET", url, self._mailbox, headers=ITEM_HEADERS)


_ITEM = {
    "select": SOURCE_FIELDS,
    "expand": f"exceptionOccurrences($select={SOURCE_EXCEPTION_FIELDS}),{EXPAND_MARK}",
}


@dataclass(slots=True)
class _Round:
    """What one round of delta has told so far.

    Sources of the circle: https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/3070,
    https://github.com/microsoftgraph/microsoft-graph-docs/issues/7352
    """

    told: set[str] = field(default_factory=set)
    occurrences: dict[str, list[str]] = field(default_factory=dict)
    is_circle: bool = False
    _rows: set[str] = field(default_factory=set)
    _links: set[str] = field(default_factory=set)
    _empty: int = 0

    def take(self, page: Json, link: str | None) -> ChangePage:
        """A page as questions; notices when the page, or the link after it, brings nothing new."""
        rows: list[Json] = page.get("value") or []
        known = len(self._rows)
        self._rows |= {row["id"] for row in rows}
        self._empty = 0 if rows else self._empty + 1
        if link is not None:
            repeats = bool(rows) and len(self._rows) == known
            self.is_circle = repeats or link in self._links or self._empty > _EMPTY_PAGES
            self._links.add(link)
        changed, removed = dict[str, None](), dict[str, None]()
        for row in rows:
            if "@removed" in row:
                removed[row["id"]] = None
            else:
                changed[self._question(row)] = None
        return ChangePage(tuple(map(RemoteId, changed)), tuple(map(RemoteId, removed)), None)

    def _question(self, row: Json) -> str:
        if not _is_of_a_series(row):
            self.told.add(row["id"])
            return str(row["id"])
        master = str(row["seriesMasterId"])
        self.occurrences.setdefault(master, []).append(row["id"])
        return master


def _is_of_a_series(raw: Json) -> bool:
    return raw.get("type") in _OF_A_SERIES and bool(raw.get("seriesMasterId"))


def _reading(raw: Json | None, masters: Mapping[RemoteId, Json | None]) -> Reading:
    if raw is None:
        return Missing()
    if _is_of_a_series(raw) and masters.get(RemoteId(raw["seriesMasterId"])) is not None:
        # It belongs to a series that can be read, so it is no item of its own.
        return Missing()
    try:
        return event_from(raw)
    except Misread as why:
        return Unreadable(str(why))
    except (AttributeError, KeyError, TypeError, ValueError):
        # One event of a shape that nobody has seen must not stop the others.
        return Unreadable("Graph describes it in a way that we do not understand.")
