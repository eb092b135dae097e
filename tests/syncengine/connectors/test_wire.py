"""The wire mapping without any wire: what we write, read again, is what we meant."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncengine.connectors.graph import wire_contacts, wire_events, wire_people
from syncengine.connectors.graph.answers import answer_of, plain
from syncengine.connectors.graph.marks import MARK_ID, mark_from, mark_to, transaction_id
from syncengine.connectors.graph.wire_time import Misread, canonical_zone, when_from, when_to
from syncengine.model.copies import Appointment, ContactCopy, EventCopy
from syncengine.model.identity import Mark
from syncengine.model.items import Address
from syncengine.model.time import AllDay, Timed
from tests.syncengine import strategies

MARK = Mark("inst", 7, "0123456789abcdef", "a1b2")


def shown(body: dict, **beside) -> dict:
    """A written event as an obedient Exchange would show it: in UTC, zones aside."""
    raw = {**body, **beside}
    for name, zone_field in (("start", "originalStartTimeZone"), ("end", "originalEndTimeZone")):
        given_zone = body[name]["timeZone"]
        raw[zone_field] = given_zone
        if not body["isAllDay"]:
            wall = datetime.fromisoformat(body[name]["dateTime"])
            at = wall.replace(tzinfo=ZoneInfo(canonical_zone_of(given_zone))).astimezone(UTC)
            raw[name] = {"dateTime": at.strftime("%Y-%m-%dT%H:%M:%S.0000000"), "timeZone": "UTC"}
    return orjson.loads(orjson.dumps(raw))


def canonical_zone_of(windows: str) -> str:
    from syncengine.model.zones import iana_zone

    found = iana_zone(windows)
    assert found
    return found


@given(when=strategies.whens, zone=strategies.zones)
def test_a_time_written_is_the_same_time_read(when, zone) -> None:
    read = when_from(shown(when_to(when, zone)))
    if isinstance(when, Timed):
        assert isinstance(read, Timed)
        assert (read.start, read.end) == (when.start, when.end)
    else:
        assert read == when


def test_an_hour_that_comes_twice_is_written_in_utc() -> None:
    second_pass = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    when = Timed(second_pass, second_pass.replace(hour=7), "America/New_York")
    assert when_to(when, "UTC")["start"] == {"dateTime": "2026-11-01T06:30:00", "timeZone": "UTC"}


def test_an_ordinary_hour_is_written_in_its_own_zone() -> None:
    when = Timed(datetime(2026, 7, 1, 8, tzinfo=UTC), datetime(2026, 7, 1, 9, tzinfo=UTC), "Europe/Vienna")
    assert when_to(when, "UTC")["start"] == {
        "dateTime": "2026-07-01T10:00:00",
        "timeZone": "W. Europe Standard Time",
    }


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo"])
def test_a_whole_day_is_the_same_day_in_every_zone(zone: str) -> None:
    when = AllDay(date(2026, 11, 3), date(2026, 11, 4))
    written = when_to(when, zone)
    assert written["start"]["dateTime"] == "2026-11-03T00:00:00"
    assert written["end"]["dateTime"] == "2026-11-04T00:00:00"
    assert when_from(shown(written)) == when


def test_a_whole_day_that_was_converted_is_found_again_through_its_own_zone() -> None:
    raw = {
        "isAllDay": True,
        "start": {"dateTime": "2026-11-02T23:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": "2026-11-03T23:00:00.0000000", "timeZone": "UTC"},
        "originalStartTimeZone": "W. Europe Standard Time",
        "originalEndTimeZone": "W. Europe Standard Time",
    }
    assert when_from(raw) == AllDay(date(2026, 11, 3), date(2026, 11, 4))


def test_an_all_day_event_that_begins_at_noon_is_misread() -> None:
    raw = {
        "isAllDay": True,
        "start": {"dateTime": "2026-11-02T12:00:00", "timeZone": "UTC"},
        "end": {"dateTime": "2026-11-03T12:00:00", "timeZone": "UTC"},
    }
    with pytest.raises(Misread):
        when_from(raw)


def as_read_back(copy: EventCopy) -> EventCopy:
    """The copy with the names of zones that Exchange has, and a show-as that can be written."""
    said = copy.appointment
    show_as = "busy" if said.show_as == "unknown" else said.show_as
    recurrence = copy.recurrence
    if recurrence:
        recurrence = replace(recurrence, zone=canonical_zone(recurrence.zone))
    return plain(
        replace(
            copy,
            appointment=replace(said, show_as=show_as),
            recurrence=recurrence,
            exceptions=(),
            cancelled=(),
        )
    )


@given(copy=strategies.event_copies())
def test_an_event_written_is_the_same_event_read(copy: EventCopy) -> None:
    body = wire_events.master_to(copy, "UTC")
    assert plain(wire_events.copy_from(shown(body, id="x"))) == as_read_back(copy)


@given(copy=strategies.event_copies())
def test_no_body_of_an_event_can_invite(copy: EventCopy) -> None:
    body = wire_events.master_to(copy, "UTC")
    assert not body.keys() & {"attendees", "isOnlineMeeting", "onlineMeetingProvider", "organizer"}
    assert body["isReminderOn"] is (copy.appointment.reminder_minutes is not None)


@given(before=strategies.event_copies(), after=strategies.event_copies())
def test_a_sparse_patch_leads_from_one_copy_to_the_other(before: EventCopy, after: EventCopy) -> None:
    patched = wire_events.master_to(before, "UTC") | wire_events.master_changes(before, after, "UTC")
    assert plain(wire_events.copy_from(shown(patched, id="x"))) == as_read_back(after)


@given(copy=strategies.event_copies())
def test_equal_copies_need_no_patch(copy: EventCopy) -> None:
    assert wire_events.master_changes(copy, replace(copy), "UTC") == {}


def test_a_patch_of_the_subject_sends_the_subject_only() -> None:
    said = Appointment(AllDay(date(2026, 1, 1), date(2026, 1, 2)), subject="a", body="long")
    before, after = EventCopy(said), EventCopy(replace(said, subject="b"))
    assert wire_events.master_changes(before, after, "UTC") == {"subject": "b"}


def test_an_exception_that_says_what_its_series_says_is_none() -> None:
    raw = weekly_series(exceptionOccurrences=[occurrence("2026-01-13T09:00:00", "2026-01-13T09:00:00Z")])
    assert wire_events.copy_from(raw).exceptions == ()


def test_a_moved_exception_is_named_by_its_original_date() -> None:
    raw = weekly_series(exceptionOccurrences=[occurrence("2026-01-14T10:00:00", "2026-01-13T09:00:00Z")])
    ((day, said),) = wire_events.copy_from(raw).exceptions
    assert day == date(2026, 1, 13)
    assert isinstance(said.when, Timed)
    assert said.when.start == datetime(2026, 1, 14, 10, tzinfo=UTC)


def test_a_cancelled_occurrence_is_named_by_the_end_of_its_id() -> None:
    raw = weekly_series(cancelledOccurrences=["OID.AAMkAD.x=.2026-01-20"])
    assert wire_events.copy_from(raw).cancelled == (date(2026, 1, 20),)


def test_a_series_in_a_zone_that_nobody_knows_is_misread() -> None:
    raw = weekly_series(originalStartTimeZone="tzone://Microsoft/Custom")
    raw["recurrence"]["range"]["recurrenceTimeZone"] = "tzone://Microsoft/Custom"
    with pytest.raises(Misread):
        wire_events.event_from(raw)


def test_people_of_an_event_are_lower_case_and_hold_the_organiser() -> None:
    raw = weekly_series(
        organizer={"emailAddress": {"address": "Boss@A.example"}},
        attendees=[{"emailAddress": {"address": "U01@a.example"}}, {"emailAddress": {"name": "no address"}}],
    )
    assert wire_events.event_from(raw).people == ("boss@a.example", "u01@a.example")


def test_exchange_wrapping_a_body_is_no_change() -> None:
    when = AllDay(date(2026, 1, 1), date(2026, 1, 2))
    written = EventCopy(Appointment(when, body="<p>Bring&nbsp;cake</p>", body_is_html=True))
    head = '<html>\r\n<head>\r\n<meta charset="utf-8">\r\n</head>'
    wrapped = f"{head}\r\n<body>\r\n<p>Bring&nbsp;cake</p>\r\n</body></html>"
    read = EventCopy(Appointment(when, body=wrapped, body_is_html=True))
    assert answer_of(written) == answer_of(read)
    edited = EventCopy(Appointment(when, body=wrapped.replace("cake", "tea"), body_is_html=True))
    assert answer_of(read) != answer_of(edited)


def test_a_link_that_leads_elsewhere_is_a_change_and_one_that_exchange_made_is_none() -> None:
    when = AllDay(date(2026, 1, 1), date(2026, 1, 2))

    def says(body: str, is_html: bool = True) -> EventCopy:
        return EventCopy(Appointment(when, body=body, body_is_html=is_html))

    one = says('<a href="https://a.example/?x=1&amp;y=2">agenda</a>')
    other = says('<a href="https://b.example/?x=1&amp;y=2">agenda</a>')
    assert answer_of(one) != answer_of(other)
    text = says("see https://a.example/x", is_html=False)
    linked = says('<p>see <a href="https://a.example/x">https://a.example/x</a></p>')
    assert answer_of(text) == answer_of(linked)


@given(copy=strategies.contact_copies())
def test_a_contact_written_is_the_same_contact_read(copy: ContactCopy) -> None:
    assert wire_contacts.contact_from(wire_contacts.contact_to(copy)) == wire_contacts.fitted(copy)
    assert wire_contacts.contact_from(wire_contacts.contact_in_full(copy)) == wire_contacts.fitted(copy)


@given(before=strategies.contact_copies(), after=strategies.contact_copies())
def test_a_sparse_patch_leads_from_one_contact_to_the_other(before: ContactCopy, after: ContactCopy) -> None:
    raw = wire_contacts.contact_to(before)
    changes = wire_contacts.contact_changes(before, after)
    place = {**raw.get("businessAddress", {}), **changes.pop("businessAddress", {})}
    assert wire_contacts.contact_from({**raw, **changes, "businessAddress": place}) == wire_contacts.fitted(
        after
    )


def test_names_of_a_contact_travel_together() -> None:
    before = ContactCopy("Ada Byron", "Ada", "Byron")
    changes = wire_contacts.contact_changes(before, replace(before, surname="Lovelace"))
    assert changes["displayName"] == "Ada Byron"
    assert changes["fileAs"] == "Ada Byron"
    assert changes["surname"] == "Lovelace"
    assert "companyName" not in changes


def test_a_contact_is_cut_to_what_exchange_holds() -> None:
    copy = ContactCopy(
        "x",
        emails=("n/a", "a@x.example", "b@x.example", "c@x.example", "d@x.example"),
        business_phones=("1", "2", "3"),
    )
    body = wire_contacts.contact_to(copy)
    assert [one["address"] for one in body["emailAddresses"]] == ["a@x.example", "b@x.example", "c@x.example"]
    assert body["businessPhones"] == ["1", "2"]


def test_an_empty_field_is_cleared_and_not_left() -> None:
    before = ContactCopy("x", job_title="CTO", address=Address(city="Oslo"))
    changes = wire_contacts.contact_changes(before, ContactCopy("x"))
    assert changes["jobTitle"] is None
    assert changes["businessAddress"]["city"] is None


def test_a_user_is_read_with_all_addresses_the_main_one_first() -> None:
    person = wire_people.user_from(
        {
            "id": "1",
            "displayName": "Łukasz",
            "mail": "L@a.example",
            "proxyAddresses": ["smtp:old@a.example", "SIP:l@a.example", "SMTP:L@a.example"],
            "accountEnabled": False,
            "userType": "Guest",
            "assignedLicenses": [{"skuId": "x"}],
            "showInAddressList": False,
        }
    )
    assert person.addresses == ("l@a.example", "old@a.example")
    assert (person.kind, person.enabled, person.licensed, person.hidden) == ("guest", False, True, True)


def test_a_user_of_whom_nothing_is_said_about_address_lists_is_not_hidden() -> None:
    assert wire_people.user_from({"id": "1", "showInAddressList": None}).hidden is None
    assert wire_people.user_from({"id": "1", "showInAddressList": True}).hidden is False
    assert wire_people.user_from({"id": "1", "onPremisesSyncEnabled": True}).synced is True
    assert wire_people.user_from({"id": "1", "onPremisesSyncEnabled": None}).synced is False


def test_a_mail_contact_has_one_phone_of_each_kind() -> None:
    person = wire_people.org_contact_from(
        {
            "id": "1",
            "phones": [
                {"type": "businessFax", "number": "3"},
                {"type": "mobile", "number": "1"},
                {"type": "business", "number": "2"},
            ],
            "addresses": [{"city": "Oslo", "countryOrRegion": "NO", "officeLocation": "3"}],
        }
    )
    assert (person.mobile_phone, person.business_phones, person.office) == ("1", ("2",), "3")
    assert person.address == Address(city="Oslo", country="NO")


def test_half_a_surrogate_pair_and_a_nul_are_taken_out() -> None:
    assert wire_people.user_from({"id": "1", "displayName": "a\ud800b\0"}).display_name == "a�b"


@given(text=st.text(max_size=20))
def test_a_mark_is_read_back_from_its_property(text: str) -> None:
    assert mark_from({"singleValueExtendedProperties": mark_to(MARK)}) == MARK
    foreign = [{"id": "String {00000000-0000-0000-0000-000000000000} Name Other", "value": text}]
    assert mark_from({"singleValueExtendedProperties": foreign}) is None
    upper = [{"id": MARK_ID.upper(), "value": str(MARK)}]
    assert mark_from({"singleValueExtendedProperties": upper}) == MARK


def test_a_transaction_id_tells_nothing_and_differs_by_attempt() -> None:
    other = transaction_id(replace(MARK, attempt="a1b3"))
    assert transaction_id(MARK) != other
    assert MARK.attempt not in transaction_id(MARK)
    assert transaction_id(replace(MARK, lane=8)) == transaction_id(MARK)


def weekly_series(**beside) -> dict:
    """Tuesdays at nine in UTC from 6 January 2026."""
    return {
        **occurrence("2026-01-06T09:00:00", None),
        "id": "m",
        "iCalUId": "uid",
        "type": "seriesMaster",
        "recurrence": {
            "pattern": {
                "type": "weekly",
                "interval": 1,
                "daysOfWeek": ["tuesday"],
                "firstDayOfWeek": "monday",
            },
            "range": {
                "type": "noEnd",
                "startDate": "2026-01-06",
                "endDate": "0001-01-01",
                "recurrenceTimeZone": "UTC",
            },
        },
        **beside,
    }


def occurrence(start: str, original: str | None) -> dict:
    """One hour that begins at `start`, UTC."""
    begins = datetime.fromisoformat(start)
    return {
        "id": f"o{start}",
        "type": "exception",
        "subject": "stand-up",
        "isAllDay": False,
        "showAs": "busy",
        "start": {"dateTime": begins.isoformat(), "timeZone": "UTC"},
        "end": {"dateTime": begins.replace(hour=begins.hour + 1).isoformat(), "timeZone": "UTC"},
        "originalStart": original,
        "originalStartTimeZone": "UTC",
        "originalEndTimeZone": "UTC",
    }
