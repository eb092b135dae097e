"""Calendars of a mailbox as a target.

Copies have no attendees and no online meeting, so nothing is mailed.
Sources: https://learn.microsoft.com/graph/api/calendar-post-events,
https://learn.microsoft.com/graph/api/event-update
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TypeAlias

import orjson

from syncengine.connectors.graph.answers import sighting, written
from syncengine.connectors.graph.door import MOST_PARTS
from syncengine.connectors.graph.folders import Folders
from syncengine.connectors.graph.marks import EXPAND_MARK, mark_from, mark_to, transaction_id
from syncengine.connectors.graph.paths import (
    calendar_path,
    event_path,
    mailbox_path,
    same_event_path,
    with_query,
)
from syncengine.connectors.graph.remedies import Duplicate
from syncengine.connectors.graph.series import Doing, Occurrences, Shown, to_do
from syncengine.connectors.graph.steps import (
    Delta,
    Json,
    ask,
    outcome_of,
    read_each,
    remove,
    remove_empty,
    tell,
)
from syncengine.connectors.graph.wire_events import (
    TARGET_EXCEPTION_FIELDS,
    TARGET_FIELDS,
    copy_from,
    master_changes,
    master_to,
)
from syncengine.connectors.graph.wire_time import Misread, when_to
from syncengine.model.copies import Copy, EventCopy
from syncengine.model.identity import Cursor, Mark, RemoteId
from syncengine.model.time import Window
from syncengine.ports.writing import (
    Failed,
    Fine,
    FolderReady,
    Look,
    Looking,
    Open,
    Part,
    Preparing,
    Reading,
    Reply,
    Sighting,
    Steps,
    Written,
)

Straying: TypeAlias = Generator[tuple[Part, ...], tuple[Reply, ...], list[RemoteId] | Failed | Open]
Fetching: TypeAlias = Generator[tuple[Part, ...], tuple[Reply, ...], Json | Failed | Open]

_MARGIN = timedelta(days=62)
_LONGEST = timedelta(days=1825)
_ROUNDS = 3
_SMALL = 4096
_EXPAND = f"{EXPAND_MARK},exceptionOccurrences($select={TARGET_EXCEPTION_FIELDS})"


class GraphEventTarget:
    """See `Target`. `zone` is the mailbox's own: whole days of a single event are midnights there.

    It remembers its last look: an id that this did not show, or said to be removed, is looked for in
    the calendar even where a read by id still finds it (in Deleted Items, say).
    """

    def __init__(self, mailbox: str, zone: str = "UTC") -> None:
        self._mailbox, self._zone = mailbox, zone
        self._last: Look | None = None

    def prepare(self, folder: str, name: str, mark: Mark) -> Preparing:
        """The calendar's id; the default calendar's where there is no name."""
        if name == "":
            url = with_query(calendar_path(self._mailbox, None), select="id")
            reply = yield from ask(tell("GET", url, self._mailbox))
            return FolderReady(str(reply.body["id"])) if isinstance(reply, Fine) else outcome_of(reply)
        folders = Folders(self._mailbox, f"{mailbox_path(self._mailbox)}/calendars", "name")
        return (yield from folders.prepare(folder, name, mark))

    def look(self, folder: str, window: Window, cursor: Cursor | None) -> Looking:
        """What changed in the calendar, wider than the window, so that the chain lasts while it slides.

        A cursor holds the window of its chain; one that no longer covers `window` is let go.
        """
        told = _Chain.of(window, cursor)
        path = f"{calendar_path(self._mailbox, folder)}/calendarView/delta"
        first = with_query(path, startDateTime=told.start, endDateTime=told.end)
        delta = Delta(self._mailbox, first, told.link, _master_of)
        look = yield from delta.look(told.cursor)
        self._last = look if isinstance(look, Look) else None
        return look

    def read(self, folder: str, ids: Sequence[RemoteId]) -> Reading:
        """Each event with its mark, exceptions and cancellations."""
        uids: dict[RemoteId, str] = {}

        def see(raw: Json) -> Sighting:
            uids[RemoteId(raw["id"])] = str(raw.get("iCalUId") or "")
            return sighting(raw, _copy_of(raw))

        seen = yield from read_each(ids, lambda one: self._part(folder, one), see)
        if isinstance(seen, Failed | Open):
            return seen
        doubted = [one for one in seen if uids.get(one) and self._doubts(one)]
        strays = yield from self._strays(folder, doubted, uids)
        return strays if isinstance(strays, Failed | Open) else {**seen, **dict.fromkeys(strays)}

    def create(self, folder: str, copy: Copy, mark: Mark) -> Steps:
        """The single event or master first, then what departs from the series.

        A POST that was done before under this attempt leads to the event it made.
        """
        wanted = _event(copy)
        url = f"{calendar_path(self._mailbox, folder)}/events"
        reply = yield from ask(tell("POST", url, self._mailbox, _new_event(wanted, mark, self._zone)))
        if isinstance(reply, Duplicate):
            return (yield from self._again(folder, wanted, mark, reply.existing))
        if not isinstance(reply, Fine):
            return outcome_of(reply)
        if not (wanted.exceptions or wanted.cancelled):
            return _written(dict(reply.body))
        return (yield from self._occurrences(folder, RemoteId(reply.body["id"]), wanted))

    def update(self, folder: str, remote_id: RemoteId, copy: Copy, before: Copy | None) -> Steps:
        """A sparse PATCH of the single event or master, then the occurrences that differ."""
        wanted = _event(copy)
        was = before if isinstance(before, EventCopy) else None
        if was is None:
            raw = yield from self._fetch(folder, remote_id)
            if isinstance(raw, Failed | Open):
                return raw
            was = _copy_of(raw)
        changes = master_changes(was, wanted, self._zone) if was else self._in_full(wanted)
        if changes:
            url = event_path(self._mailbox, folder, remote_id)
            reply = yield from ask(tell("PATCH", url, self._mailbox, changes))
            if not isinstance(reply, Fine):
                return outcome_of(reply)
            # An occurrence that once was an exception keeps words of its own, though it says
            # what its series says: any series is read again after a change.
            if was and was.recurrence is None and wanted.recurrence is None:
                return _written(dict(reply.body))
        return (yield from self._occurrences(folder, remote_id, wanted))

    def delete(self, folder: str, remote_id: RemoteId) -> Steps:
        """For good: Deleted Items would fill with other people's meetings."""
        return (yield from remove(event_path(self._mailbox, folder, remote_id), self._mailbox, remote_id))

    def drop_folder(self, folder: str) -> Steps:
        """The calendar, if nothing of any date is in it. Exchange refuses to remove a default calendar."""
        url = calendar_path(self._mailbox, folder)
        holds = [with_query(f"{url}/events", select="id", top="1")]
        return (yield from remove_empty(url, self._mailbox, RemoteId(folder), holds))

    def _doubts(self, one: RemoteId) -> bool:
        """Whether the last look speaks against the event lying in the calendar, within the window."""
        if self._last is None or one in self._last.changed:
            return False
        return self._last.complete or one in self._last.removed

    def _strays(self, folder: str, doubted: Sequence[RemoteId], uids: Mapping[RemoteId, str]) -> Straying:
        """Those of the ids that are found by a read and do not lie in the calendar."""
        strays: list[RemoteId] = []
        for at in range(0, len(doubted), MOST_PARTS):
            some = doubted[at : at + MOST_PARTS]
            urls = [same_event_path(self._mailbox, folder, uids[one]) for one in some]
            replies = yield tuple(tell("GET", url, self._mailbox) for url in urls)
            for one, reply in zip(some, replies, strict=True):
                if not isinstance(reply, Fine):
                    return outcome_of(reply)
                if one not in {row["id"] for row in reply.body.get("value") or ()}:
                    strays.append(one)
        return strays

    def _again(self, folder: str, wanted: EventCopy, mark: Mark, existing: str) -> Steps:
        """Go on with the event that an earlier POST of this attempt made, if it is still there and ours.

        A transactionId may be remembered after its event was deleted: then only another attempt helps.
        """
        if not existing:
            return Open()
        raw = yield from self._fetch(folder, RemoteId(existing))
        if isinstance(raw, Failed):
            return Open() if raw.reason == "gone" else raw
        if isinstance(raw, Open) or mark_from(raw) != mark:
            return Open()
        return (yield from self.update(folder, RemoteId(raw["id"]), wanted, _copy_of(raw)))

    def _occurrences(self, folder: str, remote_id: RemoteId, wanted: EventCopy) -> Steps:
        """Compare, change, and read again until nothing is left to do.

        The last reading is the answer: a write that Exchange confirmed may not show at once.
        Source: https://github.com/microsoftgraph/microsoft-graph-docs/issues/12141
        """
        url = event_path(self._mailbox, folder, remote_id)
        tries = 0
        for number in range(_ROUNDS + 1):
            raw = yield from self._fetch(folder, remote_id)
            if isinstance(raw, Failed | Open):
                return raw
            copy = _copy_of(raw)
            if copy is None:
                return _written(raw)
            shown = Shown.of(raw, copy)
            todo = to_do(shown, wanted)
            if todo.is_done or number == _ROUNDS:
                return _written(raw, todo.refused)
            if todo.anew:
                failed = yield from self._begin_anew(url, wanted)
            else:
                # What may not be moved may only be waiting for its neighbours: it has a second try.
                occurrences = Occurrences(url, self._mailbox, wanted, detach=tries > 0)
                failed = yield from occurrences.carry_out(shown, todo)
                tries += 1
            if failed:
                return failed
        raise AssertionError("The last round returns.")

    def _begin_anew(self, url: str, wanted: EventCopy) -> Doing:
        """Make it a single event and, where wanted, a series again: that forgets all exceptions.

        The recurrence written once more as it stands would change nothing.
        """
        single = EventCopy(wanted.appointment)
        steps = [{"recurrence": None, **when_to(wanted.appointment.when, self._zone)}]
        if wanted.recurrence is not None:
            steps.append(master_changes(single, wanted, self._zone))
        for changes in steps:
            reply = yield from ask(tell("PATCH", url, self._mailbox, changes))
            if not isinstance(reply, Fine):
                return outcome_of(reply)
        return None

    def _fetch(self, folder: str, remote_id: RemoteId) -> Fetching:
        reply = yield from ask(self._part(folder, remote_id))
        return dict(reply.body) if isinstance(reply, Fine) else outcome_of(reply)

    def _part(self, folder: str, one: RemoteId) -> Part:
        url = event_path(self._mailbox, folder, one)
        return tell("GET", with_query(url, select=TARGET_FIELDS, expand=_EXPAND), self._mailbox)

    def _in_full(self, wanted: EventCopy) -> Json:
        return {"recurrence": None, **master_to(wanted, self._zone)}


