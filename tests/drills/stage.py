"""The stage of a drill: databases cloned from one that is ready, a sandbox, and workers to be killed."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg

from tests.drills import worlds
from tests.drills.nursery import PATIENCE_S, Child, Nursery
from tests.drills.place import Place
from tests.drills.worlds import Json
from tests.sandbox_process import ROOT, SandboxProcess

LOOK_S = 0.002
"""How often the sandbox is asked how far a worker has come."""


class Stage:
    """One kind of push, made ready once, played as often as one likes."""

    def __init__(self, house: House, world: Json, **tunnel: Any) -> None:
        self._house, self._world = house, world
        self._base = house.clone(house.tables)
        house.do(house.at(self._base), "open_tunnel", tunnel["kind"], tunnel["source"], tunnel["mailboxes"])

    def close(self) -> None:
        """Remove what was made ready."""
        self._house.drop(self._base)

    @contextmanager
    def performance(self) -> Iterator[Performance]:
        """The push from its beginning: a fresh world, a fresh database."""
        self._house.sandbox.control("POST", "reset")
        self._house.sandbox.control("PUT", "world", self._world)
        database = self._house.clone(self._base)
        try:
            yield Performance(self._house, self._house.at(database))
        finally:
            self._house.drop(database)


class House:
    """A server of databases, a sandbox, and the process that workers are forked from."""

    def __init__(self, server: str, sandbox: SandboxProcess, nursery: Nursery) -> None:
        self._server, self.sandbox, self._nursery = server, sandbox, nursery
        self.tables = self._create("")
        self.do(self.at(self.tables), "migrate")

    def at(self, database: str) -> Place:
        """Where deeds in that database are done."""
        return Place(self._address(database), self.sandbox.graph, self.sandbox.login, self.sandbox.ca)

    def clone(self, database: str) -> str:
        """A database that holds what another one holds."""
        return self._create(f"TEMPLATE {database}")

    def drop(self, database: str) -> None:
        """Remove a database, whoever still looks at it."""
        self._sql(f"DROP DATABASE {database} WITH (FORCE)")

    def _create(self, like: str) -> str:
        database = f"drill_{secrets.token_hex(4)}"
        self._sql(f"CREATE DATABASE {database} {like}")
        return database

    def begin(self, place: Place, deed: str, *arguments: Any) -> Child:
        """Begin a deed in a process of its own."""
        return self._nursery.begin(place, deed, *arguments)

    def do(self, place: Place, deed: str, *arguments: Any) -> Any:
        """Do it and wait for its answer."""
        return self.begin(place, deed, *arguments).answer()

    def _address(self, database: str) -> str:
        return urlunsplit(urlsplit(self._server)._replace(path=f"/{database}"))

    def _sql(self, statement: str) -> None:
        with psycopg.connect(self._address("postgres"), autocommit=True) as session:
            session.execute(statement)


class Performance:
    """One push: workers come and go, and at the end somebody looks."""

    def __init__(self, house: House, place: Place) -> None:
        self._house, self.place, self.sandbox = house, place, house.sandbox
        self._before = worlds.foreign(self.sandbox.control("GET", "world"))

    # Workers

    def begin(self) -> Child:
        """A worker that takes slice after slice."""
        return self._house.begin(self.place, "work", PATIENCE_S)

    def finish(self) -> None:
        """A worker that is left alone until everything is level."""
        assert self._house.do(self.place, "work", PATIENCE_S) == "level"

    def run_now(self) -> None:
        """Somebody presses the button."""
        self._house.do(self.place, "run_now")

    def audit(self) -> tuple[int, list[str]]:
        """The product's own judgement: how many copies it compared, and what it found."""
        compared, found = self._house.do(self.place, "audit")
        return compared, found

    @contextmanager
    def cluster(self, *queues: str) -> Iterator[list[subprocess.Popen[bytes]]]:
        """Real clusters of django-q, one per queue; those that still run are killed at the end."""
        environment = {**os.environ, **self.place.environment}
        clusters = [
            subprocess.Popen(
                [sys.executable, "manage.py", "qcluster"],
                cwd=ROOT, env={**environment, "Q_CLUSTER_NAME": queue}, start_new_session=True,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )
            for queue in queues
        ]  # fmt: skip
        try:
            yield clusters
        finally:
            for one in clusters:
                power_cut(one)

    # What the outside sees

    def counted(self, what: str) -> int:
        """What the sandbox has counted: "writes" that changed something, "calls" of all kinds."""
        return int(self.sandbox.control("GET", "counters")[what])

    def when(self, is_so: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
        """Return as soon as it is so."""
        end = time.monotonic() + patience_s
        while not is_so():
            assert time.monotonic() < end, "it never came to that"
            time.sleep(LOOK_S)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What lies in the database, asked past the product."""
        with psycopg.connect(self.place.database) as session:
            return session.execute(statement).fetchall()

    def view(self, number: int, calendar: str = "") -> list[Json]:
        """What a person sees in a calendar, occurrence by occurrence, inside every window."""
        path = "calendar"
        if calendar:
            listed = self._as_user(number, "calendars?$top=100")
            [found] = [one["id"] for one in listed if one["name"] == calendar]
            path = f"calendars/{found}"
        first, last = worlds.view_bounds()
        query = f"startDateTime={first}&endDateTime={last}&$top=999&$select=subject,start,end"
        return self._as_user(number, f"{path}/calendarView?{query}")

    def _as_user(self, number: int, path: str) -> list[Json]:
        found: list[Json] = []
        link = f"users/{worlds.user_id(number)}/{path}"
        while link:
            page = self.sandbox.as_user(worlds.A, "GET", link)
            found += page["value"]
            link = page.get("@odata.nextLink", "").removeprefix(self.sandbox.graph).lstrip("/")
        return found

    def faults(self, check: Callable[[Performance, Json], list[str]]) -> list[str]:
        """What is wrong now: by `check`, with what is not ours, with manners, and with the outbox."""
        world, counters = self.sandbox.control("GET", "world"), self.sandbox.control("GET", "counters")
        faults = check(self, world)
        if worlds.foreign(world) != self._before:
            faults.append("something foreign was touched")
        if counters["most_under_way"] > 4:
            faults.append(f"{counters['most_under_way']} requests under way to one mailbox")
        if counters["throttled"] or counters["early_requests"]:
            faults.append(f"{counters['throttled']} throttled, {counters['early_requests']} early")
        mails = self.sandbox.control("GET", "outbox")["mails"]
        return [*faults, *(json.dumps(mail) for mail in mails[:3])]


def power_cut(process: subprocess.Popen[bytes]) -> None:
    """Kill a process with all that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(20)
