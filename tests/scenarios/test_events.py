"""What a copy says, what it never says, and which events get one: C09, C10, C11, C20, C22."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta

import pytest
from django.core.serializers import serialize

from tests.scenarios.invariants import mails_of_the_app
from tests.scenarios.oracles import found
from tests.scenarios.people import A, B, C, person, user_id
from tests.tunnels.world import NOW
from tunnels.models import Body, LedgerEntry, Link, RegisterRow, Run, RunLine

pytestmark = pytest.mark.django_db


def mail(tid, number):
    return person(tid, number)["mail"]


def at(day, hour, minute=0):
    moment = (NOW + timedelta(days=day)).replace(hour=hour, minute=minute)
    return {"dateTime": moment.strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"}


def guests(count, domain="outside.example"):
    return [
        {
            "emailAddress": {"address": f"guest{number}@{domain}", "name": f"Guest Number {number}"},
            "type": "required",
        }
        for number in range(1, count + 1)
    ]


def into_b(stage, **changes):
    to = {B: {"mailboxes": [mail(B, 1)]}}
    return stage.calendar_tunnel("board", source=(A, 7), to=to, folder="Board", **changes)


def test_c09_a_private_meeting_shows_its_mask_and_nothing_else(stage, owner, as_member):
    stage.open(A, B)
    event = stage.add_event(
        A,
        7,
        subject="Board: Project Falcon",
        sensitivity="private",
        location={"displayName": "HQ 4"},
        body={"contentType": "html", "content": "<p>Buy them before the falcon lands.</p>"},
        attendees=guests(3),
        isOnlineMeeting=True,
        onlineMeetingProvider="teamsForBusiness",
    )
    link = event["onlineMeeting"]["joinUrl"]
    stage.remember(link)
    tunnel = into_b(
        stage, policy={"detail": "title", "private": "mask", "mask_subject": "Private appointment"}
    )
    run = stage.sync(tunnel)
    [copy] = stage.view(B, 1, (NOW, NOW + timedelta(days=2)), "Board")
    assert (copy["subject"], copy["showAs"]) == ("Private appointment", "busy")
    assert (copy["start"], copy["end"]) == (event["start"], event["end"])
    browser = as_member(owner)
    lane = tunnel.lanes.get()
    pages = [f"/tunnels/{tunnel.pk}/", f"/tunnels/{tunnel.pk}/plan/", f"/tunnels/{tunnel.pk}/plan/{lane.pk}/",
             f"/tunnels/runs/{run.pk}/", "/audit-trail/", "/dashboard/"]  # fmt: skip
    answers = [browser.get(page) for page in pages]
    assert {answer.status_code for answer in answers} == {200}
    rows = [serialize("json", model.objects.all()) for model in (RegisterRow, LedgerEntry, RunLine, Run)]
    target = [one for one in stage.world()["tenants"] if one["id"] == B]
    everywhere = {
        "target": json.dumps(target),
        "pages": "".join(answer.content.decode() for answer in answers),
        "ledger": "".join(rows) + "".join(bytes(body.content).decode() for body in Body.objects.all()),
        "links": str(list(Link.objects.values())),
    }
    for word in ("falcon", "hq 4", link.lower(), *(f"guest{number}@" for number in (1, 2, 3))):
        for where, text in everywhere.items():
            assert word not in text.lower(), f"{word!r} stands in the {where}"


SHOWN_AS = ("tentative", "busy", "oof")


@pytest.fixture
def seven_kinds(stage):
    """An attendee's calendar: one event of each kind that C10 names."""
    stage.open(A, B)
    mailbox = f"tenants/{A}/mailboxes/{user_id(A, 7)}"
    stage.sandbox.control("PATCH", mailbox, {"settings": {"_keepsDeclined": True}})
    for hour, kind in enumerate((*SHOWN_AS, "workingElsewhere"), 8):
        stage.add_event(A, 7, subject=f"Shown as {kind}", showAs=kind, start=at(1, hour), end=at(1, hour, 30))
    invited = [{"emailAddress": {"address": mail(A, 7)}, "type": "required"}]
    for hour, subject in ((14, "To be declined"), (15, "To be called off")):
        meeting = stage.add_event(
            A, 8, subject=subject, attendees=invited, start=at(1, hour), end=at(1, hour, 30)
        )
        mine = stage.act(A, 7, "GET", f"events?$filter=subject eq '{subject}'")["value"][0]
        if hour == 14:
            stage.act(A, 7, "POST", f"events/{mine['id']}/decline", {"sendResponse": True})
        else:
            stage.act(A, 7, "PATCH", f"events/{mine['id']}", {"showAs": "free"})
            stage.act(A, 8, "POST", f"events/{meeting['id']}/cancel", {"comment": "not now"})
    return into_b(stage, policy={"show_as": list(SHOWN_AS), "leave_out_declined": True})


