"""The commands: plan, sync and status, and what they print."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.tunnels.world import A
from tunnels import services
from tunnels.models import Lane, Run

pytestmark = pytest.mark.django_db


@pytest.fixture
def tunnel(office):
    office.open(A)
    office.add_event(A, 90, subject="Night shift")
    return office.calendar_tunnel(to={A: {"group": "grp-mobile"}})


def call(*words):
    said = StringIO()
    call_command(*words, stdout=said)
    return said.getvalue()


def test_plan_says_what_would_be_written_and_writes_nothing(office, tunnel):
    told = json.loads(call("plan", "on-call", "--json"))
    assert (told["creates"], told["updates"], told["deletes"]) == (6, 0, 0)
    assert (told["needs_approval"], len(told["lanes"])) == (True, 6)
    assert told["lanes"][0]["mailbox"] == "u01@northwind.example"
    assert office.counters()["writes"] == 0


def test_plan_shows_each_action_field_by_field(tunnel):
    told = json.loads(call("plan", "on-call", "--json", "--actions"))
    [action] = told["lanes"][0]["actions"]
    assert (action["verb"], action["cause"]) == ("create", "new at the source")
    said = {field["field"]: field["after"] for field in action["fields"]}
    assert said["subject"] == "Night shift"


def test_sync_approves_and_brings_every_lane_level(office, tunnel):
    told = json.loads(call("sync", "on-call", "--wait", "--json"))
    assert (told["state"], told["created"], told["lanes"], told["level"]) == ("done", 6, 6, 6)
    assert len(office.calendar(A, 6, "On-Call")) == 1
    again = json.loads(call("sync", "on-call", "--wait", "--json"))
    assert (again["created"], again["updated"], again["deleted"], again["remark"]) == (0, 0, 0, "No change.")


def test_sync_without_wait_only_asks(tunnel):
    told = json.loads(call("sync", "on-call", "--json"))
    assert told["state"] == "running"
    assert Run.objects.get().state == "running"


def test_sync_fails_where_a_mailbox_does(office, tunnel):
    mailbox = f"tenants/{A}/mailboxes/{A[:8]}-0000-4000-8000-000000000003"
    office.sandbox.control("PATCH", mailbox, {"trouble": "access-denied"})
    with pytest.raises(SystemExit) as ended:
        call("sync", "on-call", "--wait", "--json")
    assert ended.value.code == 1
    assert Lane.objects.filter(state="failing").count() == 1


def test_a_paused_tunnel_is_not_synced(office, tunnel):
    services.pause(office.principal, tunnel)
    for command in ("sync", "plan"):
        with pytest.raises(CommandError, match="paused"):
            call(command, "on-call")


def test_an_unknown_tunnel_is_told_with_those_that_are_known(tunnel):
    with pytest.raises(CommandError, match="Known are: on-call"):
        call("plan", "on-cal")


def test_status_tells_tenants_tunnels_and_problems(tunnel):
    call("sync", "on-call", "--wait")
    [partner] = json.loads(call("status", "--json"))["partners"]
    [tenant], [told] = partner["tenants"], partner["tunnels"]
    assert (tenant["tenant"], tenant["state"]) == ("northwind", "connected")
    assert (told["tunnel"], told["state"], told["lanes"], told["healthy"]) == ("on-call", "healthy", 6, 6)
    assert partner["problems"] == []
    assert "on-call: healthy, 6 of 6" in call("status")