class _Chain:
    """A delta chain in a target calendar with the window that it was begun with."""

    def __init__(self, start: str, end: str, link: str | None) -> None:
        self.start, self.end, self.link = start, end, link

    @classmethod
    def of(cls, window: Window, cursor: Cursor | None) -> _Chain:
        """The chain of a cursor if it covers the window, else a new one with a margin."""
        if cursor is not None:
            start, end, link = cursor.split(" ", 2)
            if start <= _stamp(window.start) and _stamp(window.end) <= end:
                return cls(start, end, link)
        # Exchange takes windows of up to 1825 days.
        # Source: https://github.com/microsoftgraph/microsoft-graph-docs/issues/6284
        margin = min(_MARGIN, max(timedelta(), (_LONGEST - (window.end - window.start)) / 2))
        return cls(_stamp(window.start - margin), _stamp(window.end + margin), None)

    def cursor(self, link: str) -> Cursor:
        """The cursor that goes on from `link`."""
        return Cursor(f"{self.start} {self.end} {link}")


@lru_cache(maxsize=1024)
def _opened(copy: EventCopy, zone: str) -> bytes:
    """A new event as JSON without the closing brace: the same bytes for every lane that gets it."""
    return orjson.dumps({**master_to(copy, zone), "responseRequested": False})[:-1]


def _new_event(copy: EventCopy, mark: Mark, zone: str) -> bytes:
    # Long bodies are not worth the memory.
    build = _opened if len(copy.appointment.body) <= _SMALL else _opened.__wrapped__
    own = {"transactionId": transaction_id(mark), "singleValueExtendedProperties": mark_to(mark)}
    return build(copy, zone) + b"," + orjson.dumps(own)[1:]


def _event(copy: Copy) -> EventCopy:
    if not isinstance(copy, EventCopy):
        raise TypeError("A calendar takes events.")
    return copy


def _copy_of(raw: Json) -> EventCopy | None:
    try:
        return copy_from(raw)
    except Misread:
        return None


def _written(raw: Json, refused: tuple[str, ...] = ()) -> Written:
    return written(raw, _copy_of(raw), refused)


def _master_of(row: Json) -> str | None:
    is_part = row.get("type") in {"occurrence", "exception"} and row.get("seriesMasterId")
    return str(row["seriesMasterId"]) if is_part else None


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
