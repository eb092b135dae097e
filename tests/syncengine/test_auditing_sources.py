"""The source's side of the audit: calendars read whole, and what becomes of them."""

from __future__ import annotations

import pytest

from syncengine.auditing import CalendarReading, read_calendar, shape_events
from syncengine.errors import CursorExpired, NeedsAPerson, TryAgain
from syncengine.executing.memory import MemoryCalendar
from syncengine.model.identity import ItemKey, RemoteId
from syncengine.model.items import Details, Event
from syncengine.ports.looking import Unreadable
from syncengine.shaping.policy import EventPolicy
from syncengine.shaping.shaped import EventFacts
from tests.syncengine.test_auditing import DAY
from tests.syncengine.tunnels import WINDOW, at


def event(uid: str, remote_id: str = "", subject: str = "event", **changes: object) -> Event:
    """An event of a calendar."""
    details = Details(at(DAY, 9), subject, **changes)
    return Event(ItemKey(uid), RemoteId(remote_id or f"id {uid}"), details)


def calendar(*events: Event) -> MemoryCalendar:
    """A calendar that holds these."""
    return MemoryCalendar({one.remote_id: one for one in events})


def read(source: object) -> CalendarReading:
    """All of it, patiently."""
    return read_calendar(source, WINDOW, lambda _: None)


def shaped(*calendars: MemoryCalendar, policy: EventPolicy | None = None) -> list[str]:
    """Subjects of what becomes of them."""
    facts = EventFacts(WINDOW, b"salt")
    found = shape_events([read(one).events for one in calendars], policy or EventPolicy(detail="full"), facts)
    return sorted(one.copy.appointment.subject for one in found)


def test_a_calendar_is_read_whole():
    events = [event(f"uid{number}") for number in range(450)]
    assert set(read(calendar(*events)).events) == set(events)


def test_two_events_that_share_an_identity_are_two():
    both = read(calendar(event("uid", "1"), event("uid", "2"))).events
    assert [one.key for one in both] == ["uid", "uid#2"]


def test_a_meeting_in_two_calendars_is_one_and_says_what_the_first_says():
    assert shaped(calendar(event("uid", subject="a")), calendar(event("uid", subject="b"))) == ["a"]


def test_a_meeting_that_the_first_calendar_gives_no_copy_of_comes_from_the_second():
    first = calendar(event("uid", subject="a", response="declined"))
    assert shaped(first, calendar(event("uid", subject="b"))) == ["b"]


class Source(MemoryCalendar):
    """A calendar in a mood."""

    def __init__(self, *faults: Exception, unreadable: str = "") -> None:
        super().__init__({RemoteId(one): event(one, one) for one in ("x", "y")})
        self.faults, self.unreadable = list(faults), unreadable

    def changes(self, window, cursor):
        yield from super().changes(window, cursor)
        if self.faults and isinstance(self.faults[0], CursorExpired):
            raise self.faults.pop(0)

    def read(self, ids, doubted=frozenset()):
        if self.faults:
            raise self.faults.pop(0)
        found = dict(super().read(ids, doubted))
        return found | ({RemoteId("y"): Unreadable(self.unreadable)} if self.unreadable else {})


def test_what_cannot_be_understood_is_told_with_its_reason():
    found = read(Source(unreadable="no date"))
    assert ([one.key for one in found.events], found.not_understood) == (["x"], ("no date",))


@pytest.mark.parametrize("fault", [TryAgain("busy", after=3), TryAgain("lost"), CursorExpired("forgotten")])
def test_a_source_is_asked_again_and_then_not_believed(fault):
    assert len(read(Source(fault, fault)).events) == 2
    with pytest.raises(TryAgain):
        read(Source(fault, fault, fault))


def test_a_source_that_refuses_is_not_empty():
    with pytest.raises(NeedsAPerson):
        read(Source(NeedsAPerson("No.", reason="no", advice="", scope="mailbox")))
