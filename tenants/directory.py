"""Keeping our mirror of a tenant's directory: by delta, under the directory's own lease.

An error leaves the mirror as it was. A group that cannot be read, is gone or shows nobody keeps
the members that we knew, with the reason: it is never "nobody".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import cast
from uuid import uuid4

from django.db import transaction
from django.db.models import F, Q

from partners import clock
from syncengine.errors import CursorExpired, Fault, HoldThePlan, NeedsAPerson, TryAgain
from syncengine.model.codec import item_to_json
from syncengine.model.identity import Cursor
from syncengine.model.items import Person, PersonKind
from syncengine.ports.looking import DirectorySource, PeoplePage
from tenants import connections, leases, problems
from tenants.models import DIRECTORY, DirectoryEntry, DirectoryState, Group, GroupMember, Tenant

EVERY = timedelta(minutes=2)
LIST_GROUPS_EVERY = timedelta(minutes=15)
RETRY = timedelta(minutes=1)
RETRY_AFTER_REFUSAL = timedelta(minutes=10)
ASK_PURPOSE_AGAIN = timedelta(days=1)
ASKED_TOGETHER = 20
"""Mailboxes whose purpose is asked for in one request: their leases outlast it."""
SUBJECT = "directory"
_FROM_MAILBOX = ("shared", "room", "equipment")


def state_of(tenant: Tenant) -> DirectoryState:
    """The state row, made when it is first asked for; due at once."""
    return DirectoryState.objects.get_or_create(tenant=tenant, defaults={"due_at": clock.now()})[0]


def ask_for_refresh(tenant: Tenant) -> DirectoryState:
    """Somebody wants it now."""
    state_of(tenant)
    now = clock.now()
    DirectoryState.objects.filter(tenant=tenant).update(due_at=now, asked_at=now)
    return state_of(tenant)


def refresh(tenant: Tenant) -> bool:
    """Bring the mirror up to date, if nobody else is at it. Returns whether it is up to date now.

    Faults end here: they are stored as the reason, and tried again when their time has come.
    """
    state, holder = state_of(tenant), uuid4()
    if DIRECTORY not in leases.claim(tenant, [DIRECTORY], holder):
        return False
    wait = 0.0
    DirectoryState.objects.filter(pk=state.pk).update(started_at=clock.now(), progress="Signing in")
    try:
        service = connections.open_service(tenant, even_if_lost=True)
        _Refresh(tenant, service.directory, lambda: leases.renew(tenant, holder)).run()
        connections.keep(tenant)
    except Fault as fault:
        wait = _note(tenant, fault)
        return False
    finally:
        leases.give_back(tenant, holder, waits={DIRECTORY: wait} if wait else None)
        DirectoryState.objects.filter(pk=state.pk).update(started_at=None, progress="")
    _is_fresh(tenant)
    return True


def store(tenant: Tenant, people: Sequence[Person], gone: Sequence[str]) -> int:
    """Write entries as they are now; returns how many really changed. One transaction, new numbers."""
    with transaction.atomic():
        state = DirectoryState.objects.select_for_update().get(tenant=tenant)
        wanted = {*(person.key for person in people), *gone}
        rows = {
            row.object_id: row for row in DirectoryEntry.objects.filter(tenant=tenant, object_id__in=wanted)
        }
        changed = [row for person in people if (row := _renewed(tenant, rows, person))]
        changed += [row for one in gone if (row := _departed(rows.get(one)))]
        _number(tenant, changed, state)
        DirectoryEntry.objects.bulk_create(
            changed,
            batch_size=500,
            update_conflicts=True,
            unique_fields=["tenant", "object_id"],
            update_fields=_COLUMNS,
        )
    return len(changed)


_COLUMNS = [
    "kind", "name", "mail", "user_principal_name", "addresses", "enabled", "licensed", "hidden",
    "person", "gone", "number", "seen_at", "mailbox",
]  # fmt: skip


def _renewed(tenant: Tenant, rows: dict[str, DirectoryEntry], person: Person) -> DirectoryEntry | None:
    """The row that says what `person` says, or None where it does already."""
    row = rows.get(person.key)
    if row and row.kind in _FROM_MAILBOX and person.kind == "user":
        person = replace(person, kind=cast("PersonKind", row.kind))
    said = item_to_json(person)
    if row and row.person == said and not row.gone:
        return None
    if row is None:
        row = rows[person.key] = DirectoryEntry(tenant=tenant, object_id=person.key)
    if row.gone or row.licensed != person.licensed or row.enabled != person.enabled:
        row.mailbox = DirectoryEntry.Mailbox.UNKNOWN
    row.kind, row.person, row.gone = person.kind, said, False
    row.name, row.mail = person.display_name[:256], person.mail[:320]
    row.user_principal_name, row.addresses = person.user_principal_name[:320], list(person.addresses)
    row.enabled, row.licensed, row.hidden = person.enabled, person.licensed, person.hidden is True
    return row


def _departed(row: DirectoryEntry | None) -> DirectoryEntry | None:
    if row is None or row.gone:
        return None
    row.gone = True
    return row


def _number(tenant: Tenant, rows: Sequence[DirectoryEntry], state: DirectoryState | None = None) -> None:
    """Give each row the next number of the tenant's directory; the state row is locked until commit."""
    if not rows:
        return
    state = state or DirectoryState.objects.select_for_update().get(tenant=tenant)
    for number, row in enumerate(rows, start=state.head + 1):
        row.number, row.seen_at = number, clock.now()
    state.head += len(rows)
    DirectoryState.objects.filter(pk=state.pk).update(head=F("head") + len(rows))


