"""Directory deltas: what changed, who joined, what is gone, and when a token is lost."""

from __future__ import annotations

import pytest

from syncengine.sandbox import directory
from tests.sandbox.directory.conftest import ADA, BO, CY, FILE, INNER, MAILCONTACT, ROOM, TEAM, oid
from tests.sandbox.directory.test_groups import MEMBERS, reference


def ids(rows):
    return [row["id"] for row in rows]


def test_a_first_round_brings_all_with_what_was_ever_set(graph):
    rows, link = graph.delta("/users/delta?$select=displayName,mail,mobilePhone")
    found = {row["id"]: row for row in rows}
    assert found[ADA] == {
        "id": ADA,
        "displayName": "Ada Lovelace",
        "mail": "ada@northwind.example",
        "mobilePhone": None,
    }
    assert found[BO] == {"id": BO, "displayName": "Bo O'Neil"}
    assert graph.delta(link)[0] == []


def test_a_change_is_told_to_those_who_selected_the_property(graph):
    _, titles = graph.delta("/users/delta?$select=jobTitle")
    _, names = graph.delta("/users/delta?$select=displayName,mail")
    graph("PATCH", f"/users/{ADA}", {"jobTitle": "Clerk"})
    assert graph.delta(titles)[0] == [{"id": ADA, "jobTitle": "Clerk"}]
    assert graph.delta(names)[0] == []
    graph("PATCH", f"/users/{ADA}", {"mail": None, "displayName": "Ada King"})
    assert graph.delta(names)[0] == [{"id": ADA, "displayName": "Ada King", "mail": None}]


def test_writing_the_same_value_is_no_change(graph):
    _, link = graph.delta("/users/delta")
    graph("PATCH", f"/users/{ADA}", {"displayName": "Ada Lovelace"})
    assert graph.delta(link)[0] == []


def test_minimal_answers_hold_only_what_changed(graph):
    _, link = graph.delta("/users/delta?$select=displayName,mail,jobTitle")
    graph("PATCH", f"/users/{ADA}", {"jobTitle": "Clerk"})
    assert graph.delta(link, prefer="return=minimal")[0] == [{"id": ADA, "jobTitle": "Clerk"}]
    assert graph.delta(link)[0][0].keys() == {"id", "displayName", "mail", "jobTitle"}


def test_what_is_gone_is_told_with_the_reason_even_in_a_first_round(graph):
    _, users = graph.delta("/users/delta")
    _, groups = graph.delta("/groups/delta")
    graph("DELETE", f"/users/{ADA}")
    graph("DELETE", f"/groups/{TEAM}")
    graph("DELETE", f"/groups/{INNER}")
    assert graph.delta(users)[0] == [{"id": ADA, "@removed": {"reason": "changed"}}]
    gone = {row["id"]: row["@removed"]["reason"] for row in graph.delta(groups)[0]}
    assert gone == {TEAM: "changed", INNER: "deleted"}
    assert {"id": ADA, "@removed": {"reason": "changed"}} in graph.delta("/users/delta")[0]


def test_from_now_on_tells_of_nothing_before(graph):
    rows, link = graph.delta("/users/delta?$deltatoken=latest&$select=displayName")
    assert rows == []
    graph("PATCH", f"/users/{BO}", {"displayName": "Bob"})
    assert graph.delta(link)[0] == [{"id": BO, "displayName": "Bob"}]


def test_a_token_asked_again_answers_again(graph):
    _, link = graph.delta("/users/delta")
    graph("PATCH", f"/users/{BO}", {"displayName": "Bob"})
    assert graph.delta(link)[0] == graph.delta(link)[0] != []


def test_a_long_round_pauses_on_an_empty_page_and_loses_nothing(graph):
    hired = graph.hire(250)
    pages = graph.pages("/users/delta?$select=id,displayName")
    assert [len(page["value"]) for page in pages] == [100, 0, 100, 54]
    told = ids(row for page in pages for row in page["value"])
    assert sorted(told) == sorted([ADA, BO, CY, ROOM, *hired])


def test_by_switch_a_page_begins_with_what_ended_the_one_before(graph):
    graph.hire(150)
    graph.world.switches.delta_replays = True
    pages = [page["value"] for page in graph.pages("/users/delta") if page["value"]]
    assert pages[0][-1] == pages[1][0]


def test_what_happens_while_a_round_is_read_is_told_in_it_or_after_it(graph):
    hired = sorted(graph.hire(150))
    first = graph.get("/users/delta?$select=displayName")
    graph("PATCH", f"/users/{ADA}", {"displayName": "Ada King"})
    graph("DELETE", f"/users/{hired[-1]}")
    rest, link = graph.delta(first["@odata.nextLink"])
    assert hired[-1] not in ids(rest)
    assert sorted(ids(graph.delta(link)[0])) == sorted([ADA, hired[-1]])


def test_pages_of_unselected_changes_are_empty_and_go_on(graph):
    hired = graph.hire(120)
    _, link = graph.delta("/users/delta?$select=jobTitle")
    for one in hired:
        graph("PATCH", f"/users/{one}", {"department": "Lab"})
    pages = graph.pages(link)
    assert len(pages) == 3
    assert all(page["value"] == [] for page in pages)


