"""Contacts are kept as strictly as Exchange keeps them."""

from __future__ import annotations

import pytest

from syncengine.sandbox import contacts
from syncengine.sandbox.extended import SINGLE
from syncengine.sandbox.kernel import Refusal, Unknown
from tests.sandbox.conformance import DESCRIPTION, assert_conforms
from tests.sandbox.contacts.conftest import GUID, HOME, MARK

IMMUTABLE = {"prefer": 'IdType="ImmutableId"'}
FULL = {
    "assistantName": "Bo",
    "birthday": "1974-07-22T00:00:00Z",
    "businessAddress": {"street": "1 Mill Rd", "city": "Bath", "countryOrRegion": "GB"},
    "businessHomePage": "https://northwind.example",
    "businessPhones": ["+1 1", "+1 2"],
    "categories": ["Blue"],
    "children": ["Cy"],
    "companyName": "Northwind",
    "department": "Sales",
    "displayName": "Dr Ada",
    "emailAddresses": [{"name": "Ada", "address": "ada@northwind.example"}],
    "fileAs": "Ada",
    "generation": "II",
    "givenName": "Ada",
    "homeAddress": {"postalCode": "1", "state": "X"},
    "homePhones": ["+1 3"],
    "imAddresses": ["ada@chat.example"],
    "initials": "A.",
    "jobTitle": "Clerk",
    "manager": "Di",
    "middleName": "M",
    "mobilePhone": "+1 4",
    "nickName": "Ad",
    "officeLocation": "4",
    "otherAddress": {"city": "Ulm"},
    "personalNotes": "Notes",
    "profession": "Poet",
    "spouseName": "Ed",
    "surname": "Lovelace",
    "title": "Dr",
    "yomiCompanyName": "ノース",
    "yomiGivenName": "エイダ",
    "yomiSurname": "ラブレス",
}


def refused(graph, method, url, body=None, **headers):
    with pytest.raises(Refusal) as refusal:
        graph(method, url, body, **headers)
    return refusal.value


def test_every_property_comes_back_as_it_was_written(graph):
    made = graph.post(**FULL)
    read = graph("GET", f"{HOME}/contacts/{made['id']}").body
    assert {name: read[name] for name in FULL} == FULL
    assert read["primaryEmailAddress"] == FULL["emailAddresses"][0]
    assert read["createdDateTime"] == "2026-11-21T08:00:00Z"


def test_a_bare_contact_shows_every_property_empty(graph):
    made = graph.post(givenName="Ada")
    assert (made["mobilePhone"], made["businessPhones"], made["homeAddress"]) == (None, [], {})


@pytest.mark.parametrize(
    ("name", "entries", "limit"),
    [
        ("emailAddresses", [{"address": f"{n}@x.example"} for n in range(4)], 3),
        ("businessPhones", ["1", "2", "3"], 2),
        ("homePhones", ["1", "2", "3"], 2),
        ("imAddresses", ["1", "2", "3", "4"], 3),
    ],
)
def test_limits_are_told_in_exchanges_words(graph, name, entries, limit):
    refusal = refused(graph, "POST", f"{HOME}/contacts", {name: entries})
    title = name[0].upper() + name[1:]
    assert refusal.status == 400
    assert refusal.message == (
        f"The multi value property {title} has {len(entries)} entries, "
        f"that exceeds the max allowed value of {limit}"
    )
    assert graph.post(**{name: entries[:limit]})[name]


@pytest.mark.parametrize(
    "body",
    [
        {"shoeSize": 43},
        {"givenName": 1},
        {"businessPhones": "1"},
        {"businessPhones": None},
        {"businessPhones": [1]},
        {"emailAddresses": ["ada@x.example"]},
        {"emailAddresses": [{"address": "ada@x.example", "type": "work"}]},
        {"emailAddresses": [{"address": 1}]},
        {"homeAddress": "Bath"},
        {"homeAddress": {"planet": "Mars"}},
        {"homeAddress": {"city": 1}},
        {"birthday": "22 July"},
        {"birthday": "1974-07-22T00:00:00"},
        {"birthday": 1974},
        {SINGLE: {"id": MARK, "value": "x"}},
        [],
        "text",
        None,
    ],
)
def test_a_body_that_does_not_fit_the_type_is_refused(graph, body):
    refusal = refused(graph, "POST", f"{HOME}/contacts", body)
    assert (refusal.status, refusal.code) == (400, "RequestBodyRead")
    assert not graph.mailbox.contacts


