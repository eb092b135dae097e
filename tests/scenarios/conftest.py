"""The stage, and the invariants that hold at the end of every scenario."""

from __future__ import annotations

import logging
from collections.abc import Generator
from typing import cast

import pytest

from partners.selectors import principal_of
from tests.scenarios.invariants import check
from tests.scenarios.stage import Stage
from tests.scenarios.wiretap import Wiretap
from tests.tunnels.world import sandbox_process
from tunnels.running import clocks

__all__ = ["sandbox_process"]


@pytest.fixture
def stage(sandbox_process, owner, outsider, make_tenant, settings, monkeypatch, caplog) -> Stage:
    """An empty stage; `open` loads tenants."""
    caplog.set_level(logging.DEBUG)
    # At DEBUG it tells every address that is asked, those of the tests too.
    caplog.set_level(logging.INFO, logger="urllib3")
    settings.CULVERT_GRAPH_URL = sandbox_process.graph
    settings.CULVERT_LOGIN_URL = sandbox_process.login
    settings.CULVERT_CA_BUNDLE = sandbox_process.ca
    tap = Wiretap()
    tap.install(monkeypatch)
    made = Stage(sandbox_process, principal_of(owner), principal_of(outsider), make_tenant, tap)
    monkeypatch.setattr(clocks, "pause", made.pause)
    return made


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Each scenario ends with the invariants, in the test itself: none can forget them."""
    result = yield
    stage = pyfuncitem.funcargs.get("stage")
    if isinstance(stage, Stage):
        check(stage, cast("pytest.LogCaptureFixture", pyfuncitem.funcargs["caplog"]).records)
    return result
