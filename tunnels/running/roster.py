"""Who is in a tunnel: sources get feeds, mailboxes that joined get lanes, those that left are led out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from django.db import IntegrityError, transaction

from partners import clock
from syncengine.model.identity import fingerprint
from syncengine.planning.guards import judge_leaving
from syncengine.shaping.policy import ContactPolicy
from tenants.models import Tenant
from tunnels import policies, resolving, scheduling
from tunnels.models import Cell, Feed, Lane, Tunnel, TunnelMember
from tunnels.resolving import Mailbox, Trouble
from tunnels.running.telling import Cause, tell
from tunnels.specs import AddressList, CalendarOf

REASON_HELD = "too many leave"


@transaction.atomic
def resolve(tunnel_id: int) -> bool:
    """Bring feeds and lanes of a tunnel to what its members name now. False while somebody else is at it."""
    tunnel = Tunnel.objects.select_for_update(skip_locked=True).filter(pk=tunnel_id).first()
    if tunnel is None:
        return False
    # A directory that becomes newer while we look at it makes the roster due again.
    tunnel.rostered_at = clock.now()
    members = list(tunnel.members.select_related("tenant", "feed"))
    cell = Cell.objects.get_or_create(tunnel=tunnel)[0]
    troubles = [trouble for member in members if member.gives for trouble in _bind_source(tunnel, member)]
    troubles += _bring_lanes(tunnel, cell, members)
    troubles += _note_facts(tunnel, cell, members)
    for member in members:
        member.save(update_fields=["resolved", "feed", "shaped"])
    _tell(tunnel, troubles, [member.tenant for member in members])
    scheduling.wake_for(Lane.objects.standing().filter(cell=cell))
    return True


def _bind_source(tunnel: Tunnel, member: TunnelMember) -> list[Trouble]:
    """Tie a giving member to its feed; a feed that is new is due at once."""
    match member.source:
        case AddressList():
            place = {"kind": Feed.Kind.ADDRESS_LIST, "mailbox": "", "calendar": ""}
            name = f"Address list of {member.tenant}"
        case CalendarOf(mailbox, calendar):
            if not resolving.is_read(member.tenant):
                return [resolving.not_read(member.tenant)]
            entry = resolving.find_mailbox(member, mailbox)
            if entry is None:
                return [] if member.feed else [_source_not_found(member.tenant)]
            place = {"kind": Feed.Kind.CALENDAR, "mailbox": entry.object_id, "calendar": calendar}
            name = f"{calendar} of {entry.name}" if calendar else f"Calendar of {entry.name}"
    feed = Feed.objects.get_or_create(
        tenant=member.tenant, **place, defaults={"name": name, "due_at": clock.now()}
    )[0]
    if feed != member.feed:
        member.feed, member.shaped = feed, 0
        # A wider window than the feed's own is found by its next look.
        Feed.objects.filter(pk=feed.pk).update(due_at=clock.now())
        Cell.objects.filter(tunnel=tunnel).update(stale=True)
    if feed.name != name:
        Feed.objects.filter(pk=feed.pk).update(name=name)
    return []


def _source_not_found(tenant: Tenant) -> Trouble:
    return Trouble(
        tenant,
        "source not found",
        "The directory does not know the source's mailbox.",
        "Check the address of the tunnel's source; then update the directory's cache.",
    )


def _bring_lanes(tunnel: Tunnel, cell: Cell, members: Sequence[TunnelMember]) -> list[Trouble]:
    """Lanes for those who joined, and the way out for those who left."""
    lanes = list(Lane.objects.standing().filter(cell=cell).select_for_update().order_by("pk"))
    named: dict[tuple[int, str], Mailbox] = {}
    troubles: list[Trouble] = []
    uncertain: set[int] = set()
    for member in members:
        if not member.takes:
            continue
        standing = frozenset(lane.mailbox for lane in lanes if lane.tenant_id == member.tenant_id)
        roster = resolving.roster_of(member, standing)
        named |= {(one.tenant, one.object_id): one for one in roster.mailboxes.values()}
        troubles += roster.troubles
        if not roster.is_certain:
            uncertain.add(member.tenant_id)
    for member in members:
        # Nobody gets copies of what stands in the same mailbox anyway.
        if member.gives and member.feed and member.feed.mailbox:
            named.pop((member.tenant_id, member.feed.mailbox), None)
    _refresh(lanes, named)
    troubles += _join(tunnel, cell, lanes, named)
    _lead_out(tunnel, lanes, named, uncertain)
    return troubles


def _refresh(lanes: Sequence[Lane], named: Mapping[tuple[int, str], Mailbox]) -> None:
    """Renamed mailboxes show their new names; who is named again does not leave after all."""
    for lane in lanes:
        mailbox = named.get((lane.tenant_id, lane.mailbox))
        if mailbox is None:
            continue
        if (lane.name, lane.address) != (mailbox.name, mailbox.address):
            lane.name, lane.address = mailbox.name, mailbox.address
            lane.save(update_fields=["name", "address"])
        if lane.leave_held or lane.is_leaving:
            _let_stay(lane)


def _let_stay(lane: Lane) -> None:
    """Back among the named: what it lost on its way out is brought again."""
    lane.leave_held, lane.leaving_since = False, None
    lane.cursor, lane.resync, lane.wants_look = 0, True, True
    lane.reason = lane.message = lane.advice = ""
    lane.state = Lane.State.WAITING if lane.approved < lane.tunnel.definition else Lane.State.BEHIND
    lane.due_at = None if lane.state == Lane.State.WAITING else clock.now()
    lane.save()


def _join(
    tunnel: Tunnel, cell: Cell, lanes: Sequence[Lane], named: Mapping[tuple[int, str], Mailbox]
) -> list[Trouble]:
    standing = {(lane.tenant_id, lane.mailbox) for lane in lanes}
    joiners = [mailbox for place, mailbox in named.items() if place not in standing]
    # Who was here before gets the same lane again: marks name it.
    gone = {(lane.tenant_id, lane.mailbox): lane for lane in cell.lanes.exclude(gone_at=None)}
    refused: list[Mailbox] = []
    for mailbox in joiners:
        try:
            with transaction.atomic():
                _open_lane(tunnel, cell, mailbox, gone.get((mailbox.tenant, mailbox.object_id)))
        except IntegrityError:
            refused.append(mailbox)
    if not refused:
        return []
    return [
        Trouble(
            Tenant.objects.get(pk=refused[0].tenant),
            "folder has another writer",
            f"Another tunnel writes the same folder of {len(refused)} mailboxes.",
            "Give this tunnel a folder of its own.",
        )
    ]


def _open_lane(tunnel: Tunnel, cell: Cell, mailbox: Mailbox, before: Lane | None) -> None:
    may_write = tunnel.state != Tunnel.State.DRAFT and not tunnel.needs_approval
    lane = before or Lane(cell=cell, tenant_id=mailbox.tenant, mailbox=mailbox.object_id)
    lane.tunnel, lane.kind, lane.folder_name = tunnel, tunnel.kind, tunnel.folder
    lane.name, lane.address = mailbox.name, mailbox.address
    lane.approved = tunnel.approved if may_write else 0
    lane.cursor, lane.gone_at, lane.leaving_since, lane.leave_held = 0, None, None, False
    lane.resync = lane.wants_look = before is not None
    lane.state = Lane.State.BEHIND if may_write else Lane.State.WAITING
    lane.priority = Lane.Priority.BACKLOG
    lane.due_at = clock.now() if may_write else None
    lane.look_due_at = clock.now() + timedelta(days=1)
    lane.save()


def _lead_out(
    tunnel: Tunnel, lanes: Sequence[Lane], named: Mapping[tuple[int, str], Mailbox], uncertain: set[int]
) -> None:
    """Those who are named no more leave, within the guard's measure."""
    leavers = [
        lane
        for lane in lanes
        if (lane.tenant_id, lane.mailbox) not in named
        and not lane.is_leaving
        and lane.tenant_id not in uncertain
    ]
    now = clock.now()
    left = Lane.objects.filter(tunnel=tunnel, leaving_since__gt=now - timedelta(hours=24)).count()
    staying = [lane for lane in lanes if not lane.is_leaving]
    held = judge_leaving(len(leavers), left, len(staying), policies.guards_of(tunnel))
    for lane in leavers:
        if held and lane.copies:
            lane.leave_held, lane.state, lane.reason, lane.message = True, Lane.State.HELD, REASON_HELD, held
            lane.advice = "Check the tunnel's target rules; then let them leave, or bring them back."
            lane.due_at = None
            lane.save()
        else:
            scheduling.lead_out(lane)


