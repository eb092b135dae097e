"""Looking at sources: under its mailbox's lease a feed is brought up to date, or stays as it was."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from uuid import uuid4

from django.db.models import F

from partners import clock
from syncengine.errors import Fault, HoldThePlan, NeedsAPerson, TryAgain
from syncengine.model.identity import Cursor, RemoteId
from syncengine.model.time import Window
from syncengine.ports.looking import ChangePage, EventSource, Reading
from syncengine.run import look_at_calendar
from tenants import connections, leases
from tenants.models import DirectoryState
from tunnels import journal, policies
from tunnels.bookkeeping.address_list import pull
from tunnels.bookkeeping.feeds import SqlFeedBook
from tunnels.models import Feed, Tunnel
from tunnels.running.telling import Cause, tell
from tunnels.running.windows import WIDER_DAYS, is_too_narrow, needed_window

AGAIN_S = 60
AGAIN_AT_MOST_S = 900
REFUSED_S = 35 * 60
"""A mailbox that is refused is asked at most twice an hour."""


def look(feed: Feed, seconds: float) -> bool:
    """Bring a feed up to date, for at most so many seconds. False where nothing could be done now."""
    drinkers = list(Tunnel.objects.filter(members__feed=feed).exclude(state=Tunnel.State.PAUSED).distinct())
    journal.has_begun_to_look(drinkers)
    try:
        if feed.kind == Feed.Kind.ADDRESS_LIST:
            finished: bool | None = _pull(feed)
        else:
            finished = _look_under_lease(feed, drinkers, seconds)
    except Fault as fault:
        _note(feed, fault, drinkers)
        return True
    if finished is not None:
        _is_current(feed, drinkers, finished)
    return finished is not None


def _pull(feed: Feed) -> bool:
    """The address list drinks from our mirror of the directory: no request is sent."""
    state = DirectoryState.objects.filter(tenant=feed.tenant).first()
    if state is not None and state.reason:
        raise TryAgain(f"The directory could not be read: {state.reason}")
    if state is None or state.refreshed_at is None:
        raise TryAgain("The directory is not read yet.")
    pull(feed)
    return True


def _look_under_lease(feed: Feed, drinkers: Sequence[Tunnel], seconds: float) -> bool | None:
    """Whether all was read; None while somebody else speaks to the mailbox."""
    service = connections.open_service(feed.tenant)
    holder, end = uuid4(), time.monotonic() + seconds
    if feed.mailbox not in leases.claim(feed.tenant, [feed.mailbox], holder):
        return None
    waits: dict[str, float] = {}
    try:
        if feed.calendar and not feed.calendar_id:
            feed.calendar_id = service.calendar_named(feed.mailbox, feed.calendar)
            feed.save(update_fields=["calendar_id"])
        book = SqlFeedBook(feed, policies.guards_of(drinkers[0]) if drinkers else None)
        _renew_window(feed, drinkers, book)
        source = _Leased(
            service.calendar(feed.mailbox, feed.calendar_id or None),
            book.begin_full_look,
            lambda: leases.renew(feed.tenant, holder),
        )
        finished = look_at_calendar(source, book, _window(feed), may_go_on=lambda: time.monotonic() < end)
        connections.keep(feed.tenant)
    except TryAgain as fault:
        if fault.after:
            waits[feed.mailbox] = fault.after
        raise
    finally:
        leases.give_back(feed.tenant, holder, waits=waits)
    for reason, count in book.unread.items():
        journal.say_to(drinkers, f"{count} items of {feed.name} cannot be copied: {reason}", level="warning")
    return finished


def _renew_window(feed: Feed, drinkers: Sequence[Tunnel], book: SqlFeedBook) -> None:
    """A chain whose window is too narrow ends; a new one begins with a full look."""
    needed = needed_window(drinkers, clock.today())
    if not is_too_narrow(feed, needed):
        return
    wide = needed.widened(WIDER_DAYS)
    feed.window_start, feed.window_end, feed.cursor = wide.start, wide.end, ""
    feed.save(update_fields=["window_start", "window_end", "cursor"])
    book.forget_before(wide.start)


def _window(feed: Feed) -> Window:
    """What the feed's chain covers. It has one before anything is read."""
    if feed.window_start is None or feed.window_end is None:
        raise ValueError(f"Feed {feed.pk} has no window.")
    return Window(feed.window_start, feed.window_end)


class _Leased:
    """A source whose every answer renews the lease, and whose full looks are announced to the book."""

    def __init__(self, source: EventSource, begin_full_look: Callable[[], None], renew: Callable[[], None]):
        self._source, self._begin_full_look, self._renew = source, begin_full_look, renew

    def changes(self, window: Window, cursor: Cursor | None) -> Iterator[ChangePage]:
        """See `EventSource`."""
        if cursor is None:
            self._begin_full_look()
        for page in self._source.changes(window, cursor):
            self._renew()
            yield page

    def read(
        self, ids: Sequence[RemoteId], doubted: Collection[RemoteId] = frozenset()
    ) -> Mapping[RemoteId, Reading]:
        """See `EventSource`."""
        self._renew()
        return self._source.read(ids, doubted)


def _is_current(feed: Feed, drinkers: Sequence[Tunnel], finished: bool) -> None:
    now = clock.now()
    every = min((tunnel.schedule_s for tunnel in drinkers), default=None)
    due = None if every is None else now + timedelta(seconds=every)
    Feed.objects.filter(pk=feed.pk).update(
        state=Feed.State.HEALTHY, reason="", message="", advice="", failures=0,
        looked_at=now, due_at=due if finished else now, is_urgent=not finished and feed.is_urgent,
    )  # fmt: skip
    if feed.state != Feed.State.HEALTHY:
        tell(feed.tenant, _subject(feed), [])


def _note(feed: Feed, fault: Fault, drinkers: Sequence[Tunnel]) -> None:
    """The feed stays as it was; its row says why, when it is tried again, and who must act."""
    reason, advice, wait = _remedy(fault, feed.failures)
    state = Feed.State.HELD if isinstance(fault, HoldThePlan) else Feed.State.DEGRADED
    Feed.objects.filter(pk=feed.pk).update(
        state=state, reason=reason[:80], message=str(fault)[:300], advice=advice[:300],
        failures=F("failures") + 1, due_at=clock.now() + timedelta(seconds=wait), is_urgent=False,
    )  # fmt: skip
    journal.say_to(drinkers, f"{feed.name}: {fault}", level="error")
    if isinstance(fault, NeedsAPerson) and fault.scope == "tenant":
        connections.lose(feed.tenant, fault)
    elif advice:
        tell(feed.tenant, _subject(feed), [Cause(reason, f"{feed.name}: {fault}", advice)])


def _remedy(fault: Fault, failures: int) -> tuple[str, str, float]:
    """Reason, advice, and seconds until it is tried again."""
    match fault:
        case NeedsAPerson(reason=reason, advice=advice) | HoldThePlan(reason=reason, advice=advice):
            return reason, advice, REFUSED_S
        case TryAgain(after=after):
            wait = min(AGAIN_S * 2.0 ** min(failures, 10), AGAIN_AT_MOST_S)
            return "try again", "", max(after or 0.0, wait)
        case _:
            return "try again", "", AGAIN_S


def _subject(feed: Feed) -> str:
    return f"source {feed.pk}"
