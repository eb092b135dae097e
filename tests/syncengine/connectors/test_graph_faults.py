"""Each way in which Graph can fail, and what it makes us do. Nothing is ever deleted by a fault."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from syncengine.connectors.graph.remedies import CURSOR_EXPIRED
from syncengine.errors import CursorExpired, NeedsAPerson, TryAgain
from syncengine.model.copies import ContactCopy
from syncengine.model.identity import Mark, RemoteId
from syncengine.ports.looking import Missing
from syncengine.ports.writing import (
    Failed,
    Fine,
    FolderGone,
    Later,
    Look,
    Lost,
    NotThere,
    Open,
    Part,
    Refused,
)
from tests.syncengine.connectors.contract import WINDOW, at, contact_copy, event_copy
from tests.syncengine.connectors.driving import APP, ROLES, SECRET, TENANT, Bench, user_id
from tests.syncengine.connectors.test_graph_contract import CalendarFolders, GraphCalendarWorld, as_user

U1, U2 = user_id(1), user_id(2)
MARK = Mark("inst", 1, "row", "attempt")
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def calendar(bench: Bench) -> GraphCalendarWorld:
    """A calendar with forty events."""
    found = GraphCalendarWorld(bench)
    for number in range(40):
        found.add(f"event {number}", at(1 + number % 28, 9))
    return found


def contact(mailbox: str, name: str) -> Part:
    """A new contact in the default folder."""
    body = b'{"givenName":"%s"}' % name.encode()
    return Part("POST", f"/users/{mailbox}/contacts", mailbox, body, JSON)


def contacts(bench: Bench, mailbox: str) -> list[str]:
    """Given names in the default folder, by whoever asks."""
    return [one["givenName"] for one in as_user(bench, "GET", f"/users/{mailbox}/contacts?$top=999")["value"]]


READ_FAULTS: list[tuple[dict[str, Any], type[Exception]]] = [
    ({"kind": "status", "status": 403, "code": "ErrorAccessDenied"}, NeedsAPerson),
    ({"kind": "status", "status": 500, "code": "UnknownError"}, TryAgain),
    ({"kind": "status", "status": 502}, TryAgain),
    ({"kind": "status", "status": 503, "code": "serviceNotAvailable"}, TryAgain),
    ({"kind": "status", "status": 504, "code": "UnknownError"}, TryAgain),
    ({"kind": "status", "status": 429, "code": "ApplicationThrottled"}, TryAgain),
    ({"kind": "status", "status": 423}, TryAgain),
    ({"kind": "lost"}, TryAgain),
    ({"kind": "truncated"}, TryAgain),
    ({"kind": "garbage"}, TryAgain),
]


@pytest.mark.parametrize(("fault", "remedy"), READ_FAULTS)
def test_a_look_that_fails_raises_and_tells_nothing(bench, calendar, fault, remedy) -> None:
    cursor = calendar.look().cursor
    bench.fault(**fault, path="delta", times=None)
    told = []
    with pytest.raises(remedy):
        told += calendar.source.changes(WINDOW, cursor)
    assert told == []


@pytest.mark.parametrize(("fault", "remedy"), READ_FAULTS)
def test_a_reading_that_fails_in_one_part_answers_nothing(bench, calendar, fault, remedy) -> None:
    ids = calendar.look().changed
    bench.fault(**fault, path="events/", nth=25, times=None)
    with pytest.raises(remedy):
        calendar.source.read(ids)


def test_a_refusal_says_how_long_to_wait_to_the_fraction(bench, calendar) -> None:
    bench.fault(kind="status", status=429, path="delta", retry_after=2.128)
    with pytest.raises(TryAgain) as refusal:
        calendar.look()
    assert refusal.value.after == 2.128
    assert bench.used.throttled == 1


@pytest.mark.parametrize("status", [410, 400])
def test_a_lost_cursor_is_expired_under_either_status(bench, calendar, status) -> None:
    cursor = calendar.look().cursor
    bench.fault(kind="expired-cursor", status=status)
    with pytest.raises(CursorExpired):
        calendar.look(cursor)
    assert len(calendar.look().changed) == 40


def test_a_next_link_may_expire_in_the_middle_of_a_full_look(bench, calendar) -> None:
    add_many(bench, 250)
    bench.fault(kind="expired-cursor", nth=1)
    with pytest.raises(CursorExpired):
        calendar.look()


def test_a_token_that_ends_between_two_pages_is_renewed_and_the_page_asked_for_again(bench, calendar) -> None:
    add_many(bench, 450)
    calendar.look()
    bench.inside.control("DELETE", "counters")
    bench.fault(kind="expired-token", path="delta", nth=3)
    told = calendar.look()
    assert len(set(told.changed)) == 490
    assert bench.world.counters.tokens == 1
    statuses = [line["status"] for line in bench.inside.control("GET", "requests")["requests"]]
    assert statuses == [200, 200, 401, 200], "only the page that was refused is asked for twice"


def test_pages_that_lead_in_a_circle_are_asked_for_in_a_larger_size(bench, calendar) -> None:
    add_many(bench, 210)
    bench.switch(looping_pages_below=500)
    assert len(set(calendar.look().changed)) == 250


def test_a_circle_that_no_size_ends_is_a_fault_and_no_endless_loop(bench, calendar, monkeypatch) -> None:
    monkeypatch.setattr("syncengine.connectors.graph.calendar.PAGE_SIZES", (10, 30))
    bench.switch(looping_pages_below=1001)
    with pytest.raises(TryAgain):
        calendar.look()


def test_a_calendar_that_is_gone_is_not_a_calendar_whose_events_were_deleted(bench) -> None:
    made = as_user(bench, "POST", f"/users/{U1}/calendars", {"name": "Duty"})
    calendar = GraphCalendarWorld(bench, made["id"])
    one = calendar.add("on call", at(5, 9))
    as_user(bench, "DELETE", f"/users/{U1}/calendars/{made['id']}")
    with pytest.raises(NeedsAPerson) as gone:
        calendar.source.read([one])
    assert gone.value.scope == "collection"
    with pytest.raises(NeedsAPerson):
        calendar.look()


def test_one_missing_event_in_a_calendar_that_is_there_is_missing(bench, calendar) -> None:
    stays, goes = calendar.look().changed[:2]
    calendar.remove(goes)
    found = calendar.source.read([stays, goes])
    assert found[goes] == Missing()
    assert found[stays] != Missing()


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ("unlicensed", "no mailbox"),
        ("soft-deleted", "no mailbox"),
        ("on-premises", "no mailbox"),
        ("access-denied", "access denied"),
    ],
)
def test_a_mailbox_in_trouble_stops_itself_only(bench, calendar, trouble, reason) -> None:
    set_trouble(bench, trouble)
    with pytest.raises(NeedsAPerson) as fault:
        calendar.look()
    assert (fault.value.scope, fault.value.reason) == ("mailbox", reason)
    assert fault.value.advice
    replies = bench.door.send([contact(U1, "Ada"), contact(U2, "Bob")])
    assert isinstance(replies[0], Refused)
    assert (replies[0].scope, replies[0].reason) == ("mailbox", reason)
    assert isinstance(replies[1], Fine)


def test_a_full_mailbox_refuses_what_makes_it_fuller(bench) -> None:
    set_trouble(bench, "over-quota")
    target = bench.service.target_contacts(U1)
    failed = bench.run(target.create("default", contact_copy("Ada"), MARK))
    assert isinstance(failed, Failed)
    assert (failed.scope, failed.reason) == ("mailbox", "mailbox full")


@pytest.mark.parametrize("instant", [True, False])
def test_a_consent_that_was_taken_back_stops_the_tenant_and_not_mailbox_by_mailbox(bench, instant) -> None:
    bench.switch(revocation_is_instant=instant)
    assert isinstance(bench.door.send([contact(U1, "Ada")])[0], Fine)
    roles = [role for role in ROLES if not role.startswith("Contacts")]
    bench.inside.control("PATCH", f"tenants/{TENANT}/apps/{APP}", {"roles": roles})
    if not instant:
        # The token keeps its permissions for its whole life, which now ends.
        bench.advance(2 * 3600)
    (reply,) = bench.door.send([contact(U1, "Bob")])
    assert isinstance(reply, Refused)
    assert (reply.scope, reply.reason) == ("tenant", "consent missing")


def test_where_exchange_grants_mailboxes_a_denial_is_the_mailboxs(bench) -> None:
    scoped = Bench(scoped_by_exchange=True)
    scoped.inside.control("PATCH", f"tenants/{TENANT}/apps/{APP}", {"roles": ["User.Read.All"]})
    (reply,) = scoped.door.send([contact(U1, "Ada")])
    assert isinstance(reply, Refused)
    assert (reply.scope, reply.reason) == ("mailbox", "access denied")


def test_a_consent_given_later_is_noticed_without_waiting_for_the_old_token_to_end(bench) -> None:
    put_roles(bench, ["User.Read.All"])
    (reply,) = bench.door.send([Part("GET", "/users?$top=1", "")])
    assert isinstance(reply, Fine)
    put_roles(bench, list(ROLES))
    (reply,) = bench.door.send([contact(U1, "Ada")])
    assert isinstance(reply, Fine)


def test_an_application_that_was_removed_keeps_what_the_rest_of_the_batch_did(bench) -> None:
    bench.switch(revocation_is_instant=True)
    bench.door.send([contact(U1, "Ada")])
    bench.fault(kind="expired-token", path=U2, times=None)
    bench.inside.control("PATCH", f"tenants/{TENANT}/apps/{APP}", {"secrets": ["another"]})
    replies = bench.door.send([contact(U1, "Bob"), contact(U2, "Cyd")])
    assert isinstance(replies[0], Fine)
    assert isinstance(replies[1], Refused)
    assert (replies[1].scope, replies[1].reason) == ("tenant", "secret wrong")
    assert contacts(bench, U1) == ["Ada", "Bob"]


def test_a_directory_permission_that_is_missing_needs_the_tenants_administrator(bench) -> None:
    put_roles(bench, ["Calendars.ReadWrite"])
    with pytest.raises(NeedsAPerson) as fault:
        list(bench.service.directory.users(None))
    assert (fault.value.scope, fault.value.reason) == ("tenant", "consent missing")


def test_parts_with_a_stale_token_go_again_and_the_others_do_not(bench) -> None:
    bench.fault(kind="expired-token", path=U2, times=1)
    replies = bench.door.send([contact(U1, "Ada"), contact(U2, "Bob"), contact(U1, "Cyd")])
    assert all(isinstance(reply, Fine) for reply in replies)
    assert sorted(contacts(bench, U1)) == ["Ada", "Cyd"]
    assert contacts(bench, U2) == ["Bob"]
    assert bench.world.counters.tokens == 2


@pytest.mark.parametrize("status", [429, 503])
def test_a_batch_that_is_refused_as_a_whole_has_done_nothing(bench, status) -> None:
    bench.fault(kind="status", status=status, whole_batch=True, retry_after=7)
    with pytest.raises(TryAgain) as refusal:
        bench.door.send([contact(U1, "Ada")])
    assert refusal.value.after == 7
    assert contacts(bench, U1) == []


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "lost"},
        {"kind": "truncated"},
        {"kind": "garbage"},
        {"kind": "status", "status": 500, "effect": "after"},
        {"kind": "status", "status": 502, "effect": "before"},
        {"kind": "status", "status": 504, "effect": "after"},
    ],
)
def test_a_batch_whose_answer_cannot_be_believed_is_lost_part_by_part(bench, fault) -> None:
    bench.fault(**fault, whole_batch=True)
    assert bench.door.send([contact(U1, "Ada"), contact(U2, "Bob")]) == [Lost(), Lost()]


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_write_that_a_server_fails_at_may_have_been_done(bench, status) -> None:
    bench.fault(kind="status", status=status, path=U1, effect="after")
    replies = bench.door.send([contact(U1, "Ada"), contact(U2, "Bob")])
    assert replies[0] == Lost()
    assert isinstance(replies[1], Fine)


def test_a_part_that_hurried_waits_as_long_as_it_is_told(bench) -> None:
    bench.fault(kind="status", status=429, code="ApplicationThrottled", path=U1, retry_after=2.5)
    replies = bench.door.send([contact(U1, "Ada"), contact(U2, "Bob")])
    assert replies[0] == Later(2.5, "ApplicationThrottled")
    assert bench.used.throttled == 1
    assert bench.used.parts == 2


def test_a_new_item_under_503_is_looked_for_after_the_wait_and_not_made_twice(bench) -> None:
    bench.fault(kind="status", status=503, path=U1, retry_after=30, effect="after")
    assert bench.door.send([contact(U1, "Ada")]) == [Lost(30.0)]


def test_a_change_under_503_is_simply_repeated(bench) -> None:
    target = bench.service.target_contacts(U1)
    made = bench.run(target.create("default", ContactCopy("Ada"), MARK))
    bench.fault(kind="status", status=503, method="PATCH", retry_after=30, effect="after")
    done = bench.run(target.update("default", made.remote_id, ContactCopy("Bob"), ContactCopy("Ada")))
    assert done.remote_id == made.remote_id


def test_a_conflict_without_any_etag_of_ours_is_tried_again(bench) -> None:
    target = bench.service.target_contacts(U1)
    made = bench.run(target.create("default", ContactCopy("Ada"), MARK))
    bench.fault(kind="status", status=412, code="ErrorIrresolvableConflict", method="PATCH", times=2)
    done = bench.run(target.update("default", made.remote_id, ContactCopy("Bob"), ContactCopy("Ada")))
    assert done.remote_id == made.remote_id


@pytest.mark.parametrize("kind", ["lost", "truncated", "garbage"])
def test_a_lost_answer_leaves_the_action_open(bench, kind) -> None:
    target = bench.service.target_contacts(U1)
    bench.fault(kind=kind, method="POST", path="contacts")
    assert bench.run(target.create("default", ContactCopy("Ada"), MARK)) == Open()


def test_an_item_that_exchange_does_not_take_fails_alone_and_says_no_content(bench) -> None:
    target = bench.service.target_events(U1)
    folder = bench.run(target.prepare("", "", MARK)).folder
    bench.fault(
        kind="status",
        status=400,
        code="ErrorPropertyValidationFailure",
        message="Project Falcon is not valid",
        method="POST",
    )
    failed = bench.run(target.create(folder, event_copy("Project Falcon"), MARK))
    assert isinstance(failed, Failed)
    assert (failed.scope, failed.reason) == ("item", "ErrorPropertyValidationFailure")
    assert "Falcon" not in repr(failed)


@pytest.mark.parametrize("answers", [201, 400, 409])
def test_an_event_posted_twice_under_one_attempt_is_one_event(bench, answers) -> None:
    bench.switch(duplicate_transaction=answers)
    place = CalendarFolders(bench)
    folder = place.folder()
    bench.fault(kind="lost", method="POST", path="/events")
    assert bench.run(place.target.create(folder, place.copy("once"), MARK)) == Open()
    done = bench.run(place.target.create(folder, place.copy("once"), MARK))
    assert place.look(folder).changed == {done.remote_id: done.etag}
    assert place.see(folder, done.remote_id).answer == done.answer


def test_a_transaction_that_outlived_its_event_leaves_the_action_open(bench) -> None:
    bench.switch(transaction_outlives_deletion=True)
    place = CalendarFolders(bench)
    folder = place.folder()
    made = bench.run(place.target.create(folder, place.copy("once"), MARK))
    place.discard(folder, made.remote_id)
    assert bench.run(place.target.create(folder, place.copy("once"), MARK)) == Open()
    other = Mark("inst", 1, "row", "another attempt")
    assert bench.run(place.target.create(folder, place.copy("once"), other)).remote_id != made.remote_id


@pytest.mark.parametrize("kind", ["lost", "truncated"])
def test_a_folder_whose_making_was_lost_is_found_and_not_made_twice(bench, kind) -> None:
    for target, path in (
        (bench.service.target_events(U1), "calendars"),
        (bench.service.target_contacts(U1), "contactFolders"),
    ):
        mark = Mark("inst", 1, "folder", "folder")
        bench.fault(kind=kind, method="POST", path=path)
        assert bench.run(target.prepare("", "Team", mark)) == Open()
        ready = bench.run(target.prepare("", "Team", mark))
        assert not ready.created
        names = [
            one.get("name") or one.get("displayName")
            for one in as_user(bench, "GET", f"/users/{U1}/{path}")["value"]
        ]
        assert names.count("Team") == 1


def test_a_persons_folder_of_the_same_name_is_left_alone(bench) -> None:
    as_user(bench, "POST", f"/users/{U1}/calendars", {"name": "Team"})
    target = bench.service.target_events(U1)
    ready = bench.run(target.prepare("", "Team", Mark("inst", 1, "folder", "folder")))
    names = {one["id"]: one["name"] for one in as_user(bench, "GET", f"/users/{U1}/calendars")["value"]}
    assert names[ready.folder] == "Team (2)"


def test_a_look_at_a_target_survives_a_cursor_that_dies_while_paging(bench) -> None:
    place = CalendarFolders(bench)
    folder = place.folder()
    made = {place.put(folder, f"copy {n}", f"row{n}").remote_id for n in range(3)}
    cursor = place.look(folder).cursor
    bench.fault(kind="expired-cursor", status=400)
    seen = bench.run(place.target.look(folder, WINDOW, cursor))
    assert isinstance(seen, Look)
    assert (seen.complete, seen.changed.keys()) == (True, made)


def test_a_look_whose_answer_is_lost_is_open(bench) -> None:
    place = CalendarFolders(bench)
    folder = place.folder()
    bench.fault(kind="lost", path="delta")
    assert bench.run(place.target.look(folder, WINDOW, None)) == Open()


def test_a_window_that_slid_beyond_its_chain_begins_a_new_one(bench) -> None:
    from syncengine.model.time import window_around

    place = CalendarFolders(bench)
    folder = place.folder()
    made = place.put(folder, "ours")
    cursor = place.look(folder).cursor
    near = bench.run(place.target.look(folder, window_around(date(2026, 4, 1), 30, 180), cursor))
    assert (near.complete, near.changed) == (False, {})
    far = bench.run(place.target.look(folder, window_around(date(2026, 6, 1), 120, 180), near.cursor))
    assert (far.complete, far.changed) == (True, {made.remote_id: made.etag})


def test_more_than_four_megabytes_go_in_several_batches(bench) -> None:
    from dataclasses import replace

    place = CalendarFolders(bench)
    folder = place.folder()
    large = place.copy("large")
    large = replace(large, appointment=replace(large.appointment, body="x" * 1_000_000))
    parts = [next(place.target.create(folder, large, Mark("i", 1, "r", f"a{n}")))[0] for n in range(9)]
    with bench.counting() as counted:
        replies = bench.door.send(parts)
    assert all(isinstance(reply, Fine) for reply in replies)
    assert counted["requests"] == 3


def test_a_twenty_first_part_is_our_own_mistake(bench) -> None:
    with pytest.raises(ValueError, match="20"):
        bench.door.send([Part("GET", "/users", "")] * 21)


def test_an_expired_cursor_in_a_part_is_a_refusal_that_steps_know(bench, calendar) -> None:
    cursor = calendar.look().cursor
    bench.fault(kind="expired-cursor")
    (reply,) = bench.door.send([Part("GET", str(cursor), U1)])
    assert isinstance(reply, Refused)
    assert reply.reason == CURSOR_EXPIRED


def test_what_is_not_there_is_not_there(bench) -> None:
    (reply,) = bench.door.send([Part("GET", f"/users/{U1}/events/{'A' * 40}", U1)])
    assert reply == NotThere()
    assert bench.run(bench.service.target_events(U1).look("A" * 40, WINDOW, None)) == FolderGone()
    assert bench.run(bench.service.target_events(U1).read("A" * 40, [RemoteId("B" * 40)])) == {
        RemoteId("B" * 40): None
    }


def add_many(bench: Bench, count: int) -> None:
    """Many more events in u01's calendar."""
    hand = GraphCalendarWorld(bench)
    for number in range(count):
        hand.add(f"more {number}", at(1 + number % 28, 10))


def set_trouble(bench: Bench, trouble: str) -> None:
    """Put u01's mailbox into trouble."""
    bench.inside.control("PATCH", f"tenants/{TENANT}/mailboxes/{U1}", {"trouble": trouble})


def put_roles(bench: Bench, roles: list[str]) -> None:
    """What the tenant has consented to."""
    bench.inside.control("PUT", f"tenants/{TENANT}/apps/{APP}", {"secrets": [SECRET], "roles": roles})
