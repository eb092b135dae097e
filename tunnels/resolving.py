"""From a member's rule to mailboxes, by our mirror of the directory.

What cannot be read is never "nobody": such a rule is uncertain, and nobody leaves by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from tenants import directory
from tenants.models import DirectoryEntry, DirectoryState, Group, Tenant
from tunnels.models import TunnelMember
from tunnels.specs import Takes


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a rule or a source could not be resolved in full. `reason` groups equal cases.

    With an advice it needs a person; without one it passes by itself.
    """

    tenant: Tenant
    reason: str
    message: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox that a rule names."""

    tenant: int
    object_id: str
    name: str
    address: str


@dataclass(slots=True)
class Roster:
    """Whom a rule names now. Where it is not certain, somebody may be missing."""

    mailboxes: dict[str, Mailbox] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    is_certain: bool = True


def roster_of(member: TunnelMember, standing: frozenset[str]) -> Roster:
    """The mailboxes that a taking member names. `standing` are ids that have a lane already."""
    if not is_read(member.tenant):
        return Roster(troubles=[not_read(member.tenant)], is_certain=False)
    rule, roster = member.rule, Roster()
    match rule.way:
        case "mailboxes":
            _add_listed(roster, member, rule.mailboxes, standing)
        case "group":
            _add_group(roster, member, rule.group)
        case "all_users":
            _add(roster, _usable(_users(member.tenant), standing))
        case _:
            _add_filtered(roster, member, rule, standing)
    for entry in _named(member, rule.exclude).values():
        roster.mailboxes.pop(entry.object_id, None)
    return roster


def find_mailbox(member: TunnelMember, address: str) -> DirectoryEntry | None:
    """The entry behind an address; once known, the object id rules, so a renamed one stays the same."""
    return _named(member, [address]).get(address)


def find_group(tenant: Tenant, name: str) -> Group | None:
    """A group by object id, address or name; an unread one is asked for."""
    groups = Group.objects.filter(tenant=tenant)
    group = (
        groups.filter(object_id=name).first()
        or groups.filter(mail__iexact=name).order_by("gone", "pk").first()
        or groups.filter(name__iexact=name).order_by("gone", "pk").first()
    )
    if group is not None and not group.wanted:
        Group.objects.filter(pk=group.pk).update(wanted=True)
        if group.members_read_at is None:
            directory.ask_for_refresh(tenant)
    return group


def doubt_about(tenant: Tenant, group: Group | None, name: str) -> Trouble | None:
    """Why a group's members cannot be believed just now; None where they can."""
    if group is None:
        return Trouble(
            tenant,
            "group not found",
            f"The directory has no group {name}.",
            "Check the group's name, or restore the group; then update the directory's cache.",
        )
    if group.members_read_at is None:
        return Trouble(tenant, "group not read yet", f"The members of {group.name} are not read yet.")
    if group.gone or group.reason:
        said = group.reason or f"The group {group.name} is no longer in the directory."
        return Trouble(tenant, "group not believed", said, "Restore the group, or take it out of the tunnel.")
    return None


def is_read(tenant: Tenant) -> bool:
    """Whether the tenant's directory was ever read to its end."""
    state = DirectoryState.objects.filter(tenant=tenant).first()
    return state is not None and state.refreshed_at is not None


def not_read(tenant: Tenant) -> Trouble:
    """What is said of a tenant whose directory was never read."""
    state = directory.state_of(tenant)
    return Trouble(
        tenant, "directory not read yet", state.reason or f"The directory of {tenant} is not read yet."
    )


def members_of(group: Group) -> frozenset[str]:
    """Object ids of a group's members as last believed."""
    return frozenset(group.members.values_list("object_id", flat=True))


def _entries(tenant: Tenant) -> QuerySet[DirectoryEntry]:
    return DirectoryEntry.objects.filter(tenant=tenant, gone=False).exclude(kind__in=("org_contact", "guest"))


def _users(tenant: Tenant) -> QuerySet[DirectoryEntry]:
    return _entries(tenant).filter(kind="user", enabled=True)


