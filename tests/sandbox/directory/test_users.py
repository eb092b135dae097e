"""Users are listed, read and changed by the directory's rules."""

from __future__ import annotations

import pytest

from syncengine.sandbox import directory
from tests.sandbox.directory.conftest import ADA, BO, EVENTUAL, INNER, ROOM, TEAM, oid

DEFAULT = {
    "businessPhones", "displayName", "givenName", "id", "jobTitle", "mail", "mobilePhone",
    "officeLocation", "preferredLanguage", "surname", "userPrincipalName",
}  # fmt: skip


def names(rows):
    return [row["displayName"] for row in rows]


def test_a_list_shows_the_default_properties_and_only_those(graph):
    rows = graph.rows("/users")
    assert [set(row) for row in rows] == [DEFAULT] * 4
    assert rows[1]["businessPhones"] == []
    assert rows[1]["mail"] is None


def test_a_selection_is_all_that_is_shown(graph):
    assert graph.rows("/users?$select=department")[0] == {"department": "Sales"}


def test_pages_hold_a_hundred_and_999_at_most(graph):
    graph.hire(120)
    sizes = [len(page["value"]) for page in graph.pages("/users")]
    assert sizes == [100, 24]
    assert len(graph.get("/users?$top=999")["value"]) == 124
    assert graph.refused("GET", "/users?$top=1000").status == 400
    assert graph.refused("GET", "/users?$skip=5").code == "Request_UnsupportedQuery"


def test_some_properties_only_a_single_user_shows(graph):
    refusal = graph.refused("GET", "/users?$select=id,mailboxSettings")
    assert (refusal.status, refusal.code) == (501, "NotImplemented")
    assert graph.get(f"/users/{ADA}?$select=aboutMe")["aboutMe"] is None
    shown = graph.get(f"/users/{ADA}?$select=mailboxSettings")["mailboxSettings"]
    assert shown["timeZone"] == "Eastern Standard Time"


def test_a_user_is_found_by_id_and_by_name_in_any_case(graph):
    for address in (ADA, "ada@northwind.example", "ADA@Northwind.Example"):
        assert graph.get(f"/users/{address}")["id"] == ADA
    assert graph.refused("GET", f"/users/{oid(99)}").code == "Request_ResourceNotFound"


@pytest.mark.parametrize(
    ("clause", "found"),
    [
        ("department eq 'sales'", ["Ada Lovelace"]),
        ("startswith(displayName,'bo')", ["Bo O'Neil"]),
        ("displayName eq 'Bo O''Neil'", ["Bo O'Neil"]),
        ("accountEnabled eq false", ["Bo O'Neil"]),
        ("userType in ('Member','Guest')", ["Ada Lovelace", "Bo O'Neil"]),
        ("proxyAddresses/any(p:p eq 'smtp:a@northwind.example')", ["Ada Lovelace"]),
        (f"assignedLicenses/any(l:l/skuId eq {oid(900)})", ["Ada Lovelace"]),
        ("onPremisesExtensionAttributes/extensionAttribute1 eq 'x'", ["Ada Lovelace"]),
        ("mail eq null and accountEnabled eq false", ["Bo O'Neil"]),
    ],
)
def test_users_are_filtered(graph, clause, found):
    assert names(graph.rows(f"/users?$filter={clause}")) == found


@pytest.mark.parametrize(
    "query",
    [
        "$filter=department ne 'Sales'",
        "$filter=not(department eq 'Sales')",
        "$filter=endswith(mail,'.example')",
        "$filter=assignedLicenses/$count ne 0",
        "$filter=department eq 'Sales'&$orderby=displayName",
        "$count=true",
    ],
)
def test_advanced_queries_need_the_header(graph, query):
    with_count = query if "$count=true" in query else f"{query}&$count=true"
    assert graph.refused("GET", f"/users?{with_count}").code == "Request_UnsupportedQuery"
    body = graph.get(f"/users?{with_count}", **EVENTUAL)
    assert body["@odata.count"] == len(body["value"])


def test_the_header_is_not_in_the_link(graph):
    graph.hire(120)
    url = "/users?$filter=displayName ne 'Cy'&$count=true"
    first = graph.get(url, **EVENTUAL)
    assert graph.refused("GET", first["@odata.nextLink"]).status == 400
    assert "@odata.count" not in graph.get(first["@odata.nextLink"], **EVENTUAL)


def test_counts_are_plain_text_and_advanced(graph):
    assert graph("GET", "/users/$count", **EVENTUAL).body == b"4"
    clause = "$filter=userType eq 'Guest'"
    assert graph("GET", f"/users/$count?{clause}", **EVENTUAL).body == b"1"
    assert graph.refused("GET", "/users/$count").status == 400


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("$filter=contains(displayName,'a')", 400),
        ("$filter=mailboxSettings/userPurpose eq 'room'", 400),
        ("$filter=displayName eq", 400),
        ("$select=shoeSize", 400),
        ("$orderby=department", 400),
        ('$search="displayName:a"', 501),
        ("$expand=manager", 501),
        ("color=red", 501),
    ],
)
def test_what_is_not_supported_is_refused(graph, query, status):
    assert graph.refused("GET", f"/users?{query}").status == status


