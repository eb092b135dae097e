"""A tenant's directory: users, mail contacts, groups and what kind of mailbox a user has.

Sources: https://learn.microsoft.com/graph/api/user-delta,
https://learn.microsoft.com/graph/api/group-list-transitivemembers
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from syncengine.connectors.graph.door import MOST_PARTS, GraphDoor
from syncengine.connectors.graph.paths import mailbox_path, segment, with_query
from syncengine.connectors.graph.remedies import ACCESS_DENIED, CONSENT_MISSING, WAIT_S, fault_of
from syncengine.connectors.graph.wire_people import (
    ORG_CONTACT_FIELDS,
    USER_FIELDS,
    org_contact_from,
    user_from,
)
from syncengine.errors import NeedsAPerson, TryAgain
from syncengine.model.identity import Cursor
from syncengine.model.items import Person
from syncengine.model.zones import iana_zone
from syncengine.ports.looking import Group, PeoplePage, Purposes
from syncengine.ports.writing import Fine, Later, Lost, NotThere, Part, Refused, Reply

Json = dict[str, Any]

PAGE = "999"
_PEOPLE = frozenset({"#microsoft.graph.user", "#microsoft.graph.orgContact"})


class GraphDirectory:
    """See `DirectorySource`."""

    def __init__(self, door: GraphDoor) -> None:
        self._door = door

    def users(self, cursor: Cursor | None) -> Iterator[PeoplePage]:
        """Users that changed since `cursor`; without one, all. Raises CursorExpired."""
        return self._delta(cursor or with_query("/users/delta", select=USER_FIELDS), user_from)

    def org_contacts(self, cursor: Cursor | None) -> Iterator[PeoplePage]:
        """Mail contacts of the tenant, likewise."""
        first = with_query("/contacts/delta", select=ORG_CONTACT_FIELDS)
        return self._delta(cursor or first, org_contact_from)

    def groups(self) -> Iterator[Group]:
        """All groups, without their members."""
        url = with_query("/groups", select="id,displayName,mail", top=PAGE)
        for page in self._door.pages(url):
            for raw in page.get("value") or ():
                yield Group(raw["id"], raw.get("displayName") or "", frozenset(), raw.get("mail") or "")

    def members(self, group_id: str) -> frozenset[str]:
        """Object ids of users and mail contacts in a group, nested ones included.

        Raises NeedsAPerson (scope "collection") for a group that is gone or hides its members.
        """
        path = f"/groups/{segment(group_id)}"
        found: set[str] = set()
        try:
            for page in self._door.pages(with_query(f"{path}/transitiveMembers", select="id", top=PAGE)):
                found |= _people_of(page)
        except NeedsAPerson as fault:
            # One group that hides its members is no lost consent.
            if fault.reason == CONSENT_MISSING:
                self._check_visible(path)
            raise
        if not found:
            self._check_visible(path)
        return frozenset(found)

    def purposes(self, user_ids: Sequence[str]) -> Purposes:
        """See `DirectorySource`. Raises TryAgain where a whole batch got no answer.

        Source: https://learn.microsoft.com/graph/api/user-get-mailboxsettings
        """
        found: dict[str, str] = {}
        waits: dict[str, float] = {}
        for at in range(0, len(user_ids), MOST_PARTS):
            some = user_ids[at : at + MOST_PARTS]
            parts = [Part("GET", f"{mailbox_path(one)}/mailboxSettings/userPurpose", one) for one in some]
            replies = self._door.send(parts)
            if len(some) > 1 and all(isinstance(reply, Later | Lost) for reply in replies):
                raise fault_of(replies[0])
            for one, reply in zip(some, replies, strict=True):
                if isinstance(reply, Later | Lost):
                    waits[one] = reply.after or WAIT_S
                else:
                    found[one] = _purpose(reply)
        return Purposes(found, waits)

    def time_zone(self, user_id: str) -> str:
        """The IANA zone of a mailbox, "UTC" where it says none that we know."""
        raw = self._door.get(f"{mailbox_path(user_id)}/mailboxSettings")
        return iana_zone(str(raw.get("timeZone") or "")) or "UTC"

    def _delta(self, start: str, read: Callable[[Json], Person]) -> Iterator[PeoplePage]:
        for page in self._door.pages(start):
            rows: list[Json] = page.get("value") or []
            people = tuple(read(row) for row in rows if "@removed" not in row)
            gone = tuple(str(row["id"]) for row in rows if "@removed" in row)
            cursor = page.get("@odata.deltaLink")
            if cursor is None and "@odata.nextLink" not in page:
                raise TryAgain("The last page of the directory has no link to go on from.")
            yield PeoplePage(people, gone, Cursor(cursor) if cursor else None)

    def _check_visible(self, path: str) -> None:
        """Nobody in it, or nobody shown? Hidden members are shown only to those with a right of their own.

        Source: https://learn.microsoft.com/graph/api/group-list-members
        """
        group = self._door.get(with_query(path, select="id,visibility"))
        if str(group.get("visibility") or "").lower() == "hiddenmembership":
            raise NeedsAPerson(
                "The group hides its members.",
                reason="members hidden",
                advice="Grant Member.Read.Hidden to the application, or choose another group.",
                scope="collection",
            )


def _people_of(page: Json) -> set[str]:
    if "value" not in page:
        raise TryAgain("The answer about a group's members says nothing.")
    return {raw["id"] for raw in page["value"] if raw.get("@odata.type") in _PEOPLE}


def _purpose(reply: Reply) -> str:
    match reply:
        case Fine(body=body):
            return str(body.get("value") or "")
        case NotThere():
            return ""
        case Refused(reason=reason, scope="mailbox") if reason in {"no mailbox", ACCESS_DENIED}:
            return ""
        case _:
            raise fault_of(reply)
