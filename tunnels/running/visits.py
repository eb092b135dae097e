"""Visits: speaking to one mailbox, or to a directory, outside of the workers' turns, under its lease.

A visit waits until nobody else speaks there, keeps the lease as long as it lasts, counts its
requests with those of the workers, and leaves behind how long the mailbox wants to be left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

from django.conf import settings

from partners import clock
from syncengine.connectors.registry import GraphService, Usage
from syncengine.errors import TryAgain
from syncengine.limits.pace import MailboxPace
from tenants import connections, leases
from tenants.leases import Held
from tenants.models import Lease, Tenant
from tunnels.running import clocks

PATIENCE_S = 300.0
NAP_S, MOST_NAP_S = 0.2, 5.0


@contextmanager
def visit(tenant: Tenant, mailbox: str) -> Iterator[tuple[GraphService, Callable[[float], None]]]:
    """The tenant's service, and how to let time pass during the visit.

    Raises TryAgain when patience is over, NeedsAPerson where the tenant does not let us in.
    """
    holder = uuid4()
    held = _claim(tenant, mailbox, holder)
    pace, wait = MailboxPace.load(0.0, held.spent), 0.0

    def nap(seconds: float) -> None:
        """Sleep without losing the lease."""
        while seconds > 0:
            piece = min(seconds, settings.CULVERT_LEASE_S / 3)
            clocks.pause(piece)
            leases.renew(tenant, holder)
            seconds -= piece

    def on_request(usage: Usage) -> None:
        leases.renew(tenant, holder)
        pace.sent(_now(), usage.parts or usage.requests)
        nap(pace.wait(_now()))

    try:
        yield connections.open_service(tenant, on_request), nap
    except TryAgain as fault:
        wait = fault.after or 0.0
        raise
    finally:
        waits = {mailbox: wait} if wait else None
        leases.give_back(tenant, holder, waits=waits, spent={mailbox: pace.dump()[1]})


def _claim(tenant: Tenant, mailbox: str, holder: UUID) -> Held:
    """The lease, once it is free. Who wants to be left alone for longer than patience is not waited for."""
    end, nap = _now() + PATIENCE_S, NAP_S
    while True:
        claimed = leases.claim(tenant, [mailbox], holder)
        if mailbox in claimed:
            return claimed[mailbox]
        not_before = Lease.objects.get(tenant=tenant, mailbox=mailbox).not_before
        free_at = not_before.timestamp() if not_before else _now()
        if max(free_at, _now()) > end:
            raise TryAgain("The mailbox is busy, or wants to be left alone for long.")
        clocks.pause(nap)
        nap = min(2 * nap, MOST_NAP_S)


def _now() -> float:
    return clock.now().timestamp()
