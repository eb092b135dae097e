"""How long a handler takes: see the comment at `making.create`."""

from __future__ import annotations

from itertools import count

import syncengine.sandbox.calendars  # noqa: F401  (registers the addresses)
from syncengine.sandbox.kernel import Answer, graph
from syncengine.sandbox.state import Mailbox, Tenant, World
from tests.sandbox.calendars.conftest import event, user
from tests.sandbox.calls import make_call

_GUID = "{0a0b0c0d-0000-1111-2222-333344445555}"
_world = World()
_tenant = _world.tenants["alder"] = Tenant("alder")
_tenant.users["ann"] = user("ann", "Ann")
_tenant.mailboxes["ann"] = Mailbox("ann")
_numbers = count()


def post() -> Answer:
    """POST one event as an engine would: with a body, a place, a mark and a transactionId."""
    number = next(_numbers)
    body = event(
        "2026-03-05T09:00:00",
        "2026-03-05T10:00:00",
        body={"contentType": "html", "content": "<p>Bring your notes.</p>"},
        location={"displayName": "Pier 9"},
        isReminderOn=False,
        transactionId=f"transaction-{number}",
        singleValueExtendedProperties=[{"id": f"String {_GUID} Name Mark", "value": str(number)}],
    )
    call = make_call(_world, _tenant, "POST", "/users/ann/events", body, prefer='IdType="ImmutableId"')
    return graph.answer(call)
