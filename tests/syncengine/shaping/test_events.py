"""Events become copies or excuses; nothing leaks."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncengine.model.codec import copy_fingerprint, copy_to_json
from syncengine.model.copies import Appointment, ContactCopy, Copy, EventCopy
from syncengine.model.expansion import expand, series_span
from syncengine.model.identity import ItemKey, RemoteId, keyed_hash
from syncengine.model.items import Details, Event
from syncengine.model.recurrence import Recurrence
from syncengine.model.time import AllDay, Timed, Window, span_of
from syncengine.shaping.appointments import appointment_of
from syncengine.shaping.events import shape_event
from syncengine.shaping.policy import EventPolicy
from syncengine.shaping.shaped import EventFacts, Shaped
from tests.syncengine import strategies as some

SALT = b"salt"
ALWAYS = EventFacts(Window(datetime(1990, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)), SALT)
TEN = datetime(2026, 6, 1, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
MEETING = Timed(TEN, TEN + HOUR, "Europe/Berlin")
WEEKLY = Recurrence("weekly", 1, date(2026, 6, 1), "Europe/Berlin", days=("monday",))
SECOND, THIRD = date(2026, 6, 8), date(2026, 6, 15)
JOIN = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x"


def details(**more: Any) -> Details:
    return Details(**({"when": MEETING, "subject": "Board: Project Falcon"} | more))


def event(says: Details | None = None, **more: Any) -> Event:
    return Event(ItemKey("key"), RemoteId("id"), says or details(), **more)


def later(days: int, **more: Any) -> Details:
    start = TEN + timedelta(days=days)
    return details(when=Timed(start, start + HOUR, "Europe/Berlin"), **more)


def shape(item: Event, **policy: Any) -> Shaped:
    return shape_event(item, EventPolicy(**policy), ALWAYS)


def copied(item: Event, **policy: Any) -> EventCopy:
    shaped = shape(item, **policy)
    assert isinstance(shaped.copy, EventCopy), shaped.reason
    return shaped.copy


def lines(thing: Event | Copy, window: Window) -> list[tuple[Any, ...]]:
    """What a view shows, without the zones in which people think of it."""
    assert not isinstance(thing, ContactCopy)
    return [
        (line.start, line.end, line.is_all_day, replace(line.says, when=AllDay(date.min, date.max)))
        for line in expand(thing, window)
    ]


def is_let_through(says: Details, policy: EventPolicy) -> bool:
    if says.sensitivity in ("private", "confidential") and policy.private == "leave_out":
        return False
    if policy.leave_out_cancelled and says.is_cancelled:
        return False
    return says.show_as in policy.show_as and not (policy.leave_out_declined and says.response == "declined")


POLICIES = st.one_of(st.just(EventPolicy()), some.event_policies())


@given(st.one_of(some.events(), some.series(least_changes=3)), POLICIES, st.data())
def test_the_calendar_oracle_holds(item, policy, data):
    window = data.draw(some.windows_near(item))
    shaped = shape_event(item, policy, EventFacts(window, SALT))
    expected = Counter(
        (start, end, all_day, appointment_of(says, policy))
        for start, end, all_day, says in lines(item, window)
        if is_let_through(says, policy)
    )
    assert Counter(lines(shaped.copy, window) if shaped.copy else ()) == expected


@given(some.series(least_changes=4), POLICIES)
def test_the_calendar_oracle_holds_for_what_is_left_of_a_declined_series(item, policy):
    item = replace(item, details=replace(item.details, response="declined"))
    policy = replace(policy, leave_out_declined=True)
    accepted = [says for _, says in item.exceptions if is_let_through(says, policy)]
    expected = Counter(
        line for says in accepted for line in lines(EventCopy(appointment_of(says, policy)), ALWAYS.window)
    )
    copy = shape_event(item, policy, ALWAYS).copy
    assert Counter(lines(copy, ALWAYS.window) if copy else ()) == expected


@given(some.events(), some.event_policies())
def test_there_is_a_copy_or_a_reason_and_both_are_the_same_tomorrow(item, policy):
    shaped = shape_event(item, policy, ALWAYS)
    assert (shaped.copy is None) == bool(shaped.reason)
    assert shaped.copy is not None or shaped.because[-1] == shaped.reason
    assert shape_event(item, policy, ALWAYS) == shaped
    assert shaped.span == series_span(item)


@given(some.events(), some.event_policies(), some.windows())
def test_what_a_copy_says_does_not_depend_on_the_window(item, policy, window):
    here = shape_event(item, policy, EventFacts(window, SALT))
    assert here.copy is None or here.copy == shape_event(item, policy, ALWAYS).copy


@given(some.series(), some.event_policies())
def test_exceptions_and_cancellations_of_a_copy_are_in_order_and_apart(item, policy):
    copy = shape_event(item, policy, ALWAYS).copy
    if isinstance(copy, EventCopy):
        changed = [day for day, _ in copy.exceptions]
        assert changed == sorted(set(changed))
        assert list(copy.cancelled) == sorted(set(copy.cancelled) - set(changed))


SECRETS = {"body": "qqbody", "location": "qqplace", "join_url": f"{JOIN}qqjoin", "people": "qq@who.example"}


def secretive(says: Details) -> Details:
    return replace(
        says,
        body=SECRETS["body"],
        location=SECRETS["location"],
        join_url=SECRETS["join_url"],
        subject="qqtitle",
    )


@given(some.events(), some.event_policies())
def test_below_full_detail_no_word_of_body_place_link_or_people_leaks(item, policy):
    item = replace(
        item,
        details=secretive(item.details),
        exceptions=tuple((day, secretive(says)) for day, says in item.exceptions),
        people=(SECRETS["people"],),
    )
    policy = replace(policy, private="mask", meeting_links="drop")
    shaped = shape_event(item, policy, ALWAYS)
    json = orjson.dumps(copy_to_json(shaped.copy)).decode() if shaped.copy else ""
    told = repr(shaped) + json
    assert "qqjoin" not in told
    assert "qq@who" not in told
    assert "qqbody" not in told or policy.detail == "full"
    assert "qqplace" not in told or policy.detail in ("title_place", "full")
    assert "qqtitle" not in told or policy.detail != "busy"


@pytest.mark.parametrize("detail", ["busy", "title", "title_place", "full"])
@pytest.mark.parametrize("sensitivity", ["private", "confidential"])
def test_a_private_event_shows_only_the_mask(detail, sensitivity):
    falcon = details(
        location="HQ 4",
        sensitivity=sensitivity,
        body=f"Falcon {JOIN}",
        join_url=JOIN,
        categories=("Falcon",),
        show_as="oof",
    )
    people = ("ann@northwind.example", "bob@northwind.example", "eve@northwind.example")
    shaped = shape(event(falcon, people=people), detail=detail, categories=detail != "busy")
    assert shaped.copy == EventCopy(
        Appointment(MEETING, "Private appointment", show_as="oof", sensitivity="private")
    )
    assert not any(word in repr(shaped) for word in ("Falcon", "HQ 4", JOIN, *people))


def test_private_events_can_be_left_out_or_shown_as_others():
    private = event(details(sensitivity="private"))
    assert shape(private, private="leave_out").reason == "it is private"
    assert copied(private, private="as_others").appointment.subject == "Board: Project Falcon"
    assert copied(private, private="as_others").appointment.sensitivity == "private"
    assert copied(event(details(sensitivity="personal"))).appointment.subject == "Board: Project Falcon"


def test_each_level_says_more_than_the_one_before():
    says = details(location="HQ 4", body="agenda", categories=("Red",))
    told = {
        level: copied(event(says), detail=level).appointment
        for level in ("busy", "title", "title_place", "full")
    }
    assert told["busy"] == Appointment(MEETING, "Busy")
    assert told["title"] == Appointment(MEETING, "Board: Project Falcon")
    assert told["title_place"] == replace(told["title"], location="HQ 4")
    assert told["full"] == replace(told["title_place"], body="agenda")
    assert copied(event(says), categories=True).appointment.categories == ("Red",)


def test_three_of_seven_events_are_copied_and_each_skip_has_its_reason():
    policy = {"show_as": ("tentative", "busy", "oof")}
    asked = [event(details(show_as=kind)) for kind in some.SHOW_AS]
    shown = [shape(one, **policy) for one in asked]
    kept = [kind for kind, one in zip(some.SHOW_AS, shown, strict=True) if one.copy]
    assert kept == ["tentative", "busy", "oof"]
    assert [copied(event(details(show_as=kind)), **policy).appointment.show_as for kind in kept] == kept
    assert [one.reason for one in shown if not one.copy] == [
        "show-as is free",
        "show-as is workingElsewhere",
        "show-as is unknown",
    ]
    assert shape(event(details(response="declined")), **policy).reason == "it is declined"
    assert shape(event(details(is_cancelled=True)), **policy).reason == "it is cancelled"
    assert copied(event(details(is_cancelled=True)), leave_out_cancelled=False)
    assert copied(event(details(response="declined")), leave_out_declined=False)


def test_outside_the_window_is_its_own_cause_and_its_edge_is_known():
    facts = EventFacts(Window(TEN + 2 * HOUR, TEN + 9 * HOUR), SALT)
    shaped = shape_event(event(), EventPolicy(), facts)
    assert (shaped.copy, shaped.cause, shaped.span) == (None, "left the window", span_of(MEETING))


def test_an_invalid_event_is_an_excuse_with_the_reason():
    shaped = shape(event(details(when=Timed(TEN, TEN - HOUR, "UTC"))))
    assert (shaped.copy, shaped.reason) == (None, "it ends before it starts")


@pytest.mark.parametrize(
    "says",
    [
        details(subject=""),
        details(when=Timed(TEN, TEN, "UTC")),
        details(when=Timed(TEN, TEN + 26 * HOUR, "UTC")),
        details(subject="x" * 2000),
        details(subject="\N{PARTY POPPER} \N{RIGHT-TO-LEFT OVERRIDE}שלום"),
        details(body="<p>word</p>" * 100_000, body_is_html=True),
    ],
)
def test_odd_events_are_copied_as_they_are(says):
    appointment = copied(event(says), detail="full").appointment
    assert (appointment.when, appointment.subject) == (says.when, says.subject)


def test_a_prefix_and_a_reminder_stand_on_every_copy():
    policy = {"prefix": "[A] ", "reminder_minutes": 10}
    for says in (details(), details(sensitivity="private")):
        appointment = copied(event(says), **policy).appointment
        assert appointment.subject.startswith("[A] ")
        assert appointment.reminder_minutes == 10
    assert copied(event()).appointment.reminder_minutes is None


def test_people_are_told_by_keyed_hashes_if_the_policy_asks():
    meeting = event(people=("ann@northwind.example",))
    assert shape(meeting).people == {keyed_hash("ann@northwind.example", SALT)}
    assert shape(meeting, skip_if_owner_takes_part=False).people == frozenset()


def test_a_private_occurrence_of_an_open_series_is_masked():
    series = event(recurrence=WEEKLY, exceptions=((SECOND, later(7, sensitivity="private")),))
    shaped = shape(series)
    copy = copied(series)
    assert copy.appointment.subject == "Board: Project Falcon"
    assert [says.subject for _, says in copy.exceptions] == ["Private appointment"]
    assert "2026-06-08 is masked" in shaped.because


@pytest.mark.parametrize("change", [{"show_as": "free"}, {"response": "declined"}, {"is_cancelled": True}])
def test_an_occurrence_that_is_left_out_becomes_a_cancelled_one(change):
    series = event(recurrence=WEEKLY, exceptions=((SECOND, later(7, **change)),), cancelled=(THIRD,))
    copy = copied(series)
    assert (copy.exceptions, copy.cancelled) == ((), (SECOND, THIRD))
    assert any(text.startswith("2026-06-08 is left out: ") for text in shape(series).because)


def test_an_exception_whose_difference_the_policy_hides_is_none():
    series = event(recurrence=WEEKLY, exceptions=((SECOND, later(7, location="elsewhere", body="new")),))
    assert copied(series).exceptions == ()
    assert len(copied(series, detail="title_place").exceptions) == 1


def test_of_a_declined_series_the_one_accepted_date_is_a_single_appointment():
    series = event(
        details(response="declined"),
        recurrence=WEEKLY,
        exceptions=((SECOND, later(8)), (THIRD, later(14, response="declined"))),
    )
    assert copied(series) == EventCopy(Appointment(later(8).when, "Board: Project Falcon"))
    assert "2026-06-08 is shown" in shape(series).because


def test_of_a_declined_series_several_accepted_dates_are_a_run_of_moved_days():
    series = event(
        details(response="declined"),
        recurrence=WEEKLY,
        exceptions=((SECOND, later(7)), (THIRD, later(16)), (date(2027, 6, 7), later(371))),
    )
    copy = copied(series)
    assert copy.recurrence == Recurrence("daily", 1, SECOND, "Europe/Berlin", count=3)
    assert [day for day, _ in copy.exceptions] == [date(2026, 6, 9), date(2026, 6, 10)]
    assert copy.cancelled == ()
    assert [line.start for line in expand(copy, ALWAYS.window)] == [
        TEN + timedelta(days=days) for days in (7, 16, 371)
    ]


def test_an_exception_off_the_pattern_is_shown_though_it_says_nothing_new():
    tuesday = date(2026, 6, 9)
    series = event(recurrence=WEEKLY, exceptions=((tuesday, later(8)),))
    assert [day for day, _ in copied(series).exceptions] == [tuesday]


def test_a_date_that_is_changed_and_cancelled_is_cancelled():
    series = event(recurrence=WEEKLY, exceptions=((SECOND, later(8)),), cancelled=(SECOND,))
    assert (copied(series).exceptions, copied(series).cancelled) == ((), (SECOND,))


def test_a_lone_date_in_the_second_pass_of_an_hour_stays_there():
    second_pass = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    night = Timed(second_pass, second_pass + HOUR / 2, "America/New_York")
    nightly = Recurrence("daily", 1, date(2026, 10, 30), "America/New_York")
    day = datetime(2026, 11, 2, 6, 30, tzinfo=UTC)
    series = event(
        details(
            when=Timed(second_pass - 50 * HOUR, second_pass - 49 * HOUR, "America/New_York"), show_as="free"
        ),
        recurrence=nightly,
        exceptions=(
            (date(2026, 11, 1), details(when=night)),
            (date(2026, 11, 2), details(when=Timed(day, day + HOUR / 2, "America/New_York"))),
        ),
    )
    assert [line.start for line in expand(copied(series), ALWAYS.window)] == [second_pass, day]


def test_a_series_with_nothing_left_is_no_copy():
    two = replace(WEEKLY, count=2)
    series = event(
        recurrence=two, cancelled=(date(2026, 6, 1),), exceptions=((SECOND, later(7, show_as="free")),)
    )
    assert shape(series).reason == "every occurrence is cancelled or left out"


def test_cancelled_dates_that_the_pattern_does_not_have_are_dropped():
    assert copied(event(recurrence=WEEKLY, cancelled=(date(2026, 6, 2), SECOND))).cancelled == (SECOND,)


def test_a_whole_day_stays_the_same_day():
    first = AllDay(date(2026, 11, 3), date(2026, 11, 4))
    assert copied(event(details(when=first))).appointment.when == first


def test_html_is_cleaned_and_an_empty_page_is_no_body():
    page = "<html><head><style>p{}</style></head><body><p onclick=x>Agenda</p><img src='https://x.example/1'></body>"
    appointment = copied(event(details(body=page, body_is_html=True)), detail="full").appointment
    assert (appointment.body, appointment.body_is_html) == ("<p>Agenda</p>", True)
    blank = copied(event(details(body="<html><body>&nbsp;</body></html>", body_is_html=True)), detail="full")
    assert (blank.appointment.body, blank.appointment.body_is_html) == ("", False)


def test_a_join_link_is_dropped_or_said_once_as_text():
    says = details(
        body=f"<p>Agenda <a href='{JOIN}'>Join</a></p>", body_is_html=True, join_url=JOIN, location=JOIN
    )
    dropped = copied(event(says), detail="full").appointment
    assert (dropped.body, dropped.location) == ("<p>Agenda <a>Join</a></p>", "")
    told = copied(event(says), detail="full", meeting_links="text").appointment
    assert told.body.count(JOIN) == 1
    plain = copied(
        event(details(body="Agenda", join_url=JOIN)), detail="full", meeting_links="text"
    ).appointment
    assert plain.body == f"Agenda\n\n{JOIN}"
    bare = copied(
        event(details(body="<p></p>", body_is_html=True, join_url=JOIN)), detail="full", meeting_links="text"
    )
    assert (bare.appointment.body, bare.appointment.body_is_html) == (JOIN, False)


def test_half_an_emoji_does_not_stop_a_copy():
    assert copy_fingerprint(copied(event(details(subject="cut \ud83d"))))


def test_the_chain_of_decisions_reads_like_a_story():
    assert shape(event()).because == (
        "it is in the window",
        "it is not cancelled",
        "it is not declined",
        "show-as is busy",
        "sensitivity is normal",
        "the title is said",
    )


def test_a_copy_of_ours_is_carried_no_further():
    shaped = shape_event(
        Event(ItemKey("k"), RemoteId("r"), details(), bears_mark=True), EventPolicy(), ALWAYS
    )
    assert (shaped.copy, shaped.reason) == (None, "it is a copy that Culvert wrote")
