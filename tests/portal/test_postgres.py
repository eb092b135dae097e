"""The embedded PostgreSQL: one keeper, an address for all others, nothing opened on the way."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from portal import postgres

# Starts a server in `sys.argv[1]`, says so, and waits to be killed or to be told to stop.
KEEPER = """
import sys
from pathlib import Path
from portal import postgres
with postgres.at_hand(Path(sys.argv[1]), postgres.FORGETFUL) as address:
    print(address, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def var(tmp_path: Path) -> Iterator[Path]:
    """A place for a server of this test; whatever runs there is ended."""
    place = tmp_path / "var"
    yield place
    if place.exists():
        postgres.remove_abandoned(tmp_path, "var")
        assert not place.exists()


def answer(address: str) -> str:
    with psycopg.connect(address) as session:
        row = session.execute("SELECT current_database()").fetchone()
    assert row
    return str(row[0])


def keeper(var: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", KEEPER, str(var)],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_second_start_finds_the_rows_of_the_first(var: Path):
    with postgres.at_hand(var, postgres.FORGETFUL) as address, psycopg.connect(address) as session:
        session.execute("CREATE TABLE kept AS SELECT 7 AS number")
    with postgres.at_hand(var, postgres.FORGETFUL) as address, psycopg.connect(address) as session:
        assert session.execute("SELECT number FROM kept").fetchone() == (7,)


def test_whoever_does_not_keep_the_server_does_not_stop_it(var: Path):
    with postgres.at_hand(var, postgres.FORGETFUL) as address:
        other = keeper(var)
        assert other.communicate("enough\n")[0].strip() == address
        assert answer(address) == "culvert"
    with pytest.raises(psycopg.OperationalError):
        answer(address)


def test_a_server_whose_keeper_was_killed_is_taken_over_and_stopped(var: Path):
    killed = keeper(var)
    assert killed.stdout
    address = killed.stdout.readline().strip()
    killed.kill()
    killed.communicate()
    assert answer(address) == "culvert"
    with postgres.at_hand(var, postgres.FORGETFUL) as same:
        assert same == address
    with pytest.raises(psycopg.OperationalError):
        answer(address)


def test_two_first_starts_at_once_agree_on_one_server(var: Path):
    both = [keeper(var), keeper(var)]
    said = [one.stdout.readline() for one in both if one.stdout]
    assert said[0] == said[1] != ""
    threads = [threading.Thread(target=one.communicate, args=("enough\n",)) for one in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.returncode for one in both] == [0, 0]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server moves to another user")
def test_as_root_no_folder_above_the_data_or_the_programs_is_opened(tmp_path: Path, var: Path):
    var.mkdir()
    tmp_path.chmod(0o700)
    watched = {*var.parents, *Path(postgres.__file__).parents, *Path(sys.prefix).parents, var}
    watched |= {Path(tempfile.gettempdir())}
    before = {folder: folder.stat().st_mode for folder in watched}
    with postgres.at_hand(var, postgres.FORGETFUL) as address:
        assert answer(address) == "culvert"
        assert f"host={tempfile.gettempdir()}".replace("/", "%2F") in address
    assert {folder: folder.stat().st_mode for folder in watched} == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server moves to another user")
def test_as_root_programs_behind_a_closed_folder_are_copied_and_run(
    tmp_path: Path, var: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(postgres, "_is_open_to_all", lambda _: False)
    with postgres.at_hand(var, postgres.FORGETFUL) as address:
        assert answer(address) == "culvert"


def test_nobody_but_us_can_open_the_socket(var: Path):
    with postgres.at_hand(var, postgres.FORGETFUL) as address:
        sockets = Path(psycopg.conninfo.conninfo_to_dict(address)["host"])
        assert sockets.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://culvert:p%40ss@db.example:5433/portal?sslmode=require",
        "postgresql://culvert@/culvert?host=%2Frun%2Fplace",
    ],
)
def test_an_address_survives_the_way_into_settings_and_back(url: str):
    entry = postgres.as_django(url)
    assert entry["ENGINE"] == "django.db.backends.postgresql"
    again = postgres.as_django(postgres.as_address(entry))
    assert again == entry


@pytest.mark.django_db
def test_the_tests_themselves_run_on_postgresql_18():
    with psycopg.connect(postgres.as_address(settings.DATABASES["default"])) as session:
        row = session.execute("SHOW server_version").fetchone()
    assert row
    assert row[0].startswith("18")


def test_an_abandoned_place_that_somebody_else_has_just_removed_is_no_fault(tmp_path: Path, monkeypatch):
    place = tmp_path / "var-1"
    place.mkdir(mode=0o700)
    (place / "postgres.lock").touch()
    plain = postgres.fcntl.flock

    def slowly(lock, how):
        shutil.rmtree(place, ignore_errors=True)
        plain(lock, how)

    monkeypatch.setattr(postgres.fcntl, "flock", slowly)
    postgres.remove_abandoned(tmp_path, "var-")
    assert not place.exists()
