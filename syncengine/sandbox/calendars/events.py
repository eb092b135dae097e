"""The addresses of events: list, read, create, change, remove.

`/events`, `/calendar/events` and `/calendars/{id}/events` do the same; an event is
found by its id alone, whatever calendar the address names.
Source: https://learn.microsoft.com/graph/api/resources/event
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from syncengine.sandbox import odata
from syncengine.sandbox.calendars import listing, meetings
from syncengine.sandbox.calendars.changing import change
from syncengine.sandbox.calendars.desk import Desk, desk_for, not_found
from syncengine.sandbox.calendars.folders import READS, WRITES
from syncengine.sandbox.calendars.items import Event
from syncengine.sandbox.calendars.making import create
from syncengine.sandbox.calendars.occurrences import (
    cancel_occurrence,
    change_occurrence,
    found_occurrence,
    standing,
)
from syncengine.sandbox.calendars.presenting import Presenter, presenter_of
from syncengine.sandbox.calendars.removing import remove
from syncengine.sandbox.kernel import Answer, Call, Handler, Json, Refusal, graph
from syncengine.sandbox.odata import OUTLOOK


def at_events(method: str, tail: str, needs: str) -> Callable[[Handler], Handler]:
    """Register a handler(call, user, calendar or None, ...) at all three addresses of events."""

    def register(handler: Handler) -> Handler:
        def of_default(call: Call, user: str, *rest: str) -> Answer:
            return handler(call, user, None, *rest)

        graph.route(method, f"/users/{{user}}/events{tail}", needs=needs)(of_default)
        graph.route(method, f"/users/{{user}}/calendar/events{tail}", needs=needs)(of_default)
        address = f"/users/{{user}}/calendars/{{calendar}}/events{tail}"
        graph.route(method, address, needs=needs)(handler)
        return handler

    return register


@at_events("GET", "", READS)
def list_events(call: Call, user: str, calendar: str | None) -> Answer:
    """Singles and masters of a calendar, never occurrences."""
    odata.allow(call, OUTLOOK, "$select", "$top", "$skip", "$filter", "$orderby", "$count", "$expand")
    desk = desk_for(call, user)
    presenter = presenter_of(call)
    rows: list[Json] = list(listing.found_events(call, desk, desk.calendar(calendar)["id"]))
    rows = odata.ordered(call, OUTLOOK, "event", rows, listing.SORTABLE)
    render: Callable[[Json], Json] = presenter.event  # type: ignore[assignment]
    context = f"users('{user}')/events"
    return presenter.manner.confirm(odata.listed(call, OUTLOOK, rows, render, context))


@at_events("POST", "", WRITES)
def create_event(call: Call, user: str, calendar: str | None) -> Answer:
    """A new event; with attendees, invitations go out."""
    desk = desk_for(call, user)
    presenter = presenter_of(call)
    calendar_id = desk.calendar(calendar)["id"]
    known = _known_transaction(call, desk)
    event = known or create(desk, calendar_id, call.body)
    answer = _entity(call, user, presenter, presenter.event(event), 201)
    if known is None:
        meetings.invite(desk, event)
    return answer


@at_events("GET", "/{event}", READS)
def get_event(call: Call, user: str, calendar: str | None, item: str) -> Answer:
    """A single, a master, an occurrence or an exception."""
    odata.allow(call, OUTLOOK, "$select", "$expand")
    desk = desk_for(call, user)
    desk.calendar(calendar)
    presenter = presenter_of(call, by_id=True)
    return _entity(call, user, presenter, read_item(desk, presenter, item), 200)


def read_item(desk: Desk, presenter: Presenter, item: str) -> Json:
    """What has this id, as the caller wants to see it. 404 when there is nothing."""
    found = found_occurrence(desk, item)
    if found is None:
        return presenter.single(_readable(desk, item))
    event, day = found
    if event.series is None:
        raise not_found()
    times = standing(event.series, day)
    return presenter.occurrence(event, day, times, event.series.exceptions.get(day))


@at_events("PATCH", "/{event}", WRITES)
def change_event(call: Call, user: str, calendar: str | None, item: str) -> Answer:
    """A change of a single, a series, or one occurrence, which becomes an exception."""
    desk = desk_for(call, user)
    desk.calendar(calendar)
    presenter = presenter_of(call)
    found = found_occurrence(desk, item)
    event = found[0] if found else desk.event(item)
    _check_version(call, event, found[1] if found else None)
    before = event["attendees"]
    day = found[1] if found else None
    body = call.body
    written = change_occurrence(desk, event, day, body) if day else change(desk, event, body)
    answer = _entity(call, user, presenter, read_item(desk, presenter, item), 200)
    meetings.announce(desk, event, written, before, day)
    return answer


@at_events("DELETE", "/{event}", WRITES)
def delete_event(call: Call, user: str, calendar: str | None, item: str) -> Answer:
    """Into Deleted Items; of a series, the whole or one occurrence."""
    return _delete(call, user, calendar, item, for_good=False)


@at_events("POST", "/{event}/permanentDelete", WRITES)
def delete_event_for_good(call: Call, user: str, calendar: str | None, item: str) -> Answer:
    """Gone, and not in Deleted Items either.

    Source: https://learn.microsoft.com/graph/api/event-permanentdelete
    """
    return _delete(call, user, calendar, item, for_good=True)


def _delete(call: Call, user: str, calendar: str | None, item: str, *, for_good: bool) -> Answer:
    desk = desk_for(call, user)
    desk.calendar(calendar)
    found = found_occurrence(desk, item)
    event = found[0] if found else desk.event(item)
    _check_version(call, event, found[1] if found else None)
    if found:
        cancel_occurrence(desk, event, found[1])
    else:
        remove(desk, event, for_good=for_good)
    meetings.call_off(desk, event, found[1] if found else None)
    return Answer(204)


def _check_version(call: Call, event: Event, day: date | None) -> None:
    """Honour If-Match.

    Source: https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/1201
    """
    wanted = call.headers.get("if-match")
    if wanted is None or wanted == "*":
        return
    one = event.series.exceptions.get(day) if event.series and day else None
    if wanted != (f'W/"{one.change_key}"' if one else event["@odata.etag"]):
        message = "The change key passed in the request does not match the item's current one."
        raise Refusal(412, "ErrorIrresolvableConflict", message)


def _readable(desk: Desk, item: str) -> Event:
    if desk.switches.deleted_event_still_readable and desk.drawer.find(item) is None:
        found = desk.drawer.deleted.get(item)
        if found is not None:
            return found
    return desk.event(item)


def _known_transaction(call: Call, desk: Desk) -> Event | None:
    """The event that was made with this transactionId, where the world answers it again.

    Source: https://learn.microsoft.com/graph/api/resources/event (status: both are reported)
    """
    transaction = call.body.get("transactionId") if isinstance(call.body, dict) else None
    known = desk.drawer.transactions.get(transaction) if transaction else None
    if known is None or desk.switches.duplicate_transaction == 201:
        return known
    raise Refusal(
        desk.switches.duplicate_transaction,
        "ErrorDuplicateTransactionId",
        "The TransactionId was already used to create a different event.",
        extra={"@event.existingEventId": known["id"]},
    )


def _entity(call: Call, user: str, presenter: Presenter, row: Json, status: int) -> Answer:
    context = f"{call.base}/$metadata#users('{user}')/events/$entity"
    return presenter.manner.confirm(Answer(status, {"@odata.context": context, **row}))
