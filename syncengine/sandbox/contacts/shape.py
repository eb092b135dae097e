"""What a personal contact may hold: its properties, their types, limits and automatic values.

Source: https://learn.microsoft.com/graph/api/resources/contact
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from syncengine.sandbox.extended import MULTI, SINGLE, checked_properties, merged_properties
from syncengine.sandbox.kernel import Json, Refusal, Unknown

KIND = "microsoft.graph.contact"

_TEXTS = """assistantName businessHomePage companyName department displayName fileAs generation
    givenName initials jobTitle manager middleName mobilePhone nickName officeLocation personalNotes
    profession spouseName surname title yomiCompanyName yomiGivenName yomiSurname"""
TEXTS = frozenset(_TEXTS.split())
LISTS = ("businessPhones", "categories", "children", "homePhones", "imAddresses")
ADDRESSES = ("businessAddress", "homeAddress", "otherAddress")
_ADDRESS_PARTS = frozenset({"city", "countryOrRegion", "postalCode", "state", "street"})
RANKED = ("primaryEmailAddress", "secondaryEmailAddress", "tertiaryEmailAddress")
# The server's own: a body may carry them, as a copied resource does, and they have no effect.
_SERVERS = frozenset({"id", "changeKey", "createdDateTime", "lastModifiedDateTime", "parentFolderId"})
_UNKNOWN_TO_US = frozenset({"photo", "extensions", *RANKED})
_NAME_PARTS = ("givenName", "middleName", "surname", "generation")

# What an answer shows where a contact has nothing.
EMPTY: Json = {
    **dict.fromkeys(sorted(TEXTS)),
    **dict.fromkeys(("birthday", *RANKED)),
    **{name: [] for name in (*LISTS, "emailAddresses")},
    **{name: {} for name in ADDRESSES},
}
PROPERTIES = frozenset(EMPTY) | _SERVERS

# Source: https://github.com/microsoftgraph/microsoft-graph-docs/issues/15276
_LIMITS = {"emailAddresses": 3, "businessPhones": 2, "homePhones": 2, "imAddresses": 3}
_ADDRESS = re.compile(r"[^@\s<>,;:()]+@[^@\s<>,;:()]+")


def read_body(body: Any) -> Json:
    """The properties that a POST or PATCH writes, checked. Raises 400 RequestBodyRead."""
    if not isinstance(body, dict):
        raise Refusal(400, "RequestBodyRead", "The body must be a JSON object.")
    written: Json = {}
    for name, value in body.items():
        check = _CHECKS.get(name)
        if check is not None:
            written[name] = check(name, value)
        elif name not in _SERVERS and "@odata." not in name:
            raise _no_such(name)
    return written


def created(written: Json) -> Json:
    """A new contact's properties, with those that Exchange makes up by itself."""
    if not written.get("displayName"):
        written["displayName"] = _full_name(written) or written.get("companyName")
    if not written.get("fileAs"):
        written["fileAs"] = _filed_name(written)
    if "initials" not in written and (letters := _initials(written)):
        written["initials"] = letters
    for name in ADDRESSES:
        if name in written:
            written[name] = _merged_address({}, written[name])
    return written


def changed(before: Json, written: Json) -> Json:
    """The contact after a PATCH.

    A change of a name's part overwrites the display name unless the PATCH sends it too.
    Source: https://learn.microsoft.com/graph/api/resources/contact
    """
    after = {**before, **written}
    for name in ADDRESSES:
        if name in written:
            after[name] = _merged_address(before.get(name, {}), written[name])
    for name in (SINGLE, MULTI):
        if name in written:
            after[name] = merged_properties(before.get(name), written[name])
    if any(part in written and written[part] != before.get(part) for part in _NAME_PARTS):
        if "displayName" not in written:
            after["displayName"] = _full_name(after) or after.get("companyName")
        if "fileAs" not in written:
            after["fileAs"] = _filed_name(after)
    return after


