"""How fast the engine writes, beside a bare loop that posts the same batches in the same run."""

from __future__ import annotations

import os
import statistics
import time
from dataclasses import dataclass

from portal.bench import loop, processor, world
from portal.bench.ground import Ground, ground
from tunnels.bookkeeping.bodies import Bodies
from tunnels.bookkeeping.register import SqlRegister
from tunnels.models import Tunnel

LEAST_LOOP = 3_000
"""Parts a second that the sandbox must give the loop; below that the figure is void."""

TARGET = 0.5
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Round:
    """One round: the loop, then the engine. Seconds of the clock, and of the processor."""

    items: int
    loop_s: float
    engine_s: float
    engine_cpu_s: float
    postgres_cpu_s: float

    @property
    def ratio(self) -> float:
        """The engine's rate in terms of the loop's."""
        return self.loop_s / self.engine_s


@dataclass(frozen=True, slots=True)
class Throughput:
    """Medians of the rounds: rates per second, microseconds of the processor per item."""

    contacts: int
    mailboxes: int
    rounds: int
    items: int
    loop_per_s: float
    engine_per_s: float
    ratio: float
    engine_cpu_us: float
    postgres_cpu_us: float
    load: float

    @property
    def is_void(self) -> bool:
        """Whether the sandbox was too slow for the figure to mean anything."""
        return self.loop_per_s < LEAST_LOOP


def measure(contacts: int, mailboxes: int, rounds: int = ROUNDS) -> Throughput:
    """An address list of so many contacts into so many mailboxes, each time into new folders.

    Loop and engine have mailboxes of their own, so that neither eats the other's limits.
    """
    with ground(contacts, 2 * mailboxes, events=0) as place:
        measured = [_round(place, number, contacts, mailboxes) for number in range(1, rounds + 1)]
    items = measured[0].items
    return Throughput(
        contacts=contacts,
        mailboxes=mailboxes,
        rounds=rounds,
        items=items,
        loop_per_s=statistics.median(items / one.loop_s for one in measured),
        engine_per_s=statistics.median(items / one.engine_s for one in measured),
        ratio=statistics.median(one.ratio for one in measured),
        engine_cpu_us=statistics.median(one.engine_cpu_s / items * 1e6 for one in measured),
        postgres_cpu_us=statistics.median(one.postgres_cpu_s / items * 1e6 for one in measured),
        load=os.getloadavg()[0],
    )


def _round(place: Ground, number: int, contacts: int, mailboxes: int) -> Round:
    tunnel = place.open_tunnel(f"round-{number}", "contacts", {"address_list": True}, mailboxes)
    place.work()  # reads the address list and plans; nothing is written before the approval
    posted = _loop(place, tunnel, mailboxes)
    place.approve(tunnel)
    cpu, postgres, began = time.process_time(), processor.postgres_seconds(), time.perf_counter()
    place.work()
    seconds = time.perf_counter() - began
    cpu, postgres = time.process_time() - cpu, processor.postgres_seconds() - postgres
    items = (contacts - 1) * mailboxes
    place.check(tunnel, items)
    return Round(items, posted.seconds * items / posted.parts, seconds, cpu, postgres)


def _loop(place: Ground, tunnel: Tunnel, mailboxes: int) -> loop.Posted:
    """The same contacts into as many other mailboxes."""
    cell = tunnel.cells.get()
    rows = SqlRegister(cell.pk, cell.head, Bodies()).after(0, cell.head)
    token = place.sandbox.token()
    batches = [
        loop.make_batches(place.sandbox, token, world.user_id(number), tunnel.folder, rows)
        for number in range(mailboxes + 1, 2 * mailboxes + 1)
    ]
    return loop.post_all(place.sandbox, token, batches)
