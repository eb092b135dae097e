"""Series are several writes; whatever the order of events, the target shows what the copy says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import islice
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

from syncengine.connectors.graph.answers import answer_of, plain
from syncengine.connectors.graph.target_events import GraphEventTarget
from syncengine.connectors.graph.wire_events import usual_on
from syncengine.connectors.graph.wire_time import canonical_zone
from syncengine.model.copies import Appointment, EventCopy
from syncengine.model.identity import Mark
from syncengine.model.recurrence import Recurrence, dates_from
from syncengine.model.time import Timed
from syncengine.ports.writing import Failed, Open, Written
from tests.syncengine import strategies
from tests.syncengine.connectors.driving import Bench, user_id
from tests.syncengine.connectors.samples import NEW_YORK, TUESDAY_TEN, WINDOW, weekly

U1 = user_id(1)
NOT_HELD = {"ErrorOccurrenceTimeSpanTooBig", "ErrorRecurrenceHasNoOccurrence"}


@cache
def standing() -> tuple[Bench, GraphEventTarget, str]:
    """One bench for many examples: a key pair for each would cost more than the rest."""
    bench = Bench()
    target = bench.service.target_events(U1)
    folder = bench.run(target.prepare("", "Team", Mark("inst", 1, "folder", "folder"))).folder
    return bench, target, folder


def canonical(copy: EventCopy, detached: tuple[str, ...] = ()) -> EventCopy:
    """What a target shall show of a copy: Exchange's zones, detached occurrences cancelled."""
    away = {date.fromisoformat(day) for day in detached}
    recurrence = copy.recurrence
    if recurrence:
        recurrence = replace(recurrence, zone=canonical_zone(recurrence.zone))
    seen = {day: said for day, said in copy.exceptions if day not in away and day not in copy.cancelled}
    usual = {day: said for day, said in seen.items() if not is_usual(copy, day, said)}
    return plain(
        replace(
            copy,
            appointment=held(copy.appointment),
            recurrence=recurrence,
            exceptions=tuple((day, held(said)) for day, said in sorted(usual.items())),
            cancelled=tuple(sorted({*copy.cancelled, *away})),
        )
    )


def is_usual(copy: EventCopy, day: date, said: Appointment) -> bool:
    return plain(EventCopy(held(usual_on(copy, day)))) == plain(EventCopy(held(said)))


def held(said: Appointment) -> Appointment:
    return replace(said, show_as="busy" if said.show_as == "unknown" else said.show_as)


def put(copy: EventCopy) -> Written:
    """A new copy; examples that Exchange cannot hold are left."""
    bench, target, folder = standing()
    made = bench.run(target.create(folder, copy, Mark("inst", 1, "row", uuid4().hex)))
    assume(not (isinstance(made, Failed) and made.reason in NOT_HELD))
    assert isinstance(made, Written), made
    return made


def shows(written: Written) -> EventCopy:
    bench, target, folder = standing()
    seen = bench.run(target.read(folder, [written.remote_id]))[written.remote_id]
    assert (seen.etag, seen.answer) == (written.etag, written.answer)
    return plain(seen.copy)


@given(copy=strategies.event_copies())
def test_a_copy_is_read_back_as_it_was_written(copy: EventCopy) -> None:
    made = put(copy)
    event("series" if copy.recurrence else "single")
    event(f"{len(copy.exceptions)} exceptions, {len(made.detached)} of them detached")
    assert shows(made) == canonical(copy, made.detached)
    assert standing()[0].world.outbox == []


@given(before=strategies.event_copies(), after=strategies.event_copies(), knows=st.booleans())
def test_an_update_leads_from_any_copy_to_any_other(before: EventCopy, after: EventCopy, knows: bool) -> None:
    bench, target, folder = standing()
    made = put(before)
    done = bench.run(target.update(folder, made.remote_id, after, before if knows else None))
    assume(not (isinstance(done, Failed) and done.reason in NOT_HELD))
    assert isinstance(done, Written), done
    assert shows(done) == canonical(after, done.detached)
    with bench.counting() as counted:
        again = bench.run(target.update(folder, made.remote_id, after, after))
    assert again == done
    assert counted["writes"] == 0


@st.composite
def neighbours(draw: st.DrawFn) -> tuple[EventCopy, EventCopy]:
    """Two copies of one series that differ in a few of the same occurrences only."""
    first = draw(strategies.series())
    names = set(Appointment.__dataclass_fields__) - {"reminder_minutes"}
    says = Appointment(**{name: getattr(first.details, name) for name in names})
    copy = EventCopy(says, first.recurrence)
    return draw(_departing(copy)), draw(_departing(copy))


