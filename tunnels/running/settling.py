"""What walks came to, written into lanes, runs, held actions and problems."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count

from partners import clock
from syncengine.executing.lanes import LaneReport
from syncengine.ports.writing import Failed
from tenants import absent, connections
from tenants.absent import Absence
from tenants.models import DirectoryEntry, Tenant
from tunnels import journal
from tunnels.models import HeldAction, Lane, LanePlan, Link, Run, RunLine, Tunnel
from tunnels.running.telling import Cause, tell

REFUSED = timedelta(minutes=61)
"""A mailbox that is refused hears from us at most twice an hour: one that is full is looked at and tried."""

DAY = timedelta(days=1)


def settle(
    lanes: Sequence[Lane],
    reports: Sequence[LaneReport],
    waits: Mapping[int, float],
    alive: Mapping[int, Run],
) -> None:
    """Store each lane's report. `waits` are seconds for which its mailbox must be left alone."""
    now = clock.now()
    counts = _copies(lanes)
    for lane, report in zip(lanes, reports, strict=True):
        with transaction.atomic():
            # The row may have changed while the lane was walked: somebody asked, or left.
            row = (
                Lane.objects.select_for_update(of=("self",)).select_related("cell", "tunnel").get(pk=lane.pk)
            )
            row.copies, row.failed = counts.get(lane.pk, (0, 0))
            _settle_one(row, report, now, now + timedelta(seconds=waits[lane.pk]))
            row.save()
        _write_journal(alive[lane.pk], lane, report)
    for tunnel in {lane.tunnel for lane in lanes}:
        tell_of(tunnel, reports)


def put_back(lanes: Iterable[Lane], seconds: float = 0.0) -> None:
    """Nothing was done: the lanes wait as they did."""
    due_at = clock.now() + timedelta(seconds=seconds)
    ids = [lane.pk for lane in lanes]
    Lane.objects.filter(pk__in=ids).update(due_at=due_at)
    Lane.objects.filter(pk__in=ids, state=Lane.State.RUNNING).update(state=Lane.State.BEHIND)


def _settle_one(lane: Lane, report: LaneReport, now: datetime, not_before: datetime) -> None:
    work = report.work
    lane.look_cursor, lane.folder = report.look_cursor or "", report.folder
    if any(report.counts.values()):
        lane.last_write_at = now
    _hold(lane, report, now)
    if lane.is_leaving != work.facts.is_leaving:
        lane.due_at = now
        return
    lane.cursor = report.cursor
    asked_meanwhile = lane.wants_look and not work.look_asked
    if report.looked:
        # Spread over the day, so that lanes made together are not checked together.
        lane.looked_at, lane.wants_look = now, asked_meanwhile
        lane.look_due_at = now + DAY + timedelta(seconds=lane.pk * 97 % 3600)
    if report.is_gone or (report.failed and _has_no_mailbox(lane)):
        _is_gone(lane, now)
    elif report.failed:
        _is_refused(lane, report.failed, now)
    elif not report.finished:
        lane.due_at, lane.state = max(now, not_before), _on_its_way(lane)
    else:
        _is_level(lane, report, now, asked_meanwhile)
    if lane.tunnel.state == Tunnel.State.PAUSED and lane.gone_at is None:
        lane.state = Lane.State.PAUSED


def _is_level(lane: Lane, report: LaneReport, now: datetime, asked_meanwhile: bool) -> None:
    """It agrees with the head that the walk saw; the head may have moved on."""
    lane.wants_retry = asked_meanwhile and lane.wants_retry
    lane.wants_look = asked_meanwhile
    lane.resync, lane.failures, lane.not_before = False, 0, None
    lane.reason = lane.message = lane.advice = ""
    if report.open:
        # A lost answer is settled by a look.
        lane.due_at, lane.state, lane.wants_look = now + _longest_request(), _on_its_way(lane), True
    elif asked_meanwhile or lane.cursor < lane.cell.head or lane.is_leaving:
        lane.due_at, lane.state = now, _on_its_way(lane)
    else:
        lane.due_at, lane.state, lane.priority = None, Lane.State.HEALTHY, Lane.Priority.FRESH
    if report.held:
        lane.state, lane.reason, lane.message = (
            Lane.State.HELD,
            "too many deletions",
            report.held_reason[:300],
        )
        lane.advice = "Look at what would be deleted; then let it go, or restore it at the source."


def _longest_request() -> timedelta:
    """After so long a request whose answer was lost cannot still be running."""
    return timedelta(seconds=connections.timeout_s() + 5)


def _is_refused(lane: Lane, failed: Failed, now: datetime) -> None:
    lane.state = Lane.State.FAILING
    lane.failures += 1
    why: Failed | Absence = failed
    if failed.reason == absent.UNREACHABLE:
        why = absent.why_unreachable(lane.tenant, lane.mailbox) or failed
    lane.reason, lane.message, lane.advice = why.reason[:80], why.message[:300], why.advice[:300]
    lane.due_at = lane.not_before = now + REFUSED


def _has_no_mailbox(lane: Lane) -> bool:
    """Whether it leaves a mailbox of which the directory says that it is no more: so are its copies."""
    stands = DirectoryEntry.objects.filter(tenant=lane.tenant_id, object_id=lane.mailbox, gone=False)
    return lane.is_leaving and not stands.exists()


