"""What needs a person: one row per cause."""

from __future__ import annotations

import pytest

from tenants import problems
from tenants.models import Problem

pytestmark = pytest.mark.django_db
CAUSE = {"subject": "tenant", "reason": "consent lost", "message": "No longer let in."}


def test_one_cause_is_one_open_problem_however_often_it_is_met(tenant):
    for _ in range(3):
        problems.report(tenant, **CAUSE)
    assert [problem.count for problem in Problem.objects.open()] == [3]


def test_a_cause_that_comes_back_is_a_new_problem(tenant):
    problems.report(tenant, **CAUSE)
    assert problems.settle(tenant, subject="tenant") == 1
    problems.report(tenant, **CAUSE)
    assert Problem.objects.count() == 2
    assert Problem.objects.open().count() == 1


def test_settling_one_reason_leaves_the_others(tenant):
    problems.report(tenant, **CAUSE)
    problems.report(tenant, **{**CAUSE, "reason": "clock"})
    problems.settle(tenant, subject="tenant", reason="clock")
    assert [problem.reason for problem in Problem.objects.open()] == ["consent lost"]


def test_another_msp_sees_no_problem_of_ours(tenant, as_principal, outsider, owner):
    problems.report(tenant, **CAUSE)
    assert Problem.objects.visible_to(as_principal(owner)).count() == 1
    assert Problem.objects.visible_to(as_principal(outsider)).count() == 0