def test_a_property_the_sandbox_cannot_write_is_501(graph):
    with pytest.raises(Unknown):
        graph.post(primaryEmailAddress={"address": "ada@x.example"})


def test_an_invalid_address_is_taken_and_lost(graph):
    made = graph.post(emailAddresses=[{"name": "Ada", "address": "no address"}, {"address": "x@y.z"}])
    assert made["emailAddresses"] == [{"name": "Ada"}, {"name": "x@y.z", "address": "x@y.z"}]


def test_a_display_name_is_made_up_and_overwritten(graph):
    made = graph.post(givenName="Ada", surname="Byron")
    assert made["displayName"] == "Ada Byron"
    assert made["fileAs"] == "Byron, Ada"
    at = f"{HOME}/contacts/{made['id']}"
    assert graph("PATCH", at, {"displayName": "The Countess"}).body["displayName"] == "The Countess"
    assert graph("PATCH", at, {"jobTitle": "Poet"}).body["displayName"] == "The Countess"
    assert graph("PATCH", at, {"surname": "King"}).body["displayName"] == "Ada King"
    both = graph("PATCH", at, {"surname": "Lovelace", "displayName": "Lady L"}).body
    assert both["displayName"] == "Lady L"


def test_a_patch_changes_what_it_names_and_every_patch_is_a_version(graph):
    made = graph.post(**FULL)
    graph.wait(60)
    changed = graph("PATCH", f"{HOME}/contacts/{made['id']}", {"homeAddress": {"state": None}}).body
    assert changed["homeAddress"] == {"postalCode": "1"}
    assert changed["businessPhones"] == FULL["businessPhones"]
    assert changed["lastModifiedDateTime"] == "2026-11-21T08:01:00Z"
    again = graph("PATCH", f"{HOME}/contacts/{made['id']}", {"jobTitle": "Clerk"}).body
    versions = {one["changeKey"] for one in (made, changed, again)}
    assert len(versions) == 3
    assert again["@odata.etag"] == f'W/"{again["changeKey"]}"'


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_stale_version_is_refused(graph, method):
    made = graph.post(givenName="Ada")
    at = f"{HOME}/contacts/{made['id']}"
    newer = graph("PATCH", at, {"givenName": "Eda"}).body
    refusal = refused(graph, method, at, {}, if_match=made["@odata.etag"])
    assert (refusal.status, refusal.code) == (412, "ErrorIrresolvableConflict")
    assert graph(method, at, {}, if_match=newer["@odata.etag"]).status in (200, 204)


def test_ids_have_two_forms_and_one_survives_a_move(graph):
    made = graph.post(givenName="Ada")
    lasting = graph("GET", f"{HOME}/contacts/{made['id']}", **IMMUTABLE).body["id"]
    assert lasting != made["id"]
    folder = graph.post(f"{HOME}/contactFolders", displayName="Other")["id"]
    moved = contacts.move(graph.world, graph.tenant, graph.mailbox, made["id"], folder)
    assert refused(graph, "GET", f"{HOME}/contacts/{made['id']}").code == "ErrorItemNotFound"
    assert graph("GET", f"{HOME}/contacts/{lasting}").body["id"] == moved
    assert graph("GET", f"{HOME}/contacts/{moved}", **IMMUTABLE).body["id"] == lasting


def test_an_id_that_cannot_be_one_is_malformed(graph):
    assert refused(graph, "GET", f"{HOME}/contacts/nonsense").code == "ErrorInvalidIdMalformed"
    made = graph.post(givenName="Ada")["id"]
    assert refused(graph, "GET", f"{HOME}/contacts/{made.swapcase()}").code == "ErrorItemNotFound"


