"""Reading about tunnels. Every query starts from what the principal may see.

A tunnel between tenants is seen from both ends: one's own side in full, of the other only the
tenant's name and the collection's name. Lanes, journal lines, held actions and ledger rows are
therefore those of one's own tenants.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import TruncDate

from partners import clock
from partners.principals import Principal
from tenants.models import Connection, Problem, Tenant
from tunnels.models import (
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

UNWELL = (Feed.State.DEGRADED, Feed.State.HELD)
NOT_LEVEL = ("behind", "running", "leaving", "failing", "held")
# As the guards say it in the problems that they open.
HELD_REASONS = ("too many deletions", "too many leave")


def tunnels_of(principal: Principal) -> QuerySet[Tunnel]:
    """The tunnels that the principal may see, with their state in a word and all counts, in one query.

    Counts and the word speak of tenants within reach: of the other end not even numbers are told.
    """
    lanes = Q(lanes__gone_at=None) & principal.scope.condition("lanes__tenant_id")
    ours = principal.scope.condition("tenant_id")
    beyond = TunnelMember.objects.filter(~ours, tunnel=OuterRef("pk"))
    last_run = Run.objects.filter(tunnel=OuterRef("pk")).order_by("-pk")
    counted = Tunnel.objects.visible_to(principal).annotate(
        lane_count=Count("lanes", filter=lanes),
        lanes_behind=Count("lanes", filter=lanes & Q(lanes__state__in=("behind", "running", "leaving"))),
        lanes_healthy=Count("lanes", filter=lanes & Q(lanes__state="healthy")),
        lanes_held=Count("lanes", filter=lanes & Q(lanes__state="held")),
        lanes_failing=Count("lanes", filter=lanes & Q(lanes__state="failing")),
        is_running=Exists(Run.objects.filter(tunnel=OuterRef("pk"), state=Run.State.RUNNING)),
        reaches_all=~Exists(beyond),
        is_degraded=Exists(Feed.objects.filter(ours, members__tunnel=OuterRef("pk"), state__in=UNWELL)),
        is_shut_out=Exists(
            Connection.objects.filter(
                ours, tenant__tunnel_members__tunnel=OuterRef("pk"), state=Connection.State.LOST
            )
        ),
        last_run_id=Subquery(last_run.values("pk")[:1]),
        last_run_at=Subquery(last_run.values("started_at")[:1]),
    )
    return counted.annotate(word=_word())


def _word() -> Case:
    """One word for a tunnel, the worst first; the database says it, so that lists are sorted there."""
    worst_first = (
        (Q(is_degraded=True) | Q(is_shut_out=True) | Q(reaches_all=True) & ~Q(reason=""), "degraded"),
        (Q(lanes_failing__gt=0), "failing"),
        (Q(lanes_held__gt=0), "held"),
        (Q(approved__lt=F("definition")), "waiting"),
        (Q(is_running=True), "running"),
        (Q(lanes_behind__gt=0), "behind"),
    )
    return Case(
        When(~Q(state=Tunnel.State.ACTIVE), then=F("state")),
        *(When(holds, then=Value(word)) for holds, word in worst_first),
        default=Value("healthy"),
        output_field=CharField(),
    )


def state_of(tunnel: Tunnel) -> str:
    """The word for a tunnel of `tunnels_of`: what a page shows as its state."""
    return str(vars(tunnel)["word"])


def trouble_of(tunnel: Tunnel) -> str:
    """What a tunnel of `tunnels_of` says is wrong; it may name any end, so only who reaches all reads it."""
    return tunnel.message if vars(tunnel)["reaches_all"] else ""


@dataclass(frozen=True, slots=True)
class End:
    """One member of a tunnel as a principal may see it.

    `is_ours`: the tenant is within reach; otherwise only the names are told.
    """

    tenant: str
    tenant_slug: str
    name: str
    gives: bool
    takes: bool
    is_ours: bool
    state: str = ""
    message: str = ""
    advice: str = ""
    looked_at: datetime | None = None
    items: int = 0


def ends_of(principal: Principal, tunnel: Tunnel) -> list[End]:
    """Sources and targets of a tunnel in order; the other side's by name only."""
    return [_end(principal, member) for member in tunnel.members.select_related("tenant", "feed")]


def _end(principal: Principal, member: TunnelMember) -> End:
    is_ours = principal.sees_tenant(member.tenant_id)
    tenant, feed = member.tenant, member.feed
    name = name_of(member) if is_ours or member.gives else "Mailboxes"
    bare = End(tenant.name, tenant.slug, name, member.gives, member.takes, is_ours)
    if not is_ours or feed is None:
        return bare
    return End(
        tenant.name, tenant.slug, bare.name, member.gives, member.takes, is_ours,
        state=feed.state, message=feed.message, advice=feed.advice, looked_at=feed.looked_at,
        items=feed.items.filter(gone=False).exclude(number=0).count(),
    )  # fmt: skip


def name_of(member: TunnelMember) -> str:
    """What the member is called on a page: the collection, or the rule in a few words."""
    spec = member.spec
    if member.gives:
        calendar = f" ({spec['calendar']})" if spec.get("calendar") else ""
        return "Address list" if spec.get("address_list") else f"Calendar of {spec['mailbox']}{calendar}"
    match next((way for way in ("mailboxes", "group", "all_users", "filter") if way in spec), ""):
        case "mailboxes":
            count = len(spec["mailboxes"])
            return spec["mailboxes"][0] if count == 1 else f"{count} mailboxes"
        case "group":
            return f"Group {spec['group']}"
        case "all_users":
            return "All users"
        case _:
            return "Users by attribute"


