"""JSON batches: their form, their order, their parts' own fates."""

from __future__ import annotations

import base64

import pytest

from tests.sandbox.conformance import assert_conforms, needs_description
from tests.sandbox.core.conftest import ADA, BEN, NO_ITEM

JSON = {"Content-Type": "application/json"}


def read(part_id, user=ADA, **more):
    return {"id": part_id, "method": "GET", "url": f"/users/{user}/contacts", **more}


def create(part_id, user=ADA, **more):
    card = {"givenName": f"Nr {part_id}"}
    url = f"users/{user}/contacts"
    return {"id": part_id, "method": "POST", "url": url, "headers": JSON, "body": card, **more}


def send(inside, token, *parts):
    return inside.graph(token, "POST", "$batch", {"requests": list(parts)})


def statuses(got):
    return {one["id"]: one["status"] for one in got.json()["responses"]}


def test_each_part_has_its_own_answer(inside, token):
    got = send(inside, token, create("a"), read("b", BEN), {"id": "c", "method": "GET", "url": "/teams"})
    assert got.status == 200
    assert statuses(got) == {"a": 201, "b": 200, "c": 501}


def test_answers_come_in_any_order(inside, token):
    parts = [read(str(number)) for number in range(20)]
    orders = {tuple(one["id"] for one in send(inside, token, *parts).json()["responses"]) for _ in range(3)}
    assert len(orders) == 3
    assert all(sorted(order, key=int) == [str(number) for number in range(20)] for order in orders)


@pytest.mark.parametrize("_", [pytest.param(0, marks=needs_description)])
def test_a_batch_looks_as_the_description_says(inside, token, _):
    got = send(inside, token, create("a"), read("b"))
    assert_conforms("POST", "/$batch", got.status, got.json())
    refused = send(inside, token)
    assert_conforms("POST", "/$batch", refused.status, refused.json())


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [read(str(number)) for number in range(21)],
        [read("a"), read("A")],
        [read("")],
        [read(7)],
        [{"id": "a", "method": "GET", "url": "https://graph.test/v1.0/users"}],
        [{"id": "a", "method": "POST", "url": "/$batch", "headers": JSON, "body": {"requests": []}}],
        [{"id": "a", "method": "JUMP", "url": "/users"}],
        [{"id": "a", "method": "GET"}],
        [{**create("a"), "headers": {}}],
        [{**create("a"), "headers": {"Content-Type": "image/jpeg"}}],
        [{**create("a"), "body": "text"}],
        [read("a", dependsOn=["b"])],
        [read("a", dependsOn=["a"])],
        [read("a", dependsOn=["b"]), read("b", dependsOn=["a"])],
    ],
)
def test_a_malformed_batch_is_refused_as_a_whole_and_changes_nothing(inside, token, parts):
    got = send(inside, token, *parts)
    assert (got.status, got.json()["error"]["code"]) == (400, "BadRequest")
    assert inside.control("GET", "counters")["calls"] == 0


def test_a_write_without_a_body_refuses_the_batch_unless_the_switch_says_otherwise(inside, token):
    bare = {"id": "a", "method": "POST", "url": f"/users/{ADA}/contacts/{NO_ITEM}/permanentDelete"}
    assert send(inside, token, bare).status == 400
    inside.control("PUT", "switches", {"batch_needs_bodies": False})
    assert statuses(send(inside, token, bare)) == {"a": 404}


def test_what_depends_on_a_failure_is_not_tried(inside, token):
    lost = {"id": "1", "method": "GET", "url": f"/users/{ADA}/contacts/{NO_ITEM}"}
    got = send(inside, token, lost, create("2", dependsOn=["1"]), create("3", dependsOn=["2"]), create("4"))
    assert statuses(got) == {"1": 404, "2": 424, "3": 424, "4": 201}
    assert inside.control("GET", "counters")["writes"] == 1


def test_a_dependent_part_sees_what_went_before(inside, token):
    got = send(inside, token, read("2", dependsOn=["1"]), create("1"))
    answer = next(one for one in got.json()["responses"] if one["id"] == "2")
    assert [card["givenName"] for card in answer["body"]["value"]] == ["Nr 1"]


def test_an_unordered_batch_puts_four_parts_under_way_and_is_never_throttled(inside, token):
    got = send(inside, token, *[read(str(number)) for number in range(20)])
    assert set(statuses(got).values()) == {200}
    assert inside.control("GET", "counters")["most_under_way"] == 4


def test_parts_that_depend_on_each_other_go_one_by_one(inside, token):
    parts = [read("0"), *[read(str(n), dependsOn=[str(n - 1)]) for n in range(1, 20)]]
    assert set(statuses(send(inside, token, *parts)).values()) == {200}
    assert inside.control("GET", "counters")["most_under_way"] == 1


def test_two_batches_at_once_for_one_mailbox_are_throttled_part_by_part(inside, token):
    body = {"requests": [read(str(number)) for number in range(8)]}
    one = ("POST", "/v1.0/$batch", body, {"Authorization": f"Bearer {token}"})
    answers = [part for got in inside.together(one, one) for part in got.json()["responses"]]
    refused = [part for part in answers if part["status"] == 429]
    assert refused
    assert len(refused) < len(answers)
    for part in refused:
        assert part["body"]["error"]["code"] == "ApplicationThrottled"
        assert part["headers"]["Retry-After"] == "1"
    assert inside.control("GET", "counters")["most_under_way"] > 4


def test_two_batches_at_once_for_two_mailboxes_do_not_meet(inside, token):
    headers = {"Authorization": f"Bearer {token}"}
    wanted = [
        ("POST", "/v1.0/$batch", {"requests": [read(str(n), user) for n in range(8)]}, headers)
        for user in (ADA, BEN)
    ]
    answers = [part for got in inside.together(*wanted) for part in got.json()["responses"]]
    assert {part["status"] for part in answers} == {200}


def test_a_binary_part_comes_as_base64(inside, token):
    card = inside.graph(token, "POST", f"users/{ADA}/contacts", {"givenName": "Cy"}).json()
    address = f"/users/{ADA}/contacts/{card['id']}/photo/$value"
    picture = base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="
    )
    got = send(
        inside, token,
        {
            "id": "1", "method": "PUT", "url": address,
            "headers": {"Content-Type": "image/png"}, "body": base64.b64encode(picture).decode(),
        },
        {"id": "2", "method": "GET", "url": address, "dependsOn": ["1"]},
    )  # fmt: skip
    answer = next(one for one in got.json()["responses"] if one["id"] == "2")
    assert base64.b64decode(answer["body"]) == picture


def test_parts_are_counted_as_parts_and_the_batch_as_one_request(inside, token):
    inside.control("DELETE", "counters")
    send(inside, token, create("a"), read("b"))
    counted = inside.control("GET", "counters")
    assert (counted["requests"], counted["batches"], counted["parts"]) == (1, 1, 2)
    assert (counted["calls"], counted["writes"]) == (2, 1)
    assert counted["routes"]["POST /users/{user}/contacts"] == 1
    batches = {line["batch"] for line in inside.control("GET", "requests")["requests"]}
    assert len(batches) == 1
