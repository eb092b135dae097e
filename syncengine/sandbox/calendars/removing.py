"""How an event leaves its calendar: into Deleted Items, or for good."""

from __future__ import annotations

from syncengine.sandbox.calendars.desk import Desk
from syncengine.sandbox.calendars.items import Event, span_of


def remove(desk: Desk, event: Event, *, for_good: bool) -> None:
    """Take a single or a whole series out of its calendar, and tell delta."""
    drawer = desk.drawer
    drawer.next_number()
    drawer.log(event, span_of(event), gone=True)
    drawer.take(event)
    if not for_good:
        drawer.deleted[event.plain_id] = drawer.deleted[event.immutable_id] = event
    transaction = event.get("transactionId")
    if transaction and not desk.switches.transaction_outlives_deletion:
        drawer.transactions.pop(transaction, None)
