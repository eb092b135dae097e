"""Rounds and chains of a calendar's delta: tokens, pages, and what is forgotten.

A chain is a window over one calendar. Its token remembers the mailbox's change up to which
it has told; the pages that a round still owes wait in the mailbox, and only so many rounds fit.
Source: https://learn.microsoft.com/graph/delta-query-overview
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from syncengine.sandbox import odata
from syncengine.sandbox.calendars.desk import Desk
from syncengine.sandbox.kernel import Call, Json, Refusal

MAX_ROUNDS = 16
DEFAULT_PAGE, MAX_PAGE = 10, 1000


@dataclass(frozen=True, slots=True)
class Row:
    """One row that a round owes: an event, a stub, an exception, or something gone."""

    kind: str
    plain: str
    day: date | None = None
    immutable: str = ""


Group = list[Row]


@dataclass(frozen=True, slots=True)
class Chain:
    """A window over one calendar, and the change of the mailbox up to which it has been told."""

    mailbox: str
    calendar_id: str
    low: datetime
    high: datetime
    since: int
    epoch: str


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of one answer, and the token for the next page or for the next round."""

    rows: list[Row]
    skip: str | None
    delta: str | None


def begun(desk: Desk, calendar_id: str, low: datetime, high: datetime) -> Chain:
    """A new chain. What changes from now on is told by its next round."""
    mailbox = desk.mailbox
    return Chain(mailbox.user_id, calendar_id, low, high, mailbox.generation, desk.drawer.epoch)


def continued(call: Call, desk: Desk, calendar_id: str) -> Chain:
    """The chain in a call's `$deltatoken`. Raises 410 or 400 when it is forgotten or not ours."""
    chain = _chain(_held(call, "$deltatoken"), desk, calendar_id)
    if chain.epoch != desk.drawer.epoch or chain.since < desk.drawer.floor:
        raise _forgotten(call, desk, chain)
    return chain


def entries_since(desk: Desk, chain: Chain) -> dict[str, list[Json]]:
    """The log of the chain's calendar since its last round, by immutable id."""
    log = desk.mailbox.calendar_log
    start = bisect_right(log, chain.since, key=lambda entry: int(entry["generation"]))
    found: dict[str, list[Json]] = {}
    for entry in log[start:]:
        if entry["calendar"] == chain.calendar_id:
            found.setdefault(entry["immutable"], []).append(entry)
    return found


def opened(call: Call, desk: Desk, chain: Chain, groups: Iterable[Group]) -> Page:
    """The first page of a round over these groups; the others are kept for `resumed`."""
    drawer = desk.drawer
    after = replace(chain, since=desk.mailbox.generation, epoch=drawer.epoch)
    size = page_size(call)
    pages = list(_paged(desk, _ordered(desk, groups), size)) or [[]]
    drawer.round_number += 1
    if len(pages) > 1:
        drawer.rounds[drawer.round_number] = (pages, size < desk.switches.looping_pages_below)
        if len(drawer.rounds) > MAX_ROUNDS:
            del drawer.rounds[min(drawer.rounds)]
    return _page(desk, after, drawer.round_number, pages, 0)


def resumed(call: Call, desk: Desk, calendar_id: str) -> Page:
    """The page in a call's `$skiptoken`. Raises 410 or 400 when it is forgotten or not ours."""
    held = _held(call, "$skiptoken")
    after = _chain(held, desk, calendar_id)
    known = desk.drawer.rounds.get(held["round"]) if after.epoch == desk.drawer.epoch else None
    if known is None:
        raise _forgotten(call, desk, after)
    return _page(desk, after, held["round"], known[0], held["page"])


def page_size(call: Call) -> int:
    """How many rows a page should have. A hint, as Graph has it."""
    text = call.prefers("odata.maxpagesize") or ""
    return min(int(text), MAX_PAGE) if text.isdecimal() and int(text) else DEFAULT_PAGE


def _page(desk: Desk, after: Chain, number: int, pages: list[Group], at: int) -> Page:
    rows = pages[at]
    if at and desk.switches.delta_replays:
        rows = [pages[at - 1][-1], *rows]
    held = {
        "mailbox": after.mailbox,
        "calendar": after.calendar_id,
        "low": after.low.isoformat(),
        "high": after.high.isoformat(),
        "since": after.since,
        "epoch": after.epoch,
    }
    if at + 1 == len(pages):
        return Page(rows, None, odata.seal(held))
    # Source: https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/3070
    coming = at if desk.drawer.rounds[number][1] else at + 1
    return Page(rows, odata.seal({**held, "round": number, "page": coming}), None)


def _ordered(desk: Desk, groups: Iterable[Group]) -> list[Group]:
    """The groups in the order that the world gives them: none is documented."""
    match desk.switches.delta_order:
        case "masters-first":
            return list(groups)
        case "masters-last":
            return [group[::-1] for group in groups]
        case _:
            rows = [[row] for group in groups for row in group]
            random.Random(desk.drawer.round_number).shuffle(rows)  # noqa: S311
            return rows


def _paged(desk: Desk, groups: list[Group], size: int) -> Iterator[Group]:
    """Pages of about `size` rows. Where pages may be oversize, a series is not parted."""
    if not desk.switches.oversize_pages:
        groups = [[row] for group in groups for row in group]
    page: Group = []
    for group in groups:
        page += group
        if len(page) >= size:
            yield page
            page = []
    if page:
        yield page


def _held(call: Call, name: str) -> Json:
    held = odata.unseal(call.query[name])
    if held is None or "epoch" not in held or ("round" in held) != (name == "$skiptoken"):
        raise Refusal(400, "InvalidDeltaToken", "The delta token is not valid.")
    return held


def _chain(held: Json, desk: Desk, calendar_id: str) -> Chain:
    if (held["mailbox"], held["calendar"]) != (desk.mailbox.user_id, calendar_id):
        raise Refusal(400, "InvalidDeltaToken", "The delta token is of another collection.")
    low, high = datetime.fromisoformat(held["low"]), datetime.fromisoformat(held["high"])
    return Chain(held["mailbox"], calendar_id, low, high, held["since"], held["epoch"])


def _forgotten(call: Call, desk: Desk, chain: Chain) -> Refusal:
    """The refusal for a token of a generation that is no longer kept, with the way to a new round.

    Source: https://github.com/microsoftgraph/microsoft-graph-docs/issues/2350
    """
    status, code = desk.drawer.refusal
    window = {"startDateTime": f"{chain.low.isoformat()}Z", "endDateTime": f"{chain.high.isoformat()}Z"}
    message = (
        f"The sync state generation is not found; generation={chain.since};"
        f"[highest={desk.mailbox.generation}]."
    )
    headers = {"Location": odata.link(call, window)} if status == 410 else {}
    return Refusal(status, code, message, headers=headers)
