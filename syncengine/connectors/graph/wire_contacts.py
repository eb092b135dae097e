"""Contacts between our words and Graph's JSON.

Source: https://learn.microsoft.com/graph/api/resources/contact
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from syncengine.formats.text import is_mail_address, storable
from syncengine.model.copies import ContactCopy
from syncengine.model.items import Address

Json = dict[str, Any]

# Enforced and not documented.
# Source: https://github.com/microsoftgraph/microsoft-graph-docs/issues/15276
MOST_EMAILS, MOST_BUSINESS_PHONES = 3, 2
NOWHERE = Address()

_TEXTS = {
    "display_name": "displayName",
    "given_name": "givenName",
    "surname": "surname",
    "mobile_phone": "mobilePhone",
    "job_title": "jobTitle",
    "department": "department",
    "company": "companyName",
    "office": "officeLocation",
    "yomi_given_name": "yomiGivenName",
    "yomi_surname": "yomiSurname",
}
_PARTS = {
    "street": "street",
    "city": "city",
    "state": "state",
    "postal_code": "postalCode",
    "country": "countryOrRegion",
}
_NAMES = frozenset({"displayName", "givenName", "surname", "fileAs", "yomiGivenName", "yomiSurname"})
FIELDS = ",".join(
    ["id", "createdDateTime", *_TEXTS.values(), "emailAddresses", "businessPhones", "businessAddress"]
)


def fitted(copy: ContactCopy) -> ContactCopy:
    """The copy as far as Exchange can hold it: three addresses that are ones, two business phones.

    An address that is none would be taken without a word and lose its text.
    Source: https://github.com/microsoftgraph/microsoft-graph-docs/issues/2186
    """
    emails = tuple(one for one in copy.emails if is_mail_address(one))[:MOST_EMAILS]
    return replace(copy, emails=emails, business_phones=copy.business_phones[:MOST_BUSINESS_PHONES])


def contact_from(raw: Json) -> ContactCopy:
    """A contact as the target shows it."""
    place = raw.get("businessAddress")
    return ContactCopy(
        **{ours: storable(text) if (text := raw.get(theirs)) else "" for ours, theirs in _TEXTS.items()},
        emails=tuple(address for one in raw.get("emailAddresses") or () if (address := one.get("address"))),
        business_phones=tuple(map(storable, raw.get("businessPhones") or ())),
        address=_place_from(place) if place else NOWHERE,
    )


def contact_to(copy: ContactCopy) -> Json:
    """A new contact: what is empty is left out."""
    said = {name: value for name, value in contact_in_full(copy).items() if value}
    if not any(said["businessAddress"].values()):
        del said["businessAddress"]
    return said


def contact_in_full(copy: ContactCopy) -> Json:
    """Every field that we own, empty ones as what clears them."""
    copy = fitted(copy)
    said: Json = {theirs: getattr(copy, ours) or None for ours, theirs in _TEXTS.items()}
    # Sent with the name, for Exchange makes up its own ("Surname, Given") where it is missing.
    said["fileAs"] = said["displayName"]
    said["emailAddresses"] = [{"address": one, "name": copy.display_name or one} for one in copy.emails]
    said["businessPhones"] = list(copy.business_phones)
    said["businessAddress"] = _place_to(copy.address)
    return said


def contact_changes(before: ContactCopy, copy: ContactCopy) -> Json:
    """The fields of a sparse PATCH that brings a contact from `before` to `copy`.

    Exchange writes the display name anew when a part of a name changes, so names travel together.
    """
    was, is_now = contact_in_full(before), contact_in_full(copy)
    changes = {name: value for name, value in is_now.items() if was[name] != value}
    if changes.keys() & _NAMES:
        changes |= {name: is_now[name] for name in _NAMES}
    return changes


def _place_from(place: Json) -> Address:
    return Address(**{ours: storable(place.get(theirs) or "") for ours, theirs in _PARTS.items()})


def _place_to(address: Address) -> Json:
    """Parts that are left out of a PATCH stay as they were: each part is named."""
    return {theirs: getattr(address, ours) or None for ours, theirs in _PARTS.items()}
