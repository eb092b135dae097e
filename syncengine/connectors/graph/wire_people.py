"""People of a tenant's directory as Graph tells of them: users and mail contacts (orgContacts).

Sources: https://learn.microsoft.com/graph/api/resources/user,
https://learn.microsoft.com/graph/api/resources/orgcontact
"""

from __future__ import annotations

from typing import Any

from syncengine.formats.text import storable
from syncengine.model.identity import ItemKey
from syncengine.model.items import Address, Person

Json = dict[str, Any]

USER_FIELDS = (
    "id,displayName,givenName,surname,mail,proxyAddresses,userPrincipalName,businessPhones,mobilePhone,"
    "jobTitle,department,companyName,officeLocation,streetAddress,city,state,postalCode,country,"
    "accountEnabled,userType,assignedLicenses,showInAddressList,onPremisesSyncEnabled"
)
ORG_CONTACT_FIELDS = (
    "id,displayName,givenName,surname,mail,proxyAddresses,phones,addresses,jobTitle,department,companyName"
)


def user_from(raw: Json) -> Person:
    """A user. Rooms, shared and equipment mailboxes look like users here: `userPurpose` tells them apart.

    `licensed` is what `assignedLicenses` said when the user last changed otherwise: the state
    of licences alone never triggers a delta.
    Source: https://github.com/microsoftgraph/microsoft-graph-docs/issues/16690
    """
    shown = raw.get("showInAddressList")
    return Person(
        **_common(raw),
        kind="guest" if raw.get("userType") == "Guest" else "user",
        user_principal_name=_text(raw, "userPrincipalName"),
        business_phones=_texts(raw.get("businessPhones")),
        mobile_phone=_text(raw, "mobilePhone"),
        office=_text(raw, "officeLocation"),
        address=Address(
            street=_text(raw, "streetAddress"),
            city=_text(raw, "city"),
            state=_text(raw, "state"),
            postal_code=_text(raw, "postalCode"),
            country=_text(raw, "country"),
        ),
        enabled=raw.get("accountEnabled") is not False,
        licensed=bool(raw.get("assignedLicenses")),
        hidden=None if shown is None else not shown,
        synced=raw.get("onPremisesSyncEnabled") is True,
    )


def org_contact_from(raw: Json) -> Person:
    """A mail contact of the tenant: one phone of each type, one address, never a licence."""
    phones = raw.get("phones") or ()
    place = next(iter(raw.get("addresses") or ()), None) or {}
    return Person(
        **_common(raw),
        kind="org_contact",
        business_phones=_texts(_numbers(phones, "business")),
        mobile_phone=next(iter(_numbers(phones, "mobile")), ""),
        office=_text(place, "officeLocation"),
        address=Address(
            street=_text(place, "street"),
            city=_text(place, "city"),
            state=_text(place, "state"),
            postal_code=_text(place, "postalCode"),
            country=_text(place, "countryOrRegion"),
        ),
    )


def _common(raw: Json) -> Json:
    return {
        "key": ItemKey(raw["id"]),
        "display_name": _text(raw, "displayName"),
        "given_name": _text(raw, "givenName"),
        "surname": _text(raw, "surname"),
        "mail": _text(raw, "mail"),
        "addresses": _addresses(raw),
        "job_title": _text(raw, "jobTitle"),
        "department": _text(raw, "department"),
        "company": _text(raw, "companyName"),
    }


def _addresses(raw: Json) -> tuple[str, ...]:
    """All SMTP addresses in lower case, the main one first, without a repetition."""
    proxies = [one for one in raw.get("proxyAddresses") or () if one[:5].lower() == "smtp:"]
    # "SMTP:" marks the primary address, "smtp:" the others.
    ranked = sorted(proxies, key=lambda one: not one.startswith("SMTP:"))
    found = [_text(raw, "mail"), *(one[5:] for one in ranked)]
    return tuple(dict.fromkeys(one.lower() for one in found if one))


def _numbers(phones: Any, kind: str) -> list[str]:
    return [one["number"] for one in phones if one.get("type") == kind and one.get("number")]


def _text(raw: Json, name: str) -> str:
    value = raw.get(name)
    return storable(value) if isinstance(value, str) else ""


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(storable(one) for one in values or () if one)
