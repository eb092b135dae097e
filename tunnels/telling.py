"""How tunnels are told on pages: a state and a reason, ends as words, a policy as sentences."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

from django.db.models import Case, Count, Q, QuerySet, Sum, Value, When

from partners.principals import Principal
from syncengine.shaping.policy import ContactPolicy, EventPolicy, PolicyKind, policy_from_json
from tenants.models import Tenant
from tunnels import selectors
from tunnels.models import Lane, Tunnel, TunnelMember

WORST_FIRST = ("failing", "degraded", "held", "waiting", "behind", "draft", "paused", "running", "healthy")


ON_THE_WAY = "not_level"
"""Asks for the tunnels that have targets which are not level, whatever their word."""


@dataclass(frozen=True, slots=True)
class TunnelLine:
    """One tunnel as a list shows it: its state in a word, and why."""

    tunnel: Tunnel
    state: str
    reason: str


def tunnels_by_worth(
    principal: Principal, *, tenant: Tenant | None = None, words: str = "", state: str = ""
) -> QuerySet[Tunnel]:
    """Tunnels, the worst first: of one tenant, by words, by state if asked. One query a page."""
    found = selectors.tunnels_of(principal)
    if tenant is not None:
        found = found.filter(pk__in=TunnelMember.objects.filter(tenant=tenant).values("tunnel"))
    for word in words.split()[:8]:
        found = found.filter(name__icontains=word)
    if state == ON_THE_WAY:
        found = found.filter(Q(lanes_behind__gt=0) | Q(lanes_failing__gt=0) | Q(lanes_held__gt=0))
    elif state:
        found = found.filter(Q(word=state))
    rank = Case(*(When(word=word, then=Value(place)) for place, word in enumerate(WORST_FIRST)))
    return found.order_by(rank, "name", "pk")


def lines_of(tunnels: Iterable[Tunnel]) -> list[TunnelLine]:
    """The lines of these tunnels, which come from `tunnels_by_worth`."""
    return [_line(one) for one in tunnels]


def _line(tunnel: Tunnel) -> TunnelLine:
    state = selectors.state_of(tunnel)
    return TunnelLine(tunnel, state, selectors.trouble_of(tunnel) or _reason(tunnel, state))


def _reason(tunnel: Tunnel, state: str) -> str:
    counts = vars(tunnel)
    match state:
        case "failing":
            return f"{counts['lanes_failing']} of {counts['lane_count']} targets fail"
        case "degraded":
            return "A tenant lets us in no more" if counts["is_shut_out"] else "A source could not be read"
        case "held":
            return f"A guard holds deletions in {counts['lanes_held']} of {counts['lane_count']} targets"
        case "waiting" | "draft":
            return "Its plan waits for approval"
        case "behind":
            return f"{counts['lanes_behind']} of {counts['lane_count']} targets behind"
        case "paused":
            return "A person paused it; all copies stay"
    return ""


@dataclass(frozen=True, slots=True)
class EndName:
    """One end of a tunnel in a list: whose, and which collection or rule."""

    tenant: str
    name: str


def ends_of_all(
    tunnels: Iterable[Tunnel], principal: Principal
) -> dict[int, tuple[list[EndName], list[EndName]]]:
    """Per tunnel: what it comes from, and what it goes to. One query."""
    found = list(tunnels)
    ends: dict[int, tuple[list[EndName], list[EndName]]] = {tunnel.pk: ([], []) for tunnel in found}
    members = TunnelMember.objects.filter(tunnel__in=found).select_related("tenant").order_by("order")
    for member in members:
        is_told = member.gives or principal.sees_tenant(member.tenant_id)
        name = EndName(member.tenant.name, selectors.name_of(member) if is_told else "")
        ends[member.tunnel_id][0 if member.gives else 1].append(name)
    return ends


def search_lanes(lanes: QuerySet[Lane], *, words: str = "", state: str = "") -> QuerySet[Lane]:
    """Lanes whose mailbox's name or address holds every word, in one state if asked."""
    if state:
        lanes = lanes.filter(state=state)
    for word in words.split()[:8]:
        lanes = lanes.filter(Q(name__icontains=word) | Q(address__icontains=word))
    return lanes


def copies_in(principal: Principal, tunnel: Tunnel) -> int:
    """How many copies the tunnel's lanes hold, within reach."""
    held: int | None = selectors.lanes_of(principal, tunnel).aggregate(all=Sum("copies"))["all"]
    return held or 0


def failures_of(principal: Principal, tunnel: Tunnel) -> list[dict[str, Any]]:
    """Why lanes of a tunnel fail: reason, advice and how many, the most frequent first."""
    failing = selectors.lanes_of(principal, tunnel).exclude(reason="")
    grouped = failing.order_by().values("state", "reason", "message", "advice").annotate(count=Count("pk"))
    return [dict(row) for row in grouped.order_by("-count")]


def policy_in_words(tunnel: Tunnel) -> list[str]:
    """The policy that rules, as sentences."""
    stored = selectors.policy_of(tunnel)
    policy = policy_from_json(cast("PolicyKind", tunnel.kind), stored.content if stored else {})
    return _of_events(policy) if isinstance(policy, EventPolicy) else _of_contacts(policy)


_DETAIL = {
    "busy": "Copies show only that the time is taken.",
    "title": "Copies show the title, not the place and not the text.",
    "title_place": "Copies show title and place, not the text.",
    "full": "Copies show title, place and text; never who takes part.",
}
_PRIVATE = {
    "mask": "Private events appear as “{mask}”, without title, place and text.",
    "leave_out": "Private events are left out.",
    "as_others": "Private events are treated like all others.",
}


_SHOW_AS = {"oof": "out of office", "workingElsewhere": "working elsewhere"}


def _of_events(policy: EventPolicy) -> list[str]:
    said = [
        f"From {policy.days_before} days ago to {policy.days_after} days ahead.",
        _DETAIL[policy.detail],
        _PRIVATE[policy.private].format(mask=policy.mask_subject),
        f"Only events shown as {', '.join(_SHOW_AS.get(word, word) for word in policy.show_as)}.",
    ]
    optional = {
        "Declined events are left out.": policy.leave_out_declined,
        "Cancelled events are left out.": policy.leave_out_cancelled,
        "Who takes part in a meeting already gets no copy of it.": policy.skip_if_owner_takes_part,
        f"Each title begins with “{policy.prefix}”.": policy.prefix,
        f"Copies remind {policy.reminder_minutes} minutes before.": policy.reminder_minutes is not None,
    }
    return [*said, *(sentence for sentence, holds in optional.items() if holds)]


def _of_contacts(policy: ContactPolicy) -> list[str]:
    kinds = ", ".join(kind.replace("_", " ").replace("org contact", "mail contact") for kind in policy.kinds)
    optional = {
        "Only enabled accounts.": policy.enabled_only,
        "Only people with a licence.": policy.licensed != "any",
        "Only people with a mail address.": policy.needs_mail,
        "Only people with a telephone number.": policy.needs_phone,
        "Who is hidden from address lists is left out.": policy.hidden == "respect",
        f"Only members of {len(policy.groups)} group(s).": policy.groups,
        f"Without members of {len(policy.without_groups)} group(s).": policy.without_groups,
        f"Only the departments {', '.join(policy.departments)}.": policy.departments,
        f"Only the companies {', '.join(policy.companies)}.": policy.companies,
        "Nobody gets a contact of himself.": policy.leave_out_own_entry,
    }
    return [f"Entries of these kinds: {kinds}.", *(text for text, holds in optional.items() if holds)]
