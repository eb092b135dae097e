"""Where a calendar's work is done: one mailbox of one tenant in one world, at one time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from syncengine.sandbox.calendars import ids
from syncengine.sandbox.calendars.items import Drawer, Event, drawer_of
from syncengine.sandbox.kernel import Call, Json, Refusal
from syncengine.sandbox.mailboxes import open_mailbox

if TYPE_CHECKING:
    from syncengine.sandbox.state import Mailbox, Switches, Tenant, World


@dataclass(frozen=True, slots=True)
class Desk:
    """One mailbox, with the world around it."""

    world: World
    tenant: Tenant
    mailbox: Mailbox
    drawer: Drawer
    app_id: str = ""
    """Who is at work: the app of the call, if there is one."""

    @classmethod
    def at(cls, world: World, tenant: Tenant, mailbox: Mailbox, app_id: str = "") -> Desk:
        """The desk of this mailbox; its default calendar stands ready."""
        drawer = drawer_of(mailbox)
        if not drawer.is_furnished:
            _give_default_calendar(tenant, mailbox)
            drawer.is_furnished = True
        return cls(world, tenant, mailbox, drawer, app_id)

    @property
    def now(self) -> datetime:
        """The sandbox's now, naive, in UTC."""
        return self.world.clock.now().replace(tzinfo=None)

    @property
    def switches(self) -> Switches:
        """How the world behaves where Graph is not documented."""
        return self.world.switches

    @property
    def owner(self) -> Json:
        """Name and address of the mailbox's owner, as an emailAddress."""
        return owner_of(self.tenant, self.mailbox)

    @property
    def default_calendar(self) -> Json:
        """The calendar that cannot be removed."""
        for found in self.mailbox.calendars.values():
            if found["isDefaultCalendar"]:
                return found
        raise not_found()

    def calendar(self, calendar_id: str | None) -> Json:
        """The calendar with this id, or the default one. 404 when there is none."""
        if calendar_id is None:
            return self.default_calendar
        found = self.mailbox.calendars.get(calendar_id)
        if found is None:
            raise no_such_item(calendar_id)
        return found

    def event(self, item: str) -> Event:
        """The single or master with this id. 404 when there is none, 400 when it is no id."""
        found = self.drawer.find(item)
        if found is None:
            raise no_such_item(item)
        return found


def desk_for(call: Call, user: str) -> Desk:
    """The desk of `user` for this call. Raises what `open_mailbox` raises."""
    return Desk.at(call.world, call.tenant, open_mailbox(call, user), call.app_id)


def owner_of(tenant: Tenant, mailbox: Mailbox) -> Json:
    """Name and address of a mailbox's owner, as an emailAddress."""
    user = tenant.users.get(mailbox.user_id, {})
    address = user.get("mail") or user.get("userPrincipalName") or ""
    return {"name": user.get("displayName") or address, "address": address}


def no_such_item(item: str) -> Refusal:
    """The refusal for an id that leads nowhere."""
    if not ids.is_well_formed(item):
        return Refusal(400, "ErrorInvalidIdMalformed", "Id is malformed.")
    return not_found()


def not_found() -> Refusal:
    """Exchange's 404."""
    return Refusal(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def new_calendar(tenant: Tenant, mailbox: Mailbox, name: str, *, is_default: bool = False) -> Json:
    """A calendar as Graph describes it, not yet in the mailbox."""
    number = drawer_of(mailbox).next_number()
    return {
        "id": ids.plain_id(mailbox.user_id, number),
        "name": name,
        "color": "auto",
        "hexColor": "",
        "isDefaultCalendar": is_default,
        "changeKey": ids.change_key(mailbox.user_id, number),
        "canShare": True,
        "canViewPrivateItems": True,
        "canEdit": True,
        "isTallyingResponses": is_default,
        "isRemovable": not is_default,
        "allowedOnlineMeetingProviders": ["teamsForBusiness"],
        "defaultOnlineMeetingProvider": "teamsForBusiness",
        "owner": owner_of(tenant, mailbox),
    }


def _give_default_calendar(tenant: Tenant, mailbox: Mailbox) -> None:
    if any(one["isDefaultCalendar"] for one in mailbox.calendars.values()):
        return
    found = new_calendar(tenant, mailbox, "Calendar", is_default=True)
    mailbox.calendars[found["id"]] = found
