"""People's vCards, put into the Contacts folder as a person would import them.

One card that cannot be read does not keep out the others: each is imported, or refused with a
reason. What a contact has no room for (a fourth address, a fax number) stays behind.
Source: https://www.rfc-editor.org/rfc/rfc6350 and, for versions 2.1 and 3.0, its forebears
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import vobject  # type: ignore[import-untyped]
from dateutil import parser as dates

from syncengine.sandbox.contacts import shape, store
from syncengine.sandbox.kernel import Json, Refusal
from syncengine.sandbox.pictures import is_picture
from syncengine.sandbox.state import Mailbox, Tenant, World

_CARD = re.compile(r"^BEGIN:VCARD\s*$.*?^END:VCARD\s*$", re.I | re.M | re.S)
_BIRTHDAY_HOUR = 12
_ROOM = {"emailAddresses": 3, "businessPhones": 2, "homePhones": 2, "imAddresses": 3}
_NO_PHONES = frozenset({"FAX", "PAGER", "BBS", "MODEM", "TLX"})
_NAME_PARTS = {
    "family": "surname",
    "given": "givenName",
    "additional": "middleName",
    "prefix": "title",
    "suffix": "generation",
}
# Where an address of a vCard's type lies in a contact; the rest is "other".
_PLACES = {"WORK": "businessAddress", "HOME": "homeAddress"}
_STREETS = ("extended", "street", "box")


def import_vcf(world: World, tenant: Tenant, mailbox: Mailbox, text: str) -> Json:
    """Import the cards of a file: `{"contacts": [ids], "refused": [reasons]}`.

    Raises Refusal with the reasons when not one card could be read.
    """
    assert tenant.id in world.tenants, "the mailbox is of another world"
    made, refused = [], []
    folder = store.default_folder(mailbox)
    for number, card in enumerate(_cards(text), 1):
        try:
            contact = _contact(_read(card))
        except Refusal as no:
            refused.append(f"card {number}: {no.message}")
            continue
        key = store.insert(world, mailbox, folder, contact)
        made.append(contact["id"])
        assert mailbox.contacts[key] is contact
    if not made:
        reasons = "; ".join(refused) or "the file holds no whole vCard"
        raise Refusal(400, "SandboxCannotImport", reasons)
    return {"contacts": made, "refused": refused}


def _cards(text: str) -> list[str]:
    unix = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return _CARD.findall(unix)


def _read(card: str) -> Any:
    try:
        return next(vobject.readComponents(card, allowQP=True))
    except (vobject.base.VObjectError, ValueError) as fault:
        raise _cannot(f"{fault}") from fault
    except StopIteration as fault:
        raise _cannot("no card in it") from fault


def _contact(card: Any) -> Json:
    """A contact's properties; 400 for a card that holds none of them."""
    found: Json = {}
    for line in card.getChildren():
        take = _TAKERS.get(line.name)
        if take is not None:
            take(found, line)
    if not found:
        raise _cannot("it holds nothing that a contact has")
    private = {name: found.pop(name) for name in (store.LIST, store.PHOTO) if name in found}
    return {**shape.created(shape.read_body(found)), **private}


def _cannot(why: str) -> Refusal:
    return Refusal(400, "SandboxCannotImport", f"cannot be read: {' '.join(why.split())[:200]}")


def _types(line: Any) -> frozenset[str]:
    """The types of a line, in capitals: `TYPE=home,cell`, `TYPE=HOME;TYPE=CELL` or bare `HOME;CELL`."""
    named = [one for value in line.params.get("TYPE", ()) for one in value.split(",")]
    return frozenset(one.strip().upper() for one in (*named, *line.singletonparams))


def _text(value: Any) -> str:
    """A value as one line of text; parts of a structure follow each other."""
    if isinstance(value, list | tuple):
        return " ".join(part for part in map(_text, value) if part)
    return str(value or "").strip()