def _doubt(group: Group, message: str, advice: str) -> None:
    """Keep the members that we knew, and say why."""
    Group.objects.filter(pk=group.pk).update(reason=message[:300], members_read_at=clock.now())
    problems.report(
        group.tenant,
        subject=f"group {group.object_id}",
        reason="group not believed",
        message=message,
        advice=advice,
    )


@transaction.atomic
def _store_members(group: Group, before: set[str], members: frozenset[str]) -> None:
    GroupMember.objects.bulk_create(
        [GroupMember(group=group, object_id=one) for one in sorted(members - before)],
        ignore_conflicts=True,
    )
    group.members.filter(object_id__in=before - members).delete()
    Group.objects.filter(pk=group.pk).update(reason="", members_read_at=clock.now())
    problems.settle(group.tenant, subject=f"group {group.object_id}")


def _note(tenant: Tenant, fault: Fault) -> float:
    """Store why it failed; returns for how many seconds the directory must be left alone."""
    wait = fault.after if isinstance(fault, TryAgain) else None
    pause = RETRY if isinstance(fault, TryAgain) else RETRY_AFTER_REFUSAL
    again = clock.now() + max(timedelta(seconds=wait or 0.0), pause)
    if isinstance(fault, NeedsAPerson) and fault.scope == "tenant":
        connections.lose(tenant, fault)
    elif isinstance(fault, NeedsAPerson | HoldThePlan):
        problems.report(tenant, subject=SUBJECT, reason=fault.reason, message=str(fault), advice=fault.advice)
    DirectoryState.objects.filter(tenant=tenant).update(reason=str(fault)[:300], due_at=again)
    return wait or 0.0


def _is_fresh(tenant: Tenant) -> None:
    now = clock.now()
    DirectoryState.objects.filter(tenant=tenant).update(
        refreshed_at=now, due_at=now + EVERY, asked_at=None, reason=""
    )
    problems.settle(tenant, subject=SUBJECT)


