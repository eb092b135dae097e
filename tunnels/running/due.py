"""What is due, by our clock: directories, rosters, feeds, registers, plans, lanes. Questions only.

Whoever takes something up claims it with a lease or a row lock; two workers may read the same list.
"""

from __future__ import annotations

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from partners import clock
from partners.clock import Now
from tenants.models import Connection, DirectoryState, Lease
from tunnels.models import Cell, Feed, FeedItem, Lane, LanePlan, Tunnel, TunnelMember

LOST = Connection.State.LOST


def directories(only: Tunnel | None = None) -> QuerySet[DirectoryState]:
    """Directories to be read, of tenants that somebody connected. A lost consent is tried here alone."""
    states = DirectoryState.objects.filter(due_at__lte=Now(), tenant__connection__isnull=False)
    if only:
        states = states.filter(tenant__tunnel_members__tunnel=only).distinct()
    return states.select_related("tenant").order_by("due_at")


def rosters(only: Tunnel | None = None) -> QuerySet[Tunnel]:
    """Tunnels whose members must be resolved: their time has come, or a directory is newer."""
    newer = DirectoryState.objects.filter(
        tenant__tunnel_members__tunnel=OuterRef("pk"), refreshed_at__gt=OuterRef("rostered_at")
    )
    tunnels = Tunnel.objects.exclude(state=Tunnel.State.PAUSED).filter(
        Q(next_due_at__lte=Now()) | Q(rostered_at=None) | Exists(newer)
    )
    return tunnels.filter(pk=only.pk) if only else tunnels.order_by("next_due_at")


def _being_read() -> QuerySet[DirectoryState]:
    """A directory that is about to be read, or is read just now: what drinks from it waits for that."""
    asked_or_first = Q(asked_at__isnull=False) | Q(refreshed_at=None)
    return DirectoryState.objects.filter(
        asked_or_first, tenant=OuterRef("tenant"), tenant__connection__isnull=False, due_at__lte=Now()
    )


def feeds(only: Tunnel | None = None) -> QuerySet[Feed]:
    """Feeds whose time has come: asked for first, then those that have waited longest."""
    drinking = TunnelMember.objects.filter(feed=OuterRef("pk")).exclude(tunnel__state=Tunnel.State.PAUSED)
    due = Feed.objects.filter(Exists(drinking), due_at__lte=Now()).exclude(tenant__connection__state=LOST)
    due = due.exclude(Exists(_being_read()), kind=Feed.Kind.ADDRESS_LIST)
    if only:
        due = due.filter(members__tunnel=only).distinct()
    return due.select_related("tenant").order_by("-is_urgent", "due_at")


def readable() -> QuerySet[TunnelMember]:
    """Sources whose feed may be believed: read to its end, no question open, not held."""
    open_question = FeedItem.objects.filter(feed=OuterRef("feed"), to_read=True)
    return TunnelMember.objects.filter(
        ~Exists(open_question), gives=True, feed__looked_at__isnull=False
    ).exclude(feed__state=Feed.State.HELD)


def cells(only: Tunnel | None = None) -> QuerySet[Cell]:
    """Registers to be shaped: items changed, the policy did, or a day has gone by."""
    sources = readable().filter(tunnel=OuterRef("tunnel"))
    news = sources.filter(feed__head__gt=F("shaped"))
    a_new_day = Q(tunnel__kind=Tunnel.Kind.EVENTS) & ~Q(shaped_day=clock.today())
    due = Cell.objects.exclude(tunnel__state=Tunnel.State.PAUSED).filter(
        Q(stale=True) | a_new_day | Exists(news), Exists(sources), blocked=False
    )
    return due.filter(tunnel=only) if only else due.order_by("pk")


def plans(only: Tunnel | None = None) -> QuerySet[Lane]:
    """Lanes that wait for approval and have no plan of the tunnel's present definition."""
    fresh = LanePlan.objects.filter(lane=OuterRef("pk"), definition=OuterRef("tunnel__definition"))
    ready = Cell.objects.filter(pk=OuterRef("cell"), stale=False)
    waiting = Lane.objects.standing().filter(
        ~Exists(fresh), Exists(ready), approved__lt=F("tunnel__definition")
    )
    waiting = waiting.exclude(tunnel__state=Tunnel.State.PAUSED).select_related("cell", "tunnel", "tenant")
    return waiting.filter(tunnel=only) if only else waiting.order_by("tunnel", "pk")


def workable(only: Tunnel | None = None) -> QuerySet[Lane]:
    """Lanes that may be worked on: approved, of a tunnel that is active, in a tenant that lets us in."""
    lanes = Lane.objects.standing().filter(
        tunnel__state=Tunnel.State.ACTIVE, approved__gte=F("tunnel__definition"), due_at__isnull=False
    )
    lanes = lanes.filter(tenant__connection__isnull=False).exclude(tenant__connection__state=LOST)
    return lanes.filter(tunnel=only) if only else lanes


def lanes(most: int = Lane.Priority.CHECK, only: Tunnel | None = None) -> QuerySet[Lane]:
    """Lanes to be walked now, by priority: their mailbox is free and may be asked.

    Lanes of a tunnel whose sources are about to be looked at wait for that, to be walked once.
    """
    busy = Lease.objects.filter(
        Q(until__gt=Now()) | Q(not_before__gt=Now()), tenant=OuterRef("tenant"), mailbox=OuterRef("mailbox")
    )
    unread = Feed.objects.filter(members__tunnel=OuterRef("tunnel"), is_urgent=True, due_at__lte=Now())
    due = workable(only).filter(~Exists(busy), ~Exists(unread), due_at__lte=Now(), priority__lte=most)
    return due.order_by("priority", "due_at")


def checks() -> QuerySet[Lane]:
    """Lanes whose folder was not looked at for a day."""
    return Lane.objects.standing().filter(
        look_due_at__lte=Now(), due_at=None, tunnel__state=Tunnel.State.ACTIVE
    )