@pytest.mark.parametrize(("how", "kept"), [("DELETE", 1), ("POST", 0)])
def test_a_deleted_contact_is_gone_and_a_purged_one_leaves_nothing(graph, how, kept):
    at = f"{HOME}/contacts/{graph.post(givenName='Ada')['id']}"
    assert graph(how, at + ("/permanentDelete" if how == "POST" else "")).status == 204
    assert refused(graph, "GET", at).status == 404
    assert contacts.deleted_items(graph.mailbox) == kept


def test_extended_properties_are_shown_to_those_who_name_them(graph):
    made = graph.post(givenName="Ada", **{SINGLE: [{"id": MARK, "value": "One"}]})
    assert SINGLE not in made
    at = f"{HOME}/contacts/{made['id']}"
    expand = f"$expand={SINGLE}($filter=id eq '{MARK}')"
    assert graph("GET", f"{at}?{expand}").body[SINGLE] == [{"id": MARK, "value": "One"}]
    assert graph.rows(f"{HOME}/contacts?$select=id&{expand}")[0][SINGLE][0]["value"] == "One"
    graph("PATCH", at, {SINGLE: [{"id": f"String {GUID} Name Other", "value": "Two"}]})
    assert graph("GET", f"{at}?{expand}").body[SINGLE] == [{"id": MARK, "value": "One"}]


def test_contacts_are_found_by_an_extended_property_late_if_so_switched(graph):
    graph.post(givenName="Ada", **{SINGLE: [{"id": MARK, "value": "One"}]})
    graph.post(givenName="Bo", **{SINGLE: [{"id": MARK, "value": "Two"}]})
    query = f"{HOME}/contacts?$filter={SINGLE}/Any(p: p/id eq '{MARK}' and p/value eq 'one')"
    assert [row["givenName"] for row in graph.rows(query)] == ["Ada"]
    graph.world.switches.late_filter_s = 30
    assert graph.rows(query) == []
    graph.wait(31)
    assert [row["givenName"] for row in graph.rows(query)] == ["Ada"]


@pytest.mark.parametrize(
    ("clause", "code"),
    [
        ("id eq 'x'", "ErrorInvalidProperty"),
        (f"{SINGLE}/id eq 'x'", "ErrorInvalidProperty"),
        ("personalNotes eq 'x'", "ErrorInvalidProperty"),
        ("emailAddresses/any(a:startswith(a/address,'x'))", "ErrorInvalidRequest"),
        ("givenName eq", "RequestBroker--ParseUri"),
    ],
)
def test_what_cannot_be_filtered_is_refused(graph, clause, code):
    assert refused(graph, "GET", f"{HOME}/contacts?$filter={clause}").code == code


def test_contacts_are_filtered_sorted_counted_and_paged(graph):
    for number in range(25):
        address = [{"address": f"{number}@x.example"}]
        graph.post(givenName=f"n{number % 3}", surname=f"{number:02}", emailAddresses=address)
    found = graph.rows(f"{HOME}/contacts?$filter=emailAddresses/any(a:a/address eq '7@X.example')")
    assert [row["surname"] for row in found] == ["07"]
    rows = graph.rows(f"{HOME}/contacts?$orderby=givenName desc,surname&$select=surname&$top=7")
    assert [row["surname"] for row in rows][:3] == ["02", "05", "08"]
    assert len(rows) == 25
    assert rows[0].keys() == {"id", "surname", "@odata.etag"}
    first = graph("GET", f"{HOME}/contacts?$count=true").body
    assert (len(first["value"]), first["@odata.count"]) == (10, 25)
    assert graph("GET", f"{HOME}/contacts/$count").body == b"25"


@pytest.mark.parametrize("query", ["$search=ada", "$select=shoeSize", "$top=0", "$expand=photo"])
def test_options_out_of_place_are_refused(graph, query):
    assert refused(graph, "GET", f"{HOME}/contacts?{query}").status == 400