def ranked_addresses(shown: Json) -> None:
    """Fill in the first, second and third e-mail address, which are views of the list."""
    for name, address in zip(RANKED, shown["emailAddresses"], strict=False):
        shown[name] = address


def _merged_address(before: Json, written: Json) -> Json:
    """A postal address after a write: parts left out stay, null clears one."""
    return {part: text for part, text in {**before, **written}.items() if text is not None}


def _full_name(contact: Json) -> str | None:
    parts = [contact.get(part) for part in _NAME_PARTS]
    return " ".join(part for part in parts if part) or None


def _filed_name(contact: Json) -> str | None:
    first = " ".join(part for name in _NAME_PARTS[:2] if (part := contact.get(name)))
    last: str | None = contact.get("surname")
    return f"{last}, {first}" if last and first else last or first or contact.get("companyName")


def _initials(contact: Json) -> str:
    return "".join(f"{part[0]}." for name in _NAME_PARTS[:3] if (part := contact.get(name)))


def _no_such(name: str) -> Refusal:
    if name in _UNKNOWN_TO_US:
        return Unknown(f"how to write a contact's {name}")
    message = (
        f"The property '{name}' does not exist on type '{KIND}'. Make sure to only use "
        "property names that are defined by the type."
    )
    return Refusal(400, "RequestBodyRead", message)


def _wrong_type(name: str, wanted: str) -> Refusal:
    return Refusal(400, "RequestBodyRead", f"The value of '{name}' is not of type '{wanted}'.")


def _text(name: str, value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise _wrong_type(name, "Edm.String")


def _texts(name: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise _wrong_type(name, "Collection(Edm.String)")
    _check_limit(name, value)
    return value


def _check_limit(name: str, value: list[Any]) -> None:
    limit = _LIMITS.get(name)
    if limit is not None and len(value) > limit:
        message = (
            f"The multi value property {name[0].upper()}{name[1:]} has {len(value)} entries, "
            f"that exceeds the max allowed value of {limit}"
        )
        raise Refusal(400, "ErrorInvalidRequest", message)


def _moment(name: str, value: Any) -> str | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError) as fault:
        raise _wrong_type(name, "Edm.DateTimeOffset") from fault
    if moment.tzinfo is None:
        raise _wrong_type(name, "Edm.DateTimeOffset")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _postal_address(name: str, value: Any) -> Json:
    if value is None:
        return dict.fromkeys(_ADDRESS_PARTS)
    if not isinstance(value, dict):
        raise _wrong_type(name, "microsoft.graph.physicalAddress")
    for part, text in value.items():
        if part not in _ADDRESS_PARTS:
            raise _no_such(f"{name}/{part}")
        _text(f"{name}/{part}", text)
    return value


def _mail_addresses(name: str, value: Any) -> list[Json]:
    if not isinstance(value, list):
        raise _wrong_type(name, "Collection(microsoft.graph.emailAddress)")
    _check_limit(name, value)
    return [_mail_address(one) for one in value]


def _mail_address(one: Any) -> Json:
    """An e-mail address as it is kept: an invalid one loses its address, and nobody is told.

    Source: https://github.com/microsoftgraph/microsoft-graph-docs/issues/2186
    """
    if not isinstance(one, dict) or one.keys() - {"name", "address"}:
        raise _wrong_type("emailAddresses", "microsoft.graph.emailAddress")
    address = _text("emailAddresses/address", one.get("address"))
    name = _text("emailAddresses/name", one.get("name")) or address
    if address and _ADDRESS.fullmatch(address):
        return {"name": name, "address": address}
    return {"name": name}


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    **dict.fromkeys(TEXTS, _text),
    **dict.fromkeys(LISTS, _texts),
    **dict.fromkeys(ADDRESSES, _postal_address),
    **dict.fromkeys((SINGLE, MULTI), checked_properties),
    "emailAddresses": _mail_addresses,
    "birthday": _moment,
}
