"""The whole way of an address list: people, shared mailboxes and mail contacts as contacts of a group."""

from __future__ import annotations

import pytest

from tests.tunnels.world import A, person, user_id
from tunnels.models import LedgerEntry, RegisterRow, Run

pytestmark = pytest.mark.django_db

GROUP = {A: {"group": "grp-mobile"}}


@pytest.fixture
def tunnel(office):
    office.open(A)
    return office.contact_tunnel(to=GROUP)


def names(contacts):
    return sorted(one["displayName"] for one in contacts)


def test_everybody_but_the_owner_is_in_the_owners_contacts(office, tunnel):
    run = office.sync(tunnel)
    assert (run.state, run.created) == (Run.State.DONE, 6 * 11), run.remark
    everybody = [f"Person {number:02}" for number in range(1, 13)]
    assert names(office.contacts(A, 3, "People")) == [one for one in everybody if one != "Person 03"]
    assert office.contacts(A, 9, "People") == []


def test_g01_a_disabled_person_goes_from_all_and_own_contacts_stay(office, tunnel):
    for number in range(1, 7):
        office.as_user(A, number, "POST", "contacts", {"displayName": "My dentist", "givenName": "D"})
    office.sync(tunnel)
    before = [office.as_user(A, number, "GET", "contacts")["value"] for number in range(1, 7)]
    office.sandbox.control("PATCH", f"tenants/{A}/users/{user_id(A, 9)}", {"accountEnabled": False})
    run = office.sync(tunnel)
    assert run.deleted == 6, run.remark
    for number in range(1, 7):
        assert "Person 09" not in names(office.contacts(A, number, "People"))
    assert [office.as_user(A, number, "GET", "contacts")["value"] for number in range(1, 7)] == before
    causes = set(LedgerEntry.objects.filter(verb="delete").values_list("cause", flat=True))
    assert causes == {"source disabled"}
    assert RegisterRow.objects.get(key=user_id(A, 9)).reason == "the account is disabled"


def test_g03_who_marries_is_the_same_contact(office, tunnel):
    office.sync(tunnel)
    before = {one["id"]: one["displayName"] for one in office.contacts(A, 1, "People")}
    office.sandbox.control(
        "PATCH",
        f"tenants/{A}/users/{user_id(A, 7)}",
        {
            "displayName": "Married Seven",
            "surname": "Seven",
            "userPrincipalName": "seven@northwind.example",
            "mail": "seven@northwind.example",
            "proxyAddresses": ["SMTP:seven@northwind.example", "smtp:u07@northwind.example"],
        },
    )
    run = office.sync(tunnel)
    assert (run.updated, run.created, run.deleted) == (6, 0, 0), run.remark
    after = {one["id"]: one["displayName"] for one in office.contacts(A, 1, "People")}
    assert after.keys() == before.keys()
    [changed] = [one for one in after if after[one] != before[one]]
    assert (before[changed], after[changed]) == ("Person 07", "Married Seven")


def test_g04_two_people_of_one_name_are_two_contacts(office, tunnel):
    for number in (10, 11):
        change = {"displayName": "Alex Kim", "givenName": "Alex", "surname": "Kim"}
        office.sandbox.control("PATCH", f"tenants/{A}/users/{user_id(A, number)}", change)
    office.sync(tunnel)
    assert names(office.contacts(A, 1, "People")).count("Alex Kim") == 2
    assert office.sync(tunnel).remark == "No change."


def test_g05_who_has_a_phone_and_no_mail_passes_one_policy_and_not_the_other(office):
    office.open(A)
    visitor = {
        "accountEnabled": True,
        "displayName": "Phone only",
        "mailNickname": "visitor",
        "userPrincipalName": "visitor@northwind.example",
        "mobilePhone": "+1 555 0100",
        "passwordProfile": {"password": "not-a-secret-1"},
    }
    office.sandbox.as_user(A, "POST", "users", visitor)
    phones = office.contact_tunnel("phones", to=GROUP, policy={"needs_phone": True})
    mails = office.contact_tunnel("mails", to=GROUP, policy={"needs_mail": True})
    office.sync(phones)
    run = office.sync(mails)
    assert "Phone only" in names(office.contacts(A, 1, "Phones"))
    assert "Phone only" not in names(office.contacts(A, 1, "Mails"))
    assert "Left out: it has no mail address (1)." in [line.text for line in run.lines.all()]


def full_reads(office):
    log = office.sandbox.control("GET", "requests?last=2000")["requests"]
    return [one for one in log if one["path"] == "/users/delta" and "$select" in one["query"]]


def test_another_target_reads_the_source_not_once_more(office, tunnel):
    office.sync(tunnel)
    assert len(full_reads(office)) == 1
    other = office.contact_tunnel("again", to={A: {"mailboxes": [person(A, 8)["mail"]]}})
    office.sync(other)
    assert len(office.contacts(A, 8, "Again")) == 11
    assert len(full_reads(office)) == 1


def test_a_mail_contact_and_a_shared_mailbox_are_chosen_by_kind(office):
    office.open(A)
    office.sandbox.control(
        "PATCH",
        f"tenants/{A}/contacts/00000000-0000-4000-8000-00000000cccc",
        {"displayName": "Lift service", "mail": "lift@contoso.example"},
    )
    kinds = {"kinds": ["shared", "org_contact"]}
    tunnel = office.contact_tunnel(to={A: {"mailboxes": [person(A, 1)["mail"]]}}, policy=kinds)
    run = office.sync(tunnel)
    assert names(office.contacts(A, 1, "People")) == ["Lift service", "On-call"], run.remark
    assert RegisterRow.objects.get(key=user_id(A, 2)).reason == "it is a user"
