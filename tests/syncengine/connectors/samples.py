"""Times, series and copies that the connectors' tests share."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from syncengine.model.copies import Appointment, ContactCopy, EventCopy
from syncengine.model.recurrence import Recurrence
from syncengine.model.time import Timed, window_around

TODAY = date(2026, 3, 2)
WINDOW = window_around(TODAY, 30, 180)
NEW_YORK = "America/New_York"


def at(day: int, hour: int, *, month: int = 3, hours: float = 1, zone: str = "UTC") -> Timed:
    """Some hours of 2026, given in UTC."""
    start = datetime(2026, month, day, hour, tzinfo=UTC)
    return Timed(start, start + timedelta(hours=hours), zone)


def weekly(count: int | None = None) -> Recurrence:
    """Tuesdays from 3 March 2026, thought in New York."""
    return Recurrence("weekly", 1, date(2026, 3, 3), NEW_YORK, days=("tuesday",), count=count)


TUESDAY_TEN = at(3, 15, zone=NEW_YORK)
"""Ten o'clock in New York on the first Tuesday."""


def event_copy(text: str) -> EventCopy:
    """An appointment that says `text`."""
    return EventCopy(Appointment(at(5, 9), text, body=f"about {text}", location="Room 1"))


def contact_copy(text: str) -> ContactCopy:
    """A contact named `text`."""
    return ContactCopy(text, given_name=text, emails=("a@northwind.example",), business_phones=("+4930123",))
