"""Steps that every kind of folder shares: writing and hearing, finding a folder, following a delta.

A step yields parts and is sent their replies; see `ports.writing`. Nothing here sends anything.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import orjson

from syncengine.connectors.graph.door import MOST_PARTS
from syncengine.connectors.graph.paths import IMMUTABLE, IN_UTC, ITEM_HEADERS
from syncengine.connectors.graph.remedies import CURSOR_EXPIRED
from syncengine.model.identity import Cursor, RemoteId
from syncengine.ports.writing import (
    FOLDER_IN_USE,
    Failed,
    Fine,
    FolderGone,
    Look,
    Looking,
    NotThere,
    Open,
    Part,
    Reading,
    Refused,
    Reply,
    Sighting,
    Stale,
    Steps,
    Written,
)

Json = dict[str, Any]
Asking: TypeAlias = Generator[tuple[Part, ...], tuple[Reply, ...], Reply]

PAGE = 500
_TRIES = 3
NO_BODY = b"{}"
"""Graph wants a body, or at least its type, of every POST in a batch."""


def tell(method: str, url: str, mailbox: str, body: Json | bytes | None = None) -> Part:
    """A part about an item; the answer comes with immutable ids and in UTC."""
    raw = orjson.dumps(body) if isinstance(body, dict) else body
    return Part(method, url, mailbox, raw, ITEM_HEADERS)


def ask(part: Part) -> Asking:
    """One part and its reply. Where somebody else touched the item just then, it is tried again.

    We send no etag, so such a conflict is over in a moment.
    Source: https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/1201
    """
    for _ in range(_TRIES):
        (reply,) = yield (part,)
        if not isinstance(reply, Stale):
            break
    return reply


def outcome_of(reply: Reply) -> Failed | Open:
    """What a reply that is not Fine means for an action."""
    match reply:
        case Refused(reason=reason, message=message, advice=advice, scope=scope):
            return Failed(reason, message, advice, scope)
        case NotThere():
            return Failed("gone", "It is not there any more.")
        case _:
            return Open()


def remove(url: str, mailbox: str, remote_id: RemoteId) -> Steps:
    """Delete for good what stands at `url`; that it is not there counts as done.

    Source: https://learn.microsoft.com/graph/api/event-permanentdelete
    """
    reply = yield from ask(tell("POST", f"{url}/permanentDelete", mailbox, NO_BODY))
    if isinstance(reply, Fine | NotThere):
        return Written(remote_id)
    return outcome_of(reply)


def remove_empty(url: str, mailbox: str, remote_id: RemoteId, holds: Sequence[str]) -> Steps:
    """Delete a folder for good where none of the lists at `holds` shows or counts anything.

    Personal distribution lists are counted and never returned.
    Source: https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/4041
    """
    replies = yield tuple(tell("GET", one, mailbox) for one in holds)
    for reply in replies:
        if not isinstance(reply, Fine | NotThere):
            return outcome_of(reply)
        if isinstance(reply, Fine) and (reply.body.get("value") or reply.body.get("@odata.count")):
            message = "The folder holds things of the mailbox's owner, so it stays."
            return Failed(FOLDER_IN_USE, message, scope="collection")
    return (yield from remove(url, mailbox, remote_id))


def read_each(
    ids: Sequence[RemoteId], part: Callable[[RemoteId], Part], see: Callable[[Json], Sighting]
) -> Reading:
    """Each id's sighting, None where it is not there, up to 20 parts at a time."""
    found: dict[RemoteId, Sighting | None] = {}
    wanted = list(dict.fromkeys(ids))
    for at in range(0, len(wanted), MOST_PARTS):
        some = wanted[at : at + MOST_PARTS]
        replies = yield tuple(part(one) for one in some)
        for one, reply in zip(some, replies, strict=True):
            match reply:
                case Fine(body=body):
                    found[one] = see(dict(body))
                case NotThere():
                    found[one] = None
                case _:
                    return outcome_of(reply)
    return found


@dataclass(slots=True)
class Delta:
    """A round of delta in a target folder, as far as it has come.

    `master_of` gives the id of the series that a row belongs to, None for a row of its own.
    """

    mailbox: str
    first: str
    cursor: str | None
    master_of: Callable[[Json], str | None] = lambda _: None
    changed: dict[RemoteId, str] = field(default_factory=dict)
    removed: set[RemoteId] = field(default_factory=set)

    def look(self, wrap: Callable[[str], Cursor]) -> Looking:
        """All pages. A cursor that Graph has forgotten becomes a complete look; `wrap` makes the new one."""
        link, is_complete, restarts = self.cursor or self.first, self.cursor is None, 0
        while True:
            reply = yield from ask(self._part(link))
            match reply:
                case Fine(body=body):
                    self._take(body)
                    following = body.get("@odata.nextLink")
                    if following and following != link:
                        link = following
                        continue
                    if following or "@odata.deltaLink" not in body:
                        return Open()
                    cursor = wrap(str(body["@odata.deltaLink"]))
                    return Look(self.changed, frozenset(self.removed), is_complete, cursor)
                case Refused(reason=reason) if reason == CURSOR_EXPIRED and restarts < _TRIES:
                    # Links of the same round expire too while one pages slowly.
                    # Source: https://github.com/microsoftgraph/microsoft-graph-docs/issues/2162
                    link, is_complete, restarts = self.first, True, restarts + 1
                    self.changed, self.removed = {}, set()
                case NotThere():
                    return FolderGone()
                case _:
                    return outcome_of(reply)

    def _part(self, link: str) -> Part:
        prefer = f"{IMMUTABLE}, {IN_UTC}, odata.maxpagesize={PAGE}"
        return Part("GET", link, self.mailbox, headers={"Prefer": prefer})

    def _take(self, body: Mapping[str, Any]) -> None:
        """Of an id that is told several times, the last word counts."""
        for row in body.get("value") or ():
            identity = RemoteId(row["id"])
            if "@removed" in row:
                self.changed.pop(identity, None)
                self.removed.add(identity)
                continue
            master = self.master_of(row)
            if master is not None:
                self.changed.setdefault(RemoteId(master), "")
                continue
            self.removed.discard(identity)
            self.changed[identity] = row.get("@odata.etag") or ""
