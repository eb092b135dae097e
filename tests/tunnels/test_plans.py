"""Plans: shown before anything is written, approved lane by lane, stale when the world moved on."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from tests.tunnels.world import A, person
from tunnels import plans, services
from tunnels.defining import Definition, End, change_tunnel
from tunnels.models import Lane, LanePlan, Run, Tunnel
from tunnels.running import waiting
from tunnels.running.slices import Slice

pytestmark = pytest.mark.django_db

TWO = {A: {"mailboxes": [person(A, 1)["mail"], person(A, 2)["mail"]]}}


@pytest.fixture
def tunnel(office):
    office.open(A)
    for number in range(3):
        office.add_event(A, 90, subject=f"Shift {number}")
    drawn = office.calendar_tunnel(to=TWO)
    Slice(60, only=drawn).work()
    drawn.refresh_from_db()
    return drawn


def test_a_draft_reads_its_sources_shows_its_plan_and_writes_nothing(office, tunnel):
    assert tunnel.state == Tunnel.State.DRAFT
    found = [(plan.creates, plan.updates, plan.deletes) for plan in LanePlan.objects.all()]
    assert found == [(3, 0, 0), (3, 0, 0)]
    assert office.counters()["writes"] == 0
    assert set(Lane.objects.values_list("state", flat=True)) == {"waiting"}


def test_run_now_on_a_draft_looks_and_writes_nothing(office, tunnel):
    run = waiting.until_over(services.run_now(office.principal, tunnel), 60)
    assert (run.is_over, run.written) == (True, 0)
    assert office.counters()["writes"] == 0


def test_an_approved_plan_is_carried_out(office, tunnel):
    assert services.approve(office.principal, tunnel) == services.Approval(approved=2, stale=0)
    Slice(60, only=tunnel).work()
    assert len(office.calendar(A, 1, "On-Call")) == 3
    tunnel.refresh_from_db()
    assert (tunnel.state, tunnel.needs_approval) == (Tunnel.State.ACTIVE, False)
    assert Run.objects.get().trigger == Run.Trigger.APPROVAL


def test_a_stale_plan_writes_nothing_until_it_is_made_again(office, tunnel):
    office.add_event(A, 90, subject="Late news")
    services.look(office.principal, tunnel)
    waiting.until_read(tunnel)
    assert services.approve(office.principal, tunnel) == services.Approval(approved=0, stale=2)
    Slice(60, only=tunnel).work()
    assert office.counters()["writes"] == 0
    stale = LanePlan.objects.first()
    assert (stale.state, plans.changed_since(stale)) == (LanePlan.State.STALE, 1)
    assert services.plan_again(office.principal, tunnel) == 2
    assert services.approve(office.principal, tunnel).approved == 2
    Slice(60, only=tunnel).work()
    assert len(office.calendar(A, 2, "On-Call")) == 4


def test_another_policy_asks_for_approval_again(office, tunnel):
    services.approve(office.principal, tunnel)
    Slice(60, only=tunnel).work()
    ends = [End(office.tenants[A], one.gives, one.spec) for one in tunnel.members.all()]
    wanted = Definition("on-call", "On-Call", "events", ends, {"detail": "busy"}, "On-Call")
    assert change_tunnel(office.principal, tunnel, wanted) == ["policy"]
    office.forget_counters()
    Slice(60, only=tunnel).work()
    assert office.counters()["writes"] == 0
    assert [plan.updates for plan in LanePlan.objects.all()] == [3, 3]
    tunnel.refresh_from_db()
    services.approve(office.principal, tunnel)
    Slice(60, only=tunnel).work()
    assert {one["subject"] for one in office.calendar(A, 1, "On-Call")} == {"Busy"}


def test_a_smaller_list_of_targets_leads_out_after_approval(office, tunnel):
    services.approve(office.principal, tunnel)
    Slice(60, only=tunnel).work()
    source = tunnel.members.get(gives=True)
    ends = [
        End(office.tenants[A], True, source.spec),
        End(office.tenants[A], False, {"mailboxes": [person(A, 1)["mail"]]}),
    ]
    assert change_tunnel(
        office.principal, tunnel, Definition("on-call", "On-Call", "events", ends, {}, "On-Call")
    )
    Slice(60, only=tunnel).work()
    assert len(office.calendar(A, 2, "On-Call")) == 3
    assert LanePlan.objects.get(lane__leaving_since__isnull=False).deletes == 3
    tunnel.refresh_from_db()
    services.approve(office.principal, tunnel)
    Slice(60, only=tunnel).work()
    assert office.calendar(A, 2, "On-Call") == []
    assert len(office.calendar(A, 1, "On-Call")) == 3


def test_a_joiner_needs_no_approval_of_its_own(office, tunnel):
    services.approve(office.principal, tunnel)
    office.sync(tunnel)
    group = office.calendar_tunnel("group", to={A: {"group": "grp-mobile"}})
    office.sync(group)
    office.sandbox.as_user(
        A,
        "POST",
        "groups/00000000-0000-4000-8000-00000000aaaa/members/$ref",
        {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{person(A, 9)['id']}"},
    )
    waiting.until_over(services.run_now(office.principal, group), 60)
    assert len(office.calendar(A, 9, "Group")) == 3


def test_nothing_can_be_approved_before_it_is_planned(office):
    office.open(A)
    tunnel = office.calendar_tunnel(to=TWO)
    services.look(office.principal, tunnel)
    Lane.objects.all().delete()
    roster_only = Slice(60, only=tunnel, reads_only=True)
    roster_only.work()
    LanePlan.objects.all().delete()
    with pytest.raises(ValidationError, match="not made yet"):
        services.approve(office.principal, tunnel)


def test_an_operator_runs_and_pauses_and_approves_nothing(office, tunnel, operator, as_principal):
    principal = as_principal(operator)
    services.run_now(principal, tunnel)
    services.pause(principal, tunnel)
    services.resume(principal, tunnel)
    with pytest.raises(PermissionDenied):
        services.approve(principal, tunnel)
    with pytest.raises(PermissionDenied):
        services.release(principal, tunnel)


def test_who_does_not_reach_both_ends_does_nothing(office, tunnel, engineer, as_principal):
    engineer.scope, engineer.tenant_ids = "these", []
    for deed in (services.run_now, services.pause, services.approve, services.release, services.look):
        with pytest.raises(PermissionDenied):
            deed(as_principal(engineer), tunnel)
