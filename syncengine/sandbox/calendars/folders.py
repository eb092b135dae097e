"""The addresses of calendars: list, read, create, rename, remove.

Ids of calendars are the same in both forms of id.
Source: https://learn.microsoft.com/graph/api/resources/calendar
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from syncengine.sandbox import odata
from syncengine.sandbox.calendars import ids
from syncengine.sandbox.calendars.desk import Desk, desk_for, new_calendar, not_found
from syncengine.sandbox.calendars.meetings import call_off
from syncengine.sandbox.calendars.payload import invalid, malformed, one_of
from syncengine.sandbox.calendars.removing import remove
from syncengine.sandbox.extended import (
    MULTI,
    SINGLE,
    Expansion,
    checked_properties,
    expand_properties,
    expansion_of,
    merged_properties,
)
from syncengine.sandbox.kernel import Answer, Call, Json, Refusal, graph
from syncengine.sandbox.odata import OUTLOOK

READS = "Calendars.Read Calendars.ReadWrite"
WRITES = "Calendars.ReadWrite"
_PROPERTIES = [
    "id",
    "name",
    "color",
    "hexColor",
    "isDefaultCalendar",
    "changeKey",
    "canShare",
    "canViewPrivateItems",
    "canEdit",
    "isTallyingResponses",
    "isRemovable",
    "allowedOnlineMeetingProviders",
    "defaultOnlineMeetingProvider",
    "owner",
]
_FILTERABLE = frozenset({"name", "isDefaultCalendar", "canEdit"})
_COLORS = [
    "auto",
    "lightBlue",
    "lightGreen",
    "lightOrange",
    "lightGray",
    "lightYellow",
    "lightTeal",
    "lightPink",
    "lightBrown",
    "lightRed",
    "maxColor",
]
_color = one_of(_COLORS)


@graph.route("GET", "/users/{user}/calendars", needs=READS)
def list_calendars(call: Call, user: str) -> Answer:
    """All calendars of a mailbox, the default one first."""
    odata.allow(call, OUTLOOK, "$select", "$top", "$skip", "$filter", "$orderby", "$count", "$expand")
    desk = desk_for(call, user)
    names = odata.selected(call, OUTLOOK, "microsoft.graph.calendar", _PROPERTIES, _PROPERTIES)
    expansion = expansion_of(call, SINGLE, MULTI)
    rows = list(desk.mailbox.calendars.values())
    wanted = odata.filter_of(call, OUTLOOK, "calendar", _FILTERABLE)
    rows = [row for row in rows if wanted is None or wanted.matches(row)]
    rows = odata.ordered(call, OUTLOOK, "calendar", rows, {"name"})
    return odata.listed(
        call, OUTLOOK, rows, lambda row: _shown(row, names, expansion), f"users('{user}')/calendars"
    )


@graph.route("GET", "/users/{user}/calendar", needs=READS)
def get_default(call: Call, user: str) -> Answer:
    """The default calendar."""
    return get_calendar(call, user, None)


@graph.route("GET", "/users/{user}/calendars/{calendar}", needs=READS)
def get_calendar(call: Call, user: str, calendar: str | None) -> Answer:
    """One calendar."""
    odata.allow(call, OUTLOOK, "$select", "$expand")
    found = desk_for(call, user).calendar(calendar)
    names = odata.selected(call, OUTLOOK, "microsoft.graph.calendar", _PROPERTIES, _PROPERTIES)
    return Answer(200, _entity(call, user, _shown(found, names, expansion_of(call, SINGLE, MULTI))))


@graph.route("POST", "/users/{user}/calendars", needs=WRITES)
def create_calendar(call: Call, user: str) -> Answer:
    """A new calendar. Two calendars of one mailbox cannot share a name."""
    desk = desk_for(call, user)
    changes = _checked(call.body)
    if not changes.get("name"):
        raise invalid("A calendar needs a name.", "ErrorInvalidRequest")
    _refuse_taken(desk, changes["name"], None)
    made = new_calendar(desk.tenant, desk.mailbox, changes["name"]) | changes
    answered = dict(made)
    if desk.switches.calendar_id_changes:
        number = desk.drawer.next_number()
        made["id"] = ids.plain_id(desk.mailbox.user_id, number)
    desk.mailbox.calendars[made["id"]] = made
    return Answer(201, _entity(call, user, _shown(answered)))


@graph.route("PATCH", "/users/{user}/calendar", needs=WRITES)
def change_default(call: Call, user: str) -> Answer:
    """A new name or colour for the default calendar."""
    return change_calendar(call, user, None)


@graph.route("PATCH", "/users/{user}/calendars/{calendar}", needs=WRITES)
def change_calendar(call: Call, user: str, calendar: str | None) -> Answer:
    """A new name or colour."""
    desk = desk_for(call, user)
    found = desk.calendar(calendar)
    changes = _checked(call.body)
    if "name" in changes:
        _refuse_taken(desk, changes["name"], found["id"])
    for name in (SINGLE, MULTI):
        if name in changes:
            changes[name] = merged_properties(found.get(name), changes[name])
    found.update(changes)
    found["changeKey"] = ids.change_key(desk.mailbox.user_id, desk.drawer.next_number())
    return Answer(200, _entity(call, user, _shown(found)))


@graph.route("DELETE", "/users/{user}/calendars/{calendar}", needs=WRITES)
def delete_calendar(call: Call, user: str, calendar: str) -> Answer:
    """Remove a calendar; what was in it goes to Deleted Items."""
    return _remove(call, user, calendar, for_good=False)


@graph.route("POST", "/users/{user}/calendars/{calendar}/permanentDelete", needs=WRITES)
def delete_calendar_for_good(call: Call, user: str, calendar: str) -> Answer:
    """Remove a calendar with all that is in it."""
    return _remove(call, user, calendar, for_good=True)


def _remove(call: Call, user: str, calendar: str, *, for_good: bool) -> Answer:
    desk = desk_for(call, user)
    found = desk.calendar(calendar)
    if found["isDefaultCalendar"]:
        raise Refusal(400, "ErrorDeleteDistinguishedFolder", "Distinguished folders cannot be deleted.")
    for event in list(desk.drawer.within(found["id"])):
        remove(desk, event, for_good=for_good)
        call_off(desk, event)
    if desk.mailbox.calendars.pop(found["id"], None) is None:
        raise not_found()
    return Answer(204)


def _checked(body: Any) -> Json:
    if not isinstance(body, dict):
        raise malformed("A JSON object is expected.")
    found: Json = {}
    for name, value in body.items():
        if name.startswith("@"):
            continue
        if name == "name" and isinstance(value, str):
            found[name] = value.strip()
        elif name == "color":
            found[name] = _color(name, value)
        elif name in (SINGLE, MULTI):
            found[name] = checked_properties(name, value)
        elif name in _PROPERTIES:
            raise invalid(f"Set action is invalid for property '{name}'.", "ErrorInvalidPropertySet")
        else:
            raise malformed(f"The property '{name}' does not exist on type 'microsoft.graph.calendar'.")
    return found


def _refuse_taken(desk: Desk, name: str, own_id: str | None) -> None:
    for other in desk.mailbox.calendars.values():
        if other["id"] != own_id and other["name"].casefold() == name.casefold():
            raise Refusal(409, "ErrorFolderExists", "A folder with the specified name already exists.")


def _shown(row: Json, names: Sequence[str] = _PROPERTIES, expansion: Expansion | None = None) -> Json:
    """What a caller sees of a calendar; extended properties must be asked for."""
    shown = odata.project(row, names)
    if expansion:
        expand_properties(row, expansion, shown)
    return shown


def _entity(call: Call, user: str, row: Json) -> Json:
    return {"@odata.context": f"{call.base}/$metadata#users('{user}')/calendars/$entity", **row}
