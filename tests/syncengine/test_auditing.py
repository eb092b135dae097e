"""The audit of one lane, on doubles in memory: what it finds, and what it does not take for an answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from syncengine.auditing import (
    AuditedLane,
    Difference,
    LaneAudit,
    audit_lane,
    lasting,
)
from syncengine.errors import TryAgain
from syncengine.executing.memory import MemoryClock, MemoryDoor, MemoryTarget, MemoryTenant
from syncengine.model.copies import Appointment, Copy, EventCopy
from syncengine.model.identity import LaneId, Mark, RemoteId
from syncengine.model.recurrence import Recurrence
from syncengine.model.time import AllDay, Timed
from syncengine.ports.remembering import LaneFacts
from syncengine.shaping.shaped import Shaped
from tests.syncengine.tunnels import INSTALLATION, MONDAYS, WINDOW, at, contact, meeting, series

DAY = date(2027, 2, 3)


class World:
    """A folder in memory that holds what it should, and the audit of it."""

    def __init__(self, *copies: Copy) -> None:
        self.clock, self.tenant = MemoryClock(), MemoryTenant()
        self.door = MemoryDoor(self.tenant, self.clock)
        self.folder = self.tenant.folder_named("anna", "Ours")
        self.wanted = [Shaped(copy) for copy in copies]
        self.facts = LaneFacts(LaneId(1), "anna", "anna's id", frozenset())
        self.ids = [self.add(copy) for copy in copies]

    def add(self, copy: Copy, *, lane: int = 1, installation: str = INSTALLATION) -> RemoteId:
        """One more copy of ours."""
        mark = Mark(installation, lane, "row", f"a{len(self.folder.items)}")
        return self.tenant.add(self.folder, copy, mark)

    def edit(self, copy: Copy) -> None:
        """Somebody changes the first copy."""
        self.tenant.edit(self.folder, self.ids[0], copy)

    def audit(self, *moods: str, folder: str = "", target: MemoryTarget | None = None) -> LaneAudit:
        """What the audit says of it, in this weather."""
        self.door.set_moods(moods)
        lane = AuditedLane(
            self.facts,
            INSTALLATION,
            target or MemoryTarget(self.door, "anna"),
            folder or self.folder.folder_id,
        )
        return audit_lane(lane, self.wanted, WINDOW, self.door, self.clock.sleep)

    def kinds(self) -> list[str]:
        """Of the differences that it finds."""
        return sorted(one.kind for one in self.audit().differences)


def whole_day(subject: str, day: date = DAY) -> EventCopy:
    """A day off."""
    return EventCopy(Appointment(AllDay(day, day + timedelta(days=1)), subject))


def html(body: str) -> EventCopy:
    """An appointment with a body."""
    copy = meeting("html")
    return replace(copy, appointment=replace(copy.appointment, body=body, body_is_html=True))


FULL = series("full", moved={MONDAYS[1]: (MONDAYS[1], 15)}, cancelled=(MONDAYS[2],))


# What it finds


def test_a_level_folder_has_no_differences_of_as_many_lines_as_its_reader_sees():
    world = World(contact("Bea"), meeting("one"), whole_day("off"), FULL)
    assert world.audit() == LaneAudit(1 + 1 + 1 + 3)


def test_a_missing_copy_is_found():
    world = World(meeting("one"), meeting("two"))
    world.folder.remove(world.ids[1])
    assert [one.kind for one in world.audit().differences] == ["missing"]
    assert "two" in world.audit().differences[0].what


def test_a_copy_that_stands_twice_is_found():
    world = World(contact("Bea"))
    world.add(contact("Bea"))
    assert world.kinds() == ["extra"]


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "other"}, {"location": "elsewhere"}, {"body": "other"}, {"show_as": "free"},
        {"sensitivity": "private"}, {"categories": ("red",)}, {"reminder_minutes": 5},
    ],
    ids=lambda changes: next(iter(changes)),
)  # fmt: skip
def test_a_copy_of_which_one_field_was_edited_is_found(changes):
    copy = meeting("one")
    world = World(copy)
    world.edit(replace(copy, appointment=replace(copy.appointment, **changes)))
    assert world.kinds() == ["extra", "missing"]


@pytest.mark.parametrize("field", ["display_name", "mobile_phone", "office", "yomi_surname", "emails"])
def test_a_field_of_a_contact_is_found(field):
    world = World(contact("Bea", phone="1"))
    world.edit(replace(contact("Bea", phone="1"), **{field: ("x",) if field == "emails" else "x"}))
    assert world.kinds() == ["extra", "missing"]


def test_a_moved_occurrence_is_found():
    world = World(series("weekly"))
    world.edit(series("weekly", moved={MONDAYS[1]: (MONDAYS[1], 17)}))
    [extra, missing] = sorted(world.audit().differences, key=lambda one: one.kind)
    assert ("09:00" in missing.what, "17:00" in extra.what) == (True, True)


def test_an_occurrence_that_still_stands_though_it_was_cancelled_is_found():
    world = World(series("weekly", cancelled=(MONDAYS[1],)))
    world.edit(series("weekly"))
    assert world.kinds() == ["extra"]


def test_an_occurrence_that_is_cancelled_though_it_should_stand_is_found():
    world = World(series("weekly"))
    world.edit(series("weekly", cancelled=(MONDAYS[1],)))
    assert world.kinds() == ["missing"]


def test_a_whole_day_that_stands_a_day_off_is_found():
    world = World(whole_day("off"))
    world.edit(whole_day("off", DAY - timedelta(days=1)))
    assert world.kinds() == ["extra", "missing"]


def test_a_whole_day_that_became_24_hours_is_found():
    world = World(whole_day("off"))
    start = datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC)
    world.edit(EventCopy(Appointment(Timed(start, start + timedelta(days=1), "UTC"), "off")))
    assert world.kinds() == ["extra", "missing"]


def weekly_in(zone: str) -> EventCopy:
    """Fridays at 9 in New York before the change of clocks of March 2027, thought in this zone."""
    start = datetime(2027, 3, 5, 14, tzinfo=UTC)  # the clocks change on the 14th
    rule = Recurrence("weekly", 1, start.date(), zone, days=("friday",), count=3)
    return EventCopy(Appointment(Timed(start, start + timedelta(hours=1), zone), "weekly"), rule)


def test_an_hour_off_after_the_change_of_clocks_is_found():
    world = World(weekly_in("America/New_York"))
    world.edit(weekly_in("UTC"))
    found = {(one.kind, one.what[:16]) for one in world.audit().differences}
    assert found == {
        ("missing", "2027-03-19 13:00"), ("extra", "2027-03-19 14:00"),
    }, "before the change both stand where they should"  # fmt: skip


def test_a_copy_that_bears_the_mark_of_another_lane_is_a_stranger():
    world = World(contact("Bea"))
    world.add(contact("Cora"), lane=2)
    [stranger] = world.audit().differences
    assert stranger.kind == "stranger"
    assert "culvert1.here.2." in stranger.what


def test_what_a_person_or_another_installation_put_there_is_no_difference():
    world = World(contact("Bea"))
    world.tenant.add(world.folder, contact("A friend"))
    world.add(contact("Of others"), installation="there")
    assert world.audit() == LaneAudit(1)


def test_a_copy_that_cannot_be_understood_is_a_difference():
    world = World(contact("Bea"))

    class Blurred(MemoryTarget):
        def read(self, folder, ids):
            seen = yield from super().read(folder, ids)
            return {one: replace(sighting, copy=None) for one, sighting in seen.items()}

    found = world.audit(target=Blurred(world.door, "anna"))
    assert sorted(one.kind for one in found.differences) == ["extra", "missing"]


def test_what_a_lane_leaves_out_must_not_stand_there():
    world = World(contact("Bea"))
    world.wanted = [replace(world.wanted[0], about="anna's id")]
    assert world.kinds() == ["extra"]
    world.facts = replace(world.facts, leaves_out_own_entry=False)
    assert world.kinds() == []


def test_a_meeting_that_the_owner_takes_part_in_must_not_stand_there():
    world = World(meeting("one"))
    world.facts = replace(world.facts, addresses=frozenset({"hash"}))
    assert world.kinds() == []
    world.wanted = [replace(world.wanted[0], people=frozenset({"hash", "other"}))]
    assert world.kinds() == ["extra"]


# What is no difference


def test_what_the_server_does_to_a_body_is_no_difference():
    world = World(html("<p>Agenda</p>"))
    world.edit(html("<html><head><meta></head><body>\r\n<p>Agenda</p></body></html>"))
    assert world.audit() == LaneAudit(1)


def test_a_link_behind_the_same_words_is_a_difference():
    world = World(html('<a href="https://a.example">here</a>'))
    world.edit(html('<a href="https://b.example">here</a>'))
    assert world.kinds() == ["extra", "missing"]


def test_an_occurrence_that_stands_apart_is_no_difference():
    moved = series("weekly", moved={MONDAYS[1]: (date(2027, 3, 3), 9)})
    world = World(moved)
    world.edit(series("weekly", cancelled=(MONDAYS[1],)))
    world.add(EventCopy(Appointment(at(date(2027, 3, 3), 9), "weekly, moved")))
    assert world.audit() == LaneAudit(4)


def test_what_says_unknown_is_written_as_busy():
    copy = meeting("one")
    world = World(replace(copy, appointment=replace(copy.appointment, show_as="unknown")))
    world.edit(copy)
    assert world.audit() == LaneAudit(1)


def test_categories_have_no_order():
    copy = meeting("one")
    world = World(replace(copy, appointment=replace(copy.appointment, categories=("a", "b"))))
    world.edit(replace(copy, appointment=replace(copy.appointment, categories=("b", "a"))))
    assert world.audit() == LaneAudit(1)


# What is no answer


def test_a_folder_that_is_gone_holds_nothing():
    world = World(contact("Bea"))
    assert [one.kind for one in world.audit(folder="folder-99").differences] == ["missing"]


def test_a_mailbox_that_refuses_is_not_compared():
    world = World(contact("Bea"))
    world.tenant.refusals["anna"] = "no mailbox"
    found = world.audit()
    assert (found.compared, [one.kind for one in found.differences]) == (0, ["not compared"])
    assert not found.is_compared


def test_answers_that_get_lost_again_and_again_are_no_answer():
    world = World(contact("Bea"))
    found = world.audit(*["lost after"] * 3)
    assert (found.compared, [one.kind for one in found.differences]) == (0, ["not compared"])


def test_an_answer_that_gets_lost_once_is_asked_for_again():
    world = World(*(contact(f"name {number}") for number in range(30)))
    assert world.audit("lost after", *["fine"] * 7, "lost before") == LaneAudit(30)


def test_who_asks_to_wait_is_left_alone_for_so_long():
    world = World(*(contact(f"name {number}") for number in range(50)))
    world.door.busy_s = 30
    assert world.audit("busy", "busy", *["fine"] * 5, "busy", *["fine"] * 20, "busy", "busy") == LaneAudit(50)
    assert world.door.too_early == []


def test_who_asks_to_wait_for_ever_is_not_compared_and_how_long_is_told():
    world = World(contact("Bea"))
    world.door.busy_s = 30
    with pytest.raises(TryAgain) as fault:
        world.audit(*["busy"] * 100)
    assert fault.value.after == 30
    world.door.busy_s = 3600
    with pytest.raises(TryAgain):
        world.audit("busy")
    assert world.clock.now() < 1_800_000_000 + 400, "an hour is not slept through"


def test_a_batch_that_is_refused_as_a_whole_is_sent_again_and_then_given_up():
    world = World(contact("Bea"))
    assert world.audit("refused", "refused") == LaneAudit(1)
    with pytest.raises(TryAgain):
        world.audit(*["refused"] * 3)


def test_a_lane_that_has_no_folder_yet_is_level_only_where_it_should_hold_nothing():
    world = World(contact("Bea"))
    lane = AuditedLane(world.facts, INSTALLATION, MemoryTarget(world.door, "anna"), "")
    found = audit_lane(lane, world.wanted, WINDOW, world.door, world.clock.sleep)
    assert [one.kind for one in found.differences] == ["not compared"]
    assert audit_lane(lane, [], WINDOW, world.door, world.clock.sleep) == LaneAudit(0)


def test_only_what_two_readings_agree_on_lasts():
    one, two, three = (Difference("missing", word) for word in ("one", "two", "three"))
    assert lasting(LaneAudit(9, (one, one, two)), LaneAudit(8, (one, three))) == LaneAudit(8, (one,))
    unknown = LaneAudit(0, (Difference("not compared", "why"),))
    assert lasting(LaneAudit(9, (one,)), unknown) == LaneAudit(9, (one,))
    assert lasting(unknown, LaneAudit(9, (one,))) == LaneAudit(9, (one,))
    assert lasting(unknown, unknown) == unknown