def _plain(name: str) -> Callable[[Json, Any], None]:
    """Take a line as the property `name`; the first such line wins."""

    def take(found: Json, line: Any) -> None:
        if text := _text(line.value):
            found.setdefault(name, text)

    return take


def _append(found: Json, name: str, value: Any) -> None:
    entries = found.setdefault(name, [])
    if len(entries) < _ROOM.get(name, 100) and value not in entries:
        entries.append(value)


def _name(found: Json, line: Any) -> None:
    for part, name in _NAME_PARTS.items():
        if text := _text(getattr(line.value, part, "")):
            found[name] = text


def _organization(found: Json, line: Any) -> None:
    parts = line.value if isinstance(line.value, list) else [line.value]
    for name, part in zip(("companyName", "department"), parts, strict=False):
        if text := _text(part):
            found.setdefault(name, text)


def _mail(found: Json, line: Any) -> None:
    if text := _text(line.value):
        _append(found, "emailAddresses", {"address": text})


def _phone(found: Json, line: Any) -> None:
    types, number = _types(line), _text(line.value).removeprefix("tel:")
    if not number or types & _NO_PHONES:
        return
    if "CELL" in types:
        found.setdefault("mobilePhone", number)
    else:
        _append(found, "homePhones" if "HOME" in types else "businessPhones", number)


def _postal(found: Json, line: Any) -> None:
    types = _types(line)
    name = next((place for one, place in _PLACES.items() if one in types), "otherAddress")
    value = line.value
    parts = {
        "street": "\n".join(part for one in _STREETS if (part := _text(getattr(value, one, "")))),
        "city": _text(getattr(value, "city", "")),
        "state": _text(getattr(value, "region", "")),
        "postalCode": _text(getattr(value, "code", "")),
        "countryOrRegion": _text(getattr(value, "country", "")),
    }
    if address := {part: text for part, text in parts.items() if text}:
        found.setdefault(name, address)


def _birthday(found: Json, line: Any) -> None:
    """The day, at noon UTC so that it is that day in most zones. One without a year is left out."""
    text = _text(line.value)
    if not re.match(r"\d{4}", text):
        return
    try:
        day = dates.parse(text, default=datetime(2000, 1, 1, tzinfo=UTC))
    except (ValueError, OverflowError) as fault:
        raise _cannot(f"{text!r} is no birthday") from fault
    found["birthday"] = f"{day:%Y-%m-%d}T{_BIRTHDAY_HOUR}:00:00Z"


def _categories(found: Json, line: Any) -> None:
    for text in _listed(line.value):
        _append(found, "categories", text)


def _listed(value: Any) -> Iterator[str]:
    parts = value if isinstance(value, list) else str(value).split(",")
    yield from (text for part in parts if (text := _text(part)))


def _messenger(found: Json, line: Any) -> None:
    if text := _text(line.value):
        _append(found, "imAddresses", text.partition(":")[2] or text)


def _kind(found: Json, line: Any) -> None:
    if _text(line.value).lower() == "group":
        found[store.LIST] = True


def _photo(found: Json, line: Any) -> None:
    if isinstance(line.value, bytes) and is_picture(line.value):
        found[store.PHOTO] = line.value


_TAKERS: dict[str, Callable[[Json, Any], None]] = {
    "ADR": _postal,
    "BDAY": _birthday,
    "CATEGORIES": _categories,
    "EMAIL": _mail,
    "FN": _plain("displayName"),
    "IMPP": _messenger,
    "KIND": _kind,
    "N": _name,
    "NICKNAME": _plain("nickName"),
    "NOTE": _plain("personalNotes"),
    "ORG": _organization,
    "PHOTO": _photo,
    "ROLE": _plain("profession"),
    "TEL": _phone,
    "TITLE": _plain("jobTitle"),
    "URL": _plain("businessHomePage"),
    "X-ADDRESSBOOKSERVER-KIND": _kind,
    "X-PHONETIC-FIRST-NAME": _plain("yomiGivenName"),
    "X-PHONETIC-LAST-NAME": _plain("yomiSurname"),
}
