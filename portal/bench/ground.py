"""What is measured on: a database and a sandbox of their own, which go when the measuring is over.

The database keeps its promises (a commit is on the disk), unlike that of tests.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import orjson
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from partners import clock
from partners.models import Member, Partner, User
from partners.permissions import Role
from partners.principals import Principal
from partners.selectors import principal_of
from portal import postgres
from portal.bench import world
from portal.demo.processes import Crew
from syncengine.connectors.http import Http
from tenants import services as tenants_services
from tenants.models import Tenant
from tunnels import defining, services, tasks
from tunnels.defining import Definition, End
from tunnels.models import Lane, Run, Tunnel
from tunnels.running import slices

FORM = "application/x-www-form-urlencoded"


class Sandbox:
    """The local Microsoft 365 that is asked, and what it has counted."""

    def __init__(self, ready: dict[str, Any]) -> None:
        self.graph: str = ready["graph"]
        self.login: str = ready["login"]
        self.ca: str = ready["ca"]
        self._control = Http(ready["control"], ca_bundle=self.ca)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One request to its control interface."""
        sent = None if body is None else orjson.dumps(body)
        headers = {"Content-Type": "application/json"}
        return orjson.loads(self._control.send(method, path, headers=headers, body=sent).body)

    def token(self) -> str:
        """An access token for the app that is measured."""
        form = {
            "client_id": world.APP,
            "client_secret": world.SECRET,
            "grant_type": "client_credentials",
            "scope": "https://graph.microsoft.com/.default",
        }
        sign_in, headers = Http(self.login, ca_bundle=self.ca), {"Content-Type": FORM}
        body = urlencode(form).encode()
        answer = sign_in.send("POST", f"/{world.TENANT}/oauth2/v2.0/token", headers=headers, body=body)
        token: str = answer.json()["access_token"]
        return token

    def forget(self) -> None:
        """Count anew."""
        self.ask("DELETE", "counters")

    def counted(self) -> dict[str, Any]:
        """What it has counted since."""
        counters: dict[str, Any] = self.ask("GET", "counters")
        return counters

    def log(self) -> list[dict[str, Any]]:
        """The last calls, oldest first; each part of a batch is one."""
        lines: list[dict[str, Any]] = self.ask("GET", "requests?last=20000")["requests"]
        return lines


class Ground:
    """A tenant that is connected, and deeds on it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.principal, self.tenant = _take_on_a_tenant()

    def open_tunnel(self, slug: str, kind: str, source: dict[str, Any], mailboxes: int) -> Tunnel:
        """A draft into a folder of its own in the first so many mailboxes."""
        names = [world.address(number) for number in range(1, mailboxes + 1)]
        ends = [End(self.tenant, True, source), End(self.tenant, False, {"mailboxes": names})]
        wanted = Definition(slug, slug.title(), kind, ends, folder=slug.title())
        return defining.open_tunnel(self.principal, wanted)

    def approve(self, tunnel: Tunnel) -> None:
        """Let the lanes write."""
        services.approve_all(self.principal, tunnel)

    def work(self) -> None:
        """What a worker of the queue does, until nothing is due."""
        while True:
            tasks.work("bulk")
            if not (slices.is_anything_due() or Run.objects.filter(state=Run.State.RUNNING).exists()):
                return

    def advance(self, by: timedelta) -> None:
        """Let time pass, for both sides."""
        clock.advance(by)
        self.sandbox.ask("PUT", "clock", {"advance_s": by.total_seconds()})

    def check(self, tunnel: Tunnel, copies: int) -> None:
        """Raise NotLevel unless the tunnel's lanes hold so many copies in all."""
        lanes = Lane.objects.filter(tunnel=tunnel)
        states = set(lanes.values_list("state", flat=True))
        held = sum(lanes.values_list("copies", flat=True))
        if states != {Lane.State.HEALTHY} or held != copies:
            raise NotLevel(
                f"{tunnel.slug}: {held} copies of {copies}, lanes are {', '.join(sorted(states))}."
            )


class NotLevel(Exception):
    """What was measured did not come to its end, so that the figures mean nothing."""


@contextmanager
def ground(people: int, mailboxes: int, events: int) -> Iterator[Ground]:
    """A fresh one. Settings of this process lead there meanwhile."""
    with tempfile.TemporaryDirectory(prefix="culvert-bench-") as name:
        folder = Path(name)
        with postgres.passing_server(folder, ()) as database, _sandbox(folder) as sandbox:
            connection.settings_dict.update(postgres.as_django(database))
            settings.CULVERT_GRAPH_URL, settings.CULVERT_LOGIN_URL = sandbox.graph, sandbox.login
            settings.CULVERT_CA_BUNDLE = sandbox.ca
            call_command("migrate", verbosity=0)
            call_command("createcachetable", verbosity=0)
            sandbox.ask("PUT", "world", world.build_world(people, mailboxes, events, clock.today()))
            try:
                yield Ground(sandbox)
            finally:
                connection.close()


@contextmanager
def _sandbox(folder: Path) -> Iterator[Sandbox]:
    crew = Crew(folder / "logs", {})
    try:
        yield Sandbox(crew.start("sandbox", ["-m", "syncengine.sandbox", "--port", "0"], first_line=True))
    finally:
        crew.stop()


def _take_on_a_tenant() -> tuple[Principal, Tenant]:
    partner = Partner.objects.create(name="Bench", requires_second_factor=False)
    user = User.objects.create_user("bench@bench.example", None, name="Bench")
    owner = principal_of(Member.objects.create(partner=partner, user=user, role=Role.OWNER))
    tenant = tenants_services.add_tenant(owner, slug="bench", microsoft_id=UUID(world.TENANT), name="Bench")
    tenants_services.connect(owner, tenant, client_id=UUID(world.APP), secret=world.SECRET)
    return owner, tenant
