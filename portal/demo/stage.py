"""The demonstration: sandbox, database, web and workers on this machine, and a first run of everything."""

from __future__ import annotations

import json
import secrets as randomness
import shlex
import socketserver
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any

from portal.demo import configuration
from portal.demo.processes import Crew
from portal.demo.sandbox import Control
from portal.demo.world import build_world

TUNNELS = ("address-list", "on-call", "raum-elbe")
MANAGE = "manage.py"


class Stage:
    """Everything that a demonstration needs; a context manager that ends what it started.

    `var` keeps the sandbox's world, the configuration and the password between two starts.
    """

    def __init__(
        self, var: Path, *, database: str, today: Callable[[], date], say: Callable[[str], None]
    ) -> None:
        self._var, self._today, self._say = var / "demo", today, say
        self._var.mkdir(parents=True, exist_ok=True)
        self.password = self._kept("password", lambda: randomness.token_urlsafe(9))
        environment = {
            "DATABASE_URL": database,
            "CULVERT_VAR": str(var),
            configuration.PASSWORD_NAME: self.password,
            **configuration.secrets(),
        }
        self._crew = Crew(self._var / "logs", environment)
        self.control: Control

    def __enter__(self) -> Stage:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._crew.stop()

    def open(self) -> None:
        """Database, sandbox and configuration; afterwards tunnels exist and nothing runs yet."""
        self._say("Database: bringing its tables up to date")
        self._crew.run([MANAGE, "migrate", "--verbosity", "0"])
        self._crew.run([MANAGE, "createcachetable", "--verbosity", "0"])
        self._say("Sandbox: a local Microsoft 365 with three tenants")
        self._start_sandbox()
        file = self._var / "demo.yaml"
        file.write_text(configuration.configuration())
        self._say(f"Configuration: {file}")
        self._crew.run([MANAGE, "apply", str(file)])

    def _start_sandbox(self) -> None:
        world, state = self._var / "world.json", self._var / "state.json"
        if not world.exists():
            world.write_text(json.dumps(build_world(self._today())))
        # The same port again: cursors of deltas are links, and a link leads to a port.
        port = self._kept("port", lambda: str(_free_port()))
        arguments = ["-m", "syncengine.sandbox", "--port", port, "--state", str(state)]
        if not state.exists():
            arguments += ["--world", str(world)]
        ready = self._crew.start("sandbox", arguments, first_line=True)
        self._crew.tell(
            CULVERT_GRAPH_URL=ready["graph"],
            CULVERT_LOGIN_URL=ready["login"],
            CULVERT_CA_BUNDLE=ready["ca"],
            CULVERT_PRIVATE_HOSTS=f"127.0.0.1:{port}",
        )
        self.control = Control(ready["control"], ready["ca"])
        self._write_environment()

    def _write_environment(self) -> None:
        """For manage.py in another shell: without it, that would ask Microsoft and not the sandbox."""
        self.environment = self._var / "environment.sh"
        self.environment.touch(mode=0o600)
        lines = (f"export {name}={shlex.quote(value)}\n" for name, value in sorted(self._crew.told().items()))
        self.environment.write_text("".join(lines))

    def work(self, *, web: str = "") -> None:
        """Start the workers, and the web at `web` (host:port) if asked."""
        self._say("Workers: the queues live and bulk")
        for queue in ("live", "bulk"):
            # The command's own --name comes too late: its settings are read before it.
            self._crew.tell(Q_CLUSTER_NAME=queue)
            self._crew.start(f"worker-{queue}", [MANAGE, "qcluster"])
        if web:
            self._say(f"Web: http://{web}/")
            gunicorn = ["-m", "gunicorn", "portal.wsgi", "--bind", web, "--workers", "2", "--threads", "4"]
            self._crew.start("web", gunicorn)

    def sync(self) -> list[dict[str, Any]]:
        """*Run now* for each tunnel, until it is level; what each run came to."""
        return [self._told("sync", slug, "--wait") for slug in TUNNELS]

    def audit(self) -> list[dict[str, Any]]:
        """Each tunnel's source and targets read afresh and compared."""
        return [self._told("audit", slug) for slug in TUNNELS]

    def _told(self, command: str, slug: str, *options: str) -> dict[str, Any]:
        self._say(f"{command.capitalize()}: {slug}")
        said: dict[str, Any] = json.loads(self._crew.run([MANAGE, command, slug, "--json", *options]))
        return said

    def watch(self) -> str:
        """Sleep until a process of ours ends by itself; its name."""
        while not (name := self._crew.who_has_ended()):
            time.sleep(1)
        return name

    def _kept(self, name: str, make: Callable[[], str]) -> str:
        """What was made at the first start, the same at every later one."""
        file = self._var / name
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(make())
        return file.read_text()


def _free_port() -> int:
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as server:
        return int(server.server_address[1])
