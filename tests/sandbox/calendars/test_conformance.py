"""The other tests here hold their answers against Graph's description; this one says so when they cannot."""

from __future__ import annotations

import pytest

from tests.sandbox.calendars.conftest import event
from tests.sandbox.conformance import assert_conforms, needs_description

pytestmark = needs_description


def test_an_answer_that_breaks_the_description_is_noticed(graph):
    made = graph.ask("POST", "users/ann/events", event("2026-03-05T09:00:00", "2026-03-05T10:00:00"))
    with pytest.raises(AssertionError, match="does not conform"):
        assert_conforms("GET", f"users/ann/events/{made['id']}", 200, made | {"showAs": "asleep"})
