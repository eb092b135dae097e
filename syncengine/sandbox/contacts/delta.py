"""What changed in a contact folder, and among the folders.

A token holds the change it starts after; while a round is read page by page, also the
change it ends with. Distribution lists are not told of.
Source: https://learn.microsoft.com/graph/api/contact-delta
"""

from __future__ import annotations

import secrets
from bisect import bisect_right
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from syncengine.sandbox.contacts import folders, items, shape, store
from syncengine.sandbox.contacts.items import READ, routes
from syncengine.sandbox.kernel import Answer, Call, Json, Refusal, graph
from syncengine.sandbox.mailboxes import open_mailbox
from syncengine.sandbox.odata import (
    OUTLOOK,
    allow,
    link,
    page_size,
    preference_applied,
    seal,
    selected,
    unseal,
)
from syncengine.sandbox.state import Mailbox

Row = tuple[int, str, str]
"""A change as a round tells it: its place in the round, and the key and last id of what changed."""
Render = Callable[[str, str], Json | None]


@dataclass(frozen=True, slots=True)
class Round:
    """One round of a chain, from the change after `since` to the change `until`."""

    since: int | None
    until: int
    after: int
    select: Sequence[str]


@routes("GET", "/delta", needs=READ)
def contacts_delta(call: Call, user: str, *names: str) -> Answer:
    """The contacts of one folder that changed, by `$select` if the first call said so."""
    mailbox = open_mailbox(call, user)
    folder = items.folder_id(mailbox, names)
    asked = _round(call, mailbox, folder, shape.KIND, shape.PROPERTIES)
    immutable = call.wants_immutable_ids

    def present() -> list[Row]:
        found = store.contacts_in(mailbox, folder)
        return [(one[store.NUMBER], key, "") for key, one in found]

    def render(key: str, last_id: str) -> Json | None:
        contact = mailbox.contacts.get(key)
        if contact is None or contact["parentFolderId"] != folder:
            return _gone(store.immutable_id(key) if immutable else last_id)
        return None if store.LIST in contact else items.show(contact, immutable, asked.select)

    rows = _rows(mailbox, folder, asked, present)
    return _answer(call, mailbox, folder, asked, rows, render, "contact")


@graph.route("GET", "/users/{user}/contactFolders/delta", needs=READ)
def folders_delta(call: Call, user: str) -> Answer:
    """The contact folders that changed, at any depth; the default folder is left out here too."""
    mailbox = open_mailbox(call, user)
    default = store.default_folder(mailbox)
    asked = _round(call, mailbox, store.HIERARCHY, folders.KIND, folders.PROPERTIES)

    def present() -> list[Row]:
        rows = mailbox.folders.items()
        return [(one[store.NUMBER], key, "") for key, one in rows if key != default]

    def render(key: str, _: str) -> Json | None:
        folder = mailbox.folders.get(key)
        return folders.show(folder, asked.select or folders.PROPERTIES) if folder else _gone(key)

    rows = _rows(mailbox, store.HIERARCHY, asked, present)
    return _answer(call, mailbox, store.HIERARCHY, asked, rows, render, "contactFolder")


def forget_tokens(mailbox: Mailbox) -> None:
    """From now on every token given out so far is unknown, as when Exchange's cache overflows.

    Source: https://github.com/microsoftgraph/microsoft-graph-docs/issues/2350
    """
    mailbox.indexes["contact tokens"] = secrets.token_hex(4)


def _round(call: Call, mailbox: Mailbox, folder: str, kind: str, known: Collection[str]) -> Round:
    token = call.query.get("$deltatoken") or call.query.get("$skiptoken")
    if token is None:
        allow(call, OUTLOOK, "$select")
        return Round(None, mailbox.generation, 0, selected(call, OUTLOOK, kind, known, ()))
    allow(call, OUTLOOK, "$deltatoken", "$skiptoken")
    held = unseal(token)
    if held is None or held.get("folder") != folder:
        raise Refusal(400, "InvalidDeltaToken", "The delta token is not valid for this address.")
    if held["epoch"] != _epoch(mailbox):
        message = (
            "The sync state generation is not found; "
            f"generation={held['until']};[highest={mailbox.generation}]."
        )
        raise Refusal(410, "SyncStateNotFound", message)
    if held["after"] is None:
        return Round(held["until"], mailbox.generation, 0, held["select"])
    return Round(held["since"], held["until"], held["after"], held["select"])


def _rows(mailbox: Mailbox, folder: str, asked: Round, present: Callable[[], list[Row]]) -> list[Row]:
    """What the rest of the round tells, in order, from the row told last."""
    if asked.since is None:
        return [row for row in present() if row[0] >= asked.after]
    log = mailbox.contact_log
    start = bisect_right(log, asked.since, key=_number)
    end = bisect_right(log, asked.until, key=_number)
    last = {entry["key"]: entry for entry in log[start:end] if entry["folder"] == folder}
    rows = ((entry["number"], key, entry["id"]) for key, entry in last.items())
    return sorted(row for row in rows if row[0] >= asked.after)


def _answer(
    call: Call,
    mailbox: Mailbox,
    folder: str,
    asked: Round,
    rows: list[Row],
    render: Render,
    kind: str,
) -> Answer:
    size = page_size(call, OUTLOOK)
    if rows and rows[0][0] == asked.after:
        if call.world.switches.delta_replays:
            size += 1
        else:
            rows = rows[1:]
    shown = [found for _, *row in rows[:size] if (found := render(*row)) is not None]
    held: dict[str, Any] = {
        "folder": folder,
        "epoch": _epoch(mailbox),
        "since": asked.since,
        "until": asked.until,
        "select": asked.select,
    }
    body: Json = {"@odata.context": f"{call.base}/$metadata#Collection({kind})"}
    if len(rows) > size:
        token = seal({**held, "after": rows[size - 1][0]})
        body["@odata.nextLink"] = link(call, {"$skiptoken": token})
    else:
        body["@odata.deltaLink"] = link(call, {"$deltatoken": seal({**held, "after": None})})
    body["value"] = shown
    return Answer(200, body, preference_applied(call, OUTLOOK))


def _number(entry: Json) -> int:
    number: int = entry["number"]
    return number


def _gone(identity: str) -> Json:
    return {"id": identity, "@removed": {"reason": "deleted"}}


def _epoch(mailbox: Mailbox) -> str:
    if "contact tokens" not in mailbox.indexes:
        forget_tokens(mailbox)
    epoch: str = mailbox.indexes["contact tokens"]
    return epoch
