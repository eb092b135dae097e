"""A partner with far more than one screen of everything: for measures, pictures and long lists.

Rows only, no sandbox: 150 clients with 20 tunnels each, a directory of 10,000, a tunnel into 300
mailboxes, every state that a page can show, and names that are long, Chinese, Japanese or
written from right to left. All of it is invented; equal sizes make equal rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

from partners import clock
from partners.models import AuditEntry, Member, Partner
from syncengine.model.copies import ContactCopy
from tenants.models import (
    Connection,
    DirectoryEntry,
    DirectoryState,
    Group,
    GroupMember,
    Problem,
    Tenant,
)
from tests.tunnels.building import shaped, store
from tunnels.models import (
    Cell,
    Feed,
    HeldAction,
    Lane,
    LanePlan,
    LedgerEntry,
    Policy,
    Run,
    RunLine,
    Tunnel,
    TunnelMember,
)

BATCH = 2000
CLIENTS = (
    "Alder & Birch Holdings (formerly Northern Timber Merchants of the Upper Valley) Ltd",
    "東都精密機械工業株式会社 名古屋第二工場 生産技術本部 設備保全部 第三課",
    "شركة النهر الكبير للتجارة والخدمات اللوجستية والتوزيع المحدودة",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    "חברת הגשר הצפוני לשירותי תחזוקה והנדסה בערבון מוגבל",
    "Oak", "Willow Dental", "Harbour Print", "Fenland Water", "Quarry & Sons",
)  # fmt: skip
PEOPLE = (
    "Ada Kim", "Maximiliane-Josephine von Hohenstein-Rabenau zu Wolkenburg und Unterschönau",
    "山田 太郎", "ليلى عبد الرحمن الهاشمي", "Łukasz Żółć", "Priya Patel", "דניאל ברק", "Omar Garcia",
    "Wolfeschlegelsteinhausenbergerdorffwelchevoralternwarengewissenhaftschaferswessen Jr",
)  # fmt: skip
WHAT = (
    "Address list on phones", "On-call rota for the field team", "Meeting rooms of head office",
    "Company holidays", "Vehicles and equipment that are lent to the sites of the northern region",
    "会社の休日カレンダー", "مواعيد فريق الصيانة",
)  # fmt: skip
LANE_STATES = ("healthy",) * 9 + ("behind", "failing", "held", "running", "leaving", "healthy")


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything."""

    tenants: int = 150
    tunnels: int = 20
    """Of each tenant."""
    lanes: int = 5
    """Of each tunnel but the first."""
    many_lanes: int = 300
    people: int = 40
    """In each directory but the first tenant's."""
    many_people: int = 10_000
    writes: int = 200_000


def fill(partner: Partner, size: Size = Size()) -> None:
    """Give the partner all of it."""
    now = clock.now()
    tenants = _tenants(partner, size, now)
    tunnels = _tunnels(tenants, size)
    lanes = _lanes(tunnels, size, now)
    _runs(tunnels, lanes, now)
    _plans(tunnels[0], tunnels[1], now)
    _writes(lanes, size.writes, now)
    _deeds(partner, tunnels, now)


def _store(rows: Iterable[Any]) -> list[Any]:
    made = list(rows)
    return type(made[0])._default_manager.bulk_create(made, batch_size=BATCH) if made else []


def _tenants(partner: Partner, size: Size, now: datetime) -> list[Tenant]:
    tenants: list[Tenant] = _store(_tenant(partner, number) for number in range(size.tenants))
    _store(_connection(tenant, number, now) for number, tenant in enumerate(tenants) if number % 11 != 5)
    _store(_directory(tenant, number, now) for number, tenant in enumerate(tenants))
    _store(_problem(tenant, now) for number, tenant in enumerate(tenants) if number % 11 == 3)
    for number, tenant in enumerate(tenants):
        _people(tenant, size.people if number else size.many_people, now)
    return tenants


def _tenant(partner: Partner, number: int) -> Tenant:
    name = CLIENTS[number % len(CLIENTS)]
    return Tenant(
        partner=partner,
        slug=f"client-{number}",
        name=name if number < len(CLIENTS) else f"{name} {number}"[:200],
        domain=f"client-{number}.example",
        microsoft_id=uuid5(NAMESPACE_DNS, f"{partner.pk}.client-{number}.example"),
        zone="Europe/Berlin",
    )


def _connection(tenant: Tenant, number: int, now: datetime) -> Connection:
    is_lost = number % 11 == 3
    return Connection(
        tenant=tenant,
        client_id=tenant.microsoft_id,
        state="lost" if is_lost else "connected",
        reason="Entra does not know the app in this tenant any more." if is_lost else "",
        connected_at=now - timedelta(days=number),
        checked_at=now - timedelta(minutes=number),
    )


def _directory(tenant: Tenant, number: int, now: datetime) -> DirectoryState:
    failed = "The directory could not be read: the service did not answer." if number % 13 == 7 else ""
    return DirectoryState(tenant=tenant, refreshed_at=now - timedelta(hours=number), reason=failed)


