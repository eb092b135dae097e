"""Addresses of the second floor that name an object, and an object of Alder's for each."""

from __future__ import annotations

from partners import clock
from partners.models import Member
from tenants.models import Tenant
from tests.tenants.fence import one_tenant
from tests.tunnels.building import make_lane, make_tunnel
from tunnels.models import Run, Tunnel


def _tunnel(owner: Member) -> Tunnel:
    tenant = Tenant.objects.get(pk=str(one_tenant(owner)["tenant_id"]))
    return Tunnel.objects.filter(slug="alder").first() or make_tunnel(tenant, "alder", name="Alder On-Call")


def one_tunnel(owner: Member) -> dict[str, object]:
    """A tunnel of Alder's."""
    return {"tunnel_id": _tunnel(owner).pk}


def one_lane(owner: Member) -> dict[str, object]:
    """One of its lanes."""
    tunnel = _tunnel(owner)
    lane = tunnel.lanes.first() or make_lane(tunnel, name="Alder Person")
    return {"tunnel_id": tunnel.pk, "lane_id": lane.pk}


def one_run(owner: Member) -> dict[str, object]:
    """A run that is over."""
    run = Run.objects.create(tunnel=_tunnel(owner), trigger="asked", state="done", started_at=clock.now())
    return {"run_id": run.pk}


EXAMPLES = {
    **dict.fromkeys(
        [
            "tunnels:tunnel", "tunnels:state", "tunnels:run-now", "tunnels:pause", "tunnels:resume",
            "tunnels:plan", "tunnels:approve", "tunnels:plan-again", "tunnels:release",
        ],
        one_tunnel,
    ),
    "tunnels:lane-plan": one_lane,
    "tunnels:run": one_run,
    "tunnels:run-panel": one_run,
}  # fmt: skip
