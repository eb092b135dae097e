"""Where a mailbox keeps its contact folders and contacts: ids, versions, and the log of changes.

An item's place in `Mailbox.contacts` is its key, the part of both ids that never changes;
the plain id changes when the item moves, the immutable id does not.
Source: https://learn.microsoft.com/graph/outlook-immutable-id
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator

from syncengine.sandbox.kernel import Json, Refusal
from syncengine.sandbox.state import Mailbox, World

_PLAIN, _IMMUTABLE, _END = "AAMkA", "AAkAL", "AAA="
_AFTER_TAG = len(_PLAIN) + 20
_FORM = re.compile(r"[A-Za-z0-9_=-]{24,}")
# Keys of an item that no answer shows.
KEY, NUMBER, LIST, PHOTO = "_key", "_number", "_distributionList", "_photo"
_ADOPTED = ("id", "changeKey", "createdDateTime", "lastModifiedDateTime")
_VERSION = re.compile(r"EQAAABYAAAB([0-9a-f]{16})")
_OWN = 16
"""How many letters of a key are the mailbox's own: twelve of the tag's thirteen bytes."""
HIERARCHY = ""
"""The `folder` of log entries that tell of folders themselves."""


def default_folder(mailbox: Mailbox) -> str:
    """The id of the Contacts folder that every mailbox has; made when first asked for."""
    known: str | None = mailbox.indexes.get("default contact folder")
    if known is not None and known in mailbox.folders:
        return known
    found = next((key for key, one in mailbox.folders.items() if one.get("_default")), None)
    if found is None:
        found = _folder_id(mailbox, 0)
        folder = {"id": found, "displayName": "Contacts", "parentFolderId": root_folder(mailbox)}
        mailbox.folders[found] = {**folder, "_default": True, NUMBER: 0}
    mailbox.indexes["default contact folder"] = found
    return found


def root_folder(mailbox: Mailbox) -> str:
    """The id of the folder above all; no address leads to it."""
    return f"{_PLAIN}{_hash(mailbox.user_id, 'root', 21)}{_END}"


def new_folder_id(mailbox: Mailbox) -> str:
    """An id for a folder that is about to be made; folders' ids never change."""
    while (identity := _folder_id(mailbox, tick(mailbox))) in mailbox.folders:
        pass
    return identity


def folder_of(mailbox: Mailbox, folder_id: str) -> Json:
    """The folder with this id. Raises 404, or 400 for what cannot be an id."""
    default_folder(mailbox)
    found = mailbox.folders.get(folder_id)
    if found is None:
        raise no_item(folder_id)
    return found


def tick(mailbox: Mailbox) -> int:
    """One more change: the number that versions and tokens are made of."""
    mailbox.generation += 1
    return mailbox.generation


def insert(world: World, mailbox: Mailbox, folder_id: str, contact: Json) -> str:
    """Put a new contact into a folder; answers its key."""
    number = tick(mailbox)
    tag = mailbox.indexes.get("contact tag") or _tag(mailbox)
    key = base64.urlsafe_b64encode(tag + number.to_bytes(8, "big")).decode()
    contact["id"] = identity = plain_id(mailbox, folder_id, key)
    contact["parentFolderId"] = folder_id
    contact["createdDateTime"] = contact["lastModifiedDateTime"] = stamp(world)
    contact["changeKey"] = change_key(number)
    contact[KEY], contact[NUMBER] = key, number
    mailbox.contacts[key] = contact
    mailbox.contact_log.append(_entry(number, folder_id, key, identity))
    return key


def replace(world: World, mailbox: Mailbox, key: str, contact: Json) -> None:
    """Store a contact after a change, as a new version."""
    number = tick(mailbox)
    contact["lastModifiedDateTime"] = stamp(world)
    contact["changeKey"] = change_key(number)
    mailbox.contacts[key] = contact
    entry = _entry(number, contact["parentFolderId"], key, contact["id"])
    mailbox.contact_log.append(entry)


def adopt(mailbox: Mailbox, key: str, row: Json) -> None:
    """Give the newest contact the id, version and times that a world file says.

    An id that this mailbox once made keeps its key, and with it its immutable id; numbers
    go on behind the highest that the file has seen, so that none is given twice.
    """
    contact = mailbox.contacts.pop(key)
    contact |= {name: row[name] for name in _ADOPTED if name in row}
    identity: str = contact["id"]
    inner = identity[_AFTER_TAG : -len(_END)]
    made = identity.startswith(_PLAIN) and inner.startswith(key[:_OWN])
    contact[KEY] = inner if made else identity
    mailbox.contacts[contact[KEY]] = contact
    if made:
        number = int.from_bytes(base64.urlsafe_b64decode(inner)[-8:], "big")
        mailbox.generation = max(mailbox.generation, number)
    if version := _VERSION.fullmatch(contact["changeKey"]):
        mailbox.generation = max(mailbox.generation, int(version[1], 16))
    entry = _entry(contact[NUMBER], contact["parentFolderId"], contact[KEY], identity)
    mailbox.contact_log[-1] = entry


