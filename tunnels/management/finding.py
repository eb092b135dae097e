"""What commands share: finding a tunnel by its name, and who acts."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import CommandError

from partners.principals import Principal
from tunnels.models import Tunnel

ACTOR = "manage.py"


def tunnel_named(name: str) -> Tunnel:
    """The tunnel with this slug, or partner/slug where two partners use the same."""
    partner, _, slug = name.rpartition("/")
    found = Tunnel.objects.filter(slug=slug).select_related("partner")
    if partner:
        found = found.filter(partner__name=partner)
    tunnels = list(found[:2])
    if not tunnels:
        known = ", ".join(Tunnel.objects.order_by("slug").values_list("slug", flat=True)[:20]) or "none yet"
        raise CommandError(f"There is no tunnel {name}. Known are: {known}.")
    if len(tunnels) > 1:
        raise CommandError(f"Several partners have a tunnel {slug}: say PARTNER/{slug}.")
    return tunnels[0]


def actor(tunnel: Tunnel) -> Principal:
    """The command line acts for the tunnel's partner, with every right."""
    return Principal.system(tunnel.partner_id, ACTOR)


def as_json(answer: dict[str, Any]) -> str:
    """One line."""
    return json.dumps(answer, default=str, ensure_ascii=False)
