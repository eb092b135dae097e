"""Every connector's test has a bench: a world, its sandbox, a service."""

from __future__ import annotations

import pytest

from tests.syncengine.connectors.driving import Bench


@pytest.fixture
def bench() -> Bench:
    """One tenant, three mailboxes, Monday 2 March 2026, nine o'clock UTC."""
    return Bench()
