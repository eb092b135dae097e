"""The control interface: worlds, clock, switches, people and administrators."""

from __future__ import annotations

import copy
from dataclasses import fields
from datetime import datetime
from pathlib import Path

import pytest

from syncengine.sandbox.control import _DEEDS
from syncengine.sandbox.faults import KINDS, Fault
from syncengine.sandbox.state import Switches, World
from syncengine.sandbox.world_file import dump_world, load_world
from tests.sandbox.core.conftest import ADA, APP, NO_ITEM, TENANT, small_world
from tests.sandbox_inside import call


def test_the_documentation_names_every_switch_fault_and_address():
    page = (Path(__file__).parents[3] / "docs/sandbox.md").read_text()
    switches = [one.name for one in fields(Switches)]
    scripted = {one.name for one in fields(Fault)} - {"id", "seen", "struck", "_pattern"}
    wanted = [*switches, *KINDS, *scripted, *(path for _, path in _DEEDS)]
    assert [word for word in wanted if word.strip("_") not in page] == []


def without_generations(value):
    """A dump without the numbers of the next changes, which rise with each loading."""
    if isinstance(value, dict):
        return {k: without_generations(v) for k, v in value.items() if k != "_generation"}
    return [without_generations(one) for one in value] if isinstance(value, list) else value


def test_a_dumped_world_loads_into_the_same_world(inside, token, world):
    inside.graph(token, "POST", f"users/{ADA}/contacts", {"givenName": "Cy"})
    inside.graph(
        token,
        "POST",
        f"users/{ADA}/events",
        {
            "subject": "Round",
            "start": {"dateTime": "2026-03-03T10:00:00", "timeZone": "UTC"},
            "end": {"dateTime": "2026-03-03T11:00:00", "timeZone": "UTC"},
        },
    )
    dumped = inside.control("GET", "world")
    other = World()
    load_world(other, copy.deepcopy(dumped))
    assert without_generations(dump_world(other)) == without_generations(dumped)
    for path in (f"/users/{ADA}/events", f"/users/{ADA}/contacts"):
        for prefer in ("", 'IdType="ImmutableId"'):
            now, then = (call(one, "GET", path, prefer=prefer).body for one in (other, world))
            assert now["value"] == then["value"] != []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"planets": []}, "planets"),
        ({"switches": {"gravity": 1}}, "gravity"),
        ({"switches": {"oversize_pages": 1}}, "oversize_pages"),
        ({"clock": {"now": "soon"}}, "soon"),
        ({"clock": {"now": "2026-01-01T00:00:00"}}, "offset"),
        ({"tenants": [{"organization": {}}]}, "id"),
        ({"tenants": [{"id": TENANT, "mailboxes": [{"user": "nobody"}]}]}, "nobody"),
        ({"tenants": [{"id": TENANT, "moons": []}]}, "moons"),
        ({"tenants": [{"id": TENANT, "users": [{"displayName": "Nobody"}]}]}, "users has no id"),
        ({"tenants": [{"id": TENANT, "apps": [{"id": APP, "colour": "red"}]}]}, "colour"),
    ],
)
def test_a_wrong_world_is_refused_with_its_reason(inside, change, word):
    got = inside.request("PUT", "/_sandbox/world", {**small_world(), **change})
    assert got.status == 400
    assert word in got.json()["error"]


def test_reset_empties_everything(inside, token):
    inside.graph(token, "GET", f"users/{ADA}/contacts")
    inside.control("POST", "faults", {"kind": "lost"})
    inside.control("POST", "reset")
    assert inside.control("GET", "world")["tenants"] == []
    assert inside.control("GET", "counters")["requests"] == 0
    assert inside.control("GET", "faults")["faults"] == []


def test_the_clock_stands_moves_and_runs_again(inside):
    assert inside.control("GET", "clock")["time"] == "2026-03-02T09:00:00+00:00"
    moved = inside.control("PUT", "clock", {"advance_s": 90})
    assert moved == {"time": "2026-03-02T09:01:30+00:00", "now": "2026-03-02T09:01:30+00:00"}
    running = inside.control("PUT", "clock", {"now": None})
    assert running["offset_s"] == 0
    ahead = inside.control("PUT", "clock", {"advance_s": 3600})
    apart = datetime.fromisoformat(ahead["time"]) - datetime.fromisoformat(running["time"])
    assert (ahead["offset_s"], round(apart.total_seconds())) == (3600, 3600)
    assert inside.control("PUT", "clock", {"offset_s": -60})["offset_s"] == -60


