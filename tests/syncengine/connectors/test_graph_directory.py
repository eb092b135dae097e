"""The directory as a source: people, mail contacts, groups, kinds of mailboxes."""

from __future__ import annotations

from typing import Any

import pytest

from syncengine.errors import CursorExpired, NeedsAPerson, TryAgain
from syncengine.model.identity import Cursor
from syncengine.ports.looking import PeoplePage
from tests.syncengine.connectors.driving import TENANT, Bench, user_id, world_file

GROUP, NESTED, EMPTY, HIDING = (f"6a00{n}000-0000-4000-8000-000000000000" for n in range(4))
SUPPLIER = "0c000000-0000-4000-8000-000000000001"
GUEST = "5e490000-0000-4000-8000-000000000001"


@pytest.fixture
def bench() -> Bench:
    file = world_file(30)
    tenant = file["tenants"][0]
    tenant["users"].append(
        {"id": GUEST, "displayName": "Guest", "userPrincipalName": "g@x.example", "userType": "Guest"}
    )
    tenant["users"][0] |= {
        "proxyAddresses": ["SMTP:u01@northwind.example", "smtp:first@northwind.example"],
        "businessPhones": ["+1 212 555 0101"],
        "city": "New York",
        "showInAddressList": False,
    }
    tenant["contacts"] = [
        {
            "id": SUPPLIER,
            "displayName": "Supplier",
            "mail": "s@supplier.example",
            "phones": [{"type": "mobile", "number": "+49 170 1"}],
            "addresses": [],
        }
    ]
    tenant["groups"] = [
        {"id": GROUP, "displayName": "Field", "members": [user_id(1), SUPPLIER, NESTED]},
        {"id": NESTED, "displayName": "Nested", "members": [user_id(2), user_id(1)]},
        {"id": EMPTY, "displayName": "Empty", "members": []},
        {"id": HIDING, "displayName": "Hiding", "visibility": "HiddenMembership", "members": [user_id(3)]},
    ]
    tenant["mailboxes"][1]["settings"] = {"timeZone": "W. Europe Standard Time", "userPurpose": "shared"}
    tenant["mailboxes"][2]["trouble"] = "unlicensed"
    tenant["mailboxes"][3]["trouble"] = "access-denied"
    tenant["mailboxes"][4]["settings"] = {"timeZone": "Nobody Standard Time", "userPurpose": "room"}
    return Bench(file)


def all_of(pages) -> PeoplePage:
    """A round as one page; only the last page has a cursor."""
    pages = list(pages)
    assert [page.cursor is not None for page in pages] == [False] * (len(pages) - 1) + [True]
    return PeoplePage(
        tuple(one for page in pages for one in page.people),
        tuple(one for page in pages for one in page.gone),
        pages[-1].cursor,
    )


def test_a_full_round_shows_everybody_with_all_that_policies_ask_for(bench: Bench) -> None:
    people = {one.key: one for one in all_of(bench.service.directory.users(None)).people}
    assert len(people) == 31
    first = people[user_id(1)]
    assert first.addresses == ("u01@northwind.example", "first@northwind.example")
    assert (first.business_phones, first.address.city) == (("+1 212 555 0101",), "New York")
    assert (first.licensed, first.enabled, first.hidden, first.kind) == (True, True, True, "user")
    assert (people[GUEST].kind, people[GUEST].licensed) == ("guest", False)
    assert people[user_id(2)].hidden is None


def test_a_later_round_shows_who_changed_and_who_is_gone(bench: Bench) -> None:
    cursor = all_of(bench.service.directory.users(None)).cursor
    assert all_of(bench.service.directory.users(cursor)).people == ()
    bench.inside.control("PATCH", f"tenants/{TENANT}/users/{user_id(7)}", {"accountEnabled": False})
    bench.inside.control("DELETE", f"tenants/{TENANT}/users/{user_id(8)}")
    later = all_of(bench.service.directory.users(cursor))
    assert [(one.key, one.enabled) for one in later.people] == [(user_id(7), False)]
    assert later.people[0].mail == "u07@northwind.example"
    assert later.gone == (user_id(8),)


def test_an_expired_directory_cursor_is_said_to_be_expired(bench: Bench) -> None:
    cursor = all_of(bench.service.directory.users(None)).cursor
    bench.fault(kind="expired-cursor")
    with pytest.raises(CursorExpired):
        all_of(bench.service.directory.users(cursor))


def test_a_made_up_cursor_leads_nowhere_else(bench: Bench) -> None:
    with pytest.raises(TryAgain):
        all_of(bench.service.directory.users(Cursor("https://evil.example/v1.0/users/delta?$deltatoken=1")))


