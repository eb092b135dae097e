"""Opening and changing tunnels: what is wanted, checked as a whole before any row is touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F

from partners.clock import Now
from partners.permissions import Permission
from partners.principals import Principal
from syncengine.model.identity import fingerprint
from syncengine.shaping.policy import policy_to_json
from syncengine.shaping.readers import PolicyError
from tenants.models import Tenant
from tunnels import policies, resolving, scheduling, services, specs
from tunnels.models import Cell, Feed, Lane, Policy, Tunnel, TunnelMember
from tunnels.policies import BadGuard

OUT_OF_THE_WAY = 10_000
"""Members are moved so far while they get their new places: no two may have the same."""


@dataclass(frozen=True, slots=True)
class End:
    """A member as it is wanted: a tenant, and what it gives or whom it names to take."""

    tenant: Tenant
    gives: bool
    spec: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Definition:
    """A tunnel as it is wanted."""

    slug: str
    name: str
    kind: str
    ends: Sequence[End]
    policy: Mapping[str, Any] = field(default_factory=dict)
    folder: str = ""
    guards: Mapping[str, Any] = field(default_factory=dict)
    schedule_s: int = 120


class Refused(ValidationError):
    """This definition cannot be had. `path` leads to the part at fault, as a configuration file has it."""

    def __init__(self, message: str, *path: str | int) -> None:
        super().__init__(message)
        self.path = path


def check(wanted: Definition) -> None:
    """Refuse what cannot be meant. Raises Refused; looks at nothing but the definition."""
    _check_ends(wanted)
    try:
        policies.read(wanted.kind, wanted.policy)
    except PolicyError as fault:
        raise Refused(fault.message, "policy", *(fault.path.split(".") if fault.path else ())) from fault
    try:
        policies.guards_from(wanted.guards)
    except BadGuard as fault:
        raise Refused(str(fault), "guards", fault.name) from fault
    if wanted.schedule_s < 10:
        raise Refused("A schedule is at least 10 seconds.", "schedule_s")


def _check_ends(wanted: Definition) -> None:
    counts = {"sources": 0, "targets": 0}
    for end in wanted.ends:
        side = "sources" if end.gives else "targets"
        try:
            what = specs.gives_of(end.spec) if end.gives else specs.takes_of(end.spec)
        except specs.BadSpec as fault:
            raise Refused(str(fault), side, counts[side], *fault.path) from fault
        if end.gives and isinstance(what, specs.AddressList) != (wanted.kind == "contacts"):
            fits = "a mailbox's calendar" if wanted.kind == "events" else "an address list"
            raise Refused(f"A tunnel of {wanted.kind} has {fits} as its source.", side, counts[side])
        counts[side] += 1
    for side, count in counts.items():
        if not count:
            raise Refused(f"A tunnel has {side}.", side)


@transaction.atomic
def open_tunnel(principal: Principal, wanted: Definition) -> Tunnel:
    """Draw a new tunnel. It is a draft: it reads its sources, and writes after its plan is approved.

    Raises PermissionDenied, or Refused.
    """
    _require(principal, wanted)
    check(wanted)
    tunnel = Tunnel(
        partner_id=principal.partner_id,
        slug=wanted.slug,
        name=wanted.name,
        kind=wanted.kind,
        folder=wanted.folder,
        guards=dict(wanted.guards),
        schedule_s=wanted.schedule_s,
        next_due_at=None,
    )
    tunnel.full_clean()
    tunnel.save()
    Cell.objects.create(tunnel=tunnel)
    _bring_members(tunnel, wanted.ends)
    _add_policy(tunnel, wanted.policy, principal.name)
    refuse_second_writer(tunnel)
    services.record(principal, "tunnel.opened", tunnel, after=in_words(wanted))
    scheduling.wake()
    return tunnel


@transaction.atomic
def change_tunnel(principal: Principal, tunnel: Tunnel, wanted: Definition) -> list[str]:
    """Bring a tunnel to what is wanted; returns what changed, in words, and nothing when nothing did.

    Another policy, source or target rule needs approval again. Raises PermissionDenied, or Refused.
    """
    services.require(principal, Permission.TUNNELS_CHANGE, tunnel)
    _require(principal, wanted)
    check(wanted)
    tunnel = Tunnel.objects.select_for_update().get(pk=tunnel.pk)
    if wanted.kind != tunnel.kind or wanted.folder != tunnel.folder:
        raise Refused(
            "Kind and folder of a tunnel stay as they are; open another tunnel instead.",
            "folder" if wanted.kind == tunnel.kind else "kind",
        )
    risky = [
        word
        for word, changed in (
            ("sources or targets", _bring_members(tunnel, wanted.ends)),
            ("policy", _add_policy(tunnel, wanted.policy, principal.name)),
        )
        if changed
    ]
    plain = _change_plainly(tunnel, wanted)
    if risky:
        _ask_again(tunnel)
        refuse_second_writer(tunnel)
    if risky or plain:
        services.record(principal, "tunnel.changed", tunnel, after={"changed": [*risky, *plain]})
        scheduling.wake()
    return [*risky, *plain]


def _require(principal: Principal, wanted: Definition) -> None:
    principal.require(Permission.TUNNELS_CHANGE)
    for end in wanted.ends:
        principal.require(Permission.TUNNELS_CHANGE, end.tenant.pk)
        if end.tenant.partner_id != principal.partner_id:
            raise Refused("A tunnel stays among the tenants of one partner.")


def _bring_members(tunnel: Tunnel, ends: Sequence[End]) -> bool:
    """Members as wanted, in their order; whether anything changed. Unchanged ones keep their feeds."""
    standing = list(tunnel.members.all())
    wanted = [(end.gives, end.tenant.pk, dict(end.spec)) for end in ends]
    if [(one.gives, one.tenant_id, one.spec) for one in standing] == wanted:
        return False
    TunnelMember.objects.filter(tunnel=tunnel).update(order=F("order") + OUT_OF_THE_WAY)
    for order, (gives, tenant, spec) in enumerate(wanted):
        same = next(
            (one for one in standing if (one.gives, one.tenant_id, one.spec) == (gives, tenant, spec)), None
        )
        if same is not None:
            standing.remove(same)
            TunnelMember.objects.filter(pk=same.pk).update(order=order)
            continue
        member = TunnelMember(
            tunnel=tunnel, tenant_id=tenant, gives=gives, takes=not gives, order=order, spec=spec
        )
        member.full_clean()
        member.save()
    TunnelMember.objects.filter(pk__in=[one.pk for one in standing]).delete()
    Cell.objects.filter(tunnel=tunnel).update(stale=True)
    Tunnel.objects.filter(pk=tunnel.pk).update(rostered_at=None)
    return True


def _add_policy(tunnel: Tunnel, content: Mapping[str, Any], by: str) -> bool:
    """A new version, unless the last one says the same."""
    whole = policy_to_json(policies.read(tunnel.kind, content))
    digest, last = fingerprint(whole), tunnel.policies.first()
    if last is not None and last.digest == digest:
        return False
    Policy.objects.create(
        tunnel=tunnel,
        version=last.version + 1 if last else 1,
        content=whole,
        digest=digest,
        created_by=by[:100],
    )
    Cell.objects.filter(tunnel=tunnel).update(stale=True)
    # The feed's window may have to be wider; the roster looks which groups are meant.
    Feed.objects.filter(members__tunnel=tunnel).update(due_at=Now())
    Tunnel.objects.filter(pk=tunnel.pk).update(rostered_at=None)
    return True


def _change_plainly(tunnel: Tunnel, wanted: Definition) -> list[str]:
    """What needs no approval."""
    fields = {"name": wanted.name, "guards": dict(wanted.guards), "schedule_s": wanted.schedule_s}
    changed = [name for name, value in fields.items() if getattr(tunnel, name) != value]
    for name in changed:
        setattr(tunnel, name, fields[name])
    if changed:
        tunnel.full_clean()
        tunnel.save(update_fields=changed)
    return [name.removesuffix("_s") for name in changed]


def _ask_again(tunnel: Tunnel) -> None:
    """Nothing more is written before somebody has seen the new plan."""
    Tunnel.objects.filter(pk=tunnel.pk).update(definition=tunnel.definition + 1)
    Lane.objects.standing().filter(tunnel=tunnel).exclude(state=Lane.State.PAUSED).update(
        state=Lane.State.WAITING, due_at=None
    )


def refuse_second_writer(tunnel: Tunnel) -> None:
    """A folder has one writer. Raises Refused, naming the tunnel that writes there already."""
    for member in tunnel.members.filter(takes=True).select_related("tenant"):
        roster = resolving.roster_of(member, frozenset())
        listed = set(member.rule.mailboxes)
        others = (
            TunnelMember.objects.filter(takes=True, tenant=member.tenant, tunnel__kind=tunnel.kind)
            .filter(tunnel__folder=tunnel.folder)
            .exclude(tunnel=tunnel)
            .select_related("tunnel")
        )
        for other in others:
            lanes = Lane.objects.standing().filter(tunnel=other.tunnel, tenant=member.tenant)
            both = lanes.filter(mailbox__in=list(roster.mailboxes)).exists()
            if both or listed & set(other.rule.mailboxes):
                raise Refused(f"{other.tunnel} writes that folder of the same mailboxes already.", "folder")


def in_words(wanted: Definition) -> dict[str, Any]:
    """What the audit trail keeps of a definition."""
    return {
        "kind": wanted.kind,
        "folder": wanted.folder,
        "sources": [_end_in_words(end) for end in wanted.ends if end.gives],
        "targets": [_end_in_words(end) for end in wanted.ends if not end.gives],
    }


def _end_in_words(end: End) -> str:
    said = " and ".join(f"{name.replace('_', ' ')} {value}" for name, value in end.spec.items())
    return f"{end.tenant.slug}: {said}"
