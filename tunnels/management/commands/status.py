"""`manage.py status --json`: how everything is, in one look at the database."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from partners.models import Partner
from partners.principals import Principal
from tenants.models import Problem, Tenant
from tunnels import selectors
from tunnels.management.finding import ACTOR, as_json
from tunnels.models import Tunnel


class Command(BaseCommand):
    help = "Says how tenants and tunnels are; asks nobody but the database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="One line of JSON.")

    def handle(self, *_: Any, **options: Any) -> None:
        partners = [told(partner) for partner in Partner.objects.order_by("name")]
        if options["json"]:
            self.stdout.write(as_json({"partners": partners}))
            return
        for partner in partners:
            self.stdout.write(partner["partner"])
            for tenant in partner["tenants"]:
                self.stdout.write(f"  {tenant['tenant']}: {tenant['state']} {tenant['reason']}".rstrip())
            for tunnel in partner["tunnels"]:
                self.stdout.write(
                    f"  {tunnel['tunnel']}: {tunnel['state']}, {tunnel['healthy']} of {tunnel['lanes']} "
                    f"mailboxes healthy. {tunnel['reason']}".rstrip()
                )


def told(partner: Partner) -> dict[str, Any]:
    """A partner as documented in docs/cli.md."""
    principal = Principal.system(partner.pk, ACTOR)
    tenants = Tenant.objects.visible_to(principal).select_related("connection", "directory")
    return {
        "partner": partner.name,
        "tenants": [_tenant(tenant) for tenant in tenants],
        "tunnels": [_tunnel(tunnel) for tunnel in selectors.tunnels_of(principal)],
        "problems": [
            {"tenant": one.tenant.slug, "subject": one.subject, "reason": one.reason, "message": one.message}
            for one in Problem.objects.visible_to(principal).open().select_related("tenant")
        ],
    }


def _tenant(tenant: Tenant) -> dict[str, Any]:
    connection, directory = getattr(tenant, "connection", None), getattr(tenant, "directory", None)
    return {
        "tenant": tenant.slug,
        "state": connection.state if connection else "not connected",
        "reason": (connection.reason if connection else "") or (directory.reason if directory else ""),
        "directory_refreshed_at": directory.refreshed_at if directory else None,
    }


def _tunnel(tunnel: Tunnel) -> dict[str, Any]:
    counts = vars(tunnel)
    return {
        "tunnel": tunnel.slug,
        "kind": tunnel.kind,
        "state": selectors.state_of(tunnel),
        "reason": tunnel.message,
        "lanes": counts["lane_count"],
        "healthy": counts["lanes_healthy"],
        "behind": counts["lanes_behind"],
        "held": counts["lanes_held"],
        "failing": counts["lanes_failing"],
        "last_run_at": counts["last_run_at"],
    }
