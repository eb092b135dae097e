"""Groups: members of all kinds, through groups in groups, and changes of membership."""

from __future__ import annotations

import pytest

from tests.sandbox.calls import EVERYTHING
from tests.sandbox.directory.conftest import (
    ADA,
    BO,
    CY,
    DYNAMIC,
    EVENTUAL,
    INNER,
    MAILCONTACT,
    TEAM,
    oid,
)

MEMBERS = f"/groups/{TEAM}/members"


def ids(rows):
    return [row["id"] for row in rows]


def reference(identity):
    return {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{identity}"}


def test_groups_are_listed_and_filtered(graph):
    assert ids(graph.rows("/groups")) == [TEAM, INNER, DYNAMIC]
    assert ids(graph.rows("/groups?$filter=groupTypes/any(t:t eq 'Unified')")) == [TEAM]
    assert graph.get(f"/groups/{TEAM}")["groupTypes"] == ["Unified"]
    assert graph.refused("GET", f"/groups/{ADA}").code == "Request_ResourceNotFound"


def test_hiding_from_address_lists_is_told_of_a_single_group_only(graph):
    assert graph.refused("GET", "/groups?$select=hideFromAddressLists").status == 501
    assert graph.get(f"/groups/{TEAM}?$select=hideFromAddressLists")["hideFromAddressLists"] is None


def test_members_of_all_kinds_name_their_kind(graph):
    rows = graph.rows(MEMBERS)
    assert ids(rows) == [ADA, INNER, MAILCONTACT]
    kinds = [row["@odata.type"].rpartition(".")[2] for row in rows]
    assert kinds == ["user", "group", "orgContact"]


def test_transitive_members_end_though_groups_hold_each_other(graph):
    assert ids(graph.rows(f"/groups/{TEAM}/transitiveMembers")) == [
        ADA, INNER, MAILCONTACT, BO, TEAM,
    ]  # fmt: skip


def test_a_cast_is_an_advanced_query(graph):
    url = f"/groups/{TEAM}/transitiveMembers/microsoft.graph.user"
    assert graph.refused("GET", url).status == 400
    assert ids(graph.rows(f"{url}?$count=true", **EVENTUAL)) == [ADA, BO]
    guests = f"{url}?$count=true&$filter=userType eq 'Guest'&$select=id"
    assert graph.rows(guests, **EVENTUAL) == [{"id": BO}]
    contacts = f"{MEMBERS}/microsoft.graph.orgContact?$count=true"
    assert ids(graph.rows(contacts, **EVENTUAL)) == [MAILCONTACT]


def test_members_are_paged_and_counted(graph):
    for one in graph.hire(150):
        graph("POST", f"{MEMBERS}/$ref", reference(one))
    assert [len(page["value"]) for page in graph.pages(MEMBERS)] == [100, 53]
    assert graph("GET", f"{MEMBERS}/$count", **EVENTUAL).body == b"153"
    assert len(graph.get(f"{MEMBERS}?$top=999&$select=id")["value"]) == 153


def test_members_of_all_kinds_show_what_they_have_of_a_selection(graph):
    rows = graph.rows(f"{MEMBERS}?$select=id,groupTypes,jobTitle")
    assert [set(row) - {"@odata.type"} for row in rows] == [
        {"id", "jobTitle"},
        {"id", "groupTypes"},
        {"id", "jobTitle"},
    ]


def test_members_join_and_leave(graph):
    graph("POST", f"{MEMBERS}/$ref", reference(CY))
    assert CY in ids(graph.rows(MEMBERS))
    graph("DELETE", f"{MEMBERS}/{CY}/$ref")
    assert CY not in ids(graph.rows(MEMBERS))


@pytest.mark.parametrize(
    ("method", "url", "body", "status"),
    [
        ("POST", f"{MEMBERS}/$ref", reference(ADA), 400),
        ("POST", f"{MEMBERS}/$ref", reference(oid(99)), 404),
        ("POST", f"{MEMBERS}/$ref", {"id": CY}, 400),
        ("POST", f"/groups/{DYNAMIC}/members/$ref", reference(ADA), 400),
        ("POST", f"/groups/{oid(99)}/members/$ref", reference(ADA), 404),
        ("DELETE", f"{MEMBERS}/{CY}/$ref", None, 404),
        ("DELETE", f"/groups/{DYNAMIC}/members/{CY}/$ref", None, 400),
    ],
)
def test_a_membership_that_cannot_be_is_refused(graph, method, url, body, status):
    assert graph.refused(method, url, body).status == status


def test_hidden_members_need_their_permission(graph):
    graph.tenant.groups[TEAM]["visibility"] = "HiddenMembership"
    assert graph.refused("GET", MEMBERS).status == 403
    seeing = EVERYTHING | {"Member.Read.Hidden"}
    assert len(graph.rows(MEMBERS, roles=seeing)) == 3


def test_a_group_is_made_changed_and_deleted(graph):
    body = {"displayName": "New", "mailEnabled": False, "mailNickname": "new", "securityEnabled": True}
    new = graph("POST", "/groups", body).body["id"]
    graph("PATCH", f"/groups/{new}", {"displayName": "Newer"})
    assert graph.get(f"/groups/{new}")["displayName"] == "Newer"
    assert graph.rows(f"/groups/{new}/members") == []
    graph("DELETE", f"/groups/{new}")
    assert graph.refused("GET", f"/groups/{new}/members").status == 404
    assert graph.refused("POST", "/groups", {"displayName": "Half"}).status == 400


def test_filters_on_members_of_all_kinds_are_unknown_to_the_sandbox(graph):
    assert graph.refused("GET", f"{MEMBERS}?$filter=displayName eq 'x'").status == 501