def test_members_come_and_go_in_a_groups_delta(graph):
    rows, link = graph.delta("/groups/delta")
    team = next(row for row in rows if row["id"] == TEAM)
    assert team["members@delta"] == [
        {"@odata.type": "#microsoft.graph.user", "id": ADA},
        {"@odata.type": "#microsoft.graph.group", "id": INNER},
        {"@odata.type": "#microsoft.graph.orgContact", "id": MAILCONTACT},
    ]
    graph("POST", f"{MEMBERS}/$ref", reference(CY))
    graph("DELETE", f"{MEMBERS}/{ADA}/$ref")
    [row] = graph.delta(link)[0]
    assert row["members@delta"] == [
        {"@odata.type": "#microsoft.graph.user", "id": ADA, "@removed": {"reason": "deleted"}},
        {"@odata.type": "#microsoft.graph.user", "id": CY},
    ]


def test_a_dismissed_user_leaves_the_group_in_its_delta(graph):
    _, link = graph.delta("/groups/delta?$select=members")
    graph("DELETE", f"/users/{ADA}")
    gone = {"@odata.type": "#microsoft.graph.user", "id": ADA, "@removed": {"reason": "deleted"}}
    assert {row["id"]: row["members@delta"] for row in graph.delta(link)[0]} == {
        TEAM: [gone],
        INNER: [gone],
    }


def test_members_are_left_out_unless_selected(graph):
    rows, link = graph.delta("/groups/delta?$select=displayName")
    assert all("members@delta" not in row for row in rows)
    graph("POST", f"{MEMBERS}/$ref", reference(CY))
    assert graph.delta(link)[0] == []


def test_a_large_group_is_told_in_parts(graph):
    hired = graph.hire(250)
    for one in hired:
        graph("POST", f"{MEMBERS}/$ref", reference(one))
    rows, _ = graph.delta("/groups/delta?$select=displayName,members")
    parts = [row for row in rows if row["id"] == TEAM]
    assert len(parts) == 3
    told = ids(member for part in parts for member in part["members@delta"])
    assert sorted(told) == sorted([ADA, INNER, MAILCONTACT, *hired])


def test_mail_contacts_have_a_delta_of_their_own(graph):
    rows, link = graph.delta("/contacts/delta")
    assert ids(rows) == [MAILCONTACT]
    directory.change_org_contact(graph.world, graph.tenant, MAILCONTACT, jobTitle="Clerk")
    directory.change_org_contact(graph.world, graph.tenant, oid(202), displayName="Ed")
    rows, link = graph.delta(link)
    assert {row["id"]: row.get("jobTitle") for row in rows} == {MAILCONTACT: "Clerk", oid(202): None}
    directory.remove_org_contact(graph.world, graph.tenant, oid(202))
    assert graph.delta(link)[0] == [{"id": oid(202), "@removed": {"reason": "deleted"}}]


@pytest.mark.parametrize(
    ("option", "status"),
    [
        ("$top=10", 400),
        ("$orderby=displayName", 400),
        ("$expand=manager", 400),
        ("$filter=displayName eq 'x'", 400),
        ("$filter=id ne 'x'", 400),
        ("$select=shoeSize", 400),
        ("$select=skills", 501),
    ],
)
def test_delta_takes_a_selection_and_ids_only(graph, option, status):
    assert graph.refused("GET", f"/users/delta?{option}").status == status


def test_a_round_can_be_bound_to_some_objects(graph):
    clause = f"id eq '{ADA}' or id eq '{BO}'"
    rows, link = graph.delta(f"/users/delta?$filter={clause}")
    assert ids(rows) == [ADA, BO]
    graph("PATCH", f"/users/{CY}", {"displayName": "Cyd"})
    graph("PATCH", f"/users/{BO}", {"displayName": "Bob"})
    assert ids(graph.delta(link)[0]) == [BO]
    many = " or ".join(f"id eq '{oid(number)}'" for number in range(51))
    assert graph.refused("GET", f"/users/delta?$filter={many}").status == 400


def test_tokens_live_seven_days_and_then_name_the_way_back(graph):
    _, link = graph.delta("/users/delta?$select=displayName")
    graph.wait(days=7)
    assert graph.delta(link)[0] == []
    graph.wait(seconds=1)
    refusal = graph.refused("GET", link)
    assert (refusal.status, refusal.code.lower()) == (410, "syncstatenotfound")
    assert len(graph.delta(refusal.headers["Location"])[0]) == 4


def test_a_token_of_another_world_or_list_is_lost_or_invalid(graph):
    _, link = graph.delta("/users/delta")
    query = link.partition("?")[2]
    assert graph.refused("GET", f"/groups/delta?{query}").code == "InvalidDeltaToken"
    assert graph.refused("GET", "/users/delta?$deltatoken=nonsense").code == "InvalidDeltaToken"
    directory.load(graph.world, graph.tenant, FILE)
    assert graph.refused("GET", link).status == 410
