"""Due times and wake-ups. Work lies in the database; a wake-up only says that there is some.

A wake-up that gets lost is made good by the tick; one that comes twice finds nothing to do.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import F, QuerySet
from django_q.tasks import async_task

from partners.clock import Now
from tenants import directory
from tenants.models import Tenant
from tunnels.models import Feed, Lane, Tunnel

LIVE, BULK = "live", "bulk"
"""The queues: what somebody waits for, and what may take its time."""


def wake(queue: str = LIVE) -> None:
    """Once this transaction is committed, let a worker look for work."""
    transaction.on_commit(partial(async_task, "tunnels.tasks.work", queue, cluster=queue, group="work"))


def wake_for(lanes: QuerySet[Lane]) -> None:
    """One wake-up for each queue that has something to do among these lanes."""
    priorities = set(lanes.filter(due_at__lte=Now()).order_by().values_list("priority", flat=True).distinct())
    if any(priority <= Lane.Priority.FRESH for priority in priorities):
        wake(LIVE)
    if any(priority > Lane.Priority.FRESH for priority in priorities):
        wake(BULK)


def look_now(tunnel: Tunnel) -> None:
    """*Run now*: directories, sources and targets are looked at before anything else."""
    read_now(tunnel)
    Lane.objects.standing().filter(
        tunnel=tunnel, approved__gte=F("tunnel__definition"), leave_held=False
    ).update(due_at=Now(), not_before=None, wants_look=True, wants_retry=True, priority=Lane.Priority.ASKED)
    wake()


def read_now(tunnel: Tunnel) -> None:
    """Directories and sources are looked at before anything else; targets are left alone."""
    for tenant in Tenant.objects.filter(tunnel_members__tunnel=tunnel, connection__isnull=False).distinct():
        directory.ask_for_refresh(tenant)
    Feed.objects.filter(members__tunnel=tunnel).update(due_at=Now(), is_urgent=True)
    Tunnel.objects.filter(pk=tunnel.pk).update(next_due_at=Now())
    wake()


def lead_out(lane: Lane) -> None:
    """From now on the lane's plan is that of an empty register.

    One that nobody ever approved has written nothing: it is gone at once. One whose tunnel waits for
    approval waits, too.
    """
    change: dict[str, object] = {
        "leave_held": False,
        "leaving_since": Now(),
        "reason": "",
        "message": "",
        "advice": "",
    }
    if lane.approved == 0:
        change |= {"state": Lane.State.GONE, "gone_at": Now(), "due_at": None, "look_due_at": None}
    elif lane.approved < lane.tunnel.definition:
        change |= {"state": Lane.State.WAITING, "due_at": None}
    else:
        change |= {
            "state": Lane.State.LEAVING,
            "due_at": Now(),
            "not_before": None,
            "priority": Lane.Priority.FRESH,
        }
    Lane.objects.filter(pk=lane.pk).update(**change)


def check_daily() -> int:
    """Lanes whose folder was not looked at for a day are due, after everybody else."""
    unchecked = Lane.objects.standing().filter(
        look_due_at__lte=Now(), due_at=None, leave_held=False, tunnel__state=Tunnel.State.ACTIVE
    )
    return unchecked.update(
        due_at=Now(), wants_look=True, priority=Lane.Priority.CHECK, look_due_at=Now() + timedelta(days=1)
    )
