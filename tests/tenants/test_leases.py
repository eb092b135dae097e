"""Leases: one holder at a time, and never before a mailbox may be asked again."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import settings

from partners import clock
from tenants import leases

pytestmark = pytest.mark.django_db


@pytest.fixture
def ours():
    return uuid4()


@pytest.fixture
def theirs():
    return uuid4()


def test_a_mailbox_has_one_holder(tenant, ours, theirs):
    assert set(leases.claim(tenant, ["a", "b"], ours)) == {"a", "b"}
    assert set(leases.claim(tenant, ["a", "b", "c"], theirs)) == {"c"}


def test_whoever_holds_a_lease_may_claim_it_again(tenant, ours):
    leases.claim(tenant, ["a"], ours)
    assert set(leases.claim(tenant, ["a"], ours)) == {"a"}


def test_a_dead_workers_lease_ends_by_itself(tenant, ours, theirs):
    leases.claim(tenant, ["a"], ours)
    clock.advance(timedelta(seconds=settings.CULVERT_LEASE_S + 1))
    assert set(leases.claim(tenant, ["a"], theirs)) == {"a"}


def test_a_renewed_lease_lasts(tenant, ours, theirs):
    leases.claim(tenant, ["a"], ours)
    clock.advance(timedelta(seconds=settings.CULVERT_LEASE_S - 5))
    leases.renew(tenant, ours)
    clock.advance(timedelta(seconds=10))
    assert leases.claim(tenant, ["a"], theirs) == {}


def test_a_lease_that_ended_cannot_be_renewed(tenant, ours, theirs):
    leases.claim(tenant, ["a"], ours)
    clock.advance(timedelta(seconds=settings.CULVERT_LEASE_S + 1))
    leases.renew(tenant, ours)
    assert set(leases.claim(tenant, ["a"], theirs)) == {"a"}


def test_nobody_asks_a_mailbox_before_its_wait_is_over(tenant, ours, theirs):
    leases.claim(tenant, ["a"], ours)
    leases.give_back(tenant, ours, waits={"a": 30.0})
    clock.advance(timedelta(seconds=29))
    assert leases.claim(tenant, ["a"], theirs) == {}
    clock.advance(timedelta(seconds=2))
    assert set(leases.claim(tenant, ["a"], theirs)) == {"a"}


def test_what_was_spent_is_told_to_the_next_holder(tenant, ours, theirs):
    leases.claim(tenant, ["a"], ours)
    leases.give_back(tenant, ours, spent={"a": {"29312345": 12}})
    assert leases.claim(tenant, ["a"], theirs)["a"].spent == {"29312345": 12}


def test_a_stranger_cannot_give_back_what_is_ours(tenant, ours, theirs):
    leases.claim(tenant, ["a"], ours)
    leases.give_back(tenant, theirs, waits={"a": 900.0})
    assert leases.claim(tenant, ["a"], theirs) == {}
    assert set(leases.claim(tenant, ["a"], ours)) == {"a"}
