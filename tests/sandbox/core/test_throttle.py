"""The limits, by numbers and by the sandbox's clock."""

from __future__ import annotations

import pytest

from syncengine.sandbox.throttle import Bucket, Window, resource_units
from tests.sandbox.core.conftest import ADA, BEN, SECRET, TENANT

CONTACTS = f"users/{ADA}/contacts"


def test_a_window_forgets_what_is_older_than_itself():
    window = Window(limit=3, seconds=60)
    assert [window.add(at) for at in (0, 1, 2)] == [0, 0, 0]
    assert window.add(30) == pytest.approx(30)
    assert window.add(60.5) > 0  # refused requests count too: three of the last minute are left
    assert window.add(200) == 0


def test_a_window_survives_a_clock_that_is_set_back():
    window = Window(limit=2, seconds=60)
    window.add(1000)
    window.add(1000)
    assert window.add(10) == 0


def test_a_bucket_refills_with_time_and_can_be_overdrawn():
    bucket = Bucket(limit=100, seconds=10)
    assert bucket.take(0, 100) == 0
    assert bucket.take(0, 50) == 5
    assert bucket.used == pytest.approx(1.5)
    bucket.take(0, 1000)
    assert bucket.used == pytest.approx(1.8)
    assert bucket.take(100, 100) == 0


@pytest.mark.parametrize(
    ("path", "query", "units"),
    [
        ("/users", {}, 2),
        ("/users", {"$select": "id"}, 1),
        ("/users", {"$top": "5"}, 1),
        ("/users", {"$top": "5", "$select": "id"}, 1),
        ("/users/delta", {}, 2),
        ("/users/abc", {}, 1),
        ("/groups/abc/members", {}, 3),
        ("/groups/abc/transitiveMembers", {"$select": "id"}, 4),
        ("/groups/abc", {"$expand": "members"}, 2),
        ("/directoryObjects/getByIds", {}, 3),
        ("/contacts", {}, 1),
    ],
)
def test_a_read_of_the_directory_costs_what_the_table_says(path, query, units):
    assert resource_units(path, query) == units


def test_the_ten_thousand_and_first_request_of_ten_minutes_is_refused(inside, token, world):
    load = world.throttles.load(("a9900000-0000-4000-8000-000000000001", TENANT, ADA))
    load.requests.add(world.clock.now().timestamp(), 9_999)
    assert inside.graph(token, "GET", CONTACTS).status == 200
    got = inside.graph(token, "GET", CONTACTS)
    assert (got.status, got.json()["error"]["code"]) == (429, "TooManyRequests")
    assert inside.graph(token, "GET", f"users/{BEN}/contacts").status == 200
    inside.control("PUT", "clock", {"advance_s": int(got.headers["retry-after"]) + 10})
    assert inside.graph(token, "GET", CONTACTS).status == 200


def test_uploads_are_limited_by_their_bytes(inside, token, world):
    load = world.throttles.load(("a9900000-0000-4000-8000-000000000001", TENANT, ADA))
    load.upload.add(world.clock.now().timestamp(), 150 * 1024 * 1024 - 100)
    card = {"givenName": "A" * 200}
    assert inside.graph(token, "GET", CONTACTS).status == 200
    assert inside.graph(token, "POST", CONTACTS, card).status == 429
    inside.control("PUT", "clock", {"advance_s": 310})
    assert inside.graph(token, "POST", CONTACTS, card).status == 201


def test_a_fifth_request_at_once_is_refused_and_seen_by_the_counters(inside, token):
    one = ("GET", f"/v1.0/{CONTACTS}", None, {"Authorization": f"Bearer {token}"})
    got = inside.together(*[one] * 5)
    assert sorted(answer.status for answer in got) == [200] * 4 + [429]
    refused = next(answer for answer in got if answer.status == 429)
    assert refused.json()["error"]["code"] == "ApplicationThrottled"
    assert "MailboxConcurrency" in refused.json()["error"]["message"]
    assert refused.headers["retry-after"] == "1"
    assert inside.control("GET", "counters")["most_under_way"] == 5


def test_four_requests_at_once_are_let_in_again_and_again(inside, token):
    one = ("GET", f"/v1.0/{CONTACTS}", None, {"Authorization": f"Bearer {token}"})
    for _ in range(3):
        assert [answer.status for answer in inside.together(*[one] * 4)] == [200] * 4


def test_the_directory_tells_its_price_and_refuses_the_greedy(inside, token, world):
    got = inside.graph(token, "GET", "users?$select=id")
    assert (got.status, got.headers["x-ms-resource-unit"]) == (200, "1")
    assert "x-ms-throttle-limit-percentage" not in got.headers
    bucket = world.throttles.directory("a9900000-0000-4000-8000-000000000001", TENANT, 2)
    bucket.take(world.clock.now().timestamp(), 2_900)
    assert inside.graph(token, "GET", "users").headers["x-ms-throttle-limit-percentage"] == "0.8"
    bucket.take(world.clock.now().timestamp(), 900)
    got = inside.graph(token, "GET", "users")
    assert got.status == 429
    assert got.headers["x-ms-throttle-scope"].startswith("Tenant_Application/ReadWrite/")
    assert got.headers["x-ms-throttle-information"] == "ResourceUnitLimitExceeded"
    assert inside.graph(token, "GET", CONTACTS).status == 200
    inside.control("PUT", "clock", {"advance_s": int(got.headers["retry-after"]) + 1})
    assert inside.graph(token, "GET", "users").status == 200


def test_the_directory_takes_so_many_writes(inside, token, world):
    writes = world.throttles.writes("a9900000-0000-4000-8000-000000000001", TENANT)
    writes.add(world.clock.now().timestamp(), 2_999)
    change = {"jobTitle": "Pilot"}
    assert inside.graph(token, "PATCH", f"users/{ADA}", change).status == 204
    got = inside.graph(token, "PATCH", f"users/{ADA}", change)
    assert got.headers["x-ms-throttle-information"] == "WriteLimitExceeded"
    assert inside.graph(token, "GET", f"users/{ADA}").status == 200


def test_a_request_before_retry_after_is_over_is_held_against_the_client(inside, token):
    inside.control("POST", "faults", {"kind": "status", "status": 429, "retry_after": 17, "mailbox": ADA})
    assert inside.graph(token, "GET", CONTACTS).headers["retry-after"] == "17"
    inside.control("PUT", "clock", {"advance_s": 16})
    inside.graph(token, "GET", CONTACTS)
    inside.graph(token, "GET", f"users/{BEN}/contacts")
    assert inside.control("GET", "counters")["early_requests"] == 1
    inside.control("PUT", "clock", {"advance_s": 1})
    inside.graph(token, "GET", CONTACTS)
    counted = inside.control("GET", "counters")
    assert counted["early_requests"] == 1
    assert [one["early_requests"] for one in counted["mailboxes"] if one["mailbox"] == ADA] == [1]
    assert [line["early"] for line in inside.control("GET", "requests")["requests"]] == [
        False, True, False, False,
    ]  # fmt: skip


def test_a_wrong_secret_never_reaches_the_log(inside, token):
    inside.graph(token, "GET", CONTACTS)
    assert SECRET not in str(inside.control("GET", "requests"))
