"""The walk of a lane, as an observer sees it."""

from __future__ import annotations

from datetime import date

import pytest

from syncengine.executing.memory import Killed
from syncengine.planning.guards import GuardSettings
from tests.syncengine.tunnels import MONDAYS, Tunnel, contact, meeting, series


@pytest.fixture
def tunnel() -> Tunnel:
    tunnel = Tunnel()
    tunnel.join("anna")
    return tunnel


def test_a_run_brings_every_copy_and_a_second_writes_nothing(tunnel):
    for number in range(50):
        tunnel.write(f"key{number}", contact(f"name {number}"))
    tunnel.run()
    assert tunnel.shown("anna") == tunnel.shall_show("anna")
    writes = tunnel.door.writes
    tunnel.run(look_asked=True)
    tunnel.run()
    assert tunnel.door.writes == writes