def _note_facts(tunnel: Tunnel, cell: Cell, members: Sequence[TunnelMember]) -> list[Trouble]:
    """When sources or groups of the policy changed, every item is shaped again."""
    troubles: list[Trouble] = []
    blocked = False
    facts: dict[str, object] = {
        "sources": [[member.pk, member.order, member.feed_id] for member in members if member.gives]
    }
    policy = policies.policy_of(tunnel)
    if isinstance(policy, ContactPolicy):
        for member in members:
            if member.gives:
                groups, doubts = groups_of(member.tenant, policy)
                facts[f"groups {member.pk}"] = {key: sorted(ids) for key, ids in groups.items()}
                troubles += doubts
                blocked = blocked or len(groups) < len({*policy.groups, *policy.without_groups})
    digest = fingerprint(facts)
    Cell.objects.filter(pk=cell.pk).update(blocked=blocked)
    if not blocked and digest != cell.shaped_facts:
        Cell.objects.filter(pk=cell.pk).update(shaped_facts=digest, stale=True)
    return troubles


def groups_of(tenant: Tenant, policy: ContactPolicy) -> tuple[dict[str, frozenset[str]], list[Trouble]]:
    """Members by the group's name in the policy, as last believed; and doubts about them."""
    members: dict[str, frozenset[str]] = {}
    doubts: list[Trouble] = []
    for name in (*policy.groups, *policy.without_groups):
        group = resolving.find_group(tenant, name)
        if doubt := resolving.doubt_about(tenant, group, name):
            doubts.append(doubt)
        if group is not None and group.members_read_at is not None:
            members[name] = resolving.members_of(group)
    return members, doubts


def _tell(tunnel: Tunnel, troubles: Sequence[Trouble], tenants: Iterable[Tenant]) -> None:
    """The first trouble stands in the tunnel's row; what needs a person is one problem per cause."""
    reason, message, advice = (
        (troubles[0].reason, troubles[0].message, troubles[0].advice) if troubles else ("", "", "")
    )
    tunnel.reason, tunnel.message, tunnel.advice = reason, message[:300], advice[:300]
    tunnel.next_due_at = clock.now() + timedelta(seconds=max(tunnel.schedule_s, 60))
    tunnel.save(update_fields=["reason", "message", "advice", "rostered_at", "next_due_at"])
    for tenant in set(tenants):
        causes = [
            Cause(one.reason, one.message, one.advice)
            for one in troubles
            if one.advice and one.tenant.pk == tenant.pk
        ]
        tell(tenant, f"tunnel {tunnel.pk} roster", causes)
