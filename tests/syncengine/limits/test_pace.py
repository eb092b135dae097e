"""Pace: what a mailbox and a directory allow, and what a lease row keeps of it."""

from __future__ import annotations

import pytest

from syncengine.executing.memory import MemoryClock
from syncengine.limits.directory import DirectoryPace, units_per_period
from syncengine.limits.pace import BUDGET, MailboxPace, Paces


@pytest.fixture
def clock() -> MemoryClock:
    return MemoryClock(600_000.0)


def test_a_fresh_mailbox_takes_a_full_batch(clock):
    assert Paces(clock).room("anna") == 20


def test_a_mailbox_that_asked_to_wait_is_left_alone_until_then(clock):
    paces = Paces(clock)
    paces.asked_to_wait("anna", 30)
    assert (paces.room("anna"), paces.room("ben")) == (0, 20)
    assert paces.wait_for("anna") == 30
    clock.sleep(29.9)
    assert paces.room("anna") == 0
    clock.sleep(0.1)
    assert paces.room("anna") == 20


def test_a_shorter_wait_does_not_end_a_longer_one(clock):
    paces = Paces(clock)
    paces.asked_to_wait("anna", 30)
    paces.asked_to_wait("anna", 1)
    assert paces.wait_for("anna") == 30


def test_ten_minutes_have_a_budget_and_it_comes_back(clock):
    paces = Paces(clock)
    paces.sent("anna", BUDGET - 5)
    assert paces.room("anna") == 5
    paces.sent("anna", 5)
    assert paces.room("anna") == 0
    wait = paces.wait_for("anna")
    assert 600 <= wait <= 660
    clock.sleep(wait)
    assert paces.room("anna") == 20


def test_never_more_than_the_budget_within_any_ten_minutes(clock):
    paces, sent = Paces(clock), []
    for _ in range(4_000):
        room = paces.room("anna")
        paces.sent("anna", room)
        sent.append((clock.now(), room))
        clock.sleep(1.3 if room else paces.wait_for("anna"))
    for start, _ in sent[::97]:
        assert sum(room for at, room in sent if start <= at < start + 600) <= BUDGET


def test_a_lease_row_keeps_it_between_workers(clock):
    first = Paces(clock)
    first.sent("anna", BUDGET)
    first.asked_to_wait("anna", 5)
    not_before, requests = first.of("anna").dump()
    second = Paces(clock, [("anna", MailboxPace.load(not_before, requests))])
    assert (second.room("anna"), second.wait_for("anna")) == (0, first.wait_for("anna"))


def test_what_is_older_than_ten_minutes_is_not_kept(clock):
    paces = Paces(clock)
    for _ in range(30):
        paces.sent("anna", 1)
        clock.sleep(60)
        paces.room("anna")
    assert len(paces.of("anna").dump()[1]) <= 11


def test_a_directory_has_a_bucket_that_refills():
    pace = DirectoryPace(users=10)
    assert pace.wait(0.0, 5) == 0
    pace.spend(0.0, 2_800)
    assert pace.wait(0.0, 5) > 0
    assert pace.wait(10.0, 5) == 0


def test_a_directory_that_asked_to_wait_is_left_alone():
    pace = DirectoryPace()
    pace.asked_to_wait(100.0, 7)
    assert (pace.wait(100.0), pace.wait(107.0)) == (7, 0)


def test_larger_tenants_allow_more():
    assert [units_per_period(users) for users in (49, 50, 500, 501)] == [3_500, 5_000, 5_000, 8_000]
