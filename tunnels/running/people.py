"""A tenant's address list read afresh: everybody in it, with the groups that a policy asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from syncengine.auditing import patiently
from syncengine.errors import CursorExpired, TryAgain
from syncengine.model.items import Person
from syncengine.ports.looking import DirectorySource
from syncengine.shaping.policy import ContactPolicy
from syncengine.shaping.shaped import PersonFacts
from tenants.models import DIRECTORY, DirectoryEntry, Tenant
from tunnels import resolving
from tunnels.running.visits import visit

KINDS_OF_MAILBOXES = ("shared", "room", "equipment")


def read_people(tenant: Tenant, policy: ContactPolicy) -> list[tuple[Person, PersonFacts]]:
    """Everybody, with what the policy may know of them. Raises a Fault where any answer is missing."""
    wanted = _groups(tenant, (*policy.groups, *policy.without_groups))
    with visit(tenant, DIRECTORY) as (service, nap):
        people = patiently(partial(_everybody, service.directory), nap)
        groups = {
            name: patiently(partial(service.directory.members, one), nap) for name, one in wanted.items()
        }
    kinds = _kinds(tenant)
    return [
        (
            _of_kind(person, kinds.get(key, "")),
            PersonFacts(frozenset(name for name, members in groups.items() if key in members)),
        )
        for key, person in people.items()
    ]


def _everybody(directory: DirectorySource) -> Mapping[str, Person]:
    """By object id; the last page that tells of somebody counts."""
    people: dict[str, Person] = {}
    try:
        for page in (*directory.users(None), *directory.org_contacts(None)):
            people |= {person.key: person for person in page.people}
            for one in page.gone:
                people.pop(one, None)
    except CursorExpired as fault:
        raise TryAgain("The directory's list of people ended half way.") from fault
    return people


def _groups(tenant: Tenant, names: Sequence[str]) -> dict[str, str]:
    """Object ids by the name that the policy uses. Raises TryAgain for a group that is not known."""
    found: dict[str, str] = {}
    for name in names:
        group = resolving.find_group(tenant, name)
        if group is None:
            raise TryAgain("The directory does not know a group of the policy; nothing was compared.")
        found[name] = group.object_id
    return found


def _kinds(tenant: Tenant) -> Mapping[str, str]:
    """What sort of mailbox an entry has hardly ever changes: the directory's word is taken."""
    entries = DirectoryEntry.objects.filter(tenant=tenant, kind__in=KINDS_OF_MAILBOXES)
    return dict(entries.values_list("object_id", "kind"))


def _of_kind(person: Person, kind: str) -> Person:
    match kind:
        case "shared" | "room" | "equipment":
            return replace(person, kind=kind) if person.kind == "user" else person
    return person
