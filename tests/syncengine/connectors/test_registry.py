"""The whole way over real HTTPS: settings in, a tenant's mailboxes out."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from syncengine.connectors.registry import GraphSettings, Secret, Usage, open_graph
from syncengine.errors import TryAgain
from syncengine.model.copies import ContactCopy
from syncengine.model.identity import Mark
from syncengine.ports.writing import Fine, Lost, Part
from tests.sandbox_process import SandboxProcess
from tests.syncengine.connectors.driving import APP, SECRET, TENANT, run_steps, user_id, world_file


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    file = world_file(16)
    del file["clock"]
    with SandboxProcess(file) as running:
        yield running


@pytest.fixture
def settings(sandbox: SandboxProcess) -> GraphSettings:
    sandbox.control("DELETE", "faults")
    sandbox.control("DELETE", "counters")
    return GraphSettings(
        TENANT, APP, Secret(SECRET), graph_url=sandbox.graph, login_url=sandbox.login, ca_bundle=sandbox.ca
    )


def contact(mailbox: str, name: str) -> Part:
    return Part("POST", f"/users/{mailbox}/contacts", mailbox, b'{"givenName":"%s"}' % name.encode())


def test_a_contact_goes_the_whole_way(settings: GraphSettings) -> None:
    service = open_graph(settings)
    assert service.probe().organization == "Northwind"
    target = service.target_contacts(user_id(1))
    mark = Mark("inst", 1, "row", "attempt")
    folder = run_steps(target.prepare("", "Team", mark), service.door, None).folder
    made = run_steps(target.create(folder, ContactCopy("Łukasz Żółć"), mark), service.door, None)
    seen = run_steps(target.read(folder, [made.remote_id]), service.door, None)
    assert seen[made.remote_id].copy.display_name == "Łukasz Żółć"


def test_services_of_one_credential_share_a_token_and_count_apart(settings, sandbox) -> None:
    used: list[Usage] = []
    open_graph(settings).probe()
    tokens = sandbox.control("GET", "counters")["tokens"]
    open_graph(replace(settings, on_request=used.append)).probe()
    assert sandbox.control("GET", "counters")["tokens"] == tokens
    assert used == [Usage(1, 0, 0)]


def test_sixteen_threads_write_side_by_side(settings, sandbox) -> None:
    door = open_graph(settings).door
    batches = [[contact(user_id(n), f"person {n} {m}") for m in range(20)] for n in range(1, 17)]
    with ThreadPoolExecutor(16) as pool:
        replies = [reply for found in pool.map(door.send, batches) for reply in found]
    assert len(replies) == 320
    assert all(isinstance(reply, Fine) for reply in replies)
    assert sandbox.control("GET", "counters")["writes"] == 320


def test_the_bundle_of_the_connection_rules_and_not_the_environments(
    settings, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "nothing.pem"))
    monkeypatch.setenv("CURL_CA_BUNDLE", str(tmp_path / "nothing.pem"))
    assert open_graph(replace(settings, timeout_s=20)).probe().organization == "Northwind"


def test_a_server_that_nobody_vouches_for_gets_no_secret(settings) -> None:
    with pytest.raises(TryAgain, match="not trusted"):
        open_graph(replace(settings, ca_bundle=None)).probe()


def test_an_answer_that_comes_too_late_is_lost_and_the_write_was_done(settings, sandbox) -> None:
    service = open_graph(replace(settings, timeout_s=0.5))
    service.probe()
    sandbox.control("POST", "faults", {"kind": "slow", "seconds": 2, "method": "POST", "path": "contacts"})
    assert service.door.send([contact(user_id(2), "late")]) == [Lost()]
    names = sandbox.as_user(TENANT, "GET", f"/users/{user_id(2)}/contacts?$top=999")["value"]
    assert "late" in [one["givenName"] for one in names]


def test_a_read_that_takes_too_long_is_asked_again_later(settings, sandbox) -> None:
    service = open_graph(replace(settings, timeout_s=0.5))
    service.probe()
    sandbox.control("POST", "faults", {"kind": "slow", "seconds": 2, "path": "calendarView"})
    with pytest.raises(TryAgain):
        list(service.directory.groups()) or list(service.calendar(user_id(3)).changes(_window(), None))


def _window():
    from tests.syncengine.connectors.samples import WINDOW

    return WINDOW
