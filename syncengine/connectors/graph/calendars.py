"""Calendars of a mailbox by name, for sources that are not the default one.

Source: https://learn.microsoft.com/graph/api/user-list-calendars
"""

from __future__ import annotations

from syncengine.connectors.graph.door import GraphDoor
from syncengine.connectors.graph.paths import mailbox_path, with_query
from syncengine.errors import NeedsAPerson


def calendar_named(door: GraphDoor, mailbox: str, name: str) -> str:
    """The id of the mailbox's calendar with this name, whatever its case.

    Raises NeedsAPerson (scope "collection") where there is none, or more than one: never a guess.
    """
    wanted = name.strip().casefold()
    url = with_query(f"{mailbox_path(mailbox)}/calendars", select="id,name", top="100")
    found = [
        str(raw["id"])
        for page in door.pages(url)
        for raw in page.get("value") or ()
        if str(raw.get("name") or "").strip().casefold() == wanted
    ]
    if len(found) == 1:
        return found[0]
    raise NeedsAPerson(
        "The mailbox has several calendars of this name." if found else "The mailbox has no such calendar.",
        reason="calendar not found",
        advice="Check the calendar's name in the tunnel's source.",
        scope="collection",
    )
