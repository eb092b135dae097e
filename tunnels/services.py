"""Deeds of people on tunnels: permission first, then rows, the audit trail, and a wake-up.

A tunnel between tenants has two ends; who changes or runs it must reach both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict, Unpack

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F

from partners import audit
from partners.audit import Json
from partners.clock import Now
from partners.permissions import Permission
from partners.principals import Principal
from tunnels import journal, plans, scheduling
from tunnels.models import Feed, HeldAction, Lane, LanePlan, Run, Tunnel
from tunnels.models.lane import LaneQuerySet


class Details(TypedDict, total=False):
    """What the audit trail keeps of a deed beside who, what and when."""

    before: Mapping[str, Json]
    after: Mapping[str, Json]
    is_security: bool


def require(principal: Principal, permission: Permission, tunnel: Tunnel) -> None:
    """Raise PermissionDenied unless the right is held at every end of the tunnel."""
    principal.require(permission)
    if tunnel.partner_id != principal.partner_id:
        raise PermissionDenied
    for tenant_id in set(tunnel.members.values_list("tenant_id", flat=True)):
        principal.require(permission, tenant_id)


def record(principal: Principal, verb: str, tunnel: Tunnel, **details: Unpack[Details]) -> None:
    """Into the audit trail, where those read it who may see all of the tunnel's ends."""
    ends = tunnel.members.values_list("tenant_id", flat=True)
    audit.record(principal, verb, tunnel, tenant_ids=ends, **details)


@transaction.atomic
def run_now(principal: Principal, tunnel: Tunnel) -> Run:
    """*Run now*: sources and targets are looked at at once. Raises ValidationError for a paused tunnel."""
    require(principal, Permission.TUNNELS_RUN, tunnel)
    if tunnel.is_paused:
        raise ValidationError("The tunnel is paused: resume it first.")
    run = journal.open_run(tunnel, Run.Trigger.ASKED, principal.name)
    scheduling.look_now(tunnel)
    record(principal, "tunnel.run_asked", tunnel, after={"run": run.pk})
    return run


@transaction.atomic
def look(principal: Principal, tunnel: Tunnel) -> None:
    """Let the sources be looked at now, for a plan. Raises ValidationError for a paused tunnel."""
    require(principal, Permission.TUNNELS_RUN, tunnel)
    if tunnel.is_paused:
        raise ValidationError("The tunnel is paused: resume it first.")
    scheduling.read_now(tunnel)


@transaction.atomic
def pause(principal: Principal, tunnel: Tunnel) -> None:
    """Nothing is read or written for the tunnel any more; every copy stays."""
    require(principal, Permission.TUNNELS_PAUSE, tunnel)
    tunnel = Tunnel.objects.select_for_update().get(pk=tunnel.pk)
    if tunnel.is_paused:
        return
    before = tunnel.state
    Tunnel.objects.filter(pk=tunnel.pk).update(state=Tunnel.State.PAUSED)
    Lane.objects.standing().filter(tunnel=tunnel).update(state=Lane.State.PAUSED)
    record(principal, "tunnel.paused", tunnel, before={"state": before}, after={"state": "paused"})


@transaction.atomic
def resume(principal: Principal, tunnel: Tunnel) -> None:
    """Go on from where it was paused: sources are looked at, then lanes catch up."""
    require(principal, Permission.TUNNELS_PAUSE, tunnel)
    tunnel = Tunnel.objects.select_for_update().get(pk=tunnel.pk)
    if not tunnel.is_paused:
        return
    state = Tunnel.State.ACTIVE if tunnel.approved else Tunnel.State.DRAFT
    Tunnel.objects.filter(pk=tunnel.pk).update(state=state, next_due_at=Now())
    Feed.objects.filter(members__tunnel=tunnel).update(due_at=Now())
    _restore_words(tunnel)
    record(principal, "tunnel.resumed", tunnel, before={"state": "paused"}, after={"state": state})
    scheduling.wake()


def _restore_words(tunnel: Tunnel) -> None:
    """Each lane's own state again, in place of "paused"."""
    lanes = Lane.objects.standing().filter(tunnel=tunnel)
    lanes.filter(approved__lt=F("tunnel__definition")).update(state=Lane.State.WAITING)
    ours = lanes.filter(approved__gte=F("tunnel__definition"))
    held = HeldAction.objects.waiting().filter(lane__tunnel=tunnel).values("lane")
    ours.filter(due_at=None).update(state=Lane.State.HEALTHY)
    ours.filter(due_at__isnull=False).update(state=Lane.State.BEHIND)
    ours.filter(failures__gt=0).update(state=Lane.State.FAILING)
    ours.filter(leaving_since__isnull=False).update(state=Lane.State.LEAVING, due_at=Now())
    ours.filter(pk__in=held).update(state=Lane.State.HELD)
    ours.filter(leave_held=True).update(state=Lane.State.HELD)
    lagging = ours.filter(due_at=None, cursor__lt=F("cell__head"), leave_held=False)
    lagging.update(due_at=Now(), state=Lane.State.BEHIND)