def _usable(entries: QuerySet[DirectoryEntry], standing: Iterable[str]) -> QuerySet[DirectoryEntry]:
    """Those with a mailbox; who has a lane keeps it, so that a lost licence is told, not tidied away."""
    return entries.filter(~Q(mailbox=DirectoryEntry.Mailbox.NONE) | Q(object_id__in=list(standing)))


def _add(roster: Roster, entries: Iterable[DirectoryEntry]) -> None:
    for entry in entries:
        roster.mailboxes[entry.object_id] = Mailbox(
            entry.tenant_id, entry.object_id, entry.name or entry.mail or entry.object_id, entry.mail
        )


def _add_listed(
    roster: Roster, member: TunnelMember, addresses: Sequence[str], standing: frozenset[str]
) -> None:
    found = _named(member, addresses)
    _add(roster, found.values())
    missing = [address for address in addresses if address not in found]
    if missing:
        roster.troubles.append(
            Trouble(
                member.tenant,
                "mailbox not found",
                f"The directory does not know {len(missing)} of the {len(addresses)} mailboxes.",
                "Check the addresses in the tunnel's list of targets.",
            )
        )
    kept = {member.resolved.get(address, "") for address in missing} & standing
    _add(roster, DirectoryEntry.objects.filter(tenant=member.tenant, object_id__in=kept))


def _add_group(roster: Roster, member: TunnelMember, name: str) -> None:
    group = find_group(member.tenant, member.resolved.get(name, name))
    doubt = doubt_about(member.tenant, group, name)
    if doubt:
        roster.troubles.append(doubt)
        roster.is_certain = False
    if group is not None:
        member.resolved = {**member.resolved, name: group.object_id}
        _add(roster, _entries(member.tenant).filter(object_id__in=members_of(group)))


def _add_filtered(roster: Roster, member: TunnelMember, rule: Takes, standing: frozenset[str]) -> None:
    wanted = dict(rule.filter)
    entries = _entries(member.tenant).filter(kind__in=_words(wanted.pop("kind", "user")))
    entries = entries.filter(enabled=wanted.pop("enabled", True))
    if "licensed" in wanted:
        entries = entries.filter(licensed=wanted.pop("licensed"))
    for name in _words(wanted.pop("group", [])):
        group = find_group(member.tenant, member.resolved.get(name, name))
        if doubt := doubt_about(member.tenant, group, name):
            roster.troubles.append(doubt)
            roster.is_certain = False
        entries = entries.filter(object_id__in=members_of(group) if group else [])
    _add(roster, [entry for entry in _usable(entries, standing) if _agrees(entry.person, wanted)])


_FIELD = {"title": "job_title"}


def _agrees(person: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether every attribute has one of the wanted words, whatever the case."""
    address = person.get("address") or {}
    for key, words in wanted.items():
        said = address.get(key, "") if key == "country" else person.get(_FIELD.get(key, key), "")
        if str(said).strip().casefold() not in {word.strip().casefold() for word in _words(words)}:
            return False
    return True


def _words(value: str | Sequence[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _named(member: TunnelMember, addresses: Sequence[str]) -> dict[str, DirectoryEntry]:
    """Entries by the address that names them; what is found is remembered in `member.resolved`."""
    ids = {member.resolved.get(address, address) for address in addresses}
    wanted = list(addresses)
    found = (
        _entries(member.tenant)
        .annotate(upn=Lower("user_principal_name"), main=Lower("mail"))
        .filter(Q(object_id__in=ids) | Q(main__in=wanted) | Q(upn__in=wanted) | Q(addresses__overlap=wanted))
    )
    by_word: dict[str, DirectoryEntry] = {}
    for entry in found:
        words = {entry.mail.lower(), entry.user_principal_name.lower(), *map(str.lower, entry.addresses)}
        for word in words:
            by_word.setdefault(word, entry)
        by_word[entry.object_id] = entry
    named: dict[str, DirectoryEntry] = {}
    for address in addresses:
        one = by_word.get(member.resolved.get(address, "")) or by_word.get(address)
        if one is not None:
            named[address] = one
    known = {address: entry.object_id for address, entry in named.items()}
    member.resolved = {**member.resolved, **known}
    return named