def test_the_permission_is_asked_for(graph):
    refusal = graph.refused("GET", "/users", roles=frozenset({"Contacts.Read"}))
    assert (refusal.status, refusal.code) == (403, "Authorization_RequestDenied")
    assert graph.refused("DELETE", f"/users/{ADA}", roles=frozenset({"User.Read.All"})).status == 403


def test_an_administrator_hires_changes_and_dismisses(graph):
    [new] = graph.hire(1)
    graph("PATCH", f"/users/{new}", {"jobTitle": "Clerk", "mobilePhone": None})
    assert graph.get(f"/users/{new}")["jobTitle"] == "Clerk"
    assert graph("DELETE", f"/users/{new}").status == 204
    assert graph.refused("GET", f"/users/{new}").status == 404


def test_a_new_mail_address_leads_the_proxy_addresses(graph):
    graph("PATCH", f"/users/{ADA}", {"mail": "ada.king@northwind.example"})
    shown = graph.get(f"/users/{ADA}?$select=proxyAddresses")["proxyAddresses"]
    assert shown == [
        "SMTP:ada.king@northwind.example",
        "smtp:ada@northwind.example",
        "smtp:a@northwind.example",
    ]


@pytest.mark.parametrize(
    "body",
    [
        {"shoeSize": 43},
        {"proxyAddresses": []},
        {"jobTitle": 1},
        {"accountEnabled": "yes"},
        {"businessPhones": ["1", "2"]},
        {"mobilePhone": "1" * 65},
        {"userPrincipalName": "bo@northwind.example"},
        {"userPrincipalName": "nobody"},
        [],
    ],
)
def test_a_change_that_does_not_fit_is_refused(graph, body):
    assert graph.refused("PATCH", f"/users/{ADA}", body).code == "Request_BadRequest"


def test_a_user_needs_what_a_user_needs(graph):
    assert graph.refused("POST", "/users", {"displayName": "No more"}).status == 400


def test_an_administrator_may_change_what_graph_cannot_but_nothing_unheard_of(graph):
    _, link = graph.delta("/users/delta?$select=proxyAddresses")
    written = {"proxyAddresses": ["SMTP:new@northwind.example"]}
    directory.change(graph.world, graph.tenant, directory.USER, ADA, written)
    assert graph.delta(link)[0] == [{"id": ADA, **written}]
    with pytest.raises(ValueError, match="shoeSize"):
        directory.change(graph.world, graph.tenant, directory.USER, ADA, {"shoeSize": 43})


def test_what_lies_outside_the_directory_is_never_told(graph):
    _, link = graph.delta("/users/delta?$select=licenseAssignmentStates,displayName")
    written = {"licenseAssignmentStates": [{"state": "Active"}], "skills": ["sums"]}
    directory.change(graph.world, graph.tenant, directory.USER, ADA, written)
    assert graph.delta(link)[0] == []


def test_a_dismissed_user_leaves_groups_and_mailbox(graph):
    graph("DELETE", f"/users/{ADA}")
    assert ADA not in graph.tenant.members[TEAM] + graph.tenant.members[INNER]
    assert graph.refused("GET", f"/users/{ADA}/mailboxSettings").status == 404


def test_mailbox_settings_tell_what_a_mailbox_is_for(graph):
    assert graph.get(f"/users/{ROOM}/mailboxSettings/userPurpose")["value"] == "room"
    assert graph.get(f"/users/{ADA}/mailboxSettings/userPurpose")["value"] == "user"
    assert graph.get(f"/users/{ADA}/mailboxSettings/timeZone")["value"] == "Eastern Standard Time"
    assert graph.get(f"/users/{ADA}/mailboxSettings")["userPurpose"] == "user"
    for nobody in (BO, oid(4)):
        refusal = graph.refused("GET", f"/users/{nobody}/mailboxSettings/userPurpose")
        assert (refusal.status, refusal.code) == (404, "MailboxNotEnabledForRESTAPI")


PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + (48).to_bytes(4, "big") + (64).to_bytes(4, "big")


def test_a_picture_is_set_read_and_taken_away_without_a_delta(graph):
    photo = f"/users/{ADA}/photo"
    _, link = graph.delta("/users/delta")
    assert graph.refused("GET", f"{photo}/$value").code == "ImageNotFound"
    graph("PUT", f"{photo}/$value", PNG)
    assert graph("GET", f"{photo}/$value").body == PNG
    assert (graph.get(photo)["width"], graph.get(photo)["height"]) == (48, 64)
    assert "_photo" not in graph.get(f"/users/{ADA}")
    graph("DELETE", f"{photo}/$value")
    assert graph.refused("GET", photo).status == 404
    assert graph.delta(link)[0] == []
    assert graph.refused("GET", f"/users/{oid(4)}/photo").code == "ErrorNonExistentMailbox"