@dataclass(frozen=True, slots=True)
class Approval:
    """What an approval came to: lanes that go ahead, lanes whose plan no longer agrees."""

    approved: int
    stale: int


@transaction.atomic
def approve(principal: Principal, tunnel: Tunnel) -> Approval:
    """Let the lanes go ahead whose plan still agrees; a stale lane writes nothing and is marked.

    Raises ValidationError while no plan has been made yet.
    """
    require(principal, Permission.TUNNELS_APPROVE, tunnel)
    tunnel = Tunnel.objects.select_for_update().get(pk=tunnel.pk)
    waiting = _waiting(tunnel)
    made = list(
        LanePlan.objects.filter(lane__in=waiting, definition=tunnel.definition).select_related(
            "lane__cell", "lane__tunnel"
        )
    )
    if waiting.exists() and not made:
        raise ValidationError("The plan is not made yet: the sources must be read first.")
    good = plans.agreeing(made)
    stale = LanePlan.objects.filter(pk__in=[plan.pk for plan in made if plan.pk not in good])
    stale.update(state=LanePlan.State.STALE)
    LanePlan.objects.filter(pk__in=good).update(state=LanePlan.State.APPROVED)
    _let_go(tunnel, [plan.lane_id for plan in made if plan.pk in good], is_whole=bool(good) or not made)
    approval = Approval(approved=len(good), stale=len(made) - len(good))
    record(
        principal,
        "tunnel.approved",
        tunnel,
        after={"definition": tunnel.definition, "lanes": approval.approved, "stale": approval.stale},
    )
    return approval


@transaction.atomic
def approve_all(principal: Principal, tunnel: Tunnel) -> Approval:
    """Approve whatever the plan is, as `manage.py sync` does. Guards still hold what they hold."""
    require(principal, Permission.TUNNELS_APPROVE, tunnel)
    tunnel = Tunnel.objects.select_for_update().get(pk=tunnel.pk)
    lanes = list(_waiting(tunnel).values_list("pk", flat=True))
    if not lanes and not tunnel.needs_approval:
        return Approval(0, 0)
    LanePlan.objects.filter(lane__in=lanes).update(state=LanePlan.State.APPROVED)
    _let_go(tunnel, lanes, is_whole=True)
    record(principal, "tunnel.approved", tunnel, after={"definition": tunnel.definition, "lanes": len(lanes)})
    return Approval(approved=len(lanes), stale=0)


@transaction.atomic
def plan_again(principal: Principal, tunnel: Tunnel) -> int:
    """Throw away the plans of lanes that wait and make new ones; returns how many."""
    require(principal, Permission.TUNNELS_SEE, tunnel)
    return len(plans.make(_waiting(tunnel).select_related("cell", "tunnel")))


def _waiting(tunnel: Tunnel) -> LaneQuerySet:
    return Lane.objects.standing().filter(tunnel=tunnel, approved__lt=tunnel.definition)


def _let_go(tunnel: Tunnel, lanes: list[int], *, is_whole: bool) -> None:
    """The lanes may write; where the tunnel as a whole is approved, so may those who join later."""
    ours = Lane.objects.filter(pk__in=lanes)
    ours.update(approved=tunnel.definition)
    if is_whole:
        Tunnel.objects.filter(pk=tunnel.pk).update(approved=tunnel.definition)
        Tunnel.objects.filter(pk=tunnel.pk, state=Tunnel.State.DRAFT).update(state=Tunnel.State.ACTIVE)
    if Tunnel.objects.filter(pk=tunnel.pk, state=Tunnel.State.ACTIVE).exists():
        going = ours.filter(leave_held=False)
        going.filter(leaving_since=None).update(state=Lane.State.BEHIND)
        going.exclude(leaving_since=None).update(state=Lane.State.LEAVING)
        going.update(due_at=Now(), priority=Lane.Priority.BACKLOG)
        if lanes:
            journal.open_run(tunnel, Run.Trigger.APPROVAL)
    scheduling.wake(scheduling.BULK)


@transaction.atomic
def release(principal: Principal, tunnel: Tunnel) -> int:
    """Let go what guards hold in this tunnel: deletions, and lanes that should leave. Returns how many."""
    require(principal, Permission.TUNNELS_APPROVE, tunnel)
    held = HeldAction.objects.waiting().filter(lane__tunnel=tunnel)
    lanes = list(held.values_list("lane", flat=True))
    released = held.update(state=HeldAction.State.RELEASED, decided_at=Now(), decided_by=principal.name[:100])
    Lane.objects.filter(pk__in=lanes).update(
        due_at=Now(), state=Lane.State.BEHIND, priority=Lane.Priority.ASKED
    )
    leavers = Lane.objects.standing().filter(tunnel=tunnel, leave_held=True).select_related("tunnel")
    for lane in leavers:
        scheduling.lead_out(lane)
        released += 1
    if released:
        journal.open_run(tunnel, Run.Trigger.ASKED, principal.name)
        record(principal, "tunnel.guard_released", tunnel, after={"released": released}, is_security=True)
    scheduling.wake()
    return released
