"""Contact folders of a mailbox as a target.

Sources: https://learn.microsoft.com/graph/api/contactfolder-post-contacts,
https://learn.microsoft.com/graph/api/contact-delta
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson

from syncengine.connectors.graph.answers import sighting, written
from syncengine.connectors.graph.folders import Folders
from syncengine.connectors.graph.marks import EXPAND_MARK, mark_to
from syncengine.connectors.graph.paths import (
    DEFAULT_CONTACTS,
    contact_folder_path,
    contact_path,
    contacts_path,
    mailbox_path,
    with_query,
)
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
from syncengine.connectors.graph.wire_contacts import (
    FIELDS,
    contact_changes,
    contact_from,
    contact_in_full,
    contact_to,
)
from syncengine.model.copies import ContactCopy, Copy
from syncengine.model.identity import Cursor, Mark, RemoteId
from syncengine.model.time import Window
from syncengine.ports.writing import (
    Failed,
    Fine,
    FolderReady,
    Looking,
    Part,
    Preparing,
    Reading,
    Sighting,
    Steps,
    Written,
)


class GraphContactTarget:
    """See `Target`. The default folder has no id that Graph would tell: "default" stands for it."""

    def __init__(self, mailbox: str) -> None:
        self._mailbox = mailbox

    def prepare(self, folder: str, name: str, mark: Mark) -> Preparing:
        """The folder's id; the default folder needs no more than a mailbox that answers."""
        if name == "" or folder == DEFAULT_CONTACTS:
            url = with_query(contacts_path(self._mailbox, DEFAULT_CONTACTS), select="id", top="1")
            reply = yield from ask(tell("GET", url, self._mailbox))
            return FolderReady(DEFAULT_CONTACTS) if isinstance(reply, Fine) else outcome_of(reply)
        folders = Folders(self._mailbox, f"{mailbox_path(self._mailbox)}/contactFolders", "displayName")
        return (yield from folders.prepare(folder, name, mark))

    def look(self, folder: str, window: Window, cursor: Cursor | None) -> Looking:  # noqa: ARG002
        """What changed in the folder; contacts know no window."""
        first = with_query(f"{contacts_path(self._mailbox, folder)}/delta", select="id")
        return (yield from Delta(self._mailbox, first, cursor).look(Cursor))

    def read(self, folder: str, ids: Sequence[RemoteId]) -> Reading:
        """Each contact with its mark."""
        return (yield from read_each(ids, lambda one: self._part(folder, one), _sighting))

    def create(self, folder: str, copy: Copy, mark: Mark) -> Steps:
        """One POST. A lost answer is the lane's to settle: contacts have no transactionId."""
        body = _marked(_opened(_contact(copy)), mark)
        reply = yield from ask(tell("POST", contacts_path(self._mailbox, folder), self._mailbox, body))
        return _written(reply.body) if isinstance(reply, Fine) else outcome_of(reply)

    def update(self, folder: str, remote_id: RemoteId, copy: Copy, before: Copy | None) -> Steps:
        """One sparse PATCH. What a person added in fields that are not ours stays."""
        wanted, was = _contact(copy), before if isinstance(before, ContactCopy) else None
        changes = contact_changes(was, wanted) if was else contact_in_full(wanted)
        url = contact_path(self._mailbox, folder, remote_id)
        part = tell("PATCH", url, self._mailbox, changes) if changes else self._part(folder, remote_id)
        reply = yield from ask(part)
        return _written(reply.body) if isinstance(reply, Fine) else outcome_of(reply)

    def delete(self, folder: str, remote_id: RemoteId) -> Steps:
        """For good: Deleted Items would fill with other people's names."""
        return (yield from remove(contact_path(self._mailbox, folder, remote_id), self._mailbox, remote_id))

    def drop_folder(self, folder: str) -> Steps:
        """The folder, if neither contacts nor lists of people nor folders are in it."""
        if folder == DEFAULT_CONTACTS:
            return Failed("default folder", "The mailbox's own folder is never removed.", scope="collection")
        url = contact_folder_path(self._mailbox, folder)
        contacts = with_query(f"{url}/contacts", select="id", top="1", count="true")
        holds = [contacts, with_query(f"{url}/childFolders", select="id", top="1")]
        return (yield from remove_empty(url, self._mailbox, RemoteId(folder), holds))

    def _part(self, folder: str, one: RemoteId) -> Part:
        url = contact_path(self._mailbox, folder, one)
        return tell("GET", with_query(url, select=FIELDS, expand=EXPAND_MARK), self._mailbox)


@lru_cache(maxsize=8192)
def _opened(copy: ContactCopy) -> bytes:
    """A new contact as JSON without the closing brace: the same bytes for every lane that gets it."""
    return orjson.dumps(contact_to(copy))[:-1]


def _marked(opened: bytes, mark: Mark) -> bytes:
    return opened + b',"singleValueExtendedProperties":' + orjson.dumps(mark_to(mark)) + b"}"


def _contact(copy: Copy) -> ContactCopy:
    if not isinstance(copy, ContactCopy):
        raise TypeError("A contact folder takes contacts.")
    return copy


def _written(body: Mapping[str, Any]) -> Written:
    raw = dict(body)
    return written(raw, contact_from(raw))


def _sighting(raw: Json) -> Sighting:
    return sighting(raw, contact_from(raw))
