"""A wrong environment stops the start, with one sentence per fault."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from portal.environment import Environment, read_keys

PRODUCTION = {
    "CULVERT_PRODUCTION": "1",
    "CULVERT_SECRET_KEY": "a-key-for-one-test-" + "0123456789abcdef" * 4,
    "CULVERT_FIELD_KEYS": Fernet.generate_key().decode(),
    "CULVERT_HOSTS": "portal.alder.example",
    "DATABASE_URL": "postgresql://culvert:pw@db.alder.example/culvert",
}


def manage(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A command line in an environment that holds nothing of ours but `variables`."""
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env={**clean, **variables},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize(
    ("read", "variables"),
    [
        (lambda env: env.yes("A"), {"A": "perhaps"}),
        (lambda env: env.number("A", 5, least=1, most=9), {"A": "ten"}),
        (lambda env: env.number("A", 5, least=1, most=9), {"A": "10"}),
        (lambda env: env.url("A", ""), {"A": "http://graph.example"}),
        (lambda env: env.url("A", ""), {"A": "https:/graph"}),
        (lambda env: env.file("A"), {"A": "/nowhere/at/all.pem"}),
        (lambda env: env.host_ports("A"), {"A": "127.0.0.1"}),
        (lambda env: env.database_url(needed=False), {"DATABASE_URL": "mysql://host/name"}),
        (lambda env: env.database_url(needed=False), {"DATABASE_URL": "postgresql://host"}),
        (lambda env: env.database_url(needed=True), {}),
    ],
)
def test_a_fault_is_one_sentence_that_names_the_variable(read, variables):
    environment = Environment(variables)
    read(environment)
    (fault,) = environment.faults
    assert fault.startswith(next(iter(variables), "DATABASE_URL"))
    assert fault.endswith(".")


def test_all_faults_are_told_at_once():
    environment = Environment({"A": "x", "B": "y"})
    environment.yes("A")
    environment.yes("B")
    with pytest.raises(ImproperlyConfigured, match=r"(?s)A must be.*B must be"):
        environment.check()


def test_without_faults_the_start_goes_on():
    environment = Environment({"A": "1", "B": "https://graph.example/", "C": "10.0.0.1:8443, b:1"})
    assert environment.yes("A") is True
    assert environment.url("B", "") == "https://graph.example"
    assert environment.host_ports("C") == {"10.0.0.1:8443", "b:1"}
    environment.check()


def test_keys_are_made_once_and_kept_for_us_alone(tmp_path: Path):
    first = read_keys(Environment({}), tmp_path, production=False)
    assert read_keys(Environment({}), tmp_path, production=False) == first
    assert stat.S_IMODE((tmp_path / "keys.json").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["keys.json"]


def test_production_makes_no_keys_of_its_own(tmp_path: Path):
    environment = Environment({})
    read_keys(environment, tmp_path, production=True)
    assert [fault.split()[0] for fault in environment.faults] == [
        "CULVERT_SECRET_KEY",
        "CULVERT_FIELD_KEYS",
    ]
    assert list(tmp_path.iterdir()) == []


def test_production_without_anything_does_not_start_and_names_all_that_is_missing(tmp_path: Path):
    done = manage("check", CULVERT_PRODUCTION="1", CULVERT_VAR=str(tmp_path))
    assert done.returncode != 0
    for name in sorted(PRODUCTION.keys() - {"CULVERT_PRODUCTION"}):
        assert f"  - {name} " in done.stderr


def test_djangos_own_check_finds_nothing_to_say_about_production(tmp_path: Path):
    done = manage("check", "--deploy", "--fail-level", "INFO", **PRODUCTION, CULVERT_VAR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_production_collects_its_static_files_under_names_of_their_content(tmp_path: Path):
    done = manage("collectstatic", "--noinput", **PRODUCTION, CULVERT_VAR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    names = json.loads((tmp_path / "static" / "staticfiles.json").read_text())["paths"]
    sheet = (tmp_path / "static" / names["portal.css"]).read_text()
    assert Path(names["vendor/tabler.css"]).name in sheet
    assert Path(names["frame.css"]).name in sheet
