"""People become contacts or excuses, each with a reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from syncengine.model.codec import copy_fingerprint
from syncengine.model.copies import ContactCopy
from syncengine.model.identity import ItemKey
from syncengine.model.items import Address, Person
from syncengine.shaping.people import shape_person
from syncengine.shaping.policy import ContactPolicy
from syncengine.shaping.shaped import PersonFacts, Shaped
from tests.syncengine import strategies as some

ALEX = Person(
    ItemKey("oid-1"),
    "user",
    "Alex Kim",
    given_name="Alex",
    surname="Kim",
    mail="alex.kim@northwind.example",
    addresses=("alex.kim@northwind.example", "ak@northwind.onmicrosoft.example"),
    business_phones=("+1 212 555 0101",),
    department="Sales",
    company="Northwind",
    licensed=True,
    address=Address("1 Main St\r\n Floor 2 ", "New York"),
)


def shape(person: Person, member_of: tuple[str, ...] = (), **policy: Any) -> Shaped:
    return shape_person(person, ContactPolicy(**policy), PersonFacts(frozenset(member_of)))


def copied(person: Person, **policy: Any) -> ContactCopy:
    shaped = shape(person, **policy)
    assert isinstance(shaped.copy, ContactCopy), shaped.reason
    return shaped.copy


@given(some.people(), some.contact_policies())
def test_a_contact_is_such_as_exchange_takes_and_there_is_a_reason_for_none(person, policy):
    shaped = shape_person(person, policy, PersonFacts(frozenset({"g1"})))
    assert shaped.about == person.key
    if shaped.copy is None:
        assert shaped.reason == shaped.because[-1]
        return
    assert isinstance(shaped.copy, ContactCopy)
    assert shaped.copy.display_name
    assert len(shaped.copy.emails) <= 3
    assert len(shaped.copy.business_phones) <= 2
    assert copy_fingerprint(shaped.copy)


def test_a_contact_says_what_the_list_says():
    assert copied(ALEX) == ContactCopy(
        "Alex Kim",
        given_name="Alex",
        surname="Kim",
        emails=("alex.kim@northwind.example",),
        business_phones=("+1 212 555 0101",),
        department="Sales",
        company="Northwind",
        address=Address("1 Main St\nFloor 2", "New York"),
    )


@pytest.mark.parametrize(
    ("changes", "policy", "reason"),
    [
        ({"kind": "guest"}, {}, "it is a guest"),
        ({"kind": "shared"}, {}, "it is a shared mailbox"),
        ({"kind": "room"}, {}, "it is a room"),
        ({"licensed": False}, {"licensed": "licensed_or_contact"}, "it has no licence"),
        ({"hidden": True}, {}, "it is hidden from address lists"),
        ({"mail": "", "addresses": ()}, {"needs_mail": True}, "it has no mail address"),
        ({"mail": "not an address", "addresses": ()}, {"needs_mail": True}, "it has no mail address"),
        ({"business_phones": ("n/a",)}, {"needs_phone": True}, "it has no phone number"),
        ({}, {"groups": ("g1",)}, "it is in none of the chosen groups"),
        ({}, {"departments": ("Finance",)}, "its department is not a chosen one"),
        ({}, {"companies": ("Rheinwerk",)}, "its company is not a chosen one"),
        ({}, {"attributes": (("city", ("Berlin",)),)}, "its city is not a chosen one"),
        ({}, {"attributes": (("job_title", ("CEO",)),)}, "its job title is not a chosen one"),
        (
            {"display_name": " ", "given_name": "", "surname": "", "mail": "", "addresses": ()},
            {},
            "it has no name",
        ),
    ],
)
def test_each_filter_gives_its_reason(changes, policy, reason):
    shaped = shape(replace(ALEX, **changes), **policy)
    assert (shaped.copy, shaped.reason, shaped.cause) == (None, reason, "filtered by the policy")


def test_a_disabled_account_is_a_cause_of_its_own():
    shaped = shape(replace(ALEX, enabled=False))
    assert (shaped.copy, shaped.cause) == (None, "source disabled")
    assert copied(replace(ALEX, enabled=False), enabled_only=False)


@pytest.mark.parametrize("kind", ["shared", "room", "equipment"])
def test_rooms_and_shared_mailboxes_are_disabled_and_unlicensed_by_nature(kind):
    room = replace(ALEX, kind=kind, enabled=False, licensed=False)
    assert copied(room, kinds=(kind,), licensed="licensed_or_contact").display_name == "Alex Kim"


def test_members_and_mail_contacts_licensed_or_contact_are_exactly_these():
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("member", {}),
        ("guest", {"kind": "guest"}),
        ("mail user", {"licensed": False}),
        ("shared", {"kind": "shared", "licensed": False}),
        ("room", {"kind": "room", "licensed": False}),
        ("contact", {"kind": "org_contact", "licensed": False}),
    ]
    shaped = {
        name: shape(replace(ALEX, key=ItemKey(name), **changes), licensed="licensed_or_contact")
        for name, changes in kinds
    }
    assert [name for name, one in shaped.items() if one.copy] == ["member", "contact"]
    assert all(one.reason for one in shaped.values() if not one.copy)


@pytest.mark.parametrize("hidden", [None, False])
def test_who_is_not_said_to_be_hidden_is_shown(hidden):
    assert copied(replace(ALEX, hidden=hidden))


def test_hidden_entries_can_be_shown():
    assert copied(replace(ALEX, hidden=True), hidden="show")


def test_groups_let_in_and_keep_out():
    assert shape(ALEX, ("g2",), groups=("g1", "g2")).copy
    shaped = shape(ALEX, ("g2", "g3"), groups=("g2",), without_groups=("g3",))
    assert shaped.reason == "it is in a group that is left out"


def test_words_are_compared_without_case_and_form():
    person = replace(ALEX, department=" jose\u0301 team ")
    assert copied(person, departments=("José Team",))


def test_a_mobile_alone_is_a_phone():
    person = replace(ALEX, mail="", addresses=(), business_phones=(), mobile_phone=" +1  917 555 0199 ")
    assert copied(person, needs_phone=True).mobile_phone == "+1 917 555 0199"


def test_names_are_composed_and_phonetic_names_carried():
    person = replace(
        ALEX,
        display_name=" Jose\u0301  Núñez",
        surname="山田",
        yomi_surname="やまだ",
        yomi_given_name="たろう",
    )
    copy = copied(person)
    assert (copy.display_name, copy.yomi_surname, copy.yomi_given_name) == ("José Núñez", "やまだ", "たろう")


def test_two_people_of_one_name_are_two():
    other = replace(ALEX, key=ItemKey("oid-2"))
    assert shape(ALEX).about != shape(other).about
    assert shape(ALEX).copy == shape(other).copy


def test_without_a_display_name_the_parts_or_the_address_stand_in():
    assert copied(replace(ALEX, display_name="")).display_name == "Alex Kim"
    nameless = replace(ALEX, display_name="", given_name="", surname="")
    assert copied(nameless).display_name == "alex.kim@northwind.example"


def test_without_a_primary_address_at_most_three_others_stand_in():
    others = ("x500:/o=a", "a@b.example", "c@d.example", "e@f.example", "g@h.example")
    assert copied(replace(ALEX, mail="", addresses=others)).emails == (
        "a@b.example",
        "c@d.example",
        "e@f.example",
    )


def test_phones_are_trimmed_counted_and_real():
    phones = ("n/a", " +1 212 555 0101 ", "+1 212 555 0101", "ext 12", "5")
    assert copied(replace(ALEX, business_phones=phones)).business_phones == ("+1 212 555 0101", "ext 12")


def test_reasons_hold_no_word_of_the_person():
    shaped = shape(ALEX, departments=("Finance",))
    assert not any(word in " ".join(shaped.because) for word in ("Alex", "Kim", "Sales", "Northwind"))