@st.composite
def _departing(draw: st.DrawFn, copy: EventCopy) -> EventCopy:

    assert copy.recurrence
    dates = list(islice(dates_from(copy.recurrence, copy.recurrence.start), 5))
    touched = draw(st.lists(st.sampled_from(dates), max_size=4, unique=True))
    exceptions, cancelled = {}, set()
    for day in touched:
        said = usual_on(copy, day)
        kind = draw(st.sampled_from(("cancel", "words", "move")))
        if kind == "cancel":
            cancelled.add(day)
        elif kind == "words":
            exceptions[day] = replace(said, subject=draw(st.sampled_from(("one", "two"))))
        elif isinstance(said.when, Timed):
            shift = timedelta(hours=draw(st.integers(-200, 200)))
            moved = replace(said.when, start=said.when.start + shift, end=said.when.end + shift)
            exceptions[day] = replace(said, when=moved)
    return replace(copy, exceptions=tuple(sorted(exceptions.items())), cancelled=tuple(sorted(cancelled)))


@given(pair=neighbours(), words=st.sampled_from(("stand-up", "retro")), resets=st.booleans())
def test_occurrences_move_come_and_go(pair: tuple[EventCopy, EventCopy], words: str, resets: bool) -> None:
    bench, target, folder = standing()
    bench.switch(series_change_resets=resets)
    before, after = pair
    made = put(before)
    assert shows(made) == canonical(before, made.detached)
    done = bench.run(target.update(folder, made.remote_id, after, before))
    assert isinstance(done, Written), done
    assert shows(done) == canonical(after, done.detached)
    assert set(done.detached) <= {day.isoformat() for day, _ in after.exceptions}
    # All of them go back to what the series says, which then changes.
    plain_series = replace(after, exceptions=(), cancelled=())
    bench.run(target.update(folder, made.remote_id, plain_series, after))
    last = replace(plain_series, appointment=replace(after.appointment, subject=words))
    done = bench.run(target.update(folder, made.remote_id, last, plain_series))
    assert shows(done) == canonical(last)


@pytest.fixture
def place(bench: Bench) -> tuple[Bench, GraphEventTarget, str]:
    target = bench.service.target_events(U1)
    return bench, target, bench.run(target.prepare("", "Team", Mark("inst", 1, "f", "f"))).folder


def tuesdays(*, hour: int = 10, **departures) -> EventCopy:
    """Tuesdays at some hour in New York, one hour each, six of them."""
    start = datetime.combine(date(2026, 3, 3), time(hour), ZoneInfo(NEW_YORK)).astimezone(UTC)
    when = Timed(start, start + timedelta(hours=1), NEW_YORK)
    return EventCopy(Appointment(when, "stand-up"), weekly(6), **departures)


def on(day: date, hour: int = 10) -> Appointment:
    start = datetime.combine(day, time(hour), ZoneInfo(NEW_YORK)).astimezone(UTC)
    return Appointment(Timed(start, start + timedelta(hours=1), NEW_YORK), "stand-up")


def test_a_series_keeps_its_hour_across_the_change_of_clocks(place) -> None:
    bench, target, folder = place
    made = bench.run(
        target.create(folder, EventCopy(Appointment(TUESDAY_TEN, "x"), weekly(4)), Mark("i", 1, "r", "a"))
    )
    path = f"/users/{U1}/calendars/{folder}/calendarView"
    seen = bench.as_user("GET", f"{path}?startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-04-01T00:00:00Z")
    starts = sorted(one["start"]["dateTime"][:16] for one in seen["value"])
    # Clocks in New York go forward on 8 March.
    assert starts == ["2026-03-03T15:00", "2026-03-10T14:00", "2026-03-17T14:00", "2026-03-24T14:00"]
    assert made.detached == ()


def test_a_plain_series_is_one_write_and_no_reading(place) -> None:
    bench, target, folder = place
    with bench.counting() as counted:
        made = bench.run(target.create(folder, tuesdays(), Mark("i", 1, "r", "a")))
    assert counted["parts"] == 1
    assert made.answer == answer_of(tuesdays())


def test_later_occurrences_make_room_for_earlier_ones(place) -> None:
    bench, target, folder = place
    third, fourth = date(2026, 3, 10), date(2026, 3, 17)
    forward = tuesdays(exceptions=((third, on(date(2026, 3, 18))), (fourth, on(date(2026, 3, 20)))))
    with bench.counting() as counted:
        made = bench.run(target.create(folder, forward, Mark("i", 1, "r", "a")))
    assert made.detached == ()
    # The master, a reading, the instances, two changes, a reading: no change had to be tried again.
    assert counted["parts"] == 6
    assert shown(place, made) == canonical(forward)