def test_mail_contacts_are_people_too(bench: Bench) -> None:
    (supplier,) = all_of(bench.service.directory.org_contacts(None)).people
    assert (supplier.key, supplier.kind, supplier.mail) == (SUPPLIER, "org_contact", "s@supplier.example")
    assert supplier.mobile_phone == "+49 170 1"


def test_groups_are_listed_without_their_members(bench: Bench) -> None:
    groups = {one.id: one for one in bench.service.directory.groups()}
    assert groups.keys() == {GROUP, NESTED, EMPTY, HIDING}
    assert groups[GROUP].name == "Field"
    assert groups[GROUP].members == frozenset()


def test_members_of_nested_groups_are_found_and_groups_are_no_people(bench: Bench) -> None:
    assert bench.service.directory.members(GROUP) == {user_id(1), user_id(2), SUPPLIER}


def test_a_group_of_thousands_is_paged_to_its_end(bench: Bench) -> None:
    file = world_file(1100)
    everybody = [one["id"] for one in file["tenants"][0]["users"]]
    file["tenants"][0]["groups"] = [{"id": GROUP, "displayName": "All", "members": everybody}]
    large = Bench(file)
    assert large.service.directory.members(GROUP) == set(everybody)
    assert large.used.requests == 2


def test_an_empty_group_is_empty_only_when_graph_shows_its_members(bench: Bench) -> None:
    assert bench.service.directory.members(EMPTY) == frozenset()
    with pytest.raises(NeedsAPerson) as hidden:
        bench.service.directory.members(HIDING)
    assert (hidden.value.scope, hidden.value.reason) == ("collection", "members hidden")


def test_a_group_that_is_gone_is_not_an_empty_one(bench: Bench) -> None:
    with pytest.raises(NeedsAPerson) as gone:
        bench.service.directory.members("6a009000-0000-4000-8000-000000000000")
    assert gone.value.scope == "collection"


@pytest.mark.parametrize("fault", [{"status": 403}, {"status": 500}, {"kind": "truncated"}, {"kind": "lost"}])
def test_a_group_that_cannot_be_read_is_a_fault(bench: Bench, fault) -> None:
    bench.fault(**{"kind": "status", **fault}, path="transitiveMembers", times=None)
    with pytest.raises((NeedsAPerson, TryAgain)):
        bench.service.directory.members(GROUP)


def test_purposes_come_twenty_at_a_time_and_nobody_without_a_mailbox_stops_them(bench: Bench) -> None:
    wanted = [*(user_id(number) for number in range(1, 31)), GUEST]
    with bench.counting() as counted:
        purposes = bench.service.directory.purposes(wanted)
    found = purposes.found
    # Two batches, and the one that was denied once more with a new token.
    assert counted["requests"] == 3
    assert (list(found), purposes.waits) == (wanted, {})
    assert found[user_id(1)] == "user"
    assert found[user_id(2)] == "shared"
    assert found[user_id(5)] == "room"
    assert (found[user_id(3)], found[user_id(4)], found[GUEST]) == ("", "", "")


@pytest.mark.parametrize(
    ("fault", "seconds"), [({"status": 500}, 10.0), ({"status": 429, "retry_after": 30}, 30.0)]
)
def test_a_mailbox_that_does_not_say_stops_no_other_one(bench: Bench, fault: Any, seconds: float) -> None:
    bench.fault(kind="status", **fault, path=f"{user_id(2)}/mailboxSettings")
    purposes = bench.service.directory.purposes([user_id(1), user_id(2)])
    assert (purposes.found, purposes.waits) == ({user_id(1): "user"}, {user_id(2): seconds})


def test_a_batch_without_any_answer_is_a_fault_and_no_guess(bench: Bench) -> None:
    bench.fault(kind="status", status=500, path="mailboxSettings", times=None)
    with pytest.raises(TryAgain):
        bench.service.directory.purposes([user_id(1), user_id(2)])


def test_a_mailbox_has_an_iana_zone(bench: Bench) -> None:
    assert bench.service.directory.time_zone(user_id(1)) == "America/New_York"
    assert bench.service.directory.time_zone(user_id(2)) == "Europe/Berlin"
    assert bench.service.directory.time_zone(user_id(5)) == "UTC"


def test_a_probe_tells_the_organisation_and_the_permissions(bench: Bench) -> None:
    probe = bench.service.probe()
    assert probe.organization == "Northwind"
    assert "Calendars.ReadWrite" in probe.roles
