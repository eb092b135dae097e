"""The singles and masters of a calendar, filtered and sorted.

Source: https://learn.microsoft.com/graph/api/user-list-events
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from syncengine.sandbox import odata
from syncengine.sandbox.calendars.desk import Desk
from syncengine.sandbox.calendars.items import Event, wire_wall
from syncengine.sandbox.extended import SINGLE
from syncengine.sandbox.filters import Filter
from syncengine.sandbox.kernel import Call, Refusal
from syncengine.sandbox.odata import OUTLOOK

_FILTERABLE = frozenset(
    [
        "iCalUId",
        "subject",
        "start/dateTime",
        "end/dateTime",
        "createdDateTime",
        "lastModifiedDateTime",
        "isAllDay",
        "isCancelled",
        "isOrganizer",
        "type",
        "seriesMasterId",
        "showAs",
        "sensitivity",
        "importance",
        "categories/any",
    ]
) | {f"{SINGLE}/any/id", f"{SINGLE}/any/value"}
SORTABLE = frozenset(["start/dateTime", "end/dateTime", "subject", "createdDateTime", "lastModifiedDateTime"])
_MOMENT = re.compile(r"\b((?:start|end)/dateTime\s+(?:eq|ne|ge|gt|le|lt)\s+)'([^']*)'")


def filter_of(call: Call) -> Filter | None:
    """The call's `$filter`, or None. 400 for a property that cannot be filtered by.

    Extended properties are filtered inside `any()` only.
    Source: https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/6058
    """
    text = call.query.get("$filter")
    if text is None:
        return None
    found = odata.parse_filter(_MOMENT.sub(_padded, text), OUTLOOK)
    for path in sorted(found.paths - _FILTERABLE):
        raise Refusal(400, "ErrorInvalidProperty", f"The property '{path}' does not support filtering.")
    return found


def found_events(call: Call, desk: Desk, calendar_id: str) -> list[Event]:
    """What the calendar holds, as far as `$filter` wants it."""
    wanted = filter_of(call)
    events = list(desk.drawer.within(calendar_id))
    if wanted is None:
        return events
    if any(path.startswith(SINGLE) for path in wanted.paths):
        known = desk.now - timedelta(seconds=desk.switches.late_filter_s)
        events = [event for event in events if event.born <= known]
    return [event for event in events if wanted.matches(event)]


def _padded(found: re.Match[str]) -> str:
    """Times are compared as moments: the literal gets the form in which they are kept."""
    try:
        moment = datetime.fromisoformat(found[2])
    except ValueError as fault:
        raise Refusal(400, OUTLOOK.malformed, f"'{found[2][:40]}' is not a date.") from fault
    wall = moment.replace(tzinfo=None) - (moment.utcoffset() or timedelta())
    return f"{found[1]}'{wire_wall(wall)}'"
