"""One sandbox for all drills; what is pushed is made ready once per size."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.drills import worlds
from tests.drills.nursery import Nursery
from tests.drills.stage import House, Stage
from tests.sandbox_process import SandboxProcess

TARGETS = 2


@pytest.fixture(scope="session")
def house(django_db_modify_db_settings: None) -> Iterator[House]:
    """The session's PostgreSQL and a sandbox, for all drills."""
    with SandboxProcess() as sandbox, Nursery() as nursery:
        yield House(os.environ["DATABASE_URL"], sandbox, nursery)


@pytest.fixture(scope="module")
def people(request, house: House) -> Iterator[Stage]:
    """A first push of an address list; the parameter says how many entries."""
    mailboxes = [worlds.address(number) for number in range(1, TARGETS + 1)]
    world = worlds.people_world(request.param, TARGETS)
    stage = Stage(house, world, kind="contacts", source={"address_list": True}, mailboxes=mailboxes)
    yield stage
    stage.close()


@pytest.fixture(scope="module")
def series(request, house: House) -> Iterator[Stage]:
    """A first push of a calendar of series; the parameter says how many."""
    mailboxes = [worlds.address(number) for number in range(1, TARGETS + 1)]
    world = worlds.series_world(request.param, TARGETS)
    source = {"mailbox": worlds.address(worlds.SOURCE)}
    stage = Stage(house, world, kind="events", source=source, mailboxes=mailboxes)
    yield stage
    stage.close()