def remove(mailbox: Mailbox, key: str, *, soft: bool) -> None:
    """Delete a contact: `soft` puts it into Deleted Items, where Graph's contacts do not look."""
    contact = mailbox.contacts.pop(key)
    entry = _entry(tick(mailbox), contact["parentFolderId"], key, contact["id"])
    mailbox.contact_log.append({**entry, "soft": soft})


def move(world: World, mailbox: Mailbox, key: str, folder_id: str) -> None:
    """Move a contact as a person does in Outlook: its plain id changes."""
    contact = mailbox.contacts.pop(key)
    entry = _entry(tick(mailbox), contact["parentFolderId"], key, contact["id"])
    mailbox.contact_log.append(entry)
    identity = plain_id(mailbox, folder_id, key)
    number = mailbox.generation + 1
    moved = {**contact, "parentFolderId": folder_id, "id": identity, NUMBER: number}
    replace(world, mailbox, key, moved)


def deleted_items(mailbox: Mailbox) -> int:
    """How many contacts lie in Deleted Items."""
    return sum(entry.get("soft", False) for entry in mailbox.contact_log)


def log_folder(mailbox: Mailbox, folder_id: str) -> None:
    """Note that a folder was made, changed or deleted."""
    mailbox.contact_log.append(_entry(tick(mailbox), HIERARCHY, folder_id, folder_id))


def key_of(mailbox: Mailbox, item_id: str) -> str:
    """The key of the contact with this plain or immutable id. Raises 404 or 400."""
    for key in (item_id, item_id[_AFTER_TAG : -len(_END)], item_id[len(_IMMUTABLE) : -len(_END)]):
        contact = mailbox.contacts.get(key)
        known = contact is not None and item_id in (contact["id"], immutable_id(key))
        if known and contact is not None and LIST not in contact:
            return key
    raise no_item(item_id)


def immutable_id(key: str) -> str:
    """The id that stays when the item moves."""
    return f"{_IMMUTABLE}{key}{_END}"


def plain_id(mailbox: Mailbox, folder_id: str, key: str) -> str:
    """The id that an item with this key has while it lies in this folder."""
    tags: dict[str, str] = mailbox.indexes.setdefault("folder tags", {})
    tag = tags.get(folder_id) or tags.setdefault(folder_id, _hash(mailbox.user_id, folder_id, 15))
    return f"{_PLAIN}{tag}{key}{_END}"


def change_key(number: int) -> str:
    """The version that the change with this number makes."""
    return f"EQAAABYAAAB{number:016x}"


def contacts_in(mailbox: Mailbox, folder_id: str) -> Iterator[tuple[str, Json]]:
    """Keys and contacts of one folder, distribution lists included, oldest first."""
    for key, contact in mailbox.contacts.items():
        if contact["parentFolderId"] == folder_id:
            yield key, contact


def stamp(world: World) -> str:
    """The sandbox's now, as Exchange writes it."""
    return world.clock.now().isoformat()[:19] + "Z"


def no_item(item_id: str) -> Refusal:
    """What Exchange says about an id that means nothing here."""
    if not _FORM.fullmatch(item_id):
        return Refusal(400, "ErrorInvalidIdMalformed", "Id is malformed.")
    return Refusal(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def check_version(headers: dict[str, str], item: Json) -> None:
    """Honour If-Match. Raises 412 ErrorIrresolvableConflict for a version that is not the present.

    Source: https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/1201
    """
    wanted = headers.get("if-match")
    if wanted is None or wanted == "*" or wanted == etag(item):
        return
    message = (
        "The send or update operation could not be performed because the change key "
        "passed in the request does not match the current change key for the item."
    )
    raise Refusal(412, "ErrorIrresolvableConflict", message)


def etag(item: Json) -> str:
    """An item's version, as headers and annotations spell it."""
    return f'W/"{item["changeKey"]}"'


def _tag(mailbox: Mailbox) -> bytes:
    tag = hashlib.blake2b(mailbox.user_id.encode(), digest_size=13).digest()
    mailbox.indexes["contact tag"] = tag
    return tag


def _entry(number: int, folder_id: str, key: str, identity: str) -> Json:
    return {"number": number, "folder": folder_id, "key": key, "id": identity}


def _folder_id(mailbox: Mailbox, number: int) -> str:
    return f"{_PLAIN}{_hash(mailbox.user_id, f'folder {number}', 33)}{_END}"


def _hash(owner: str, what: str, size: int) -> str:
    digest = hashlib.blake2b(f"{owner}\0{what}".encode(), digest_size=size).digest()
    return base64.urlsafe_b64encode(digest).decode()