def lanes_of(principal: Principal, tunnel: Tunnel | None = None) -> QuerySet[Lane]:
    """The lanes that stand, into tenants within reach; of one tunnel if asked."""
    lanes = Lane.objects.visible_to(principal).standing().select_related("cell", "tenant", "tunnel")
    return lanes.filter(tunnel=tunnel) if tunnel else lanes


def runs_of(principal: Principal, tunnel: Tunnel | None = None) -> QuerySet[Run]:
    """Runs, newest first; of one tunnel if asked."""
    runs = Run.objects.visible_to(principal).select_related("tunnel")
    return runs.filter(tunnel=tunnel) if tunnel else runs


def journal_of(principal: Principal, run: Run) -> QuerySet[RunLine]:
    """The lines of a run's journal in order, without those about the other end's mailboxes."""
    return RunLine.objects.visible_to(principal).filter(run=run).select_related("lane")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come."""

    lanes: int
    level: int
    failing: int
    seconds: float

    @property
    def percent(self) -> int:
        """Lanes that are done with, of all, in whole per cent."""
        return 100 if not self.lanes else 100 * (self.level + self.failing) // self.lanes


def progress_of(principal: Principal, run: Run) -> Progress:
    """Counts over the lanes of the run's tunnel that lie within reach."""
    lanes = Lane.objects.visible_to(principal).standing().filter(tunnel=run.tunnel)
    counts = lanes.aggregate(
        all=Count("pk"),
        level=Count("pk", filter=Q(due_at=None)),
        failing=Count("pk", filter=Q(due_at__isnull=False, state__in=("failing", "held", "waiting"))),
    )
    end = run.ended_at or clock.now()
    return Progress(counts["all"], counts["level"], counts["failing"], (end - run.started_at).total_seconds())


def plans_of(principal: Principal, tunnel: Tunnel) -> QuerySet[LanePlan]:
    """The stored plans of a tunnel's lanes within reach."""
    lanes = Lane.objects.visible_to(principal).standing().filter(tunnel=tunnel)
    return LanePlan.objects.filter(lane__in=lanes).select_related("lane", "lane__cell").order_by("lane__name")


def policy_of(tunnel: Tunnel) -> Policy | None:
    """The version that rules; None for a tunnel without one."""
    return tunnel.policies.first()


def held_of(principal: Principal, tunnel: Tunnel | None = None) -> QuerySet[HeldAction]:
    """What guards hold, oldest first."""
    held = HeldAction.objects.visible_to(principal).waiting().select_related("lane", "lane__tunnel")
    return (held.filter(lane__tunnel=tunnel) if tunnel else held).order_by("held_at", "pk")


def ledger_of(principal: Principal, tunnel: Tunnel | None = None) -> QuerySet[LedgerEntry]:
    """Writes, newest first; into one tunnel's lanes if asked."""
    entries = LedgerEntry.objects.visible_to(principal)
    return entries.filter(lane__in=tunnel.lanes.values("pk")) if tunnel else entries


@dataclass(frozen=True, slots=True)
class Numbers:
    """The four numbers of the dashboard."""

    tenants: int
    tenants_healthy: int
    lanes: int
    lanes_behind: int
    needs_a_person: int
    writes_today: int


def numbers_of(principal: Principal) -> Numbers:
    """What is broken, what is behind, what needs somebody: over everything within reach."""
    tenants = Tenant.objects.visible_to(principal).aggregate(
        all=Count("pk", distinct=True),
        unwell=Count("pk", filter=Q(problems__isnull=False, problems__closed_at=None), distinct=True),
    )
    lanes = Lane.objects.visible_to(principal).standing()
    counts = lanes.aggregate(all=Count("pk"), behind=Count("pk", filter=Q(state__in=NOT_LEVEL)))
    return Numbers(
        tenants=tenants["all"],
        tenants_healthy=tenants["all"] - tenants["unwell"],
        lanes=counts["all"],
        lanes_behind=counts["behind"],
        needs_a_person=undecided_of(principal).count() + plain_problems_of(principal).count(),
        writes_today=writes_since(principal, _midnight()),
    )


def undecided_of(principal: Principal) -> QuerySet[Tunnel]:
    """Tunnels in which a plan waits for approval, or a guard for a decision."""
    leaving = Lane.objects.visible_to(principal).standing().filter(tunnel=OuterRef("pk"), leave_held=True)
    held = held_of(principal).order_by().filter(lane__tunnel=OuterRef("pk"))
    waits = Q(approved__lt=F("definition")) & ~Q(state=Tunnel.State.PAUSED)
    return Tunnel.objects.visible_to(principal).filter(waits | Exists(leaving) | Exists(held))


def plain_problems_of(principal: Principal) -> QuerySet[Problem]:
    """Open problems without those that only say that a guard holds: these are `undecided_of`."""
    return Problem.objects.visible_to(principal).open().exclude(reason__in=HELD_REASONS)


def writes_since(principal: Principal, moment: datetime) -> int:
    """Writes that succeeded since then."""
    return LedgerEntry.objects.visible_to(principal).filter(at__gte=moment, outcome="written").count()


def writes_by_day(principal: Principal, days: int = 14) -> dict[str, int]:
    """Writes that succeeded, by date, of the last days that had any."""
    written = LedgerEntry.objects.visible_to(principal).filter(
        at__gte=_midnight() - timedelta(days=days - 1), outcome="written"
    )
    by_day = written.order_by().annotate(day=TruncDate("at")).values_list("day").annotate(Count("pk"))
    return {day.isoformat(): count for day, count in by_day.order_by("day")}


def _midnight() -> datetime:
    return clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
