"""The invariants themselves: each is broken once, and says so. Otherwise they would prove nothing."""

from __future__ import annotations

import logging

import pytest
from django.db import connection

from partners.selectors import principal_of
from tests.scenarios.invariants import check
from tests.scenarios.people import A, person, user_id
from tests.tunnels.world import APP, SECRET

pytestmark = pytest.mark.django_db


def as_app(stage, method, path, body=None):
    """A request with the rights of our app that the engine would never send."""
    token = stage.sandbox.token(A, APP, SECRET)
    return stage.sandbox.call(token, method, f"users/{user_id(A, 1)}/{path}", json=body)


def change_somebodys_event(stage, _):
    """I1."""
    mine = stage.add_event(A, 1, subject="Dentist")
    assert as_app(stage, "PATCH", f"events/{mine['id']}", {"subject": "Ours now"}).ok


def invite(stage, _):
    """I2."""
    guest = {"emailAddress": {"address": "guest@outside.example"}, "type": "required"}
    event = {
        "subject": "Come",
        "start": {"dateTime": "2026-11-05T09:00:00", "timeZone": "UTC"},
        "end": {"dateTime": "2026-11-05T10:00:00", "timeZone": "UTC"},
        "attendees": [guest],
    }
    assert as_app(stage, "POST", "events", event).status_code == 201


def leave_something_to_do(stage, _):
    """I3."""
    stage.add_event(A, 90, subject="Second shift")


def let_the_stranger_in(stage, owner):
    """I4."""
    stage.stranger = principal_of(owner)


def tell_a_subject(*_):
    """I5."""
    logging.getLogger("tunnels").info("copied %s", "First shift")


def ask_too_early(stage, _):
    """I6."""
    stage.fault(kind="status", status=429, retry_after=60, mailbox=user_id(A, 1))
    for _ in range(2):
        as_app(stage, "GET", "calendars")


def write_without_a_cause(*_):
    """I7."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tunnels_ledgerentry (at, lane, row, occurrence, verb, cause, outcome)"
            " SELECT culvert_now(), lane, row, '', 'delete', '', 'written' FROM tunnels_link"
        )


DEEDS = (
    change_somebodys_event, invite, leave_something_to_do, let_the_stranger_in, tell_a_subject,
    ask_too_early, write_without_a_cause,
)  # fmt: skip


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.__doc__.strip("."))
def test_what_breaks_an_invariant_is_noticed(stage, deed, owner, caplog):
    stage.open(A)
    stage.add_event(A, 90, subject="First shift")
    stage.sync(stage.calendar_tunnel(to={A: {"mailboxes": [person(A, 1)["mail"]]}}))
    deed(stage, owner)
    with pytest.raises(AssertionError, match=deed.__doc__.strip(".")):
        check(stage, caplog.records)
    stage.tenants.clear()  # What is broken on purpose is not judged again.
