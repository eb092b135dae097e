"""contacts/delta: rounds, tokens, and what they leave out."""

from __future__ import annotations

import pytest

from syncengine.sandbox import contacts
from syncengine.sandbox.extended import SINGLE
from syncengine.sandbox.kernel import Refusal
from tests.sandbox.contacts.conftest import HOME, MARK

DELTA = f"{HOME}/contacts/delta"
IMMUTABLE = {"prefer": 'IdType="ImmutableId"'}


def refused(graph, url, **headers):
    with pytest.raises(Refusal) as refusal:
        graph("GET", url, **headers)
    return refusal.value


def make(graph, count):
    return [graph.post(givenName=f"n{number}")["id"] for number in range(count)]


def test_a_first_round_brings_all_and_the_next_only_what_changed(graph):
    ids = make(graph, 23)
    rows, link = graph.delta(DELTA)
    assert [row["id"] for row in rows] == ids
    assert graph.delta(link)[0] == []
    graph("PATCH", f"{HOME}/contacts/{ids[3]}", {"jobTitle": "Clerk"})
    graph("PATCH", f"{HOME}/contacts/{ids[3]}", {"jobTitle": "Poet"})
    graph("DELETE", f"{HOME}/contacts/{ids[4]}")
    [new] = make(graph, 1)
    rows, link = graph.delta(link)
    assert [row["id"] for row in rows] == [ids[3], ids[4], new]
    assert rows[0]["jobTitle"] == "Poet"
    assert rows[1] == {"id": ids[4], "@removed": {"reason": "deleted"}}
    assert graph.delta(link)[0] == []


def test_a_token_asked_again_answers_again(graph):
    make(graph, 3)
    _, link = graph.delta(DELTA)
    make(graph, 2)
    assert [row["id"] for row in graph.delta(link)[0]] == [row["id"] for row in graph.delta(link)[0]]
    assert len(graph.delta(link)[0]) == 2


def test_ten_come_at_a_time_unless_more_is_preferred(graph):
    make(graph, 12)
    assert len(graph("GET", DELTA).body["value"]) == 10
    answer = graph("GET", DELTA, prefer="odata.maxpagesize=50")
    assert len(answer.body["value"]) == 12
    assert answer.headers["Preference-Applied"] == "odata.maxpagesize=50"


def test_what_happens_while_a_round_is_read_is_not_lost(graph):
    ids = make(graph, 15)
    page = graph("GET", DELTA).body
    graph("PATCH", f"{HOME}/contacts/{ids[0]}", {"jobTitle": "Poet"})
    graph("DELETE", f"{HOME}/contacts/{ids[12]}")
    late = make(graph, 1)
    rows, link = graph.delta(page["@odata.nextLink"])
    assert [row["id"] for row in rows] == [ids[10], ids[11], ids[13], ids[14], *late]
    rows, _ = graph.delta(link)
    assert [row["id"] for row in rows] == [ids[0], ids[12], *late]


def test_the_selection_lives_in_the_token_and_the_form_of_ids_in_the_call(graph):
    [one] = make(graph, 1)
    rows, link = graph.delta(f"{DELTA}?$select=givenName")
    assert rows[0].keys() == {"id", "givenName", "@odata.etag"}
    graph("PATCH", f"{HOME}/contacts/{one}", {"jobTitle": "Poet"})
    rows, _ = graph.delta(link, **IMMUTABLE)
    assert rows[0].keys() == {"id", "givenName", "@odata.etag"}
    assert graph("GET", f"{HOME}/contacts/{one}", **IMMUTABLE).body["id"] == rows[0]["id"] != one


def test_a_move_is_a_removal_here_and_an_arrival_there(graph):
    [one] = make(graph, 1)
    folder = graph.post(f"{HOME}/contactFolders", displayName="Team")["id"]
    there = f"{HOME}/contactFolders/{folder}/contacts/delta"
    _, here_link = graph.delta(DELTA, **IMMUTABLE)
    _, there_link = graph.delta(there, **IMMUTABLE)
    lasting = graph("GET", f"{HOME}/contacts/{one}", **IMMUTABLE).body["id"]
    contacts.move(graph.world, graph.tenant, graph.mailbox, one, folder)
    assert graph.delta(here_link, **IMMUTABLE)[0] == [{"id": lasting, "@removed": {"reason": "deleted"}}]
    assert graph.delta(here_link)[0][0]["id"] == one
    assert [row["id"] for row in graph.delta(there_link, **IMMUTABLE)[0]] == [lasting]


@pytest.mark.parametrize(
    "option",
    ["$top=5", "$filter=givenName eq 'x'", "$orderby=givenName", f"$expand={SINGLE}($filter=id eq '{MARK}')"],
)
def test_delta_takes_a_selection_and_nothing_else(graph, option):
    assert refused(graph, f"{DELTA}?{option}").status == 400


def test_a_forgotten_token_means_a_new_round(graph):
    make(graph, 12)
    first = graph("GET", DELTA).body
    _, link = graph.delta(DELTA)
    contacts.forget_tokens(graph.mailbox)
    for stale in (link, first["@odata.nextLink"]):
        refusal = refused(graph, stale)
        assert (refusal.status, refusal.code) == (410, "SyncStateNotFound")
    assert len(graph.delta(DELTA)[0]) == 12


def test_a_token_of_another_folder_or_of_nobody_is_invalid(graph):
    folder = graph.post(f"{HOME}/contactFolders", displayName="Team")["id"]
    _, link = graph.delta(DELTA)
    _, _, query = link.partition("?")
    elsewhere = f"{HOME}/contactFolders/{folder}/contacts/delta"
    assert refused(graph, f"{elsewhere}?{query}").code == "InvalidDeltaToken"
    assert refused(graph, f"{DELTA}?$deltatoken=latest").code == "InvalidDeltaToken"


def test_by_switch_a_page_begins_with_what_ended_the_one_before(graph):
    ids = make(graph, 25)
    graph.world.switches.delta_replays = True
    told = [row["id"] for row in graph.delta(DELTA)[0]]
    assert told == [*ids[:10], *ids[9:20], *ids[19:]]
    told = [row["id"] for row in graph.delta(DELTA, prefer="odata.maxpagesize=1")[0]]
    assert list(dict.fromkeys(told)) == ids


def test_extended_properties_are_not_in_a_delta(graph):
    graph.post(givenName="Ada", **{SINGLE: [{"id": MARK, "value": "One"}]})
    assert SINGLE not in graph.delta(DELTA)[0][0]