def _problem(tenant: Tenant, now: datetime) -> Problem:
    return Problem(
        tenant=tenant,
        subject="tenant",
        reason="consent lost",
        message="The tenant no longer lets us in.",
        advice="Ask a Global Administrator of the tenant to grant consent again.",
        opened_at=now - timedelta(hours=tenant.pk % 50),
    )


def _people(tenant: Tenant, count: int, now: datetime) -> None:
    entries = _store(_entry(tenant, number) for number in range(count))
    groups = _store(
        Group(
            tenant=tenant,
            object_id=f"g{number}",
            name=f"{PEOPLE[number % len(PEOPLE)]} and team {number}",
            wanted=number % 3 == 0,
            members_read_at=now,
            reason="The group could not be read." if number == 4 else "",
        )
        for number in range(max(3, count // 200))
    )
    _store(GroupMember(group=groups[0], object_id=entry.object_id, since=now) for entry in entries[:300])


def _entry(tenant: Tenant, number: int) -> DirectoryEntry:
    kind = ("user",) * 12 + ("shared", "room", "equipment", "guest", "org_contact")
    name = PEOPLE[number % len(PEOPLE)]
    address = f"person.{number:05}@{tenant.domain}"
    return DirectoryEntry(
        tenant=tenant,
        object_id=f"p{number}",
        kind=kind[number % len(kind)],
        name=f"{name} {number}" if number >= len(PEOPLE) else name,
        mail="" if number % 50 == 9 else address,
        user_principal_name=address,
        enabled=number % 17 != 3,
        hidden=number % 19 == 4,
        licensed=number % 7 != 2,
        mailbox="none" if number % 7 == 2 else "usable",
        person={"department": ("Sales", "Field Service", "Kundendienst und Instandhaltung")[number % 3]},
    )


def _tunnels(tenants: Sequence[Tenant], size: Size) -> list[Tunnel]:
    where = [tenant for tenant in tenants for _ in range(size.tunnels)]
    tunnels: list[Tunnel] = _store(_tunnel(tenant, number) for number, tenant in enumerate(where))
    feeds = _store(_feed(tenant, number) for number, tenant in enumerate(where))
    _store(
        member
        for tunnel, tenant, feed in zip(tunnels, where, feeds, strict=True)
        for member in _members(tunnel, tenant, feed)
    )
    _store(Cell(tunnel=tunnel, head=number % 7 + 40) for number, tunnel in enumerate(tunnels))
    _store(Policy(tunnel=tunnel, version=1, content={}, digest="-") for tunnel in tunnels)
    return tunnels


def _tunnel(tenant: Tenant, number: int) -> Tunnel:
    is_draft, is_paused = number % 37 == 1, number % 31 == 11
    return Tunnel(
        partner_id=tenant.partner_id,
        slug=f"tunnel-{number}",
        name=WHAT[number % len(WHAT)] if number < len(WHAT) else f"{WHAT[number % len(WHAT)]} {number}",
        kind="contacts" if number % 7 == 0 else "events",
        state="draft" if is_draft else "paused" if is_paused else "active",
        approved=0 if is_draft else 1,
        folder=f"Folder {number}",
    )


def _feed(tenant: Tenant, number: int) -> Feed:
    is_degraded = number % 41 == 9
    return Feed(
        tenant=tenant,
        kind="calendar",
        mailbox=f"p{number}",
        name=f"shared.{number}@{tenant.domain}",
        state="degraded" if is_degraded else "healthy",
        message="The source's mailbox is not found." if is_degraded else "",
        advice="Restore the mailbox, or name another source." if is_degraded else "",
    )


def _members(tunnel: Tunnel, tenant: Tenant, feed: Feed) -> Iterator[TunnelMember]:
    spec: dict[str, Any] = {"mailbox": feed.name} if tunnel.kind == "events" else {"address_list": True}
    yield TunnelMember(tunnel=tunnel, tenant=tenant, gives=True, order=0, spec=spec, feed=feed)
    yield TunnelMember(tunnel=tunnel, tenant=tenant, takes=True, order=1, spec={"group": "Field Team"})


def _lanes(tunnels: Sequence[Tunnel], size: Size, now: datetime) -> list[Lane]:
    cells = {cell.tunnel_id: cell for cell in Cell.objects.filter(tunnel__in=tunnels)}
    tenants = dict(
        TunnelMember.objects.filter(tunnel__in=tunnels, takes=True).values_list("tunnel", "tenant")
    )
    return _store(
        _lane(tunnel, cells[tunnel.pk], tenants[tunnel.pk], at, now)
        for place, tunnel in enumerate(tunnels)
        for at in range(size.lanes if place else size.many_lanes)
    )


def _lane(tunnel: Tunnel, cell: Cell, tenant: int, number: int, now: datetime) -> Lane:
    # Most tunnels are well; the first has everything, and of the others one in nine has trouble.
    has_trouble = tunnel.pk % 9 == 0 or tunnel.slug == "tunnel-0"
    state = LANE_STATES[(number + tunnel.pk) % len(LANE_STATES)] if has_trouble else "healthy"
    if tunnel.state != "active":
        state = "paused" if tunnel.state == "paused" else "waiting"
    is_failing, would_leave = state == "failing", state == "leaving"
    return Lane(
        cell=cell,
        tunnel=tunnel,
        tenant_id=tenant,
        mailbox=f"p{number}",
        name=f"{PEOPLE[number % len(PEOPLE)]}{f' {number}' if number >= len(PEOPLE) else ''}",
        address=f"person.{number:05}@client.example",
        kind=tunnel.kind,
        folder_name=tunnel.folder,
        state="held" if would_leave else state,
        approved=tunnel.approved,
        cursor=cell.head - (12 if state in {"behind", "running", "failing"} else 0),
        copies=number * 7 % 1500,
        failures=3 if is_failing else 0,
        reason=_TROUBLE[state][0],
        message=_TROUBLE[state][1],
        advice=_TROUBLE[state][2],
        # So far ahead that workers of a demonstration leave it alone.
        due_at=now + timedelta(days=3650) if state in {"behind", "running", "failing"} else None,
        leave_held=would_leave,
        last_write_at=now - timedelta(minutes=number) if number else None,
    )


_TROUBLE = defaultdict(
    lambda: ("", "", ""),
    failing=("mailbox full", "The mailbox is full.", "Make room in it, or take it out of the tunnel."),
    held=("too many deletions", "15 of 40 copies would be deleted within 24 hours.", "Look at them first."),
    leaving=(
        "too many leave",
        "20 of 300 mailboxes would leave the tunnel within 24 hours.",
        "Check the rule.",
    ),
)


def _runs(tunnels: Sequence[Tunnel], lanes: Sequence[Lane], now: datetime) -> None:
    states = ("done", "done", "failed", "held", "stopped", "done", "done")
    _store(
        Run(
            tunnel=tunnel,
            trigger=("change", "asked", "approval", "check")[number % 4],
            asked_by=PEOPLE[1] if number % 4 == 1 else "",
            state=states[(tunnel.pk + number) % len(states)],
            started_at=now - timedelta(hours=number + 1),
            ended_at=now - timedelta(hours=number + 1) + timedelta(seconds=40),
            created=number * 11,
            updated=number,
        )
        for tunnel in tunnels
        for number in range(3)
        if tunnel.state != "draft"
    )
    live = Run.objects.create(
        tunnel=tunnels[0], trigger="asked", asked_by=PEOPLE[1], started_at=now - timedelta(minutes=2),
        created=4321, updated=87, deleted=3, failed=12, requests=402,
    )  # fmt: skip
    _store(
        RunLine(
            run=live,
            at=now - timedelta(seconds=300 - number),
            lane=lane,
            tenant_id=lane.tenant_id,
            level="error" if number % 20 == 7 else "info",
            text="The mailbox is full." if number % 20 == 7 else f"{number * 3} created",
        )
        for number, lane in enumerate(lanes[:300])
    )


def _plans(first: Tunnel, draft: Tunnel, now: datetime) -> None:
    """A register behind the first tunnel, held deletions in it, and plans of the draft."""
    store(
        Cell.objects.get(tunnel=first),
        *(shaped(f"item-{number}", ContactCopy(display_name=name)) for number, name in enumerate(PEOPLE)),
    )
    cell = Cell.objects.get(tunnel=first)
    Lane.objects.filter(tunnel=first, due_at=None).update(cursor=cell.head)
    held = Lane.objects.filter(tunnel=first, state="held", leave_held=False)
    _store(
        HeldAction(
            lane=lane, row=row, verb="delete", cause="deleted at the source",
            guard="deletions", held_at=now,
        )
        for lane in held
        for row in range(15)
    )  # fmt: skip
    lanes = Lane.objects.filter(tunnel=draft)
    _store(
        LanePlan(
            lane=lane, definition=1, number=1, digest="-", creates=140, updates=3, deletes=0, skips=7,
            state="stale" if number == 1 else "open", made_at=now,
        )
        for number, lane in enumerate(lanes)
    )  # fmt: skip


def _writes(lanes: Sequence[Lane], count: int, now: datetime) -> None:
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for first in range(0, count, BATCH):
        _store(
            LedgerEntry(
                at=today + timedelta(milliseconds=number),
                lane=lanes[number % len(lanes)].pk,
                row=number,
                verb="create",
                cause="new at the source",
                outcome="written",
            )
            for number in range(first, min(count, first + BATCH))
        )


def _deeds(partner: Partner, tunnels: Sequence[Tunnel], now: datetime) -> None:
    actors = list(Member.objects.filter(partner=partner).values_list("user__name", flat=True)) or ["Somebody"]
    _store(
        AuditEntry(
            partner=partner,
            at=now,
            actor_kind="member",
            actor_name=actors[number % len(actors)],
            verb=("tunnel.approved", "tunnel.run_asked", "tunnel.paused")[number % 3],
            object_kind="tunnel",
            object_id=str(tunnel.pk),
            object_name=tunnel.name,
            after={"definition": 1, "lanes": 5},
        )
        for number, tunnel in enumerate(tunnels)
    )
