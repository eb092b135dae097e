"""The sandbox as a process: HTTPS, its files, its end."""

from __future__ import annotations

import json
import subprocess
import sys
import threading

import pytest
import requests

from tests.sandbox.core.conftest import ADA, APP, SECRET, TENANT, small_world
from tests.sandbox_process import SandboxProcess

CONTACTS = f"users/{ADA}/contacts"


@pytest.fixture(scope="module")
def sandbox():
    with SandboxProcess(small_world()) as running:
        yield running


@pytest.fixture
def token(sandbox):
    sandbox.control("PUT", "world", small_world())
    return sandbox.token(TENANT, APP, SECRET)


def test_it_speaks_https_under_its_own_authority(sandbox, token):
    assert sandbox.graph.startswith("https://127.0.0.1:")
    assert sandbox.call(token, "GET", CONTACTS).status_code == 200
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{sandbox.graph}/users", timeout=5, verify=True)


def test_localhost_is_its_name_too(sandbox, token):
    port = sandbox.graph.split(":")[2].split("/")[0]
    with requests.Session() as session:
        session.trust_env = False
        got = session.get(f"https://localhost:{port}/v1.0/users", timeout=5, verify=sandbox.ca)
    assert got.status_code == 401


def test_a_lost_answer_is_a_broken_connection_and_the_next_one_is_fine(sandbox, token):
    sandbox.control("POST", "faults", {"kind": "lost", "method": "POST"})
    with pytest.raises(requests.exceptions.ConnectionError):
        sandbox.call(token, "POST", CONTACTS, json={"givenName": "Cy"})
    assert len(sandbox.call(token, "GET", CONTACTS).json()["value"]) == 1


def test_a_client_that_does_not_wait_has_written_all_the_same(sandbox, token):
    sandbox.control("POST", "faults", {"kind": "slow", "seconds": 1.0, "method": "POST"})
    with pytest.raises(requests.exceptions.Timeout):
        sandbox.call(token, "POST", CONTACTS, json={"givenName": "Cy"}, timeout=0.2)
    assert len(sandbox.call(token, "GET", CONTACTS).json()["value"]) == 1


def test_with_latency_requests_overlap_and_a_fifth_is_refused(sandbox, token):
    sandbox.control("PUT", "latency", {"ms": 1000})
    statuses = []
    threads = [
        threading.Thread(
            target=lambda: statuses.append(
                requests.get(
                    f"{sandbox.graph}/{CONTACTS}",
                    headers={"Authorization": f"Bearer {token}"},
                    verify=sandbox.ca,
                    timeout=10,
                ).status_code
            )
        )
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sandbox.control("PUT", "latency", {"ms": 0})
    assert sorted(statuses) == [200] * 4 + [429] * 2
    assert sandbox.control("GET", "counters")["most_under_way"] == 5


def test_a_stopped_sandbox_starts_again_where_it_stopped(tmp_path):
    state = tmp_path / "state.json"
    with SandboxProcess(small_world(), state=state) as first:
        token = first.token(TENANT, APP, SECRET)
        made = first.call(token, "POST", CONTACTS, json={"givenName": "Cy"}).json()
        link = first.call(token, "GET", f"{CONTACTS}/delta").json()["@odata.deltaLink"]
        path = link.removeprefix(first.graph)
        assert first.stop() == 0
    assert json.loads(state.read_bytes())["tenants"]
    with SandboxProcess(state=state) as second:
        token = second.token(TENANT, APP, SECRET)
        found = second.call(token, "GET", CONTACTS).json()["value"]
        assert [one["id"] for one in found] == [made["id"]]
        # As Graph does now and then, it has forgotten every cursor.
        assert second.call(token, "GET", path).status_code == 410


def test_a_killed_sandbox_lost_at_most_the_last_seconds(tmp_path):
    state = tmp_path / "state.json"
    with SandboxProcess(small_world(), state=state) as first:
        for _ in range(100):
            if state.exists():
                break
            threading.Event().wait(0.1)
        first.kill()
    assert json.loads(state.read_bytes())["tenants"][0]["id"] == TENANT


def test_a_world_that_cannot_be_loaded_stops_the_start_with_a_reason(tmp_path):
    broken = tmp_path / "world.json"
    broken.write_text('{"planets": []}')
    done = subprocess.run(
        [sys.executable, "-m", "syncengine.sandbox", "--world", str(broken)],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "planets" in done.stderr
