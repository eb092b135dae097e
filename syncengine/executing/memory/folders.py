"""Mailboxes in memory: folders of items that bear marks, change etags, and are tracked for looks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import count

from syncengine.model.codec import copy_fingerprint
from syncengine.model.copies import Copy
from syncengine.model.identity import Cursor, Mark, RemoteId
from syncengine.ports.writing import Sighting


@dataclass(frozen=True, slots=True)
class MemoryItem:
    """What stands in a folder: ours where it bears a mark, else a person's."""

    remote_id: RemoteId
    copy: Copy
    mark: Mark | None
    etag: str
    created: str

    def sighted(self) -> Sighting:
        """As a look shows it."""
        return Sighting(
            self.remote_id, self.etag, self.mark, self.copy, copy_fingerprint(self.copy), self.created
        )


@dataclass(slots=True)
class MemoryFolder:
    """One folder; its cursors are places in the log of changes, until they are forgotten."""

    folder_id: str
    name: str
    mark: Mark | None = None
    items: dict[RemoteId, MemoryItem] = field(default_factory=dict)
    log: list[RemoteId] = field(default_factory=list)
    chain: int = 0

    def store(self, item: MemoryItem) -> None:
        """A new item, or a new state of one."""
        self.items[item.remote_id] = item
        self.log.append(item.remote_id)

    def remove(self, remote_id: RemoteId) -> bool:
        """Whether it was there to be removed."""
        if self.items.pop(remote_id, None) is None:
            return False
        self.log.append(remote_id)
        return True

    def since(self, cursor: Cursor | None) -> list[RemoteId] | None:
        """Ids that changed since, each once; None where the cursor is not known (any more)."""
        chain, _, place = (cursor or "").partition(":")
        if cursor is None or int(chain) != self.chain:
            return None
        return list(dict.fromkeys(self.log[int(place) :]))

    def here(self) -> Cursor:
        """A cursor that shows what changes from now on."""
        return Cursor(f"{self.chain}:{len(self.log)}")

    def forget_cursors(self) -> None:
        """Tokens expire when the service likes."""
        self.chain += 1


@dataclass(slots=True)
class MemoryTenant:
    """All folders of a tenant by mailbox and id, and what people do in them.

    `refusals` are mailboxes that refuse everything, with the reason; `full` ones refuse new content.
    `calls` counts requests by mailbox.
    """

    folders: dict[str, dict[str, MemoryFolder]] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)
    full: set[str] = field(default_factory=set)
    calls: dict[str, int] = field(default_factory=dict)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def folder(self, mailbox: str, folder_id: str) -> MemoryFolder | None:
        """One folder; None where it is gone."""
        return self.folders.get(mailbox, {}).get(folder_id)

    def folder_named(self, mailbox: str, name: str) -> MemoryFolder:
        """The folder of this name; made where there is none."""
        folders = self.folders.setdefault(mailbox, {})
        found = next((folder for folder in folders.values() if folder.name == name), None)
        if found is None:
            found = MemoryFolder(f"folder-{next(self._numbers)}", name)
            folders[found.folder_id] = found
        return found

    def add(self, folder: MemoryFolder, copy: Copy, mark: Mark | None = None) -> RemoteId:
        """A new item: ours, or (without a mark) a person's."""
        number = next(self._numbers)
        item = MemoryItem(RemoteId(f"item-{number}"), copy, mark, f"etag-{number}", f"{number:09}")
        folder.store(item)
        return item.remote_id

    def edit(self, folder: MemoryFolder, remote_id: RemoteId, copy: Copy) -> MemoryItem:
        """Another content, and with it another etag; somebody's edit, or our update."""
        item = replace(folder.items[remote_id], copy=copy, etag=f"etag-{next(self._numbers)}")
        folder.store(item)
        return item

    def paste(self, folder: MemoryFolder, remote_id: RemoteId) -> RemoteId:
        """A person copies an item; named properties, and with them the mark, are cloned."""
        item = folder.items[remote_id]
        return self.add(folder, item.copy, item.mark)
