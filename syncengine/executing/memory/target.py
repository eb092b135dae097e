"""A target in memory: the steps a connector takes, one request for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from datetime import date
from functools import partial
from typing import Any

from syncengine.executing.memory.door import MemoryDoor
from syncengine.executing.memory.folders import MemoryItem
from syncengine.model.codec import copy_fingerprint
from syncengine.model.copies import Appointment, ContactCopy, Copy, EventCopy
from syncengine.model.expansion import expand
from syncengine.model.identity import Cursor, Mark, RemoteId
from syncengine.model.time import Window
from syncengine.ports.writing import (
    FOLDER_IN_USE,
    Failed,
    Fine,
    FolderGone,
    FolderReady,
    Look,
    Looking,
    NotThere,
    Open,
    Part,
    Preparing,
    Reading,
    Refused,
    Reply,
    Steps,
    Written,
)


class MemoryTarget:
    """One mailbox's folders, written through a door. `shows` is how the service alters what it is given.

    A series is written as its master first and each occurrence after it. `refuses` says which
    occurrences may not be changed so: they are cancelled and reported as detached.
    """

    def __init__(
        self,
        door: MemoryDoor,
        mailbox: str,
        *,
        shows: Callable[[Copy], Copy] = lambda copy: copy,
        refuses: Callable[[EventCopy, date, Appointment], bool] = lambda *_: False,
    ) -> None:
        self._door, self._tenant, self._mailbox = door, door.tenant, mailbox
        self._shows, self._refuses = shows, refuses

    def prepare(self, folder: str, name: str, mark: Mark) -> Preparing:
        """Find by id, by mark, or make."""

        def deed() -> Reply:
            folders = self._tenant.folders.get(self._mailbox, {})
            ours = next((one for one in folders.values() if one.mark == mark and name), None)
            ours = folders.get(folder, ours)
            if ours is not None:
                return Fine({"id": ours.folder_id})
            known = len(folders)
            named = self._tenant.folder_named(self._mailbox, name)
            named.mark = mark
            return Fine({"id": named.folder_id, "created": len(self._tenant.folders[self._mailbox]) > known})

        (reply,) = yield (self._door.request(self._mailbox, "POST", deed),)
        if isinstance(reply, Fine):
            return FolderReady(reply.body["id"], bool(reply.body.get("created")))
        return _failure(reply)

    def look(self, folder: str, window: Window, cursor: Cursor | None) -> Looking:
        """What changed; without a cursor that is still known, all."""
        (reply,) = yield (
            self._door.request(self._mailbox, "GET", lambda: self._look(folder, window, cursor)),
        )
        if isinstance(reply, Fine):
            look: Look = reply.body["look"]
            return look
        return FolderGone() if isinstance(reply, NotThere) else _failure(reply)

    def read(self, folder: str, ids: Sequence[RemoteId]) -> Reading:
        """Each id by a request of its own."""
        replies = yield tuple(self._to_item(folder, remote_id, "GET", lambda copy: copy) for remote_id in ids)
        seen: dict[RemoteId, Any] = {}
        for remote_id, reply in zip(ids, replies, strict=True):
            if not isinstance(reply, Fine | NotThere):
                return _failure(reply)
            seen[remote_id] = reply.body["item"].sighted() if isinstance(reply, Fine) else None
        return seen

    def create(self, folder: str, copy: Copy, mark: Mark) -> Steps:
        """The item first, then occurrences that differ."""
        master = self._shows(_master(copy))

        def deed() -> Reply:
            where = self._tenant.folder(self._mailbox, folder)
            if where is None:
                return NotThere()
            remote_id = self._tenant.add(where, master, mark)
            return Fine({"item": where.items[remote_id]})

        (reply,) = yield (self._door.request(self._mailbox, "POST", deed),)
        if not isinstance(reply, Fine):
            return _failure(reply)
        item: MemoryItem = reply.body["item"]
        return (yield from self._write_occurrences(folder, item, copy, None))

    def update(self, folder: str, remote_id: RemoteId, copy: Copy, before: Copy | None) -> Steps:
        """Fields that differ; a series whose rule changes begins anew with its occurrences."""
        base = before if before is not None and _keeps_occurrences(before, copy) else None
        change = _sparse(base, copy)
        (reply,) = yield (
            self._to_item(folder, remote_id, "PATCH", lambda there: self._shows(change(there))),
        )
        if isinstance(reply, NotThere):
            return Failed("gone", "The copy is not there.")
        if not isinstance(reply, Fine):
            return _failure(reply)
        return (yield from self._write_occurrences(folder, reply.body["item"], copy, base))

    def delete(self, folder: str, remote_id: RemoteId) -> Steps:
        """Gone, or gone before."""

        def deed() -> Reply:
            where = self._tenant.folder(self._mailbox, folder)
            return Fine({}) if where is not None and where.remove(remote_id) else NotThere()

        (reply,) = yield (self._door.request(self._mailbox, "DELETE", deed),)
        return Written(remote_id) if isinstance(reply, Fine | NotThere) else _failure(reply)

    def drop_folder(self, folder: str) -> Steps:
        """The whole folder, if nothing is in it."""

        def deed() -> Reply:
            where = self._tenant.folder(self._mailbox, folder)
            if where is not None and where.items:
                return Refused(FOLDER_IN_USE, "Something is in it.", scope="collection")
            return Fine({}) if self._tenant.folders[self._mailbox].pop(folder, None) else NotThere()

        (reply,) = yield (self._door.request(self._mailbox, "DELETE", deed),)
        return Written(RemoteId("")) if isinstance(reply, Fine | NotThere) else _failure(reply)

    def _look(self, folder: str, window: Window, cursor: Cursor | None) -> Reply:
        where = self._tenant.folder(self._mailbox, folder)
        if where is None:
            return NotThere()
        since = where.since(cursor)
        ids = list(where.items) if since is None else since
        shown = {one for one, item in where.items.items() if _is_inside(item.copy, window)}
        changed = {one: where.items[one].etag for one in ids if one in shown}
        removed = frozenset(one for one in since or () if one not in shown)
        return Fine({"look": Look(changed, removed, since is None, where.here())})

    def _to_item(self, folder: str, remote_id: RemoteId, method: str, change: Callable[[Copy], Copy]) -> Part:
        def deed() -> Reply:
            where = self._tenant.folder(self._mailbox, folder)
            if where is None or remote_id not in where.items:
                return NotThere()
            if method == "PATCH":
                self._tenant.edit(where, remote_id, change(where.items[remote_id].copy))
            return Fine({"item": where.items[remote_id]})

        return self._door.request(self._mailbox, method, deed)

    def _write_occurrences(self, folder: str, item: MemoryItem, copy: Copy, before: Copy | None) -> Steps:
        detached: list[str] = []
        for day, says in _occurrences(copy, before):
            if says is not None and isinstance(copy, EventCopy) and self._refuses(copy, day, says):
                detached.append(day.isoformat())
                says = None  # noqa: PLW2901  (what is refused is cancelled)
            change = partial(_with_occurrence, day=day, says=says)
            (reply,) = yield (self._to_item(folder, item.remote_id, "PATCH", change),)
            if not isinstance(reply, Fine):
                return Open()
            item = reply.body["item"]
        return Written(item.remote_id, item.etag, copy_fingerprint(item.copy), tuple(detached))


def _is_inside(copy: Copy, window: Window) -> bool:
    """Calendars are looked at through a window; what is outside of it counts as removed."""
    return not isinstance(copy, EventCopy) or bool(expand(copy, window))


def _master(copy: Copy) -> Copy:
    return replace(copy, exceptions=(), cancelled=()) if isinstance(copy, EventCopy) else copy


def _keeps_occurrences(before: Copy, copy: Copy) -> bool:
    """Whether an update may leave the occurrences that it does not name as they are."""
    if not isinstance(before, EventCopy) or not isinstance(copy, EventCopy):
        return True
    changed = {day for day, _ in copy.exceptions}
    return (
        (before.recurrence, before.appointment.when) == (copy.recurrence, copy.appointment.when)
        and {day for day, _ in before.exceptions} <= changed.union(copy.cancelled)
        and set(before.cancelled) <= set(copy.cancelled)
    )


def _occurrences(copy: Copy, before: Copy | None) -> Iterator[tuple[date, Appointment | None]]:
    """Occurrences that must be written: changed ones, and (None) cancelled ones."""
    if isinstance(copy, EventCopy):
        known = before if isinstance(before, EventCopy) else EventCopy(copy.appointment)
        yield from ((day, None) for day in copy.cancelled if day not in known.cancelled)
        yield from ((day, says) for day, says in copy.exceptions if (day, says) not in known.exceptions)


def _sparse(before: Copy | None, copy: Copy) -> Callable[[Copy], Copy]:
    """What an update does to what is there: only fields that differ; all of them without a base."""

    def change(there: Copy) -> Copy:
        match before, copy, there:
            case ContactCopy(), ContactCopy(), ContactCopy():
                return replace(there, **_differing(before, copy))
            case EventCopy(), EventCopy(), EventCopy():
                says = replace(there.appointment, **_differing(before.appointment, copy.appointment))
                return replace(there, appointment=says)
        return _master(copy)

    return change


def _differing(before: Appointment | ContactCopy, after: Appointment | ContactCopy) -> dict[str, Any]:
    names = [field.name for field in fields(after)]
    return {name: getattr(after, name) for name in names if getattr(before, name) != getattr(after, name)}


def _with_occurrence(there: Copy, day: date, says: Appointment | None) -> Copy:
    if not isinstance(there, EventCopy):
        return there
    others = tuple(one for one in there.exceptions if one[0] != day)
    if says is None:
        return replace(there, exceptions=others, cancelled=tuple(sorted({*there.cancelled, day})))
    return replace(there, exceptions=tuple(sorted([*others, (day, says)], key=lambda one: one[0])))


def _failure(reply: Reply) -> Failed | Open:
    match reply:
        case Refused(reason, message, advice, scope):
            return Failed(reason, message, advice, scope)
        case NotThere():
            return Failed("folder gone", "The folder is not there.", scope="collection")
    return Open()
