"""Contact folders: the default one hides, names do not collide, nothing outlives its folder."""

from __future__ import annotations

import pytest

from syncengine.sandbox import contacts
from syncengine.sandbox.extended import SINGLE
from syncengine.sandbox.kernel import Refusal
from tests.sandbox.contacts.conftest import HOME, MARK

FOLDERS = f"{HOME}/contactFolders"


def refused(graph, method, url, body=None):
    with pytest.raises(Refusal) as refusal:
        graph(method, url, body)
    return refusal.value


def default_of(graph):
    """The default folder's id, as an app finds it."""
    graph.post(givenName="Ada")
    return graph.rows(f"{HOME}/contacts?$top=1&$select=parentFolderId")[0]["parentFolderId"]


def test_the_default_folder_is_left_out_of_the_list_and_can_be_read(graph):
    made = graph.post(FOLDERS, displayName="Team")
    assert [row["displayName"] for row in graph.rows(FOLDERS)] == ["Team"]
    default = default_of(graph)
    assert made["parentFolderId"] == default
    assert graph("GET", f"{FOLDERS}/{default}").body["displayName"] == "Contacts"


@pytest.mark.parametrize("above", ["", "/childFolders"])
def test_two_folders_beside_each_other_have_two_names(graph, above):
    top = graph.post(FOLDERS, displayName="Top")["id"]
    url = f"{FOLDERS}/{top}{above}" if above else FOLDERS
    first = graph.post(url, displayName="Team")
    refusal = refused(graph, "POST", url, {"displayName": "TEAM"})
    assert (refusal.status, refusal.code) == (409, "ErrorFolderExists")
    other = graph.post(url, displayName="Other")
    assert refused(graph, "PATCH", f"{FOLDERS}/{other['id']}", {"displayName": "team"}).status == 409
    same = graph("PATCH", f"{FOLDERS}/{first['id']}", {"displayName": "team"})
    assert same.body["displayName"] == "team"


def test_contacts_live_in_their_folder_and_are_found_from_the_mailbox(graph):
    folder = graph.post(FOLDERS, displayName="Team")["id"]
    other = graph.post(FOLDERS, displayName="Other")["id"]
    made = graph.post(f"{FOLDERS}/{folder}/contacts", givenName="Bo")
    assert made["parentFolderId"] == folder
    assert graph.rows(f"{HOME}/contacts") == []
    assert len(graph.rows(f"{FOLDERS}/{folder}/contacts")) == 1
    assert graph("GET", f"{HOME}/contacts/{made['id']}").status == 200
    assert graph("GET", f"{FOLDERS}/{folder}/contacts/{made['id']}").status == 200
    assert refused(graph, "GET", f"{FOLDERS}/{other}/contacts/{made['id']}").status == 404


def test_child_folders_have_addresses_of_their_own(graph):
    top = graph.post(FOLDERS, displayName="Top")["id"]
    child = graph.post(f"{FOLDERS}/{top}/childFolders", displayName="Child")["id"]
    at = f"{FOLDERS}/{top}/childFolders/{child}"
    graph.post(f"{at}/contacts", givenName="Bo")
    assert [row["id"] for row in graph.rows(f"{FOLDERS}/{top}/childFolders")] == [child]
    assert len(graph.rows(f"{at}/contacts")) == 1
    assert graph("GET", at).body["parentFolderId"] == top
    stranger = graph.post(FOLDERS, displayName="Stranger")["id"]
    assert refused(graph, "GET", f"{FOLDERS}/{stranger}/childFolders/{child}").status == 404


@pytest.mark.parametrize(("how", "kept"), [("DELETE", 2), ("POST", 0)])
def test_a_folder_takes_all_that_lies_in_it_with_it(graph, how, kept):
    top = graph.post(FOLDERS, displayName="Top")["id"]
    child = graph.post(f"{FOLDERS}/{top}/childFolders", displayName="Child")["id"]
    inside = [graph.post(f"{FOLDERS}/{one}/contacts", givenName="Bo")["id"] for one in (top, child)]
    own = graph.post(givenName="Own")["id"]
    suffix = "/permanentDelete" if how == "POST" else ""
    assert graph(how, f"{FOLDERS}/{top}{suffix}").status == 204
    assert graph.rows(FOLDERS) == []
    for gone in inside:
        assert refused(graph, "GET", f"{HOME}/contacts/{gone}").status == 404
    assert refused(graph, "GET", f"{FOLDERS}/{child}/contacts").code == "ErrorItemNotFound"
    assert refused(graph, "GET", f"{FOLDERS}/{child}/contacts/delta").code == "ErrorItemNotFound"
    assert graph("GET", f"{HOME}/contacts/{own}").status == 200
    assert contacts.deleted_items(graph.mailbox) == kept


def test_the_default_folder_can_neither_be_deleted_nor_renamed(graph):
    at = f"{FOLDERS}/{default_of(graph)}"
    assert refused(graph, "DELETE", at).code == "ErrorDeleteDistinguishedFolder"
    assert refused(graph, "PATCH", at, {"displayName": "Mine"}).status == 403


@pytest.mark.parametrize("body", [{}, {"displayName": ""}, {"displayName": 1}, {"color": "red"}, []])
def test_a_folder_needs_a_name_and_nothing_strange(graph, body):
    assert refused(graph, "POST", FOLDERS, body).status == 400


def test_a_folder_is_found_by_its_extended_property(graph):
    graph.post(FOLDERS, displayName="Team", **{SINGLE: [{"id": MARK, "value": "One"}]})
    graph.post(FOLDERS, displayName="Other")
    query = f"$filter={SINGLE}/any(p:p/id eq '{MARK}' and p/value eq 'One')"
    expand = f"$expand={SINGLE}($filter=id eq '{MARK}')"
    [found] = graph.rows(f"{FOLDERS}?{query}&{expand}")
    assert (found["displayName"], found[SINGLE]) == ("Team", [{"id": MARK, "value": "One"}])
    plain = graph.rows(f"{FOLDERS}?$filter=displayName eq 'Team'")
    assert [SINGLE in row for row in plain] == [False]


def test_folders_delta_tells_of_folders_at_any_depth(graph):
    top = graph.post(FOLDERS, displayName="Top")["id"]
    rows, link = graph.delta(f"{FOLDERS}/delta")
    assert [row["id"] for row in rows] == [top]
    child = graph.post(f"{FOLDERS}/{top}/childFolders", displayName="Child")["id"]
    graph("PATCH", f"{FOLDERS}/{top}", {"displayName": "New"})
    graph.post(givenName="Nobody asks for contacts here")
    rows, link = graph.delta(link)
    assert {row["id"]: row["displayName"] for row in rows} == {child: "Child", top: "New"}
    graph("DELETE", f"{FOLDERS}/{top}")
    rows, link = graph.delta(link)
    assert {row["id"]: row["@removed"]["reason"] for row in rows} == {child: "deleted", top: "deleted"}
    assert graph.delta(link)[0] == []


def test_a_world_file_may_say_little(graph):
    graph.mailbox.folders.clear()
    rows = [{"displayName": "Team"}, {"_default": True, "contacts": [{"givenName": "Ada"}]}]
    contacts.load(graph.world, graph.tenant, graph.mailbox, rows)
    [team] = graph.rows(FOLDERS)
    [ada] = graph.rows(f"{HOME}/contacts")
    assert team["parentFolderId"] == ada["parentFolderId"]
    assert graph("GET", f"{FOLDERS}/{ada['parentFolderId']}").body["displayName"] == "Contacts"
