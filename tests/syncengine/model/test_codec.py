"""Items and copies as JSON, there and back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import orjson
import pytest
from hypothesis import given

from syncengine.model.codec import (
    copy_fingerprint,
    copy_from_json,
    copy_to_json,
    item_from_json,
    item_to_json,
    when_from_json,
    when_to_json,
)
from syncengine.model.copies import Appointment, ContactCopy, EventCopy
from syncengine.model.time import AllDay, Timed
from tests.syncengine import strategies as some

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@given(some.items())
def test_an_item_comes_back_from_json_as_it_was(item):
    assert item_from_json(orjson.loads(orjson.dumps(item_to_json(item)))) == item


@given(some.copies())
def test_a_copy_comes_back_from_json_as_it_was(copy):
    assert copy_from_json(orjson.loads(orjson.dumps(copy_to_json(copy)))) == copy


@given(some.copies(), some.copies())
def test_fingerprints_agree_exactly_when_copies_do(one, other):
    assert (copy_fingerprint(one) == copy_fingerprint(other)) == (one == other)


def test_microseconds_and_other_zones_keep_the_instant():
    berlin = NOON.astimezone(timezone(timedelta(hours=1))) + timedelta(microseconds=7)
    when = Timed(berlin, berlin, "Europe/Berlin")
    assert when_from_json(when_to_json(when)) == when


def test_defaults_are_left_out():
    copy = ContactCopy("Alex Kim")
    assert copy_to_json(copy) == {"type": "contact", "display_name": "Alex Kim"}


def test_a_reminder_at_the_start_is_not_the_same_as_none():
    silent = EventCopy(Appointment(AllDay(date(2026, 11, 3), date(2026, 11, 4))))
    loud = replace(silent, appointment=replace(silent.appointment, reminder_minutes=0))
    assert copy_from_json(copy_to_json(loud)) == loud
    assert copy_fingerprint(loud) != copy_fingerprint(silent)


def test_a_fingerprint_of_yesterday_is_known_tomorrow():
    copy = EventCopy(Appointment(Timed(NOON, NOON + timedelta(hours=1), "Europe/Berlin"), "Stand-up"))
    assert copy_fingerprint(copy) == "3f0379645fa8147888b4076f042a3a3b"


@pytest.mark.parametrize("read", [copy_from_json, item_from_json])
def test_what_nobody_wrote_is_refused(read):
    with pytest.raises(ValueError, match="of the type 'task'"):
        read({"type": "task"})