def test_a_switch_turns_and_the_others_stay(inside):
    before = inside.control("GET", "switches")
    after = inside.control("PUT", "switches", {"duplicate_transaction": 201})
    assert after == {**before, "duplicate_transaction": 201}
    assert inside.request("PUT", "/_sandbox/switches", {"duplicate_transaction": "201"}).status == 400


def test_a_person_acts_without_limits_faults_and_counters(inside, world):
    inside.control("POST", "faults", {"kind": "status", "status": 500, "times": None})
    asked = {
        "tenant": TENANT,
        "method": "POST",
        "path": f"/users/{ADA}/events",
        "body": {
            "subject": "Review",
            "start": {"dateTime": "2026-03-03T10:00:00", "timeZone": "UTC"},
            "end": {"dateTime": "2026-03-03T11:00:00", "timeZone": "UTC"},
            "attendees": [{"emailAddress": {"address": "ben@alder.example"}, "type": "required"}],
        },
    }
    answer = inside.control("POST", "as-user", asked)
    assert answer["status"] == 201
    counted = inside.control("GET", "counters")
    assert (counted["requests"], counted["calls"], counted["writes"]) == (0, 0, 0)
    mails = inside.control("GET", "outbox")["mails"]
    assert [mail["kind"] for mail in mails] == ["invitation"]
    assert inside.control("DELETE", "outbox")["mails"] == []


def test_a_persons_mistake_is_answered_as_graph_would(inside):
    asked = {"tenant": TENANT, "method": "GET", "path": f"/users/{ADA}/events/{NO_ITEM}"}
    answer = inside.control("POST", "as-user", asked)
    assert (answer["status"], answer["body"]["error"]["code"]) == (404, "ErrorItemNotFound")


def test_an_administrator_changes_a_person_and_delta_tells(inside, token):
    link = inside.graph(token, "GET", "users/delta?$select=jobTitle").json()["@odata.deltaLink"]
    inside.control("PATCH", f"tenants/{TENANT}/users/ada@alder.example", {"jobTitle": "Pilot"})
    told = inside.graph(token, "GET", link).json()["value"]
    assert [(one["id"], one["jobTitle"]) for one in told] == [(ADA, "Pilot")]


def test_an_administrator_removes_a_person_and_makes_a_mail_contact(inside, token):
    users, contacts = (
        inside.graph(token, "GET", f"{kind}/delta").json()["@odata.deltaLink"]
        for kind in ("users", "contacts")
    )
    inside.control("DELETE", f"tenants/{TENANT}/users/{ADA}")
    inside.control("PATCH", f"tenants/{TENANT}/contacts/c1", {"displayName": "Supplier"})
    told = inside.graph(token, "GET", users).json()["value"]
    assert [(one["id"], one["@removed"]["reason"]) for one in told] == [(ADA, "changed")]
    told = inside.graph(token, "GET", contacts).json()["value"]
    assert [(one["id"], one["displayName"]) for one in told] == [("c1", "Supplier")]
    inside.control("DELETE", f"tenants/{TENANT}/contacts/c1")
    assert inside.request("DELETE", f"/_sandbox/tenants/{TENANT}/contacts/c1").status == 404


def test_an_administrator_breaks_makes_and_removes_a_mailbox(inside, token):
    address = f"tenants/{TENANT}/mailboxes/{ADA}"
    assert inside.control("PATCH", address, {"trouble": "unlicensed"})["trouble"] == "unlicensed"
    inside.control("DELETE", address)
    assert inside.graph(token, "GET", f"users/{ADA}/contacts").status == 404
    inside.control("PUT", address, {"settings": {"timeZone": "UTC"}})
    assert inside.graph(token, "GET", f"users/{ADA}/contacts").status == 200
    assert inside.request("PATCH", f"/_sandbox/{address}", {"trouble": "tired"}).status == 400


def test_consent_is_given_changed_and_taken_away(inside, world):
    other = "A9900000-0000-4000-8000-0000000000FF"
    address = f"tenants/{TENANT}/apps/{other}"
    inside.control("PUT", address, {"secrets": ["x"], "roles": ["User.Read.All"]})
    assert inside.token(TENANT, other, "x")
    changed = inside.control("PATCH", address, {"roles": []})
    assert (changed["secrets"], changed["roles"]) == (["x"], [])
    assert inside.control("DELETE", address)["apps"] == [APP]
    assert inside.request("PUT", f"/_sandbox/{address}", {"colour": "red"}).status == 400


