"""Contact folders: list, create, rename, delete. The default folder is never listed.

Source: https://learn.microsoft.com/graph/api/resources/contactfolder
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from syncengine.sandbox.contacts import store
from syncengine.sandbox.contacts.items import READ, WRITE
from syncengine.sandbox.extended import (
    MULTI,
    SINGLE,
    Expansion,
    checked_properties,
    expand_properties,
    expansion_of,
    merged_properties,
)
from syncengine.sandbox.kernel import Answer, Call, Json, Refusal, graph
from syncengine.sandbox.mailboxes import open_mailbox
from syncengine.sandbox.odata import OUTLOOK, allow, filter_of, listed, ordered, project, selected
from syncengine.sandbox.state import Mailbox

KIND = "microsoft.graph.contactFolder"
PROPERTIES = ("id", "displayName", "parentFolderId")
_FILTERABLE = frozenset({"displayName", f"{SINGLE}/any/id", f"{SINGLE}/any/value"})
_LIST = ("$select", "$top", "$skip", "$filter", "$orderby", "$count", "$expand")


@graph.route("GET", "/users/{user}/contactFolders", needs=READ)
@graph.route("GET", "/users/{user}/contactFolders/{folder}/childFolders", needs=READ)
def list_folders(call: Call, user: str, parent: str = "") -> Answer:
    """The folders below a folder; without one, those below Contacts, which itself is left out."""
    mailbox = open_mailbox(call, user)
    allow(call, OUTLOOK, *_LIST)
    above = _parent(mailbox, parent)
    names = selected(call, OUTLOOK, KIND, PROPERTIES, PROPERTIES)
    expansion = expansion_of(call, SINGLE, MULTI)
    found = filter_of(call, OUTLOOK, KIND, _FILTERABLE)
    rows = [one for one in mailbox.folders.values() if one["parentFolderId"] == above]
    rows = [one for one in rows if found is None or found.matches(one)]
    rows = ordered(call, OUTLOOK, KIND, rows, {"displayName"})
    context = f"users('{user}')/contactFolders"
    return listed(call, OUTLOOK, rows, lambda one: show(one, names, expansion), context)


@graph.route("POST", "/users/{user}/contactFolders", needs=WRITE)
@graph.route("POST", "/users/{user}/contactFolders/{folder}/childFolders", needs=WRITE)
def create_folder(call: Call, user: str, parent: str = "") -> Answer:
    """A new folder below a folder, or below Contacts. Two of one name beside each other: 409."""
    mailbox = open_mailbox(call, user)
    allow(call, OUTLOOK)
    above = _parent(mailbox, parent)
    written = _read_body(call.body)
    if "displayName" not in written:
        raise Refusal(400, "ErrorInvalidRequest", "A folder needs a displayName.")
    _check_name(mailbox, above, written["displayName"])
    folder = {**written, "id": store.new_folder_id(mailbox), "parentFolderId": above}
    mailbox.folders[folder["id"]] = {**folder, store.NUMBER: mailbox.generation}
    store.log_folder(mailbox, folder["id"])
    return _answer(call, 201, folder)


@graph.route("GET", "/users/{user}/contactFolders/{folder}", needs=READ)
@graph.route("GET", "/users/{user}/contactFolders/{parent}/childFolders/{folder}", needs=READ)
def get_folder(call: Call, user: str, *names: str) -> Answer:
    """One folder, the default one too."""
    mailbox = open_mailbox(call, user)
    allow(call, OUTLOOK, "$select", "$expand")
    return _answer(call, 200, _at(mailbox, names))


@graph.route("PATCH", "/users/{user}/contactFolders/{folder}", needs=WRITE)
@graph.route("PATCH", "/users/{user}/contactFolders/{parent}/childFolders/{folder}", needs=WRITE)
def change_folder(call: Call, user: str, *names: str) -> Answer:
    """Rename a folder, or set its extended properties."""
    mailbox = open_mailbox(call, user)
    allow(call, OUTLOOK)
    folder, written = _at(mailbox, names), _read_body(call.body)
    if "displayName" in written and written["displayName"] != folder["displayName"]:
        _refuse_default(folder, "ErrorAccessDenied", "renamed")
        _check_name(mailbox, folder["parentFolderId"], written["displayName"], but=folder["id"])
    for name in (SINGLE, MULTI):
        if name in written:
            written[name] = merged_properties(folder.get(name), written[name])
    folder.update(written)
    store.log_folder(mailbox, folder["id"])
    return _answer(call, 200, folder)


@graph.route("DELETE", "/users/{user}/contactFolders/{folder}", needs=WRITE)
@graph.route("DELETE", "/users/{user}/contactFolders/{parent}/childFolders/{folder}", needs=WRITE)
def delete_folder(call: Call, user: str, *names: str) -> Answer:
    """Into Deleted Items, with all that lies in it."""
    return _delete(call, user, names, soft=True)


@graph.route("POST", "/users/{user}/contactFolders/{folder}/permanentDelete", needs=WRITE)
def purge_folder(call: Call, user: str, folder: str) -> Answer:
    """Gone, with all that lies in it."""
    return _delete(call, user, (folder,), soft=False)


def show(folder: Json, names: Sequence[str] = PROPERTIES, expansion: Expansion | None = None) -> Json:
    """What a caller sees of a folder."""
    shown = project(folder, names)
    if expansion:
        expand_properties(folder, expansion, shown)
    return shown


def _delete(call: Call, user: str, names: Sequence[str], *, soft: bool) -> Answer:
    mailbox = open_mailbox(call, user)
    allow(call, OUTLOOK)
    folder = _at(mailbox, names)
    _refuse_default(folder, "ErrorDeleteDistinguishedFolder", "deleted")
    _remove_tree(mailbox, folder["id"], soft=soft)
    return Answer(204)


def _remove_tree(mailbox: Mailbox, folder: str, *, soft: bool) -> None:
    for below in [one["id"] for one in mailbox.folders.values() if one["parentFolderId"] == folder]:
        _remove_tree(mailbox, below, soft=soft)
    for key in [key for key, _ in store.contacts_in(mailbox, folder)]:
        store.remove(mailbox, key, soft=soft)
    del mailbox.folders[folder]
    store.log_folder(mailbox, folder)


def _answer(call: Call, status: int, folder: Json) -> Answer:
    names = selected(call, OUTLOOK, KIND, PROPERTIES, PROPERTIES)
    shown = show(folder, names, expansion_of(call, SINGLE, MULTI))
    context = f"{call.base}/$metadata#users/contactFolders/$entity"
    return Answer(status, {"@odata.context": context, **shown})


def _parent(mailbox: Mailbox, parent: str) -> str:
    default = store.default_folder(mailbox)
    identity: str = store.folder_of(mailbox, parent)["id"] if parent else default
    return identity


def _at(mailbox: Mailbox, names: Sequence[str]) -> Json:
    folder = store.folder_of(mailbox, names[-1])
    if len(names) > 1 and folder["parentFolderId"] != names[-2]:
        raise store.no_item(names[-1])
    return folder


def _read_body(body: Any) -> Json:
    if not isinstance(body, dict):
        raise Refusal(400, "RequestBodyRead", "The body must be a JSON object.")
    written: Json = {}
    for name, value in body.items():
        if name in (SINGLE, MULTI):
            written[name] = checked_properties(name, value)
        elif name == "displayName":
            if not isinstance(value, str) or not value.strip():
                raise Refusal(400, "RequestBodyRead", "displayName must be a text.")
            written[name] = value
        elif name not in ("id", "parentFolderId") and "@odata." not in name:
            message = f"The property '{name}' does not exist on type '{KIND}'."
            raise Refusal(400, "RequestBodyRead", message)
    return written


def _check_name(mailbox: Mailbox, parent: str, name: str, but: str = "") -> None:
    for one in mailbox.folders.values():
        beside = one["parentFolderId"] == parent and one["id"] != but
        if beside and one["displayName"].casefold() == name.casefold():
            message = "A folder with the specified name already exists."
            raise Refusal(409, "ErrorFolderExists", message)


def _refuse_default(folder: Json, code: str, deed: str) -> None:
    if folder.get("_default"):
        raise Refusal(403, code, f"Distinguished folders cannot be {deed}.")
