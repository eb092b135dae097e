"""What waits for a person, each thing with the page on which it is decided or mended."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, QuerySet, Sum

from partners.principals import Principal
from partners.words import many
from tenants import selectors as tenants
from tenants.models import Problem, Tenant
from tunnels import selectors
from tunnels.models import Lane, Tunnel

MOST_SHOWN = 20
_ABOUT_A_TUNNEL = re.compile(r"tunnel (\d+)\b")


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that waits: what and where, what to do, since when."""

    message: str
    advice: str
    tenant: Tenant | None = None
    tunnel: int | None = None
    """The tunnel that it is about."""
    is_plan: bool = False
    """It is decided on the tunnel's plan page."""
    since: datetime | None = None


def needs_of(principal: Principal) -> list[Need]:
    """Plans and holds first, then what is broken; at most twenty."""
    undecided = list(selectors.undecided_of(principal).order_by("name", "pk")[:MOST_SHOWN])
    problems = selectors.plain_problems_of(principal).select_related("tenant")
    broken = _broken(principal, problems[: MOST_SHOWN - len(undecided)])
    return [*_decisions(principal, undecided), *broken]


def needs_in(principal: Principal, tenant: Tenant) -> list[Need]:
    """The open problems of one tenant, whatever they are about."""
    return _broken(principal, tenants.problems_of(principal).filter(tenant=tenant)[:MOST_SHOWN])


def _decisions(principal: Principal, undecided: Collection[Tunnel]) -> Iterable[Need]:
    held = selectors.held_of(principal).filter(lane__tunnel__in=undecided).order_by()
    deletions = dict(held.values_list("lane__tunnel").annotate(Count("pk")))
    lanes = selectors.lanes_of(principal).filter(tunnel__in=undecided).order_by()
    leaving = dict(lanes.filter(leave_held=True).values_list("tunnel").annotate(Count("pk")))
    plans = _plans(lanes)
    for tunnel in undecided:
        counts = deletions.get(tunnel.pk, 0), leaving.get(tunnel.pk, 0)
        yield _hold(tunnel, *counts) if any(counts) else _approval(tunnel, plans.get(tunnel.pk))


def _plans(lanes: QuerySet[Lane]) -> dict[int, tuple[int, int]]:
    """Per tunnel whose plan is made: how many writes it has, and in how many mailboxes."""
    writes = Sum(F("plan__creates") + F("plan__updates") + F("plan__deletes"))
    waiting = lanes.filter(approved__lt=F("plan__definition"), plan__definition=F("tunnel__definition"))
    counted = waiting.values("tunnel").annotate(writes=writes, mailboxes=Count("pk"))
    return {row["tunnel"]: (row["writes"], row["mailboxes"]) for row in counted}


def _hold(tunnel: Tunnel, deletions: int, leaving: int) -> Need:
    held = [many(deletions, "deletion", "deletions")] if deletions else []
    held += [many(leaving, "mailbox that would leave", "mailboxes that would leave")] if leaving else []
    said = f"{tunnel.name}: a guard holds {' and '.join(held)}."
    return Need(said, "Read it; then release it, or mend the source.", tunnel=tunnel.pk, is_plan=True)


def _approval(tunnel: Tunnel, counts: tuple[int, int] | None) -> Need:
    said = "its plan is being made."
    if counts is not None:
        writes, mailboxes = many(counts[0], "write", "writes"), many(counts[1], "mailbox", "mailboxes")
        said = f"a plan of {writes} in {mailboxes} waits for approval."
    advice = "Nothing is written before somebody has read and approved it."
    return Need(f"{tunnel.name}: {said}", advice, tunnel=tunnel.pk, is_plan=True)


def _broken(principal: Principal, problems: Iterable[Problem]) -> list[Need]:
    found = [(problem, _tunnel_of(problem)) for problem in problems]
    asked = [number for _, number in found if number]
    seen = set(Tunnel.objects.visible_to(principal).filter(pk__in=asked).values_list("pk", flat=True))
    return [
        Need(
            problem.message,
            problem.advice,
            tenant=problem.tenant,
            tunnel=number if number in seen else None,
            since=problem.opened_at,
        )
        for problem, number in found
    ]


def _tunnel_of(problem: Problem) -> int | None:
    """The tunnel that a problem is about, by its subject."""
    said = _ABOUT_A_TUNNEL.match(problem.subject)
    return int(said[1]) if said else None
