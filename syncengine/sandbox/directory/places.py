"""Rooms and room lists. Their lists give no link to a next page.

Source: https://learn.microsoft.com/graph/api/place-list
"""

from __future__ import annotations

from functools import partial
from typing import Any

from syncengine.sandbox import odata
from syncengine.sandbox.directory.permissions import READ_PLACES
from syncengine.sandbox.kernel import Answer, Call, Json, Refusal, graph
from syncengine.sandbox.odata import Dialect

PLACES = Dialect("ErrorInvalidRequest", "BadRequest", "ErrorInvalidRequest", 100, 999, False)
ROOM, LIST = "microsoft.graph.room", "microsoft.graph.roomList"
# Ids of the rooms of a list, in the world file and in memory.
ROOMS = "_rooms"

_ANY = "id address displayName geoCoordinates label parentId phone placeId tags isWheelChairAccessible"
_OWN = {
    ROOM: """audioDeviceName bookingType building capacity displayDeviceName emailAddress floorLabel
        floorNumber nickname videoDeviceName""",
    LIST: "emailAddress",
}
_PROPERTIES = {kind: frozenset(f"{_ANY} {own}".split()) for kind, own in _OWN.items()}
_FILTERABLE = frozenset({"building", "capacity", "displayName", "emailAddress", "floorNumber", "label"})


def list_places(kind: str, call: Call) -> Answer:
    """The places of one kind."""
    return _list(call, kind, _of_kind(call, kind))


@graph.route("GET", f"/places/{{place}}/{LIST}/rooms", needs=READ_PLACES)
def rooms_of_list(call: Call, place: str) -> Answer:
    """The rooms of a list, which is named by its e-mail address."""
    rooms = {row["id"]: row for row in _of_kind(call, ROOM)}
    found = next((row for row in _of_kind(call, LIST) if _is_named(row, place)), None)
    if found is None:
        raise _missing()
    return _list(call, ROOM, [rooms[one] for one in found.get(ROOMS, ()) if one in rooms])


@graph.route("GET", "/places/{place}", needs=READ_PLACES)
def get_place(call: Call, place: str) -> Answer:
    """One room or list, by id or e-mail address."""
    odata.allow(call, PLACES)
    for row in call.tenant.places.values():
        if row["id"] == place or _is_named(row, place):
            return Answer(200, {"@odata.context": f"{call.base}/$metadata#places/$entity", **_show(row)})
    raise _missing()


def _list(call: Call, kind: str, rows: list[Json]) -> Answer:
    odata.allow(call, PLACES, "$select", "$top", "$skip", "$filter", "$count")
    found = odata.filter_of(call, PLACES, kind, _FILTERABLE)
    rows = [row for row in rows if found is None or found.matches(row)]
    names = odata.selected(call, PLACES, kind, _PROPERTIES[kind], ())
    skip = call.query.get("$skip", "0")
    if not skip.isdecimal():
        raise Refusal(400, PLACES.malformed, f"Invalid value '{skip}' for $skip.")
    page = rows[int(skip) :][: odata.page_size(call, PLACES)]
    body: Json = {"@odata.context": f"{call.base}/$metadata#places/{kind}"}
    if odata.wants_count(call):
        body["@odata.count"] = len(rows)
    body["value"] = [_show(row, names) for row in page]
    return Answer(200, body)


def _show(row: Json, names: Any = ()) -> Json:
    shown = {name: row.get(name) for name in ("id", *names)} if names else dict(row)
    return {name: value for name, value in shown.items() if not name.startswith(("_", "@"))}


def _of_kind(call: Call, kind: str) -> list[Json]:
    return [row for row in call.tenant.places.values() if row["@odata.type"] == f"#{kind}"]


def _is_named(row: Json, address: str) -> bool:
    return (row.get("emailAddress") or "").lower() == address.lower()


def _missing() -> Refusal:
    return Refusal(404, "ErrorItemNotFound", "The place was not found.")


for _kind in _OWN:
    graph.route("GET", f"/places/{_kind}", needs=READ_PLACES)(partial(list_places, _kind))
