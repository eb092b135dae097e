"""What stands in a calendar between two instants: singles, occurrences, exceptions, no masters.

Source: https://learn.microsoft.com/graph/api/user-list-calendarview and
https://learn.microsoft.com/graph/api/event-list-instances
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from syncengine.sandbox import odata
from syncengine.sandbox.calendars import listing
from syncengine.sandbox.calendars.desk import desk_for
from syncengine.sandbox.calendars.events import at_events
from syncengine.sandbox.calendars.folders import READS
from syncengine.sandbox.calendars.items import Event
from syncengine.sandbox.calendars.payload import invalid
from syncengine.sandbox.calendars.presenting import Presenter, presenter_of
from syncengine.sandbox.calendars.series import END_OF_TIME, Change, Times
from syncengine.sandbox.calendars.showing import Manner, extended_of, shown_occurrence
from syncengine.sandbox.calendars.timing import FIRST_YEAR
from syncengine.sandbox.extended import SINGLE
from syncengine.sandbox.kernel import Answer, Call, Handler, Json, graph
from syncengine.sandbox.odata import OUTLOOK

MAX_DAYS = 1825
_OPTIONS = ("startDateTime", "endDateTime", "$select", "$top", "$skip", "$orderby", "$count")
_UTC = Manner(immutable=False, zone=None, body=None)


@dataclass(frozen=True, slots=True)
class Standing:
    """One row of a view: a single event, or an occurrence of a series at its times."""

    event: Event
    day: date | None = None
    times: Times | None = None
    change: Change | None = None

    def raw(self) -> Json:
        """Its properties as they are kept, for filters and sorting; the row itself beside them."""
        if not (self.day and self.times):
            return {**self.event, "": self}
        found = shown_occurrence(self.event, self.day, self.times, self.change, _UTC)
        own = extended_of(self.event, self.change)
        return {**found, SINGLE: own.get(SINGLE), "": self}

    def seen_by(self, presenter: Presenter) -> Json:
        """It, as a caller wants it."""
        if self.day and self.times:
            return presenter.occurrence(self.event, self.day, self.times, self.change)
        return presenter.event(self.event)


def at_views(tail: str) -> Callable[[Handler], Handler]:
    """Register a handler(call, user, calendar or None) at the three addresses of calendarView."""

    def register(handler: Handler) -> Handler:
        def of_default(call: Call, user: str) -> Answer:
            return handler(call, user, None)

        graph.route("GET", f"/users/{{user}}/calendarView{tail}", needs=READS)(of_default)
        graph.route("GET", f"/users/{{user}}/calendar/calendarView{tail}", needs=READS)(of_default)
        address = f"/users/{{user}}/calendars/{{calendar}}/calendarView{tail}"
        graph.route("GET", address, needs=READS)(handler)
        return handler

    return register


@at_views("")
def list_view(call: Call, user: str, calendar: str | None) -> Answer:
    """What a calendar holds in a window."""
    odata.allow(call, OUTLOOK, *_OPTIONS, "$filter", "$expand")
    desk = desk_for(call, user)
    calendar_id = desk.calendar(calendar)["id"]
    low, high = window_of(call)
    rows = [row for event in desk.drawer.within(calendar_id) for row in rows_of(event, low, high)]
    return _listed(call, user, rows)


@at_events("GET", "/{event}/instances", READS)
def list_instances(call: Call, user: str, calendar: str | None, item: str) -> Answer:
    """The occurrences and exceptions of one series in a window."""
    odata.allow(call, OUTLOOK, *_OPTIONS, "$expand")
    desk = desk_for(call, user)
    desk.calendar(calendar)
    event = desk.event(item)
    if event.series is None:
        raise invalid("Only a series has instances.", "ErrorInvalidRequest")
    low, high = window_of(call)
    return _listed(call, user, list(rows_of(event, low, high)))


def rows_of(event: Event, low: datetime, high: datetime) -> Iterator[Standing]:
    """What of an event stands between two instants."""
    if event.series is None:
        if event.times.overlap(low, high):
            yield Standing(event)
        return
    for day, times, change in event.series.occurrences(low, high):
        yield Standing(event, day, times, change)


def window_of(call: Call) -> tuple[datetime, datetime]:
    """The window that a call names, as instants. 400 without it, or when it is too long.

    Source: https://github.com/microsoftgraph/microsoft-graph-docs/issues/6284
    """
    low, high = (_instant(call, name) for name in ("startDateTime", "endDateTime"))
    if high < low:
        raise invalid("The end of the window is before its start.", "ErrorInvalidRequest")
    if high - low > timedelta(days=MAX_DAYS):
        what = f"The requested time duration specified for calendar view is too long: {MAX_DAYS} days."
        raise invalid(what, "ErrorInvalidRequest")
    return low, high


def _instant(call: Call, name: str) -> datetime:
    """A window's edge: an offset counts, without one it is UTC; `Prefer` does not matter."""
    text = next((value for key, value in call.query.items() if key.lower() == name.lower()), None)
    if text is None:
        raise invalid(f"This request requires {name}.", "ErrorInvalidParameter")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as fault:
        raise invalid(f"{name} is no time: '{text[:40]}'.", "ErrorInvalidParameter") from fault
    if not FIRST_YEAR < moment.year < END_OF_TIME.year:
        raise invalid(f"{name} is out of range.", "ErrorInvalidParameter")
    return moment.replace(tzinfo=None) - (moment.utcoffset() or timedelta())


def _listed(call: Call, user: str, rows: list[Standing]) -> Answer:
    presenter = presenter_of(call)
    wanted = listing.filter_of(call)
    found: list[Any] = rows
    if wanted or "$orderby" in call.query:
        raw = [row.raw() for row in rows]
        raw = [one for one in raw if wanted is None or wanted.matches(one)]
        raw = odata.ordered(call, OUTLOOK, "event", raw, listing.SORTABLE)
        found = [one[""] for one in raw]
    render: Callable[[Any], Json] = lambda row: row.seen_by(presenter)  # noqa: E731
    context = f"users('{user}')/calendarView"
    return presenter.manner.confirm(odata.listed(call, OUTLOOK, found, render, context))