def _is_gone(lane: Lane, now: datetime) -> None:
    lane.state, lane.gone_at, lane.due_at, lane.look_due_at = Lane.State.GONE, now, None, None
    lane.reason = lane.message = lane.advice = ""
    LanePlan.objects.filter(lane=lane).delete()
    HeldAction.objects.filter(lane=lane, state=HeldAction.State.HELD).update(
        state=HeldAction.State.OVER, decided_at=now
    )


def _on_its_way(lane: Lane) -> str:
    return Lane.State.LEAVING if lane.is_leaving else Lane.State.BEHIND


def _hold(lane: Lane, report: LaneReport, now: datetime) -> None:
    """What a guard holds is stored one by one; what is no longer wanted, or was carried out, is over."""
    held = {(action.row, action.occurrence): action for action in report.held}
    HeldAction.objects.bulk_create(
        [
            HeldAction(
                lane=lane,
                row=row,
                occurrence=occurrence,
                verb=action.verb,
                cause=action.cause,
                guard="deletions",
                held_at=now,
            )
            for (row, occurrence), action in held.items()
        ],
        ignore_conflicts=True,
    )
    if not report.finished:
        return
    known = HeldAction.objects.filter(lane=lane, state__in=("held", "released"))
    over = [one.pk for one in known if one.state == "released" or (one.row, one.occurrence) not in held]
    HeldAction.objects.filter(pk__in=over).update(state=HeldAction.State.OVER, decided_at=now)


def _copies(lanes: Sequence[Lane]) -> dict[int, tuple[int, int]]:
    """How many copies stand, and how many rows were refused, by lane."""
    ids = [lane.pk for lane in lanes]
    links = Link.objects.filter(lane__in=ids).order_by()
    held = dict(links.exclude(remote_id=None).values_list("lane").annotate(Count("row")))
    refused = dict(links.exclude(failed="").values_list("lane").annotate(Count("row")))
    return {one: (held.get(one, 0), refused.get(one, 0)) for one in ids}


_WORDS = {"create": "created", "update": "updated", "delete": "deleted", "adopt": "found again"}


def _write_journal(run: Run, lane: Lane, report: LaneReport) -> None:
    counts = {_WORDS[verb]: count for verb, count in report.counts.items() if count}
    failed = sum(report.failures.values())
    journal.add(
        run.pk,
        created=report.counts.get("create", 0),
        updated=report.counts.get("update", 0),
        deleted=report.counts.get("delete", 0),
        adopted=report.counts.get("adopt", 0),
        failed=failed,
        held=len(report.held),
    )
    if counts:
        journal.say(run, ", ".join(f"{count} {word}" for word, count in counts.items()), lane=lane)
    for reason, count in report.failures.items():
        said = report.samples[reason].message if reason in report.samples else reason
        journal.say(run, f"{count} refused: {said}", level=RunLine.Level.WARNING, lane=lane)
    if report.held:
        journal.say(run, f"Held: {report.held_reason}", level=RunLine.Level.WARNING, lane=lane)
    if report.failed:
        journal.say(run, report.failed.message, level=RunLine.Level.ERROR, lane=lane)
    if report.is_gone:
        journal.say(run, "Has left: nothing of ours is there any more.", lane=lane)


def tell_of(tunnel: Tunnel, reports: Sequence[LaneReport] = ()) -> None:
    """Problems of a tunnel's lanes: one per reason and tenant, with how many share it."""
    advice = {reason: failed.advice for report in reports for reason, failed in report.samples.items()}
    lanes = Lane.objects.standing().filter(tunnel=tunnel)
    unwell = lanes.filter(state__in=("failing", "held")).order_by("pk")
    by_tenant: dict[int, list[Cause]] = {}
    for where, reason, count in unwell.order_by().values_list("tenant_id", "reason").annotate(Count("pk")):
        one = unwell.filter(tenant=where, reason=reason).first()
        if one is not None:
            said = f"{tunnel}: {count} mailboxes. {one.message}"
            by_tenant.setdefault(where, []).append(Cause(reason, said, one.advice))
    for where, reason, count in _refused(tunnel):
        said = f"{tunnel}: {count} copies were refused ({reason})."
        by_tenant.setdefault(where, []).append(Cause(f"refused: {reason}", said, advice.get(reason, "")))
    for tenant in Tenant.objects.filter(tunnel_members__tunnel=tunnel).distinct():
        tell(tenant, f"tunnel {tunnel.pk}", by_tenant.get(tenant.pk, []))


def _refused(tunnel: Tunnel) -> list[tuple[int, str, int]]:
    tenants = dict(Lane.objects.standing().filter(tunnel=tunnel).values_list("pk", "tenant"))
    links = Link.objects.filter(lane__in=list(tenants)).exclude(failed="").order_by()
    counted: dict[tuple[int, str], int] = {}
    for lane, reason, count in links.values_list("lane", "failed").annotate(count=Count("row")):
        place = (tenants[lane], reason)
        counted[place] = counted.get(place, 0) + count
    return [(tenant, reason, count) for (tenant, reason), count in counted.items()]