def test_a_tenant_is_added_and_removed(inside):
    one = "0a1de000-0000-4000-8000-0000000000ee"
    assert inside.control("PUT", f"tenants/{one}", {"organization": {"id": one}})["tenants"] == [TENANT, one]
    assert inside.control("DELETE", f"tenants/{one}")["tenants"] == [TENANT]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "nothing", 404),
        ("PATCH", "tenants/none/mailboxes/none", 404),
        ("DELETE", f"tenants/{TENANT}/mailboxes/none", 404),
        ("POST", "import", 400),
        ("DELETE", "faults/first", 400),
    ],
)
def test_a_wrong_address_is_told(inside, method, path, status):
    assert inside.request(method, f"/_sandbox/{path}", {"tenant": TENANT}).status == status


def test_a_file_is_imported_into_a_mailbox(inside, token):
    card = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Cy Green\r\nN:Green;Cy;;;\r\nEND:VCARD\r\n"
    inside.control("POST", "import", {"tenant": TENANT, "mailbox": ADA, "kind": "vcf", "text": card})
    event = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\nBEGIN:VEVENT\r\nUID:1@x\r\n"
        "DTSTAMP:20260301T000000Z\r\nDTSTART:20260303T100000Z\r\nDTEND:20260303T110000Z\r\n"
        "SUMMARY:Round\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    inside.control("POST", "import", {"tenant": TENANT, "mailbox": ADA, "kind": "ics", "text": event})
    cards = inside.graph(token, "GET", f"users/{ADA}/contacts").json()["value"]
    events = inside.graph(token, "GET", f"users/{ADA}/events").json()["value"]
    assert [one["surname"] for one in cards] == ["Green"]
    assert [one["subject"] for one in events] == ["Round"]


def test_an_item_is_pasted_with_its_mark_and_moved_with_its_immutable_id(inside, token):
    mark = "String {6f9a1c1e-0b51-4b7e-9d0c-2f6f6d3f5a11} Name Mark"
    card = {"givenName": "Cy", "singleValueExtendedProperties": [{"id": mark, "value": "m1"}]}
    made = inside.graph(token, "POST", f"users/{ADA}/contacts", card).json()
    folder = inside.graph(token, "POST", f"users/{ADA}/contactFolders", {"displayName": "Team"}).json()
    where = {"tenant": TENANT, "mailbox": ADA, "kind": "contact"}
    pasted = inside.control("POST", "paste", {**where, "id": made["id"]})["id"]
    expand = f"$expand=singleValueExtendedProperties($filter=id%20eq%20'{mark.replace(' ', '%20')}')"
    read = inside.graph(token, "GET", f"users/{ADA}/contacts/{pasted}?{expand}").json()
    assert [one["value"] for one in read["singleValueExtendedProperties"]] == ["m1"]

    def immutable(item):
        found = inside.graph(token, "GET", f"users/{ADA}/contacts/{item}", Prefer='IdType="ImmutableId"')
        return found.json()["id"]

    before = immutable(pasted)
    moved = inside.control("POST", "move", {**where, "id": pasted, "to": folder["id"]})["id"]
    assert moved != pasted
    assert immutable(moved) == before


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("move", {"kind": "contact", "id": NO_ITEM}),
        ("move", {"kind": "contact", "id": NO_ITEM, "to": NO_ITEM}),
        ("paste", {"kind": "letter", "id": NO_ITEM}),
        ("paste", {"kind": "event", "id": NO_ITEM}),
    ],
)
def test_a_deed_that_cannot_be_done_is_refused_with_a_reason(inside, path, asked):
    got = inside.request("POST", f"/_sandbox/{path}", {"tenant": TENANT, "mailbox": ADA, **asked})
    assert got.status == 400
    assert got.json()["error"]


@pytest.mark.parametrize(("kind", "path"), [("contact", "contacts/delta"), ("event", "calendarView/delta")])
def test_exchange_can_be_made_to_forget_its_tokens(inside, token, kind, path):
    window = "startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-04-01T00:00:00Z"
    query = f"?{window}" if kind == "event" else ""
    link = inside.graph(token, "GET", f"users/{ADA}/{path}{query}").json()["@odata.deltaLink"]
    assert inside.graph(token, "GET", link).status == 200
    inside.control("POST", "forget-tokens", {"tenant": TENANT, "mailbox": ADA, "kind": kind})
    assert inside.graph(token, "GET", link).status == 410
