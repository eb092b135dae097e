"""What the pages under the roof put together from the floors below."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from partners.principals import Principal
from tenants.models import Tenant
from tunnels import selectors, telling
from tunnels.models import TunnelMember
from tunnels.telling import TunnelLine

WELL = ("healthy", "running")
WORST_SHOWN = 10


@dataclass(frozen=True, slots=True)
class TunnelCount:
    """How many tunnels touch a tenant, and how many of them are well."""

    all: int = 0
    healthy: int = 0


def worst_of(principal: Principal) -> list[TunnelLine]:
    """The ten that are least well; a healthy one is never among them. One query."""
    unwell = telling.tunnels_by_worth(principal).exclude(Q(word__in=WELL))
    return telling.lines_of(unwell[:WORST_SHOWN])


def tunnel_counts(principal: Principal, tenants: Sequence[Tenant]) -> dict[int, TunnelCount]:
    """Per tenant id: how many tunnels have an end there, and how many of these are well. Two queries."""
    ends = TunnelMember.objects.filter(tenant__in=tenants).order_by()
    pairs = set(ends.values_list("tenant", "tunnel"))
    touched = selectors.tunnels_of(principal).filter(pk__in={tunnel for _, tunnel in pairs})
    well = set(touched.filter(Q(word__in=WELL)).values_list("pk", flat=True))
    everything = Counter(tenant for tenant, _ in pairs)
    healthy = Counter(tenant for tenant, tunnel in pairs if tunnel in well)
    return {tenant: TunnelCount(count, healthy[tenant]) for tenant, count in everything.items()}
