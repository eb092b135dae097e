"""Mail contacts, places, the organisation, what apps were granted, and the world file."""

from __future__ import annotations

import pytest

from syncengine.sandbox import directory
from syncengine.sandbox.state import Tenant
from tests.sandbox.conformance import DESCRIPTION, assert_conforms
from tests.sandbox.directory.conftest import ADA, EVENTUAL, FILE, MAILCONTACT, TEAM, oid


def test_mail_contacts_are_listed_read_and_cannot_be_written(graph):
    [row] = graph.rows("/contacts")
    assert row["phones"] == [{"type": "mobile", "number": "+1 9"}]
    assert graph.get(f"/contacts/{MAILCONTACT}?$select=mail")["mail"] == "di@other.example"
    assert graph.rows("/contacts?$filter=mail eq 'nobody@x.example'") == []
    assert graph("GET", "/contacts/$count", **EVENTUAL).body == b"1"
    assert graph.refused("PATCH", f"/contacts/{MAILCONTACT}", {}).status == 501
    assert graph.refused("GET", f"/contacts/{ADA}").status == 404


def test_objects_are_had_by_their_ids(graph):
    body = {"ids": [ADA, TEAM, MAILCONTACT, oid(99)], "types": ["user", "orgContact"]}
    found = graph("POST", "/directoryObjects/getByIds", body).body["value"]
    assert [row["id"] for row in found] == [ADA, MAILCONTACT]
    assert graph.refused("POST", "/directoryObjects/getByIds", {"ids": []}).status == 400


def test_rooms_come_without_a_link_to_more(graph):
    for number in range(120):
        room = {**FILE["places"][0], "id": oid(400 + number), "displayName": f"R{number}"}
        graph.tenant.places[room["id"]] = room
    first = graph.get("/places/microsoft.graph.room")
    assert (len(first["value"]), "@odata.nextLink" in first) == (100, False)
    rest = graph.get("/places/microsoft.graph.room?$skip=100&$count=true")
    assert (len(rest["value"]), rest["@odata.count"]) == (21, 121)
    few = graph.get("/places/microsoft.graph.room?$top=2&$select=displayName,capacity")
    assert few["value"][0] == {"id": oid(301), "displayName": "Room 4", "capacity": 8}
    assert graph.get("/places/microsoft.graph.room?$filter=displayName eq 'R7'")["value"] != []


def test_the_rooms_of_a_list_are_found_by_its_address(graph):
    [house] = graph.get("/places/microsoft.graph.roomList")["value"]
    rooms = f"/places/{house['emailAddress']}/microsoft.graph.roomList/rooms"
    assert [row["id"] for row in graph.get(rooms)["value"]] == [oid(301)]
    assert graph.refused("GET", f"/places/{oid(302)}/microsoft.graph.roomList/rooms").status == 404
    assert graph.get("/places/room4@northwind.example")["capacity"] == 8
    assert graph.refused("GET", "/places").status == 501
    assert graph.refused("GET", "/places/microsoft.graph.desk").status == 404


def test_places_need_their_permission(graph):
    refusal = graph.refused("GET", "/places/microsoft.graph.room", roles=frozenset({"User.Read.All"}))
    assert refusal.status == 403


def test_the_organization_names_itself(graph):
    [row] = graph.rows("/organization")
    assert (row["id"], row["displayName"]) == (oid(800), "Northwind")
    assert graph.get(f"/organization/{oid(800)}?$select=displayName")["displayName"] == "Northwind"
    assert graph.refused("GET", f"/organization/{oid(801)}").status == 404


def test_what_an_app_was_granted_can_be_read_back(graph):
    by_app = f"/servicePrincipals(appId='{oid(700)}')"
    rows = graph.rows(f"{by_app}/appRoleAssignments")
    roles = graph.get("/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')")["appRoles"]
    values = {role["id"]: role["value"] for role in roles}
    assert {values[row["appRoleId"]] for row in rows} == {"User.Read.All", "Contacts.ReadWrite"}
    own = graph.get(by_app)["id"]
    assert {row["principalId"] for row in rows} == {own}
    assert graph.rows(f"/servicePrincipals/{own}/appRoleAssignments") == rows


@pytest.mark.parametrize("address", ["/servicePrincipals(appId='nobody')", f"/servicePrincipals/{oid(1)}"])
def test_an_app_nobody_consented_to_is_missing(graph, address):
    assert graph.refused("GET", address).status == 404
    assert graph.refused("GET", f"{address}/appRoleAssignments").status == 404


def test_grants_need_their_permission_and_other_addresses_stay_unknown(graph):
    reader = frozenset({"User.Read.All"})
    by_app = f"/servicePrincipals(appId='{oid(700)}')/appRoleAssignments"
    assert graph.refused("GET", by_app, roles=reader).status == 403
    assert graph.refused("GET", "/nonsense", roles=reader).status == 501
    assert graph.refused("GET", "/nonsense/appRoleAssignments").status == 501


def test_a_world_file_keeps_the_directory(graph):
    graph("PATCH", f"/users/{ADA}", {"jobTitle": None, "department": None})
    dumped = directory.dump(graph.world, graph.tenant)
    assert dumped["groups"][0]["members"] == FILE["groups"][0]["members"]
    other = Tenant("other")
    directory.load(graph.world, other, dumped)
    assert directory.dump(graph.world, other) == dumped
    assert other.users[ADA]["department"] is None


@pytest.mark.shared
def test_answers_are_held_against_the_description(graph):
    """A fixture does it with every answer; here, that it bites."""
    assert DESCRIPTION.exists()
    body = graph.get("/users/delta")
    with pytest.raises(AssertionError, match="does not conform"):
        assert_conforms("GET", "/users/delta", 200, {**body, "value": [{"id": 1}]})
