"""Entries of an address list under a policy: a contact or an excuse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from syncengine.formats.text import is_mail_address, one_line
from syncengine.model.copies import ContactCopy
from syncengine.model.items import Address, Person
from syncengine.ports.writing import Cause
from syncengine.shaping.policy import ContactPolicy
from syncengine.shaping.shaped import PersonFacts, Shaped

MOST_EMAILS, MOST_BUSINESS_PHONES = 3, 2
"""Exchange refuses more. Source: https://github.com/microsoftgraph/microsoft-graph-docs/issues/15276"""

_KIND_WORDS = {
    "user": "a user",
    "shared": "a shared mailbox",
    "room": "a room",
    "equipment": "equipment",
    "guest": "a guest",
    "org_contact": "a mail contact",
}
_FILTERED: Cause = "filtered by the policy"


def shape_person(person: Person, policy: ContactPolicy, facts: PersonFacts) -> Shaped:
    """The contact that the policy makes of a person, or the reason why it makes none."""
    copy = _contact(person)
    found: list[str] = []
    for is_out, reason, fine, cause in _checks(person, copy, policy, facts):
        if is_out:
            return Shaped(None, reason, cause, about=person.key, because=(*found, reason))
        if fine:
            found.append(fine)
    return Shaped(copy, about=person.key, because=tuple(found))


def _checks(
    person: Person, copy: ContactCopy, policy: ContactPolicy, facts: PersonFacts
) -> Iterator[tuple[bool, str, str, Cause]]:
    """Each filter in order: whether it leaves out, with which reason, else what was found, and the cause."""
    kind = f"it is {_KIND_WORDS[person.kind]}"
    yield person.kind not in policy.kinds, kind, kind, _FILTERED
    if person.kind in ("user", "guest"):
        disabled = policy.enabled_only and not person.enabled
        yield disabled, "the account is disabled", "the account is enabled", "source disabled"
        unlicensed = policy.licensed == "licensed_or_contact" and not person.licensed
        yield unlicensed, "it has no licence", "", _FILTERED
    hidden = policy.hidden == "respect" and person.hidden is True
    yield hidden, "it is hidden from address lists", "address lists show it", _FILTERED
    yield from _membership(policy, facts)
    yield from _attributes(person, policy)
    yield not copy.display_name, "it has no name", "", _FILTERED
    no_mail, no_phone = not copy.emails, not (copy.business_phones or copy.mobile_phone)
    yield policy.needs_mail and no_mail, "it has no mail address", "", _FILTERED
    yield policy.needs_phone and no_phone, "it has no phone number", "", _FILTERED


def _membership(policy: ContactPolicy, facts: PersonFacts) -> Iterator[tuple[bool, str, str, Cause]]:
    if policy.groups:
        is_out = facts.groups.isdisjoint(policy.groups)
        yield is_out, "it is in none of the chosen groups", "it is in a chosen group", _FILTERED
    if policy.without_groups:
        is_out = not facts.groups.isdisjoint(policy.without_groups)
        yield is_out, "it is in a group that is left out", "it is in no group that is left out", _FILTERED


def _attributes(person: Person, policy: ContactPolicy) -> Iterator[tuple[bool, str, str, Cause]]:
    asked = [("department", policy.departments), ("company", policy.companies), *policy.attributes]
    for name, allowed in asked:
        if allowed:
            is_out = _folded(_attribute(person, name)) not in set(map(_folded, allowed))
            word = name.replace("_", " ")
            yield is_out, f"its {word} is not a chosen one", f"its {word} is a chosen one", _FILTERED


def _attribute(person: Person, name: str) -> str:
    holder = person.address if name in Address.__dataclass_fields__ else person
    return str(getattr(holder, name))


def _folded(text: str) -> str:
    return one_line(text).casefold()


def _contact(person: Person) -> ContactCopy:
    given_name, surname = one_line(person.given_name), one_line(person.surname)
    emails = _emails(person)
    names = (one_line(person.display_name), f"{given_name} {surname}".strip(), *emails)
    return ContactCopy(
        display_name=next(filter(None, names), ""),
        given_name=given_name,
        surname=surname,
        emails=emails,
        business_phones=_phones(person.business_phones)[:MOST_BUSINESS_PHONES],
        mobile_phone=next(iter(_phones([person.mobile_phone])), ""),
        job_title=one_line(person.job_title),
        department=one_line(person.department),
        company=one_line(person.company),
        office=one_line(person.office),
        address=_address(person.address),
        yomi_given_name=one_line(person.yomi_given_name),
        yomi_surname=one_line(person.yomi_surname),
    )


def _emails(person: Person) -> tuple[str, ...]:
    """The address that the list shows; only where it shows none, the entry's other ones."""
    primary = one_line(person.mail)
    if is_mail_address(primary):
        return (primary,)
    others = dict.fromkeys(map(one_line, person.addresses))
    return tuple(filter(is_mail_address, others))[:MOST_EMAILS]


def _phones(numbers: Iterable[str]) -> tuple[str, ...]:
    """The numbers, trimmed; what has no digit is none."""
    lines = dict.fromkeys(map(one_line, numbers))
    return tuple(line for line in lines if any(character.isdigit() for character in line))


def _address(address: Address) -> Address:
    return Address(
        street=_lines(address.street),
        city=one_line(address.city),
        state=one_line(address.state),
        postal_code=one_line(address.postal_code),
        country=one_line(address.country),
    )


def _lines(text: str) -> str:
    """A street may have several lines; each is trimmed."""
    return "\n".join(filter(None, map(one_line, text.splitlines())))
