"""Scripted faults: each kind does what it says, to the calls that it names."""

from __future__ import annotations

import json

import pytest

from tests.sandbox.core.conftest import ADA, BEN, TENANT

CONTACTS = f"users/{ADA}/contacts"
CARD = {"givenName": "Cy"}


def script(inside, **fault):
    return inside.control("POST", "faults", fault)


def held(world, user=ADA):
    return len(world.tenants[TENANT].mailboxes[user].contacts)


def batch(inside, token, *users):
    parts = [
        {
            "id": str(number),
            "method": "POST",
            "url": f"/users/{user}/contacts",
            "headers": {"Content-Type": "application/json"},
            "body": CARD,
        }
        for number, user in enumerate(users)
    ]
    return inside.graph(token, "POST", "$batch", {"requests": parts})


def test_a_refusal_before_the_effect_changes_nothing(inside, token, world):
    script(inside, kind="status", status=503, retry_after=2.128)
    got = inside.graph(token, "POST", CONTACTS, CARD)
    assert (got.status, got.headers["retry-after"], held(world)) == (503, "2.128", 0)
    assert inside.graph(token, "POST", CONTACTS, CARD).status == 201


def test_a_refusal_after_the_effect_leaves_it(inside, token, world):
    script(inside, kind="status", status=504, effect="after", code="UnknownError")
    got = inside.graph(token, "POST", CONTACTS, CARD)
    assert (got.status, got.json()["error"]["code"], held(world)) == (504, "UnknownError", 1)
    assert inside.control("GET", "counters")["writes"] == 1


def test_a_lost_answer_closes_the_connection_after_the_effect(inside, token, world):
    script(inside, kind="lost")
    got = inside.graph(token, "POST", CONTACTS, CARD)
    assert (got.lost, got.status, got.content, held(world)) == (True, 0, b"", 1)


def test_a_truncated_answer_is_no_json(inside, token, world):
    script(inside, kind="truncated")
    got = inside.graph(token, "POST", CONTACTS, CARD)
    assert (got.status, held(world)) == (201, 1)
    assert int(got.headers["content-length"]) == len(got.content)
    with pytest.raises(json.JSONDecodeError):
        got.json()


def test_garbage_says_200_and_is_a_web_page(inside, token):
    script(inside, kind="garbage")
    got = inside.graph(token, "GET", CONTACTS)
    assert (got.status, got.headers["content-type"]) == (200, "text/html")
    assert got.content.startswith(b"<html>")


def test_a_token_can_expire_in_the_middle(inside, token):
    script(inside, kind="expired-token", times=2)
    assert [inside.graph(token, "GET", CONTACTS).status for _ in range(3)] == [401, 401, 200]


def test_a_cursor_can_expire_both_ways(inside, token):
    script(inside, kind="expired-cursor", status=410)
    fresh = inside.graph(token, "GET", f"{CONTACTS}/delta")
    assert fresh.status == 200
    link = fresh.json()["@odata.deltaLink"]
    gone = inside.graph(token, "GET", link)
    assert (gone.status, gone.json()["error"]["code"]) == (410, "SyncStateNotFound")
    assert inside.graph(token, "GET", gone.headers["location"]).status == 200
    script(inside, kind="expired-cursor", status=400)
    assert inside.graph(token, "GET", link).status == 400
    assert inside.graph(token, "GET", link).status == 200


def test_an_expired_calendar_cursor_names_the_way_to_a_fresh_round(inside, token):
    window = "startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-04-01T00:00:00Z"
    fresh = inside.graph(token, "GET", f"users/{ADA}/calendarView/delta?{window}")
    script(inside, kind="expired-cursor")
    gone = inside.graph(token, "GET", fresh.json()["@odata.deltaLink"])
    assert gone.status == 410
    assert inside.graph(token, "GET", gone.headers["location"]).status == 200


def test_a_slow_answer_takes_effect_first(inside, token, world):
    script(inside, kind="slow", seconds=0.05)
    assert inside.graph(token, "POST", CONTACTS, CARD).status == 201


def test_the_nth_call_that_matches_is_struck(inside, token):
    script(inside, kind="status", status=500, method="post", path="/contacts$", nth=3)
    calls = [inside.graph(token, "POST", CONTACTS, CARD).status for _ in range(4)]
    assert calls == [201, 201, 500, 201]


def test_a_fault_without_end_lasts_until_it_is_cleared(inside, token):
    one = script(inside, kind="status", status=500, times=None)
    assert [inside.graph(token, "GET", CONTACTS).status for _ in range(3)] == [500] * 3
    inside.control("DELETE", f"faults/{one['id']}")
    assert inside.graph(token, "GET", CONTACTS).status == 200
    assert inside.control("GET", "faults")["faults"] == []


@pytest.mark.parametrize("name", [ADA, "ada@alder.example", "Ada@Alder.Example"])
def test_a_fault_names_its_mailbox_by_id_or_address(inside, token, name):
    script(inside, kind="status", status=500, mailbox=name, times=None)
    assert inside.graph(token, "GET", f"users/{BEN}/contacts").status == 200
    assert inside.graph(token, "GET", CONTACTS).status == 500


def test_a_fault_of_another_tenant_strikes_nobody_here(inside, token):
    script(inside, kind="status", status=500, tenant="0a1de000-0000-4000-8000-0000000000ff")
    assert inside.graph(token, "GET", CONTACTS).status == 200


def test_a_status_fault_strikes_one_part_of_a_batch(inside, token, world):
    script(inside, kind="status", status=429, retry_after=3, mailbox=BEN)
    got = batch(inside, token, ADA, BEN)
    answers = {one["id"]: one for one in got.json()["responses"]}
    assert (answers["0"]["status"], answers["1"]["status"]) == (201, 429)
    assert answers["1"]["headers"]["Retry-After"] == "3"
    assert (held(world), held(world, BEN)) == (1, 0)


def test_a_lost_part_loses_the_whole_batch_after_its_effect(inside, token, world):
    script(inside, kind="lost", mailbox=BEN)
    assert batch(inside, token, ADA, BEN).lost
    assert (held(world), held(world, BEN)) == (1, 1)


@pytest.mark.parametrize(("effect", "left"), [("before", 0), ("after", 1)])
def test_a_whole_batch_can_be_refused_before_or_after_its_effect(inside, token, world, effect, left):
    script(inside, kind="status", status=503, retry_after=5, effect=effect, whole_batch=True)
    assert inside.graph(token, "POST", CONTACTS, CARD).status == 201
    got = batch(inside, token, BEN, BEN)
    assert (got.status, got.headers["retry-after"], held(world, BEN)) == (503, "5", 2 * left)
    batch(inside, token, BEN)
    assert inside.control("GET", "counters")["early_requests"] == 1


@pytest.mark.parametrize(
    "fault",
    [
        {},
        {"kind": "earthquake"},
        {"kind": "status", "effect": "perhaps"},
        {"kind": "status", "path": "("},
        {"kind": "status", "colour": "red"},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(inside, fault):
    got = inside.request("POST", "/_sandbox/faults", fault)
    assert got.status == 400
    assert got.json()["error"]
