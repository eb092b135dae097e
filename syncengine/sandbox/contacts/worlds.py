"""Contact folders of a mailbox from and to a world file, and deeds of people in Outlook.

A folder in the file is a contactFolder as Graph shows it, with `_default` for the Contacts
folder and its contacts under `contacts`. Ids are kept; items without one get one. A
contact may carry `singleValueExtendedProperties`, `_photo` (base64) and
`_distributionList` (true for a personal group, which Graph counts and never shows).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from copy import deepcopy

from syncengine.sandbox.contacts import shape, store
from syncengine.sandbox.extended import MULTI, SINGLE
from syncengine.sandbox.kernel import Json
from syncengine.sandbox.state import Mailbox, Tenant, World


def load(world: World, _: Tenant, mailbox: Mailbox, folders: Iterable[Json]) -> None:
    """Put the folders of a world file into a mailbox: the default one, then parents before children."""
    for row in sorted(folders, key=lambda one: not one.get("_default")):
        folder = {name: value for name, value in row.items() if name != "contacts"}
        if folder.get("_default"):
            folder.setdefault("parentFolderId", store.root_folder(mailbox))
        else:
            folder.setdefault("parentFolderId", store.default_folder(mailbox))
        folder.setdefault("displayName", "Contacts")
        folder.setdefault("id", store.new_folder_id(mailbox))
        folder[store.NUMBER] = store.tick(mailbox)
        mailbox.folders[folder["id"]] = folder
        for contact in row.get("contacts", ()):
            _load_contact(world, mailbox, folder["id"], contact)
    store.default_folder(mailbox)


def dump(_: World, __: Tenant, mailbox: Mailbox) -> list[Json]:
    """The folders of a mailbox for a world file; `load` makes the same of them."""
    store.default_folder(mailbox)
    folders = sorted(mailbox.folders.values(), key=lambda one: not one.get("_default"))
    return [_dump_folder(mailbox, folder) for folder in folders]


def paste(world: World, tenant: Tenant, mailbox: Mailbox, contact_id: str, folder_id: str = "") -> str:
    """Copy a contact beside itself, or into a folder, as a person does; answers the plain id.

    Whether named properties are cloned is a switch: Outlook's ways differ.
    """
    assert mailbox.user_id in tenant.users, "the mailbox is of another tenant"
    original = mailbox.contacts[store.key_of(mailbox, contact_id)]
    target = store.folder_of(mailbox, folder_id or original["parentFolderId"])["id"]
    copy = deepcopy(original)
    if not world.switches.paste_clones_properties:
        copy.pop(SINGLE, None)
        copy.pop(MULTI, None)
    key = store.insert(world, mailbox, target, copy)
    identity: str = mailbox.contacts[key]["id"]
    return identity


def move(world: World, tenant: Tenant, mailbox: Mailbox, contact_id: str, folder_id: str) -> str:
    """Move a contact into another folder, as a person does; answers its new plain id."""
    assert mailbox.user_id in tenant.users, "the mailbox is of another tenant"
    key = store.key_of(mailbox, contact_id)
    store.move(world, mailbox, key, store.folder_of(mailbox, folder_id)["id"])
    identity: str = mailbox.contacts[key]["id"]
    return identity


def _load_contact(world: World, mailbox: Mailbox, folder: str, row: Json) -> None:
    private = {name: row[name] for name in (store.LIST,) if name in row}
    if store.PHOTO in row:
        private[store.PHOTO] = base64.b64decode(row[store.PHOTO])
    written = {name: value for name, value in row.items() if not name.startswith("_")}
    contact = {**shape.changed({}, shape.created(shape.read_body(_writable(written)))), **private}
    store.adopt(mailbox, store.insert(world, mailbox, folder, contact), row)


def _writable(row: Json) -> Json:
    """Without what answers show and bodies cannot carry."""
    return {name: value for name, value in row.items() if name not in shape.RANKED}


def _dump_folder(mailbox: Mailbox, folder: Json) -> Json:
    shown = {name: value for name, value in folder.items() if name != store.NUMBER}
    rows = [_dump_contact(one) for _, one in store.contacts_in(mailbox, folder["id"])]
    return {**shown, "contacts": rows}


def _dump_contact(contact: Json) -> Json:
    hidden = (store.KEY, store.NUMBER, store.PHOTO, "parentFolderId")
    row = {name: deepcopy(value) for name, value in contact.items() if name not in hidden}
    if store.PHOTO in contact:
        row[store.PHOTO] = base64.b64encode(contact[store.PHOTO]).decode()
    return row
