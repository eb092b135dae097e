"""Tunnels, lanes and copies for tests of what lies in the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from syncengine.model.codec import copy_fingerprint
from syncengine.model.copies import Appointment, ContactCopy, EventCopy
from syncengine.model.identity import Fingerprint, ItemKey, LaneId, RemoteId
from syncengine.model.items import Details, Event
from syncengine.model.time import Timed
from syncengine.ports.remembering import Intent, Result, Row
from syncengine.ports.writing import Action, Written
from tenants.models import Tenant
from tunnels.bookkeeping.bodies import Bodies
from tunnels.bookkeeping.identity import installation
from tunnels.bookkeeping.register import Shaped, SqlRegister, Stored, store_rows
from tunnels.models import Cell, Lane, Tunnel, TunnelMember

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)


def make_tunnel(tenant: Tenant, slug: str = "on-call", **changes: object) -> Tunnel:
    """An approved calendar tunnel inside one tenant, with one cell."""
    fields = {"name": slug.title(), "kind": "events", "state": "active", "approved": 1, "folder": "On-call"}
    tunnel = Tunnel.objects.create(partner=tenant.partner, slug=slug, **{**fields, **changes})
    source = {"mailbox": "oncall@northwind.example"}
    TunnelMember.objects.create(tunnel=tunnel, tenant=tenant, gives=True, order=0, spec=source)
    TunnelMember.objects.create(tunnel=tunnel, tenant=tenant, takes=True, order=1, spec={"all_users": True})
    Cell.objects.create(tunnel=tunnel)
    return tunnel


def make_lane(tunnel: Tunnel, mailbox: str = "u01", **changes: object) -> Lane:
    """A lane into the tunnel's folder of one mailbox."""
    cell = tunnel.cells.get()
    tenant = tunnel.members.get(takes=True).tenant
    fields = {"name": mailbox, "kind": tunnel.kind, "folder_name": tunnel.folder, "approved": 1, **changes}
    return Lane.objects.create(cell=cell, tunnel=tunnel, tenant=tenant, mailbox=mailbox, **fields)


def person(name: str, **changes: str) -> ContactCopy:
    """A contact as it stands in a target."""
    return ContactCopy(display_name=name, **changes)


def meeting(subject: str, hours: int = 0) -> EventCopy:
    """An hour of an appointment."""
    start = NINE + timedelta(hours=hours)
    return EventCopy(Appointment(Timed(start, start + timedelta(hours=1), "Europe/Berlin"), subject=subject))


def event(key: str, remote_id: str = "", subject: str = "Stand-up", days: int = 0) -> Event:
    """An hour of an event as read from a source."""
    start = NINE + timedelta(days=days)
    details = Details(Timed(start, start + timedelta(hours=1), "UTC"), subject=subject)
    return Event(ItemKey(key), RemoteId(remote_id or f"id-{key}"), details, etag=f"etag-{subject}")


def shaped(key: str, copy: ContactCopy | EventCopy | None, **changes: object) -> Shaped:
    """What became of an item."""
    mark = copy_fingerprint(copy) if copy else Fingerprint("")
    return Shaped(key, copy, mark, **changes)


def store(cell: Cell, *rows: Shaped) -> Stored:
    """Store rows in the register."""
    return store_rows(cell.pk, rows, installation(), Bodies())


def register_of(cell: Cell) -> SqlRegister:
    """The register up to its head."""
    cell.refresh_from_db()
    return SqlRegister(cell.pk, cell.head, Bodies())


def intent(row: Row, verb: str = "create", attempt: str = "a1", **changes: object) -> Intent:
    """A write that brings the row's copy."""
    fields = {"cause": "new at the source", "copy": row.copy, "number": row.number, **changes}
    return Intent(Action(verb, row.id, fingerprint=row.fingerprint, **fields), attempt)


def written(of: Intent, remote_id: str, **changes: object) -> Result:
    """The write was done."""
    return Result(of, Written(RemoteId(remote_id), **changes))


def lane_id(lane: Lane) -> LaneId:
    """As the engine names it."""
    return LaneId(lane.pk)