class _Refresh:
    """One pass over users, mail contacts, purposes and groups."""

    def __init__(self, tenant: Tenant, source: DirectorySource, keep_lease: Callable[[], None]) -> None:
        self._tenant, self._source, self._keep_lease = tenant, source, keep_lease
        self._read = 0

    def run(self) -> None:
        """Everything, in the order in which later steps need earlier ones."""
        self._people("users_cursor", self._source.users, ~Q(kind="org_contact"))
        self._people("contacts_cursor", self._source.org_contacts, Q(kind="org_contact"))
        self._purposes()
        self._groups()

    def _people(self, field: str, ask: Callable[[Cursor | None], Iterator[PeoplePage]], ours: Q) -> None:
        cursor = getattr(DirectoryState.objects.get(tenant=self._tenant), field)
        try:
            self._store_pages(field, ask(Cursor(cursor) if cursor else None), ours, full=not cursor)
        except CursorExpired:
            self._store_pages(field, ask(None), ours, full=True)

    def _store_pages(self, field: str, pages: Iterator[PeoplePage], ours: Q, *, full: bool) -> None:
        seen: set[str] = set()
        for page in pages:
            seen.update(person.key for person in page.people)
            store(self._tenant, page.people, page.gone)
            self._say(len(page.people))
            if page.cursor is not None:
                if full:
                    self._forget_unseen(seen, ours)
                DirectoryState.objects.filter(tenant=self._tenant).update(**{field: page.cursor})

    def _forget_unseen(self, seen: set[str], ours: Q) -> None:
        """After a finished full look, what was not in it is gone; a look at nothing is not believed."""
        known = DirectoryEntry.objects.filter(ours, tenant=self._tenant, gone=False)
        if not seen and known.count() > 10:
            raise HoldThePlan(
                "The directory shows nobody, and showed people before.",
                reason="directory emptied",
                advice="Check the tenant in Entra, then update the cache.",
            )
        unseen = set(known.values_list("object_id", flat=True)) - seen
        store(self._tenant, (), tuple(unseen))

    def _purposes(self) -> None:
        """Ask what kind of mailbox an entry has, once, and daily where there was none."""
        long_ago = clock.now() - ASK_PURPOSE_AGAIN
        unknown = DirectoryEntry.objects.filter(
            Q(mailbox=DirectoryEntry.Mailbox.UNKNOWN)
            | Q(mailbox=DirectoryEntry.Mailbox.NONE, purpose_asked_at__lt=long_ago),
            tenant=self._tenant,
            gone=False,
        ).exclude(kind__in=("org_contact", "guest"))
        ids = list(unknown.values_list("object_id", flat=True))
        for start in range(0, len(ids), ASKED_TOGETHER):
            self._ask_purposes(ids[start : start + ASKED_TOGETHER])
            self._say(ASKED_TOGETHER)

    def _ask_purposes(self, mailboxes: Sequence[str]) -> None:
        """These are mailboxes: they are asked under their leases. Who is busy is asked another time."""
        holder, waits = uuid4(), dict[str, float]()
        ours = list(leases.claim(self._tenant, mailboxes, holder))
        try:
            purposes = self._source.purposes(ours)
            waits.update(purposes.waits)
            self._store_purposes(purposes.found)
        finally:
            leases.give_back(self._tenant, holder, waits=waits)

    def _store_purposes(self, purposes: Mapping[str, str]) -> None:
        """A purpose is a change of the entry: who reads by number must hear of it."""
        rows = DirectoryEntry.objects.filter(tenant=self._tenant, object_id__in=list(purposes))
        changed, now = [], clock.now()
        for row in rows:
            purpose = purposes[row.object_id]
            before = (row.kind, row.mailbox)
            row.mailbox = DirectoryEntry.Mailbox.USABLE if purpose else DirectoryEntry.Mailbox.NONE
            if purpose in _FROM_MAILBOX:
                row.kind, row.person = purpose, {**row.person, "kind": purpose}
            row.purpose_asked_at = now
            if (row.kind, row.mailbox) != before:
                changed.append(row)
        with transaction.atomic():
            _number(self._tenant, changed)
            DirectoryEntry.objects.bulk_update(
                rows, ["kind", "person", "mailbox", "purpose_asked_at", "number"], batch_size=500
            )

    def _groups(self) -> None:
        """Names of all groups now and then; members of those that a tunnel needs, each time."""
        state = DirectoryState.objects.get(tenant=self._tenant)
        is_old = not state.groups_read_at or state.groups_read_at + LIST_GROUPS_EVERY <= clock.now()
        if state.asked_at or is_old:
            self._list_groups()
        known = Group.objects.filter(tenant=self._tenant)
        for group in known.filter(Q(wanted=True) | Q(members_read_at=None, gone=False)):
            self._members(group)
            self._keep_lease()

    def _list_groups(self) -> None:
        shown = {group.id: group for group in self._source.groups()}
        known = Group.objects.filter(tenant=self._tenant)
        Group.objects.bulk_create(
            [
                Group(tenant=self._tenant, object_id=key, name=group.name[:256], mail=group.mail)
                for key, group in shown.items()
            ],
            update_conflicts=True,
            unique_fields=["tenant", "object_id"],
            update_fields=["name", "mail"],
        )
        known.filter(object_id__in=shown).update(gone=False)
        known.exclude(object_id__in=shown).update(gone=True)
        DirectoryState.objects.filter(tenant=self._tenant).update(groups_read_at=clock.now())

    def _members(self, group: Group) -> None:
        try:
            members = self._source.members(group.object_id)
        except NeedsAPerson as fault:
            if fault.scope == "tenant":
                raise
            _doubt(group, str(fault), fault.advice)
            return
        before = set(group.members.values_list("object_id", flat=True))
        if before and not members:
            _doubt(
                group,
                f"The group {group.name} held {len(before)} people and shows nobody.",
                "If it is meant to be empty, take it out of the tunnels that use it.",
            )
            return
        _store_members(group, before, members)

    def _say(self, more: int) -> None:
        """Progress for the page, and a sign of life for the lease."""
        self._read += more
        DirectoryState.objects.filter(tenant=self._tenant).update(progress=f"{self._read} entries read")
        self._keep_lease()
