"""What the pages under the roof put together from the floors below."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from tunnels.models import TunnelMember
from tunnels.telling import TunnelLine

WELL = frozenset({"healthy", "running"})
WORST_SHOWN = 10


@dataclass(frozen=True, slots=True)
class TunnelCount:
    """How many tunnels touch a tenant, and how many of them are well."""

    all: int = 0
    healthy: int = 0


def worst_of(lines: Iterable[TunnelLine]) -> list[TunnelLine]:
    """The ten that are least well; a healthy one is never among them."""
    return [line for line in lines if line.state not in WELL][:WORST_SHOWN]


def tunnel_counts(lines: Iterable[TunnelLine]) -> dict[int, TunnelCount]:
    """Per tenant id: how many tunnels have an end there, and how many of these are well. One query."""
    states = {line.tunnel.pk: line.state for line in lines}
    ends = TunnelMember.objects.filter(tunnel__in=states).values_list("tenant", "tunnel").distinct()
    everything, well = Counter[int](), Counter[int]()
    for tenant, tunnel in ends:
        everything[tenant] += 1
        well[tenant] += states[tunnel] in WELL
    return {tenant: TunnelCount(count, well[tenant]) for tenant, count in everything.items()}
