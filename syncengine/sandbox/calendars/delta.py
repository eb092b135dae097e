"""What changed in a calendar's window, told as badly as Graph tells it.

Masters come with their first occurrence's times, occurrences as stubs, a deleted occurrence
not at all; a changed series sends all its stubs again; what lies outside the window is
"deleted"; pages may be longer than asked, and items come twice.
Source: https://learn.microsoft.com/graph/api/event-delta and
https://github.com/microsoftgraph/microsoft-graph-docs/issues/7632
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING

from syncengine.sandbox import odata
from syncengine.sandbox.calendars import rounds
from syncengine.sandbox.calendars.desk import Desk, desk_for
from syncengine.sandbox.calendars.ids import occurrence_id
from syncengine.sandbox.calendars.items import Event, drawer_of
from syncengine.sandbox.calendars.rounds import Chain, Group, Row
from syncengine.sandbox.calendars.showing import Manner, manner_of, shown, shown_occurrence, stub
from syncengine.sandbox.calendars.views import at_views, window_of
from syncengine.sandbox.kernel import Answer, Call, Json
from syncengine.sandbox.odata import OUTLOOK

if TYPE_CHECKING:
    from syncengine.sandbox.state import Mailbox


@at_views("/delta")
def calendar_delta(call: Call, user: str, calendar: str | None) -> Answer:
    """A page of a round: the first of a new chain, the next of this round, or of the next round."""
    # None of $select, $expand, $filter, $orderby, $search is supported here.
    odata.allow(call, OUTLOOK, "startDateTime", "endDateTime", "$deltatoken", "$skiptoken")
    desk = desk_for(call, user)
    calendar_id = desk.calendar(calendar)["id"]
    manner = manner_of(call)
    if "$skiptoken" in call.query:
        return _page(call, desk, manner, rounds.resumed(call, desk, calendar_id))
    if "$deltatoken" in call.query:
        chain = rounds.continued(call, desk, calendar_id)
        groups = _changed(desk, chain)
    else:
        low, high = window_of(call)
        chain = rounds.begun(desk, calendar_id, low, high)
        groups = _present(desk, chain)
    return _page(call, desk, manner, rounds.opened(call, desk, chain, groups))


def forget_tokens(mailbox: Mailbox, status: int = 410, code: str = "SyncStateNotFound") -> None:
    """Make the delta tokens given so far useless; a round that is under way breaks off too."""
    drawer = drawer_of(mailbox)
    drawer.floor = drawer.next_number()
    drawer.refusal = (status, code)
    drawer.rounds.clear()


def _present(desk: Desk, chain: Chain) -> Iterator[Group]:
    """Everything in the window, for a first round."""
    for event in desk.drawer.within(chain.calendar_id):
        if event.is_within(chain.low, chain.high):
            yield _group(event, chain)


def _changed(desk: Desk, chain: Chain) -> Iterator[Group]:
    """Each event that changed since the chain's last round, as it is now."""
    for immutable, entries in rounds.entries_since(desk, chain).items():
        event = desk.drawer.by_immutable.get(immutable)
        is_here = event is not None and event.calendar_id == chain.calendar_id
        if event and is_here and event.is_within(chain.low, chain.high):
            yield _left(event, entries) + _group(event, chain) + _cancelled(desk, entries)
        elif _was_within(entries[0], chain) or desk.switches.changes_outside_window_told:
            old = dict.fromkeys(one["id"] for one in entries)
            yield [Row("gone", plain, immutable=immutable) for plain in old]


def _left(event: Event, entries: list[Json]) -> Group:
    """Plain ids that the event had before it was moved away and back."""
    old = dict.fromkeys(one["id"] for one in entries if one["id"] != event.plain_id)
    return [Row("gone", plain) for plain in old]


def _group(event: Event, chain: Chain) -> Group:
    """The rows of one event, which a page does not part: a master with all it has in the window."""
    rows = [Row("event", event.plain_id)]
    if event.series:
        for day, _, change in event.series.occurrences(chain.low, chain.high):
            rows.append(Row("exception" if change else "stub", event.plain_id, day))
    return rows


def _cancelled(desk: Desk, entries: list[Json]) -> Group:
    """Removals of single occurrences, where the world tells of them at all.

    Source: https://github.com/microsoftgraph/microsoft-graph-docs/pull/4501
    """
    if not desk.switches.deleted_occurrence_in_delta:
        return []
    return [
        Row("gone", one["id"], date.fromisoformat(one["occurrence"]), one["immutable"])
        for one in entries
        if "occurrence" in one
    ]


def _was_within(entry: Json, chain: Chain) -> bool:
    """Whether the window touched the event as it stood before its first change."""
    if entry["was"] is None:
        return False
    start, end = map(datetime.fromisoformat, entry["was"])
    return start < chain.high and (end > chain.low or start >= chain.low)


def _page(call: Call, desk: Desk, manner: Manner, page: rounds.Page) -> Answer:
    rows = [found for row in page.rows if (found := _told(desk, row, manner)) is not None]
    body: Json = {"@odata.context": f"{call.base}/$metadata#Collection(event)"}
    name, token = ("$skiptoken", page.skip) if page.skip else ("$deltatoken", page.delta)
    link = odata.link(call, {name: token or ""})
    body["@odata.nextLink" if page.skip else "@odata.deltaLink"] = link
    body["value"] = rows
    applied = ["odata.track-changes"]
    if size := call.prefers("odata.maxpagesize"):
        applied.append(f"odata.maxpagesize={size}")
    return manner.confirm(Answer(200, body, {"Preference-Applied": ", ".join(applied)}))


def _told(desk: Desk, row: Row, manner: Manner) -> Json | None:
    """A row as it is now; None for what vanished since the round began (the next will tell)."""
    if row.kind == "gone":
        return _gone(row, manner)
    event = desk.drawer.find(row.plain)
    if event is None:
        return None
    if row.kind == "event":
        return {"@odata.type": "#microsoft.graph.event", **shown(event, manner)}
    if event.series is None or row.day is None or row.day in event.series.cancelled:
        return None
    change = event.series.exceptions.get(row.day)
    times = change.times if change else event.series.on(row.day)
    if times is None:
        return None
    if change is None:
        return stub(event, row.day, times, manner)
    found = shown_occurrence(event, row.day, times, change, manner)
    return {"@odata.type": "#microsoft.graph.event", **found}


def _gone(row: Row, manner: Manner) -> Json | None:
    item = row.immutable if manner.immutable else row.plain
    if not item:
        return None
    if row.day:
        item = occurrence_id(item, row.day, immutable=manner.immutable)
    return {
        "@odata.type": "#microsoft.graph.event",
        "id": item,
        "@removed": {"reason": "deleted"},
    }
