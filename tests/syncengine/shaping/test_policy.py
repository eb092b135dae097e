"""Policies as JSON, and what is refused."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given

from syncengine.shaping.policy import (
    ContactPolicy,
    EventPolicy,
    PolicyError,
    policy_from_json,
    policy_to_json,
)
from tests.syncengine import strategies as some


def refusal(kind, data) -> PolicyError:
    with pytest.raises(PolicyError) as refused:
        policy_from_json(kind, data)
    return refused.value


def test_who_says_nothing_tells_little():
    policy = policy_from_json("events", {})
    assert policy == EventPolicy()
    assert (policy.detail, policy.private, policy.meeting_links) == ("title", "mask", "drop")
    assert set(policy.show_as) == {"busy", "oof", "tentative", "workingElsewhere"}
    assert policy_from_json("contacts", {}) == ContactPolicy(kinds=("user", "org_contact"), hidden="respect")


@given(some.event_policies())
def test_a_policy_for_events_comes_back_from_json(policy):
    assert policy_from_json("events", orjson.loads(orjson.dumps(policy_to_json(policy)))) == policy


@given(some.contact_policies())
def test_a_policy_for_contacts_comes_back_from_json(policy):
    assert policy_from_json("contacts", orjson.loads(orjson.dumps(policy_to_json(policy)))) == policy


def test_equal_choices_in_another_order_are_an_equal_policy():
    one = policy_from_json("events", {"show_as": ["oof", "busy", "oof"]})
    assert one == policy_from_json("events", {"show_as": ["busy", "oof"]})


@pytest.mark.parametrize(
    ("kind", "data", "path", "words"),
    [
        ("events", {"detial": "busy"}, "detial", 'Did you mean "detail"?'),
        ("contacts", {"xyz": 1}, "xyz", "Known are: attributes, companies,"),
        ("events", {"detail": "everything"}, "detail", 'One of "busy", "title", "title_place", "full"'),
        ("events", {"detail": None}, "detail", "not nothing"),
        ("events", {"show_as": []}, "show_as", "nothing would be copied"),
        ("events", {"show_as": ["busy", "gone"]}, "show_as[1]", 'not "gone"'),
        ("events", {"show_as": "busy"}, "show_as", 'A list is expected, not "busy"'),
        ("events", {"leave_out_declined": 1}, "leave_out_declined", "true or false is expected, not 1"),
        ("events", {"days_after": True}, "days_after", "not true"),
        ("events", {"days_before": -1}, "days_before", "from 0 to 1763"),
        ("events", {"days_before": 1000, "days_after": 1000}, "days_after", "2001 days; at most 1763"),
        ("events", {"meeting_links": "text"}, "meeting_links", 'need detail "full"'),
        ("events", {"categories": True, "detail": "busy"}, "categories", 'detail "busy"'),
        ("events", {"prefix": "a\nb"}, "prefix", "line break"),
        ("events", {"mask_subject": " "}, "mask_subject", "empty"),
        ("events", {"busy_subject": "x" * 101}, "busy_subject", "101 characters; at most 100"),
        ("events", {"reminder_minutes": "15"}, "reminder_minutes", 'not "15"'),
        ("contacts", {"kinds": ["robot"]}, "kinds[0]", 'not "robot"'),
        ("contacts", {"groups": ["a"], "without_groups": ["a"]}, "without_groups", '"a"'),
        ("contacts", {"groups": [""]}, "groups[0]", "empty"),
        ("contacts", {"attributes": {"shoe": ["42"]}}, "attributes.shoe", "job_title"),
        ("contacts", {"attributes": {"city": []}}, "attributes.city", "nobody would be copied"),
        ("contacts", {"attributes": {"city": [7]}}, "attributes.city[0]", "not 7"),
        ("contacts", {"attributes": ["city"]}, "attributes", "A table of fields"),
        ("tasks", {}, "", 'none for "tasks"'),
        ("events", [], "", "not a list"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_place_and_reason(kind, data, path, words):
    error = refusal(kind, data)
    assert error.path == path
    assert words in error.message
    assert str(error).endswith(error.message)


def test_a_prefix_may_bear_any_sign_that_can_be_shown():
    prefix = "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER} [A] "
    policy = policy_from_json("events", {"prefix": prefix})
    assert isinstance(policy, EventPolicy)
    assert policy.prefix == prefix


def test_the_longest_window_is_possible():
    policy = policy_from_json("events", {"days_before": 0, "days_after": 1762})
    assert isinstance(policy, EventPolicy)
    assert policy.days_after == 1762
