"""The mirror of a tenant's directory, against the sandbox."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from partners import clock
from tenants import directory, services
from tenants.models import Connection, DirectoryEntry, DirectoryState, Group, Problem
from tests.sandbox_process import SandboxProcess

TID = "11111111-1111-4111-8111-111111111111"
APP = "7c1f4f0e-3d52-4b5c-9a51-0f6d8f2b9a10"
SECRET = "a-secret-of-the-tests"
ROLES = [
    "User.Read.All", "GroupMember.Read.All", "OrgContact.Read.All", "Organization.Read.All",
    "MailboxSettings.Read", "Calendars.ReadWrite", "Contacts.ReadWrite",
]  # fmt: skip


def person(number, **changes):
    nick = f"u{number:02}"
    return {
        "id": f"00000000-0000-4000-8000-0000000000{number:02}",
        "displayName": f"Person {number:02}",
        "givenName": "Person",
        "surname": f"{number:02}",
        "mail": f"{nick}@alder.example",
        "mailNickname": nick,
        "userPrincipalName": f"{nick}@alder.example",
        "accountEnabled": True,
        "userType": "Member",
        "assignedLicenses": [{"skuId": "05e9a617-0261-4cee-bb44-138d3ef5d965", "disabledPlans": []}],
        **changes,
    }


def world():
    people = [person(number) for number in range(1, 15)]
    people.append(person(90, displayName="Room 1", accountEnabled=False, assignedLicenses=[]))
    mailboxes = [{"user": one["id"], "settings": {"userPurpose": "user"}} for one in people[:13]]
    mailboxes.append({"user": people[14]["id"], "settings": {"userPurpose": "room"}})
    members = [one["id"] for one in people[:6]]
    return {
        "tenants": [
            {
                "id": TID,
                "organization": {"id": TID, "displayName": "Alder Client"},
                "apps": [{"id": APP, "secrets": [SECRET], "roles": ROLES}],
                "users": people,
                "groups": [
                    {
                        "id": "00000000-0000-4000-8000-00000000aaaa",
                        "displayName": "Phones",
                        "members": members,
                    }
                ],
                "contacts": [
                    {
                        "id": "00000000-0000-4000-8000-00000000cccc",
                        "displayName": "Lift",
                        "mail": "lift@x.example",
                    }
                ],
                "mailboxes": mailboxes,
            }
        ]
    }


@pytest.fixture(scope="module")
def process():
    with SandboxProcess() as running:
        yield running


@pytest.fixture
def sandbox(process, settings):
    process.control("POST", "reset")
    process.control("PUT", "world", world())
    settings.CULVERT_GRAPH_URL = process.graph
    settings.CULVERT_LOGIN_URL = process.login
    settings.CULVERT_CA_BUNDLE = process.ca
    return process


@pytest.fixture
def connected(sandbox, make_tenant, owner, as_principal):
    tenant = make_tenant("client", microsoft_id=UUID(TID))
    services.connect(as_principal(owner), tenant, client_id=UUID(APP), secret=SECRET)
    return tenant


def head(tenant):
    return DirectoryState.objects.get(tenant=tenant).head


def test_everybody_is_known_with_the_kind_of_mailbox(connected):
    assert directory.refresh(connected)
    kinds = dict(DirectoryEntry.objects.filter(tenant=connected).values_list("name", "kind"))
    assert kinds["Room 1"] == "room"
    assert kinds["Lift"] == "org_contact"
    assert sum(kind == "user" for kind in kinds.values()) == 14
    without = DirectoryEntry.objects.get(tenant=connected, name="Person 14")
    assert without.mailbox == DirectoryEntry.Mailbox.NONE
    assert Connection.objects.get(tenant=connected).state == Connection.State.CONNECTED


def test_a_second_refresh_changes_no_number(connected):
    directory.refresh(connected)
    before = head(connected)
    assert directory.refresh(connected)
    assert head(connected) == before


def test_a_change_gets_a_new_number_and_a_leaver_stays_as_gone(connected, sandbox):
    directory.refresh(connected)
    before = head(connected)
    sandbox.as_user(TID, "PATCH", f"users/{person(7)['id']}", {"displayName": "Married Seven"})
    sandbox.as_user(TID, "DELETE", f"users/{person(8)['id']}")
    directory.refresh(connected)
    changed = DirectoryEntry.objects.filter(tenant=connected, number__gt=before)
    assert {(one.name, one.gone) for one in changed} == {("Married Seven", False), ("Person 08", True)}


def test_a_room_stays_a_room_when_its_name_changes(connected, sandbox):
    directory.refresh(connected)
    sandbox.as_user(TID, "PATCH", f"users/{person(90)['id']}", {"displayName": "Room One"})
    directory.refresh(connected)
    assert DirectoryEntry.objects.get(tenant=connected, name="Room One").person["kind"] == "room"


def test_a_wanted_groups_members_are_kept_current(connected, sandbox):
    directory.refresh(connected)
    Group.objects.filter(tenant=connected).update(wanted=True)
    group = Group.objects.get(tenant=connected)
    path = f"groups/{group.object_id}/members"
    sandbox.as_user(TID, "DELETE", f"{path}/{person(6)['id']}/$ref")
    directory.refresh(connected)
    assert group.members.count() == 5
    assert not group.members.filter(object_id=person(6)["id"]).exists()


def test_an_emptied_group_is_not_nobody(connected, sandbox):
    directory.refresh(connected)
    Group.objects.filter(tenant=connected).update(wanted=True)
    group = Group.objects.get(tenant=connected)
    for number in range(1, 7):
        sandbox.as_user(TID, "DELETE", f"groups/{group.object_id}/members/{person(number)['id']}/$ref")
    directory.refresh(connected)
    assert group.members.count() == 6
    assert Problem.objects.open().get().reason == "group not believed"


@pytest.mark.parametrize("status", [403, 500, 503])
def test_a_failed_look_forgets_nobody(connected, sandbox, status):
    directory.refresh(connected)
    sandbox.control("POST", "faults", {"path": "users/delta", "kind": "status", "status": status, "times": 3})
    assert not directory.refresh(connected)
    assert DirectoryEntry.objects.filter(tenant=connected, gone=True).count() == 0
    assert DirectoryState.objects.get(tenant=connected).reason


def test_a_forgotten_cursor_is_a_full_look_without_new_numbers(connected, sandbox):
    directory.refresh(connected)
    before = head(connected)
    clock.advance(timedelta(days=8))
    sandbox.control("PUT", "clock", {"advance_s": 8 * 86400})
    assert directory.refresh(connected)
    assert head(connected) == before


def test_a_lost_consent_is_one_problem_and_heals_by_itself(connected, sandbox):
    directory.refresh(connected)
    app = sandbox.control("GET", "world")["tenants"][0]["apps"][0]
    sandbox.control("POST", "faults", {"path": "users/delta", "kind": "status", "status": 403,
                                       "code": "Authorization_RequestDenied", "times": 2})  # fmt: skip
    for _ in range(2):
        assert not directory.refresh(connected)
    assert Connection.objects.get(tenant=connected).is_lost
    assert [problem.reason for problem in Problem.objects.open()] == ["consent lost"]
    assert app["id"] == APP
    assert directory.refresh(connected)
    assert Problem.objects.open().count() == 0


def test_nobody_else_reads_while_somebody_does(connected):
    from uuid import uuid4

    from tenants import leases

    leases.claim(connected, ["directory"], uuid4())
    assert not directory.refresh(connected)
