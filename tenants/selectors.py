"""Reading about tenants. Every query starts from what the principal may see."""

from __future__ import annotations

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from partners.principals import Principal
from tenants.models import (
    Connection,
    DirectoryEntry,
    DirectoryState,
    Group,
    GroupMember,
    Problem,
    Tenant,
)


def tenants_of(principal: Principal) -> QuerySet[Tenant]:
    """The tenants that the principal may see, with their connection and directory state."""
    return Tenant.objects.visible_to(principal).select_related("connection", "directory")


def tenants_with_counts(principal: Principal) -> QuerySet[Tenant]:
    """The same, with `mailboxes` and `open_problems` counted, each by a query of its own."""
    usable = DirectoryEntry.objects.filter(gone=False, mailbox=DirectoryEntry.Mailbox.USABLE)
    return tenants_of(principal).annotate(
        mailboxes=_count(usable), open_problems=_count(Problem.objects.open())
    )


TENANT_STATES = {
    "healthy": Q(open_problems=0, connection__state=Connection.State.CONNECTED),
    "unwell": Q(open_problems__gt=0),
    "lost": Q(connection__state=Connection.State.LOST),
    "unconnected": Q(connection=None) | Q(connection__state=Connection.State.UNTRIED),
}
TENANT_ORDERS = {
    "needs": ("-open_problems", "name"),
    "mailboxes": ("-mailboxes", "name"),
    "oldest": (F("directory__refreshed_at").asc(nulls_first=True), "name"),
}


def asked_for(
    tenants: QuerySet[Tenant], *, words: str = "", state: str = "", order: str = ""
) -> QuerySet[Tenant]:
    """Of `tenants_with_counts`: those whose name or domain holds every word, in a state, in an order."""
    if state:
        tenants = tenants.filter(TENANT_STATES[state])
    for word in words.split()[:8]:
        tenants = tenants.filter(Q(name__icontains=word) | Q(domain__icontains=word))
    return tenants.order_by(*TENANT_ORDERS.get(order, ("name",)), "pk")


def _count(rows: QuerySet[DirectoryEntry] | QuerySet[Problem]) -> Coalesce:
    counted = rows.filter(tenant=OuterRef("pk")).order_by().values("tenant").annotate(n=Count("pk"))
    return Coalesce(Subquery(counted.values("n")), 0)


def problems_of(principal: Principal) -> QuerySet[Problem]:
    """What waits for a person in the principal's tenants, newest first."""
    return Problem.objects.visible_to(principal).open().select_related("tenant")


def directory_of(principal: Principal) -> QuerySet[DirectoryEntry]:
    """Entries of all tenants that the principal may see, departed ones left out."""
    return DirectoryEntry.objects.filter(
        tenant__in=Tenant.objects.visible_to(principal), gone=False
    ).select_related("tenant")


def search(entries: QuerySet[DirectoryEntry], *, words: str = "", kind: str = "") -> QuerySet[DirectoryEntry]:
    """Entries whose name or addresses hold every word, of one kind if asked."""
    if kind:
        entries = entries.filter(kind=kind)
    for word in words.split()[:8]:
        entries = entries.filter(
            Q(name__icontains=word) | Q(mail__icontains=word) | Q(user_principal_name__icontains=word)
        )
    return entries


def kinds_of(tenant: Tenant) -> dict[str, int]:
    """How many entries of each kind the directory holds."""
    return dict(
        DirectoryEntry.objects.filter(tenant=tenant, gone=False)
        .order_by()
        .values_list("kind")
        .annotate(Count("pk"))
    )


def groups_of(principal: Principal) -> QuerySet[Group]:
    """Groups of all tenants that the principal may see, with `size` counted."""
    return (
        Group.objects.filter(tenant__in=Tenant.objects.visible_to(principal), gone=False)
        .select_related("tenant")
        .annotate(size=Count("members"))
        .order_by("name", "pk")
    )


def search_groups(groups: QuerySet[Group], *, words: str = "") -> QuerySet[Group]:
    """Groups whose name holds every word."""
    for word in words.split()[:8]:
        groups = groups.filter(name__icontains=word)
    return groups


def members_of(group: Group) -> QuerySet[DirectoryEntry]:
    """The entries that are in a group, with `since`: when we first saw them there."""
    here = GroupMember.objects.filter(group=group, object_id=OuterRef("object_id"))
    return (
        DirectoryEntry.objects.filter(tenant_id=group.tenant_id, gone=False)
        .annotate(since=Subquery(here.values("since")[:1]))
        .exclude(since=None)
    )


def memberships_of(tenant: Tenant, object_id: str) -> QuerySet[GroupMember]:
    """The groups that one person is in, with the day since when."""
    return GroupMember.objects.filter(group__tenant=tenant, object_id=object_id).select_related("group")


def directory_state(tenant: Tenant) -> DirectoryState | None:
    """How fresh our mirror of the tenant's directory is."""
    return DirectoryState.objects.filter(tenant=tenant).first()
