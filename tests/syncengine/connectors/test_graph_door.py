"""Batches that fail, wholly or in part: what each part is told, and how far a refusal reaches."""

from __future__ import annotations

import pytest

from syncengine.errors import NeedsAPerson, TryAgain
from syncengine.model.copies import ContactCopy
from syncengine.model.identity import Mark
from syncengine.ports.writing import (
    Failed,
    Fine,
    Later,
    Lost,
    Open,
    Part,
    Refused,
)
from tests.syncengine.connectors.driving import APP, ROLES, SECRET, TENANT, Bench, user_id
from tests.syncengine.connectors.samples import at, contact_copy, event_copy
from tests.syncengine.connectors.test_graph_contract import GraphCalendarWorld, as_user

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


def set_trouble(bench: Bench, trouble: str) -> None:
    """Put u01's mailbox into trouble."""
    bench.inside.control("PATCH", f"tenants/{TENANT}/mailboxes/{U1}", {"trouble": trouble})


def put_roles(bench: Bench, roles: list[str]) -> None:
    """What the tenant has consented to."""
    bench.inside.control("PUT", f"tenants/{TENANT}/apps/{APP}", {"secrets": [SECRET], "roles": roles})