def test_c10_three_are_copied_and_three_are_left_out_each_with_its_reason(stage, seven_kinds):
    """Six events: the cancelled one is the one that shows as free, as Outlook leaves it."""
    present = {one["subject"]: one for one in stage.act(A, 7, "GET", "events?$top=50")["value"]}
    assert len(present) == 6
    declined, cancelled = (
        present["To be declined"],
        next(one for one in present.values() if one["isCancelled"]),
    )
    assert (declined["responseStatus"]["response"], cancelled["showAs"]) == ("declined", "free")
    run = stage.sync(seven_kinds)
    copies = Counter((subject, kind) for *_, kind, subject, _, _ in found(stage, (B, 1), "Board").elements())
    assert copies == Counter((f"Shown as {kind}", kind) for kind in SHOWN_AS)
    skipped = {row.key: row.reason for row in RegisterRow.objects.filter(fingerprint="")}
    assert skipped == {
        present["Shown as workingElsewhere"]["iCalUId"]: "show-as is workingElsewhere",
        declined["iCalUId"]: "it is declined",
        cancelled["iCalUId"]: "it is cancelled",
    }
    journal = " ".join(run.lines.values_list("text", flat=True))
    for reason in skipped.values():
        assert reason in journal


def test_c10_what_is_plainly_free_is_left_out_too(stage, seven_kinds):
    free = stage.add_event(A, 7, subject="Shown as free", showAs="free")
    stage.sync(seven_kinds)
    assert RegisterRow.objects.get(key=free["iCalUId"]).reason == "show-as is free"
    assert len(stage.calendar(B, 1, "Board")) == 3


@pytest.mark.parametrize(("duplicate", "late"), [(201, 0), (400, 60), (409, 0)])
def test_c11_a_copy_of_a_great_meeting_invites_nobody(stage, duplicate, late):
    """Nor when the answer to its create is lost and it has to be found again."""
    stage.open(A, B, duplicate_transaction=duplicate, late_filter_s=late)
    tunnel = into_b(stage, policy={"detail": "full", "meeting_links": "text"})
    stage.sync(tunnel)
    assert stage.outbox() == []
    meeting = stage.add_event(
        A, 7, subject="All customers", attendees=guests(40), location={"displayName": "Hall 2"},
        body={"contentType": "text", "content": "Agenda follows."}, isOnlineMeeting=True,
        onlineMeetingProvider="teamsForBusiness",
    )  # fmt: skip
    mailed = len(stage.outbox())
    assert mailed == 40, "the sandbox is awake: the organiser's own deed is mailed"

    def silent():
        assert mails_of_the_app(stage) == []
        assert len(stage.outbox()) == mailed
        for copy in stage.calendar(B, 1, "Board"):
            assert (copy["attendees"], copy["isOnlineMeeting"]) == ([], False)
            assert copy["organizer"]["emailAddress"]["address"] == mail(B, 1)

    stage.fault(kind="status", status=504, effect="after", method="POST", path="calendars/[^/]*/events$")
    run = stage.sync(tunnel)
    assert (run.created + run.adopted, run.state) == (1, Run.State.DONE), run.remark
    assert [line["status"] for line in stage.requests_of(user_id(B, 1))].count(504) == 1
    assert len(stage.calendar(B, 1, "Board")) == 1
    silent()
    stage.act(A, 7, "PATCH", f"events/{meeting['id']}", {"start": at(2, 9), "end": at(2, 10)})
    mailed = len(stage.outbox())
    assert stage.sync(tunnel).updated == 1
    silent()
    assert [start[:13] for start, *_ in found(stage, (B, 1), "Board").elements()] == [
        at(2, 9)["dateTime"][:13]
    ]
    stage.act(A, 7, "DELETE", f"events/{meeting['id']}")
    mailed = len(stage.outbox())
    assert stage.sync(tunnel).deleted == 1
    silent()
    assert stage.calendar(B, 1, "Board") == []
    assert stage.subjects(B, 1) == [], "nothing lies about in another folder"


