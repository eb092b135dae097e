"""What the processes of a drill do. Each deed runs in a process of its own, which may be killed.

The module is loaded once, by the process that forks them: a worker is there within milliseconds.
"""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable
from typing import Any
from uuid import UUID

import django
from django.apps import apps

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
if not apps.ready:
    django.setup()

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from partners.models import Member, Partner, User
from partners.permissions import Role
from partners.selectors import principal_of
from portal import postgres
from tenants import services as tenants_services
from tests.drills.place import Place
from tests.drills.worlds import APP, SECRET, A
from tunnels import defining, services, tasks
from tunnels.defining import Definition, End
from tunnels.models import Run, Tunnel
from tunnels.running import auditing, slices

NAP_S = 0.05


def settle_at(place: Place) -> None:
    """From here on, this process works there."""
    connection.settings_dict.update(postgres.as_django(place.database))
    settings.CULVERT_GRAPH_URL = place.graph
    settings.CULVERT_LOGIN_URL = place.login
    settings.CULVERT_CA_BUNDLE = place.ca
    settings.CULVERT_LEASE_S = place.lease_s


def migrate() -> None:
    """Make the tables."""
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)


def open_tunnel(kind: str, source: dict[str, Any], mailboxes: list[str]) -> None:
    """A partner, a tenant, and an approved tunnel of which nothing is read or written yet."""
    partner = Partner.objects.create(name="Alder", requires_second_factor=False)
    user = User.objects.create_user("owner@alder.example", None, name="Owner")
    owner = principal_of(Member.objects.create(partner=partner, user=user, role=Role.OWNER))
    tenant = tenants_services.add_tenant(owner, slug="northwind", microsoft_id=UUID(A), name="Northwind")
    tenants_services.connect(owner, tenant, client_id=UUID(APP), secret=SECRET)
    ends = [End(tenant, True, source), End(tenant, False, {"mailboxes": mailboxes})]
    tunnel = defining.open_tunnel(owner, Definition("drill", "Drill", kind, ends, folder="Drill"))
    services.approve_all(owner, tunnel)


def work(patience_s: float) -> str:
    """What a worker of the queue does, slice after slice, until the tunnel's run is over."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        tasks.work("bulk")
        is_alive = Run.objects.filter(state=Run.State.RUNNING).exists()
        if not is_alive and not slices.is_anything_due():
            return "level"
        time.sleep(NAP_S)
    return "patience is over"


def run_now() -> None:
    """*Run now*, as the tunnel's owner."""
    owner = principal_of(Member.objects.get())
    services.run_now(owner, Tunnel.objects.get())


def audit() -> tuple[int, list[str]]:
    """The product's own audit of the tunnel: how many copies it compared, and what it found."""
    found = auditing.audit(Tunnel.objects.get())
    return found.compared, [f"{one.mailbox}: {one.difference}" for one in found.differences]


def done(place: Place, deed: str, arguments: list[Any]) -> dict[str, Any]:
    """A deed done there: its answer, or why it failed."""
    settle_at(place)
    try:
        return {"answer": DEEDS[deed](*arguments)}
    except Exception as error:  # noqa: BLE001  (whatever it is, the test must hear of it)
        traceback.print_exc()
        return {"error": f"{type(error).__name__}: {error}"}


DEEDS: dict[str, Callable[..., Any]] = {
    deed.__name__: deed for deed in (migrate, open_tunnel, work, run_now, audit)
}