def test_what_crosses_its_neighbours_is_cancelled_and_named(place) -> None:
    bench, target, folder = place
    copy = tuesdays(exceptions=((date(2026, 3, 10), on(date(2026, 3, 26))),))
    made = bench.run(target.create(folder, copy, Mark("i", 1, "r", "a")))
    assert made.detached == ("2026-03-10",)
    assert shown(place, made) == canonical(copy, made.detached)
    again = bench.run(target.update(folder, made.remote_id, copy, copy))
    assert again == made


def test_moving_the_whole_series_leaves_no_orphan_and_no_doubled_day(place) -> None:
    bench, target, folder = place
    moved, off = date(2026, 3, 10), date(2026, 3, 17)
    before = tuesdays(exceptions=((moved, on(date(2026, 3, 11))),), cancelled=(off,))
    after = tuesdays(hour=11, exceptions=((moved, on(date(2026, 3, 11))),), cancelled=(off,))
    made = bench.run(target.create(folder, before, Mark("i", 1, "r", "a")))
    done = bench.run(target.update(folder, made.remote_id, after, before))
    assert shown(place, done) == canonical(after)


def test_an_occurrence_that_was_cancelled_comes_back(place) -> None:
    bench, target, folder = place
    before = tuesdays(
        cancelled=(date(2026, 3, 17),), exceptions=((date(2026, 3, 10), on(date(2026, 3, 11))),)
    )
    after = replace(before, cancelled=())
    made = bench.run(target.create(folder, before, Mark("i", 1, "r", "a")))
    done = bench.run(target.update(folder, made.remote_id, after, before))
    assert done.remote_id == made.remote_id
    assert shown(place, done) == canonical(after)


def test_an_occurrence_that_went_back_to_its_series_follows_it_again(place) -> None:
    bench, target, folder = place
    day = date(2026, 3, 10)
    changed = tuesdays(exceptions=((day, replace(on(day), subject="retro")),))
    made = bench.run(target.create(folder, changed, Mark("i", 1, "r", "a")))
    bench.run(target.update(folder, made.remote_id, tuesdays(), changed))
    renamed = EventCopy(replace(tuesdays().appointment, subject="planning"), tuesdays().recurrence)
    done = bench.run(target.update(folder, made.remote_id, renamed, tuesdays()))
    assert shown(place, done) == canonical(renamed)


def test_a_series_becomes_a_single_event_and_a_series_again(place) -> None:
    bench, target, folder = place
    series, single = tuesdays(cancelled=(date(2026, 3, 17),)), EventCopy(tuesdays().appointment)
    made = bench.run(target.create(folder, series, Mark("i", 1, "r", "a")))
    done = bench.run(target.update(folder, made.remote_id, single, series))
    assert shown(place, done) == canonical(single)
    back = bench.run(target.update(folder, made.remote_id, series, single))
    assert shown(place, back) == canonical(series)


@pytest.mark.parametrize("nth", range(1, 8))
def test_steps_that_were_cut_short_anywhere_may_be_repeated(place, nth: int) -> None:
    bench, target, folder = place
    off = date(2026, 3, 24)
    copy = tuesdays(
        exceptions=((date(2026, 3, 10), on(date(2026, 3, 11))), (date(2026, 3, 17), on(date(2026, 3, 18)))),
        cancelled=(off,),
    )
    bench.fault(kind="lost", path="/calendars/.*events", nth=nth, times=1)
    mark = Mark("i", 1, "r", "a")
    first = bench.run(target.create(folder, copy, mark))
    assert isinstance(first, Open)
    # The lane looks, finds the mark, and goes on from what is there.
    ((identity, _),) = bench.run(target.look(folder, WINDOW, None)).changed.items()
    done = bench.run(target.update(folder, identity, copy, None))
    assert shown(place, done) == canonical(copy)


def test_an_exception_that_says_what_its_series_says_costs_no_write(place) -> None:
    bench, target, folder = place
    day = date(2026, 3, 10)
    made = bench.run(target.create(folder, tuesdays(exceptions=((day, on(day)),)), Mark("i", 1, "r", "a")))
    assert shown(place, made) == canonical(tuesdays())


def test_a_series_of_years_finds_its_late_exceptions(place) -> None:
    bench, target, folder = place
    rule = Recurrence("daily", 1, date(2026, 3, 3), NEW_YORK)
    early, late = date(2026, 4, 1), date(2032, 6, 1)
    copy = EventCopy(
        tuesdays().appointment, rule, ((early, on(early, 15)), (late, on(late, 16))), (date(2030, 1, 1),)
    )
    made = bench.run(target.create(folder, copy, Mark("i", 1, "r", "a")))
    assert shown(place, made) == canonical(copy)


def shown(place, written: Written) -> EventCopy:
    bench, target, folder = place
    assert isinstance(written, Written), written
    seen = bench.run(target.read(folder, [written.remote_id]))[written.remote_id]
    assert (seen.etag, seen.answer) == (written.etag, written.answer)
    return plain(seen.copy)
