"""The address list in mailboxes: G01, G03, G04, G05, G07, G13, G14, G17."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta

import pytest

from tenants.models import DirectoryEntry, DirectoryState, Problem
from tests.scenarios.oracles import assert_contacts, nfc
from tests.scenarios.people import A, crowd, person, user_id
from tunnels.models import Lane, LedgerEntry, RegisterRow, Run

pytestmark = pytest.mark.django_db

GROUP = {A: {"group": "grp-mobile"}}
MOBILES = range(1, 7)
EVERYBODY = [user_id(A, number) for number in range(1, 13)]


def others(*left_out):
    """Everybody of Northwind but these."""
    return [one for one in EVERYBODY if one not in {user_id(A, number) for number in left_out}]


def names(contacts):
    return sorted(one["displayName"] for one in contacts)


def addresses(contacts):
    return {one["id"]: [mail["address"] for mail in one["emailAddresses"]] for one in contacts}


def test_g01_who_is_disabled_goes_from_all_six_and_own_contacts_stay(stage):
    stage.open(A)
    for number in MOBILES:
        stage.act(A, number, "POST", "contacts", {"displayName": "My dentist", "mobilePhone": "+1 555 7777"})
        # Somebody's own contact of the very person that is going to leave.
        stage.act(A, number, "POST", "contacts", {"displayName": "Person 09", "personalNotes": "owes me 5"})
    tunnel = stage.contact_tunnel(to=GROUP)
    stage.sync(tunnel)
    for number in MOBILES:
        assert_contacts(stage, A, (A, number), "People", others(number))
    stage.change_user(A, 9, accountEnabled=False)
    run = stage.sync(tunnel)
    assert (run.deleted, run.created, run.updated) == (6, 0, 0), run.remark
    for number in MOBILES:
        assert_contacts(stage, A, (A, number), "People", others(number, 9))
        assert names(stage.act(A, number, "GET", "contacts")["value"]) == ["My dentist", "Person 09"]
    assert set(LedgerEntry.objects.filter(verb="delete").values_list("cause", flat=True)) == {
        "source disabled"
    }
    assert RegisterRow.objects.get(key=user_id(A, 9)).reason == "the account is disabled"


def test_g03_who_marries_stays_the_same_contact(stage):
    stage.open(A)
    tunnel = stage.contact_tunnel(to=GROUP)
    stage.sync(tunnel)
    before = {number: addresses(stage.contacts(A, number, "People")) for number in MOBILES}
    stage.change_user(
        A,
        7,
        displayName="Robin Married",
        surname="Married",
        userPrincipalName="robin@northwind.example",
        mail="robin@northwind.example",
        proxyAddresses=["SMTP:robin@northwind.example", "smtp:u07@northwind.example"],
    )
    run = stage.sync(tunnel)
    assert (run.updated, run.created, run.deleted) == (6, 0, 0), run.remark
    for number in MOBILES:
        after = addresses(stage.contacts(A, number, "People"))
        changed = {key: mails for key, mails in after.items() if before[number].get(key) != mails}
        assert after.keys() == before[number].keys()
        assert list(changed.values()) == [["robin@northwind.example"]]
        assert [before[number][key] for key in changed] == [[person(A, 7)["mail"]]]
        assert_contacts(stage, A, (A, number), "People", others(number))


def test_g04_two_people_of_one_name_are_two_and_stay_two(stage):
    stage.open(A)
    for number in (10, 11):
        stage.change_user(A, number, displayName="Alex Kim", givenName="Alex", surname="Kim")
    tunnel = stage.contact_tunnel(to=GROUP)
    stage.sync(tunnel)
    before = {number: addresses(stage.contacts(A, number, "People")) for number in MOBILES}
    stage.sync(tunnel)
    for number in MOBILES:
        assert names(stage.contacts(A, number, "People")).count("Alex Kim") == 2
        assert addresses(stage.contacts(A, number, "People")) == before[number]
        assert_contacts(stage, A, (A, number), "People", others(number))


@pytest.mark.parametrize(
    ("policy", "is_copied"), [({"needs_phone": True}, True), ({"needs_mail": True}, False)]
)
def test_g05_a_mobile_without_mail_is_what_the_policy_says(stage, policy, is_copied):
    stage.open(A)
    stage.change_user(A, 12, mail=None, proxyAddresses=[], mobilePhone="+1 555 0112")
    run = stage.sync(stage.contact_tunnel(to=GROUP, policy=policy))
    row = RegisterRow.objects.get(key=user_id(A, 12))
    assert (bool(row.fingerprint), row.reason) == (is_copied, "" if is_copied else "it has no mail address")
    told = [line.text for line in run.lines.all() if "no mail address" in line.text]
    assert len(told) == (0 if is_copied else 1)
    for number in MOBILES:
        assert_contacts(stage, A, (A, number), "People", others(number, *([] if is_copied else [12])))


def test_g07_who_leaves_the_group_keeps_nothing_of_ours_and_all_of_his_own(stage):
    stage.open(A)
    for number in range(37):
        stage.act(A, 6, "POST", "contacts", {"displayName": f"Own {number:02}", "personalNotes": "mine"})
    mine = stage.act(A, 6, "POST", "contactFolders", {"displayName": "Club"})
    stage.act(A, 6, "POST", f"contactFolders/{mine['id']}/contacts", {"displayName": "Coach"})
    stage.add_event(A, 6, subject="Dentist")
    stage.add_event(A, 90, subject="First shift")
    tunnels = [stage.contact_tunnel(to=GROUP), stage.calendar_tunnel(to=GROUP)]
    for tunnel in tunnels:
        stage.sync(tunnel)
    assert len(stage.contacts(A, 6, "People")) == 11
    assert len(stage.calendar(A, 6, "On-Call")) == 1
    own = stage.act(A, 6, "GET", "contacts?$top=100")["value"]
    assert len(own) == 37
    stage.leave(6)
    with stage.nothing_foreign_changes():
        stage.pass_time(timedelta(minutes=4))
    folders = names(stage.act(A, 6, "GET", "contactFolders")["value"])
    calendars = [one["name"] for one in stage.act(A, 6, "GET", "calendars")["value"]]
    assert (folders, calendars) == (["Club"], ["Calendar"])
    assert stage.act(A, 6, "GET", "contacts?$top=100")["value"] == own
    assert stage.subjects(A, 6) == ["Dentist"]
    causes = LedgerEntry.objects.filter(verb="delete").values_list("cause", flat=True)
    assert list(causes) == ["lane leaves"] * 12
    assert set(Lane.objects.filter(mailbox=user_id(A, 6)).values_list("state", flat=True)) == {"gone"}
    for number in range(1, 6):
        assert_contacts(stage, A, (A, number), "People", others(number))


def staff():
    """Northwind with one of everything that a directory holds."""
    tenant = crowd(3)
    no_mailbox = [
        person(A, 20, displayName="Guest", userType="Guest", assignedLicenses=[]),
        person(A, 21, displayName="Mail user", mail="outside@partner.example", assignedLicenses=[]),
        person(A, 22, displayName="Former", accountEnabled=False),
        person(A, 23, displayName="Hidden", showInAddressList=False),
        person(A, 24, displayName="Licensed guest", userType="Guest"),
    ]
    tenant["users"] += no_mailbox
    tenant["users"].append(person(A, 92, displayName="Beamer", accountEnabled=False, assignedLicenses=[]))
    tenant["users"].append(person(A, 91, displayName="Room 1", accountEnabled=False, assignedLicenses=[]))
    for number, purpose in ((91, "room"), (92, "equipment")):
        settings = {"timeZone": "UTC", "userPurpose": purpose}
        tenant["mailboxes"].append({"user": user_id(A, number), "settings": settings})
    tenant["contacts"] = [
        {"id": LIFT, "displayName": "Lift service", "mail": "lift@contoso.example"},
        {"id": BANK, "displayName": "The bank", "mail": "desk@bank.example"},
    ]
    return tenant


LIFT, BANK = "00000000-0000-4000-8000-00000000cccc", "00000000-0000-4000-8000-00000000dddd"


def test_g13_members_and_mail_contacts_licensed_or_contact(stage):
    stage.open_with({A: staff()})
    policy = {
        "kinds": ["user", "org_contact"],
        "licensed": "licensed_or_contact",
        "leave_out_own_entry": False,
    }
    tunnel = stage.contact_tunnel(to={A: {"mailboxes": [person(A, 1)["mail"]]}}, policy=policy)
    stage.sync(tunnel)
    listed = [user_id(A, 1), user_id(A, 2), user_id(A, 3), LIFT, BANK]
    copied = RegisterRow.objects.exclude(fingerprint="").values_list("key", flat=True)
    assert sorted(copied) == sorted(listed)
    assert_contacts(stage, A, (A, 1), "People", listed)
    assert dict(RegisterRow.objects.filter(fingerprint="").values_list("key", "reason")) == {
        user_id(A, 20): "it is a guest",
        user_id(A, 21): "it has no licence",
        user_id(A, 22): "the account is disabled",
        user_id(A, 23): "it is hidden from address lists",
        user_id(A, 24): "it is a guest",
        user_id(A, 90): "it is a shared mailbox",
        user_id(A, 91): "it is a room",
        user_id(A, 92): "it is equipment",
    }


def test_g14_names_of_the_world_are_one_contact_each(stage):
    stage.open(A)
    decomposed = unicodedata.normalize("NFD", "José")
    assert decomposed != "José"
    stage.change_user(A, 9, displayName="Łukasz Żółć", givenName="Łukasz", surname="Żółć")
    stage.change_user(A, 10, displayName=decomposed, givenName=decomposed, surname=None)
    stage.change_user(A, 11, displayName="山田 太郎", givenName="太郎", surname="山田")
    tunnel = stage.contact_tunnel(to=GROUP)
    stage.sync(tunnel)
    # Graph's users have no phonetic names; a directory that has them is one more source of the same rows.
    stage.is_auditable = False
    entry = DirectoryEntry.objects.get(object_id=user_id(A, 11))
    entry.person |= {"yomi_given_name": "たろう", "yomi_surname": "やまだ"}
    state = DirectoryState.objects.get(tenant=entry.tenant)
    entry.number = state.head = state.head + 1
    entry.save(update_fields=["person", "number"])
    state.save(update_fields=["head"])
    assert stage.sync(tunnel).updated == 6
    for number in MOBILES:
        found = names(stage.contacts(A, number, "People"))
        for name in ("Łukasz Żółć", "José", "山田 太郎"):
            assert [nfc(one) for one in found].count(name) == 1
        assert_contacts(stage, A, (A, number), "People", others(number))
        [yamada] = [one for one in stage.contacts(A, number, "People") if one["surname"] == "山田"]
        assert (yamada["yomiGivenName"], yamada["yomiSurname"]) == ("たろう", "やまだ")


TROUBLED = {
    101: ("unlicensed", {"assignedLicenses": []}, "no licence"),
    102: ("soft-deleted", {}, "mailbox inactive"),
    103: ("on-premises", {"onPremisesSyncEnabled": True}, "mailbox on premises"),
    104: ("over-quota", {}, "mailbox full"),
}
"""Mailboxes of G17: what ails them, what the directory shows of it, and the reason that is told."""


def with_troubles(people):
    """A crowd in which four mailboxes cannot be written, each for a reason of its own."""
    tenant = crowd(people)
    users = {one["id"]: one for one in tenant["users"]}
    mailboxes = {one["user"]: one for one in tenant["mailboxes"]}
    for number, (trouble, shown, _) in TROUBLED.items():
        users[user_id(A, number)] |= shown
        mailboxes[user_id(A, number)]["trouble"] = trouble
    return tenant


def most_in_an_hour(lines):
    """The largest number of these requests within any 60 minutes."""
    moments = sorted(datetime.fromisoformat(line["at"]) for line in lines)
    hour = timedelta(hours=1)
    return max((sum(first <= one < first + hour for one in moments) for first in moments), default=0)


def test_g17_four_of_300_cannot_be_written_and_nobody_storms_them(stage):
    stage.open_with({A: with_troubles(300)})
    stage.is_auditable = False
    stage.add_event(A, 90, subject="First shift")
    tunnel = stage.calendar_tunnel(to=GROUP)
    run = stage.sync(tunnel)
    assert (run.created, run.state) == (296, Run.State.FAILED), run.remark
    assert Lane.objects.filter(state="healthy").count() == 296
    failing = dict(Lane.objects.exclude(state="healthy").values_list("mailbox", "reason"))
    reasons = {user_id(A, number): reason for number, (_, _, reason) in TROUBLED.items()}
    assert failing == reasons
    problems = Problem.objects.open()
    assert sorted(problems.values_list("reason", flat=True)) == sorted(reasons.values())
    assert all(problem.advice for problem in problems)
    first_run = {mailbox: len(stage.requests_of(mailbox)) for mailbox in reasons}
    stage.pass_time(timedelta(minutes=140), every=timedelta(minutes=10))
    for mailbox in reasons:
        asked = stage.requests_of(mailbox)
        refused = [line for line in asked if line["status"] >= 400]
        assert most_in_an_hour(refused) <= 2, [(line["at"], line["path"]) for line in refused]
        assert most_in_an_hour(asked[first_run[mailbox] :]) <= 2
