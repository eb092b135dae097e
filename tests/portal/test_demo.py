"""The demonstration, as a command line sees it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date

import pytest
from django.conf import settings

from portal.demo.configuration import configuration
from portal.demo.world import build_world

ONCE = [sys.executable, "manage.py", "demo", "--once", "--json"]


def demo(var):
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment["CULVERT_VAR"] = str(var)
    return subprocess.run(
        ONCE, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, timeout=200, check=False
    )


def test_the_same_day_makes_the_same_world():
    assert build_world(date(2026, 11, 21)) == build_world(date(2026, 11, 21))


def test_the_configuration_names_secrets_and_holds_none():
    text = configuration()
    assert "env:CULVERT_DEMO_SECRET_NORTHWIND" in text
    assert "demo-secret-of" not in text


def told_by(done):
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.mark.drill
def test_the_whole_demonstration_is_level_and_sends_no_mail(tmp_path):
    told = told_by(demo(tmp_path))
    assert told.keys() == {
        "tunnels", "lanes", "items", "writes", "requests", "seconds", "outbox", "differences"
    }  # fmt: skip
    assert told["differences"] == []
    assert told["outbox"] == 0
    assert told["writes"] == told["items"] > 5000


@pytest.mark.drill
@pytest.mark.long
def test_a_second_start_finds_everything_and_writes_nothing(tmp_path):
    first, second = told_by(demo(tmp_path)), told_by(demo(tmp_path))
    assert second["writes"] == first["writes"]
    assert second["items"] == first["items"]