def test_c20_three_tunnels_make_six_copies_and_one_deletion_takes_two(stage):
    stage.open(A, B, C)
    ends = ((A, 7), (B, 7), (C, 7))
    events, tunnels = {}, []
    for tid, number in ends:
        name = f"Of {tid[:2]}"
        events[tid] = stage.add_event(tid, number, subject=f"Home game {tid[:2]}")
        to = {other: {"mailboxes": [mail(other, number)]} for other, _ in ends if other != tid}
        tunnels.append(
            stage.calendar_tunnel(name.lower().replace(" ", "-"), source=(tid, number), to=to, folder=name)
        )

    def everywhere():
        for tunnel in tunnels:
            stage.sync(tunnel)
        return {end: stage.subjects(*end) for end in ends}

    everybody = sorted(f"Home game {tid[:2]}" for tid, _ in ends)
    assert everywhere() == dict.fromkeys(ends, everybody)
    assert Link.objects.exclude(remote_id=None).count() == 6
    stage.act(B, 7, "DELETE", f"events/{events[B]['id']}")
    assert everywhere() == {key: [one for one in everybody if one != "Home game 0b"] for key in ends}
    assert LedgerEntry.objects.filter(verb="delete").count() == 2


ODD = {
    "no subject": {"subject": None},
    "a moment": {"start": at(1, 9), "end": at(1, 9)},
    "very long": {"subject": "long " * 400},
    "right to left": {
        "subject": "\U0001f389 \u05e4\u05d2\u05d9\u05e9\u05d4 \u202e\U0001f469\u200d\U0001f680"
    },
    "26 hours": {"start": at(3, 9), "end": at(4, 11)},
    "a great body": {"body": {"contentType": "html", "content": "<p>" + "wide " * 210_000 + "</p>"}},
    "backwards": {"start": at(2, 12), "end": at(2, 9)},
}


def test_c22_odd_events_are_copied_and_the_impossible_one_is_named_once(stage):
    stage.open(A, B)
    events = [
        {"subject": f"Odd: {name}", "start": at(5, 7), "end": at(5, 8), "iCalUId": f"odd-{name}", **fields}
        for name, fields in ODD.items()
    ]
    assert len(ODD["very long"]["subject"]) == 2000
    stage.put_events(A, 7, *events)
    to = {B: {"mailboxes": [mail(B, 1), mail(B, 2)]}}
    tunnel = stage.calendar_tunnel("board", source=(A, 7), to=to, folder="Board", policy={"detail": "full"})
    run = stage.sync(tunnel)
    assert (run.created, run.failed, run.state) == (2 * 6, 0, Run.State.DONE), run.remark
    window = (NOW, NOW + timedelta(days=6))
    possible = {uid for uid in (f"odd-{name}" for name in ODD) if uid != "odd-backwards"}
    said = [event for event in stage.view(A, 7, window) if event["iCalUId"] in possible]
    for number in (1, 2):
        seen = stage.view(B, number, window, "Board")
        assert sorted(map(telling, seen)) == sorted(map(telling, said))
    assert RegisterRow.objects.get(key="odd-backwards").reason == "it ends before it starts"
    for told in (run, stage.sync(tunnel)):
        lines = [line.text for line in told.lines.all() if "ends before it starts" in line.text]
        assert len(lines) == 1, "the impossible one is reported once, not once per target"
    assert told.remark == "No change."


def telling(event):
    """What must be the same: title, times, and what a person reads of the body."""
    return event["subject"] or "", event["start"]["dateTime"], event["end"]["dateTime"], event["bodyPreview"]
