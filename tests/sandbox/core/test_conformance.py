"""The check itself: an answer that Graph's description forbids is caught."""

from __future__ import annotations

import pytest

from syncengine.sandbox.kernel import Answer, Call, Routes
from tests.sandbox.conformance import assert_conforms, needs_description

pytestmark = needs_description


def test_a_handler_that_answers_nonsense_is_caught_in_every_test(world):
    routes = Routes()
    routes.route("GET", "/users/{user}/contacts")(lambda *_: Answer(200, {"value": [{"id": 7}]}))
    tenant = next(iter(world.tenants.values()))
    asked = Call("GET", "/users/x/contacts", {}, {}, None, world, tenant, "app", frozenset(), "")
    with pytest.raises(AssertionError, match="7 is not of type"):
        routes.answer(asked)


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", "/users", 200, {"value": [{"displayName": 1}]}),
        ("GET", "/users", 404, {"message": "no"}),
        ("GET", "/nothing", 200, {}),
        ("DELETE", "/users/x/events/y", 204, {"id": "y"}),
        ("GET", "/users/x/events/y", 200, {"showAs": "asleep"}),
    ],
)
def test_what_the_description_forbids_fails(method, path, status, body):
    with pytest.raises(AssertionError):
        assert_conforms(method, path, status, body)


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", "/users/delta()", 200, {"value": []}),
        ("GET", "/users/x/events/y", 200, {"showAs": "oof"}),
        ("DELETE", "/users/x/events/y", 204, None),
        ("GET", "/users/$count", 200, b"12"),
    ],
)
def test_what_the_description_allows_passes(method, path, status, body):
    assert_conforms(method, path, status, body)
