"""When a run is over: nothing more of it can be done now. What it came to, in words."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Count

from partners import clock
from tenants.models import Connection, DirectoryState
from tunnels import journal, scheduling
from tunnels.models import Feed, FeedItem, Lane, RegisterRow, Run, RunLine, Tunnel
from tunnels.running import due

NO_CHANGE = "No change."

SOON = timedelta(minutes=2)
"""A lane that must wait longer does not keep its run alive."""


def close_if_over(tunnel: Tunnel) -> Run | None:
    """End the tunnel's live run when nothing more of it can be done. Returns the run that ended."""
    if has_work(tunnel):
        return None
    with transaction.atomic():
        run = (
            Run.objects.select_for_update(skip_locked=True)
            .filter(tunnel=tunnel, state=Run.State.RUNNING)
            .first()
        )
        if run is None:
            return None
        run.state, run.remark = _ending(run)
        if _says_nothing_new(run):
            run.delete()
            return None
        _tell_what_was_left_out(run)
        run.ended_at = clock.now()
        run.save(update_fields=["state", "remark", "ended_at"])
        if run.again and tunnel.state == Tunnel.State.ACTIVE:
            journal.open_run(tunnel, Run.Trigger.ASKED, run.asked_by)
            scheduling.look_now(tunnel)
    return run


def _says_nothing_new(run: Run) -> bool:
    """Whether nobody asked for it, it changed nothing, and it ended like the one before.

    A refused mailbox is asked again and again, a folder looked at each day: no page is filled by that.
    """
    if run.trigger in (Run.Trigger.ASKED, Run.Trigger.APPROVAL) or run.written or run.adopted or run.failed:
        return False
    before = Run.objects.filter(tunnel=run.tunnel).exclude(pk=run.pk).first()
    if before is None:
        return False
    trouble = run.remark.removeprefix(NO_CHANGE).strip()
    return run.state == Run.State.DONE or (before.state == run.state and before.remark.endswith(trouble))


def has_work(tunnel: Tunnel) -> bool:
    """Whether sources are about to be looked at, rows to be shaped, or lanes are on their way."""
    if tunnel.state == Tunnel.State.PAUSED:
        return False
    # In the order in which work travels: what moves on while we ask is met again further down.
    asked = due.directories(tunnel).filter(asked_at__isnull=False)
    urgent = due.feeds(tunnel).filter(is_urgent=True)
    if asked.exists() or due.rosters(tunnel).exists() or urgent.exists() or due.cells(tunnel).exists():
        return True
    return due.workable(tunnel).filter(due_at__lte=clock.now() + SOON).exists()


def _ending(run: Run) -> tuple[str, str]:
    """Its last state, and one sentence."""
    counts = {
        state: Lane.objects.standing().filter(tunnel=run.tunnel, state=state).count()
        for state in (Lane.State.FAILING, Lane.State.HELD)
    }
    written = _in_words(run)
    trouble = _trouble(run, counts[Lane.State.FAILING])
    if trouble:
        return Run.State.FAILED, f"{written} {trouble}"
    if counts[Lane.State.HELD]:
        return Run.State.HELD, f"{written} A guard holds {counts[Lane.State.HELD]} of the mailboxes."
    return Run.State.DONE, written


def _in_words(run: Run) -> str:
    said = [
        f"{count} {word}"
        for word, count in (
            ("created", run.created),
            ("updated", run.updated),
            ("deleted", run.deleted),
            ("found again", run.adopted),
        )
        if count
    ]
    return f"{', '.join(said)}." if said else NO_CHANGE


def _trouble(run: Run, failing: int) -> str:
    tunnel = run.tunnel
    if tunnel.state == Tunnel.State.PAUSED:
        return "The tunnel was paused."
    lost = Connection.objects.filter(state=Connection.State.LOST, tenant__tunnel_members__tunnel=tunnel)
    if lost.exists():
        return "A tenant no longer lets us in."
    feed = Feed.objects.filter(members__tunnel=tunnel, state__in=("degraded", "held")).first()
    if feed is not None:
        return f"A source could not be read: {feed.message}"[:200]
    if failing:
        return "1 mailbox needs attention." if failing == 1 else f"{failing} mailboxes need attention."
    directory = DirectoryState.objects.filter(tenant__tunnel_members__tunnel=tunnel).exclude(reason="")
    return "A directory could not be read." if directory.exists() else ""


def _tell_what_was_left_out(run: Run) -> None:
    """One line per reason why items have no copy, so that nobody must guess."""
    rows = RegisterRow.objects.filter(cell__tunnel=run.tunnel).exclude(reason="")
    for reason, count in rows.values_list("reason").annotate(Count("pk")).order_by("reason"):
        journal.say(run, f"Left out: {reason} ({count}).")
    unread = FeedItem.objects.filter(feed__members__tunnel=run.tunnel, gone=False).exclude(unreadable="")
    for reason, count in unread.values_list("unreadable").annotate(Count("pk")).order_by("unreadable"):
        journal.say(run, f"Not understood: {reason} ({count}).", level=RunLine.Level.WARNING)