def test_a_personal_group_counts_and_never_shows(graph):
    default = {"_default": True, "id": "default", "displayName": "Contacts"}
    default["contacts"] = [
        {"displayName": "Team", "_distributionList": True, "id": "list"},
        {"displayName": "Ada", "id": "one"},
    ]
    graph.mailbox.folders.clear()
    contacts.load(graph.world, graph.tenant, graph.mailbox, [default])
    body = graph("GET", f"{HOME}/contacts?$count=true").body
    assert (body["@odata.count"], [row["id"] for row in body["value"]]) == (2, ["one"])
    assert refused(graph, "GET", f"{HOME}/contacts/list").status in (400, 404)
    rows, _ = graph.delta(f"{HOME}/contacts/delta")
    assert [row["id"] for row in rows] == ["one"]


@pytest.mark.parametrize("clones", [True, False])
def test_a_paste_is_a_contact_of_its_own_with_the_mark_by_switch(graph, clones):
    graph.world.switches.paste_clones_properties = clones
    made = graph.post(givenName="Ada", **{SINGLE: [{"id": MARK, "value": "One"}]})
    copy = contacts.paste(graph.world, graph.tenant, graph.mailbox, made["id"])
    assert copy != made["id"]
    read = graph("GET", f"{HOME}/contacts/{copy}?$expand={SINGLE}($filter=id eq '{MARK}')").body
    assert (read["givenName"], SINGLE in read) == ("Ada", clones)


def test_a_paste_lands_where_it_is_told_to(graph):
    made = graph.post(givenName="Ada")["id"]
    folder = graph.post(f"{HOME}/contactFolders", displayName="Team")["id"]
    contacts.paste(graph.world, graph.tenant, graph.mailbox, made, folder)
    assert len(graph.rows(f"{HOME}/contactFolders/{folder}/contacts")) == 1
    for wrong in ((made, "nowhere"), ("nobody", folder)):
        with pytest.raises(Refusal):
            contacts.paste(graph.world, graph.tenant, graph.mailbox, *wrong)


def test_without_the_permission_nothing_is_read_or_written(graph):
    reader = frozenset({"Contacts.Read"})
    assert graph("GET", f"{HOME}/contacts", roles=reader).status == 200
    assert refused(graph, "POST", f"{HOME}/contacts", {}, roles=reader).code == "ErrorAccessDenied"
    assert refused(graph, "GET", f"{HOME}/contacts", roles=frozenset()).status == 403


@pytest.mark.parametrize(
    ("trouble", "status"), [("unlicensed", 404), ("on-premises", 404), ("access-denied", 403)]
)
def test_a_mailbox_in_trouble_is_not_read(graph, trouble, status):
    graph.mailbox.trouble = trouble
    assert refused(graph, "GET", f"{HOME}/contacts").status == status


def test_a_world_file_keeps_everything(graph):
    folder = graph.post(f"{HOME}/contactFolders", displayName="Team")["id"]
    below = graph.post(f"{HOME}/contactFolders/{folder}/childFolders", displayName="Sub")["id"]
    made = graph.post(**FULL, **{SINGLE: [{"id": MARK, "value": "One"}]})
    graph.post(f"{HOME}/contactFolders/{below}/contacts", givenName="Bo")
    dumped = contacts.dump(graph.world, graph.tenant, graph.mailbox)
    lasting = graph("GET", f"{HOME}/contacts/{made['id']}", **IMMUTABLE).body
    graph.mailbox.folders, graph.mailbox.contacts = {}, {}
    graph.mailbox.generation, graph.mailbox.contact_log, graph.mailbox.indexes = 0, [], {}
    contacts.load(graph.world, graph.tenant, graph.mailbox, dumped)
    assert contacts.dump(graph.world, graph.tenant, graph.mailbox) == dumped
    assert graph("GET", f"{HOME}/contacts/{made['id']}", **IMMUTABLE).body == lasting
    newer = graph.post(givenName="New")
    assert newer["changeKey"] > made["changeKey"]
    assert len(graph.mailbox.contacts) == 3


@pytest.mark.shared
def test_answers_are_held_against_the_description(graph):
    """A fixture does it with every answer; here, that it bites."""
    assert DESCRIPTION.exists()
    answer = graph("POST", f"{HOME}/contacts", FULL)
    with pytest.raises(AssertionError, match="does not conform"):
        assert_conforms("POST", f"{HOME}/contacts", 201, {**answer.body, "businessPhones": "1"})
