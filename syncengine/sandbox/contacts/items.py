"""Personal contacts: list, read, create, change, delete.

Source: https://learn.microsoft.com/graph/api/resources/contact
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from syncengine.sandbox.contacts import shape, store
from syncengine.sandbox.extended import (
    MULTI,
    SINGLE,
    Expansion,
    expand_properties,
    expansion_of,
)
from syncengine.sandbox.filters import Filter
from syncengine.sandbox.kernel import Answer, Call, Handler, Json, Refusal, graph
from syncengine.sandbox.mailboxes import open_mailbox
from syncengine.sandbox.odata import OUTLOOK, allow, filter_of, listed, ordered, project, selected
from syncengine.sandbox.state import Mailbox

READ = "Contacts.Read Contacts.ReadWrite"
WRITE = "Contacts.ReadWrite"
# Where contacts of one folder stand; the first is the default folder.
COLLECTIONS = (
    "/users/{user}/contacts",
    "/users/{user}/contactFolders/{folder}/contacts",
    "/users/{user}/contactFolders/{parent}/childFolders/{folder}/contacts",
)
_HIDDEN = (SINGLE, MULTI, store.KEY, store.NUMBER, store.PHOTO)
_ANY_ADDRESS = "emailAddresses/any/address"
_ANY_PROPERTY = frozenset({f"{SINGLE}/any/id", f"{SINGLE}/any/value"})
_FILTERABLE = (
    (shape.TEXTS - {"personalNotes"})
    | {"birthday", "createdDateTime", "lastModifiedDateTime", "parentFolderId", "categories/any"}
    | {_ANY_ADDRESS, *_ANY_PROPERTY}
)
_PLAIN_OPERATORS = frozenset({"any", "eq", "and", "or"})


def routes(method: str, below: str, *, needs: str) -> Callable[[Handler], Handler]:
    """Register a handler below every address of a contact collection."""

    def register(handler: Handler) -> Handler:
        for collection in COLLECTIONS:
            graph.route(method, collection + below, needs=needs)(handler)
        return handler

    return register


@routes("GET", "", needs=READ)
def list_contacts(call: Call, user: str, *folders: str) -> Answer:
    """One page of a folder. Distribution lists count, but are never shown.

    Source: https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/4041
    """
    mailbox = open_mailbox(call, user)
    allow(call, OUTLOOK, "$select", "$top", "$skip", "$filter", "$orderby", "$count", "$expand")
    folder = folder_id(mailbox, folders)
    names = selected(call, OUTLOOK, shape.KIND, shape.PROPERTIES, ())
    expansion = expansion_of(call, SINGLE, MULTI)
    rows = _filtered(call, [one for _, one in store.contacts_in(mailbox, folder)])
    rows = ordered(call, OUTLOOK, shape.KIND, rows, _FILTERABLE)
    immutable = call.wants_immutable_ids

    def render(contact: Json) -> Json | None:
        return None if store.LIST in contact else show(contact, immutable, names, expansion)

    return listed(call, OUTLOOK, rows, render, f"users('{user}')/contacts")


@routes("GET", "/$count", needs=READ)
def count_contacts(call: Call, user: str, *folders: str) -> Answer:
    """How many contacts a folder holds, as plain text."""
    mailbox = open_mailbox(call, user)
    allow(call, OUTLOOK, "$filter")
    folder = folder_id(mailbox, folders)
    rows = _filtered(call, [one for _, one in store.contacts_in(mailbox, folder)])
    return Answer(200, str(len(rows)).encode(), {"Content-Type": "text/plain"})


@routes("POST", "", needs=WRITE)
def create_contact(call: Call, user: str, *folders: str) -> Answer:
    """A new contact, with all its properties but the extended ones."""
    mailbox = open_mailbox(call, user)
    if call.query:
        allow(call, OUTLOOK)
    folder = folder_id(mailbox, folders)
    contact = shape.created(shape.read_body(call.body))
    store.insert(call.world, mailbox, folder, contact)
    return _whole(call, 201, contact)


@routes("GET", "/{contact}", needs=READ)
def get_contact(call: Call, user: str, *names: str) -> Answer:
    """One contact, by either of its ids."""
    mailbox = open_mailbox(call, user)
    allow(call, OUTLOOK, "$select", "$expand")
    contact = mailbox.contacts[key_at(mailbox, names)]
    chosen = selected(call, OUTLOOK, shape.KIND, shape.PROPERTIES, ())
    expansion = expansion_of(call, SINGLE, MULTI)
    shown = show(contact, call.wants_immutable_ids, chosen, expansion)
    return Answer(200, {"@odata.context": _context(call), **shown})


@routes("PATCH", "/{contact}", needs=WRITE)
def change_contact(call: Call, user: str, *names: str) -> Answer:
    """Change the properties that the body holds; even an equal value makes a new version."""
    mailbox = open_mailbox(call, user)
    allow(call, OUTLOOK)
    key = key_at(mailbox, names)
    before = mailbox.contacts[key]
    store.check_version(call.headers, before)
    after = shape.changed(before, shape.read_body(call.body))
    store.replace(call.world, mailbox, key, after)
    return _whole(call, 200, after)


@routes("DELETE", "/{contact}", needs=WRITE)
def delete_contact(call: Call, user: str, *names: str) -> Answer:
    """Into Deleted Items, where other people may read it on."""
    mailbox = open_mailbox(call, user)
    allow(call, OUTLOOK)
    key = key_at(mailbox, names)
    store.check_version(call.headers, mailbox.contacts[key])
    store.remove(mailbox, key, soft=True)
    return Answer(204)


@routes("POST", "/{contact}/permanentDelete", needs=WRITE)
def purge_contact(call: Call, user: str, *names: str) -> Answer:
    """Gone without a trace in Deleted Items."""
    mailbox = open_mailbox(call, user)
    allow(call, OUTLOOK)
    store.remove(mailbox, key_at(mailbox, names), soft=False)
    return Answer(204)


def folder_id(mailbox: Mailbox, folders: Sequence[str]) -> str:
    """The folder that an address means: the default one, or the last that it names."""
    if not folders:
        return store.default_folder(mailbox)
    folder = store.folder_of(mailbox, folders[-1])
    if len(folders) > 1 and folder["parentFolderId"] != folders[-2]:
        raise store.no_item(folders[-1])
    identity: str = folder["id"]
    return identity


def key_at(mailbox: Mailbox, names: Sequence[str]) -> str:
    """The key of the contact that an address means. Below a folder it must lie in that folder."""
    *folders, contact = names
    key = store.key_of(mailbox, contact)
    if folders and mailbox.contacts[key]["parentFolderId"] != folder_id(mailbox, folders):
        raise store.no_item(contact)
    return key


def show(
    contact: Json, immutable: bool, names: Sequence[str] = (), expansion: Expansion | None = None
) -> Json:
    """What a caller sees of a contact: everything, or the properties in `names`."""
    shown = {**shape.EMPTY, **contact}
    for name in _HIDDEN:
        shown.pop(name, None)
    if contact.get("emailAddresses"):
        shape.ranked_addresses(shown)
    shown["@odata.etag"] = f'W/"{contact["changeKey"]}"'
    if immutable:
        shown["id"] = store.immutable_id(contact[store.KEY])
    if names:
        shown = project(shown, names)
    if expansion:
        expand_properties(contact, expansion, shown)
    return shown


def _whole(call: Call, status: int, contact: Json) -> Answer:
    shown = show(contact, call.wants_immutable_ids)
    shown["@odata.context"] = _context(call)
    return Answer(status, shown)


def _context(call: Call) -> str:
    return f"{call.base}/$metadata#users/contacts/$entity"


def _filtered(call: Call, rows: list[Json]) -> list[Json]:
    found = filter_of(call, OUTLOOK, shape.KIND, _FILTERABLE)
    if found is None:
        return rows
    if _ANY_ADDRESS in found.paths and found.operators - _PLAIN_OPERATORS:
        raise Refusal(400, "ErrorInvalidRequest", "Addresses can be filtered by any(a: .. eq ..) only.")
    if found.paths & _ANY_PROPERTY:
        rows = _indexed(call, rows)
    return [row for row in rows if _passes(found, row)]


def _indexed(call: Call, rows: list[Json]) -> list[Json]:
    """The rows that the index of extended properties knows already: by switch, not the newest.

    Source: https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/618
    """
    late = call.world.switches.late_filter_s
    if not late:
        return rows
    limit = call.world.clock.now() - timedelta(seconds=late)
    return [row for row in rows if datetime.fromisoformat(row["createdDateTime"]) <= limit]


def _passes(found: Filter, row: Json) -> bool:
    return store.LIST not in row and found.matches(row)
