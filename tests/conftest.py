"""What every test stands on: one embedded PostgreSQL per session, and three principals."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

import hypothesis
import pytest
from django.conf import settings

from portal import postgres

pytest_plugins = ["tests.people", "tests.clients", "tests.browsing"]

SHARED = Path(os.environ.get("CULVERT_SHARED", settings.BASE_DIR.parent / "shared"))
# `.ci/run` sets it: what is skipped elsewhere, because something is not there, fails here.
IS_CI = os.environ.get("CULVERT_CI") == "1"

# `make test-long` asks for thousands of examples with --hypothesis-profile=long. A machine that
# is busy with something else must not fail a test: there is no deadline.
# The same examples for everybody, so that a red run can be repeated; `make test-long` searches.
hypothesis.settings.register_profile("ordinary", max_examples=100, deadline=None, derandomize=True)
hypothesis.settings.register_profile("long", max_examples=3000, deadline=None)
hypothesis.settings.load_profile("ordinary")

_session = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    """Start the server before xdist starts its workers, so that all of them share it."""
    # A hash that takes half a second is a promise to production, not to three hundred sign-ins.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    if config.getoption("numprocesses", default=None) and not hasattr(config, "workerinput"):
        _start_postgres()


def pytest_unconfigure() -> None:
    """Stop what this process started."""
    _session.close()


def _start_postgres() -> None:
    """Name a PostgreSQL in settings and environment; start one when none is named."""
    if not settings.CULVERT_EMBEDDED_POSTGRES or "DATABASE_URL" in os.environ:
        return
    postgres.remove_abandoned(Path(tempfile.gettempdir()), "culvert-tests-")
    var = Path(tempfile.mkdtemp(prefix="culvert-tests-"))
    _session.callback(shutil.rmtree, var)
    address = _session.enter_context(postgres.passing_server(var))
    settings.DATABASES["default"].update(postgres.as_django(address))
    os.environ["DATABASE_URL"] = address


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """pytest-django asks before it makes the test database: now a server must be there."""
    _start_postgres()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of the shared facts are skipped, with the reason, where these are absent."""
    if SHARED.is_dir() or IS_CI:
        return
    skip = pytest.mark.skip(reason=f"the shared facts are not at {SHARED} (CULVERT_SHARED)")
    for item in items:
        if "shared" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared facts and corpora."""
    assert SHARED.is_dir(), f"The shared facts are not at {SHARED}."
    return SHARED
