"""What people do to a world, told by the control interface: users in Outlook, administrators.

Here too Exchange and the directory have the last word: what they refuse is refused.
"""

from __future__ import annotations

import uuid
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from syncengine.sandbox import calendars, contacts, directory
from syncengine.sandbox.calendars.ics_import import import_ics
from syncengine.sandbox.contacts.vcf_import import import_vcf
from syncengine.sandbox.kernel import Answer, Call, Json, Refusal, graph
from syncengine.sandbox.refusals import Ids, refused
from syncengine.sandbox.wire import normal_path, parse_query
from syncengine.sandbox.world_file import BadWorld, load_app, load_mailbox, load_tenant

if TYPE_CHECKING:
    from syncengine.sandbox.state import Mailbox, Tenant, World

_IMPORTS = {"ics": import_ics, "vcf": import_vcf}
_ROOMS = {"event": calendars, "contact": contacts}
_TROUBLES = {"", "unlicensed", "soft-deleted", "on-premises", "over-quota", "access-denied"}


class NotThere(Exception):
    """A tenant, user or address that the control does not know."""


class Users:
    """The people of the tenants. `base` is Graph's address, for links."""

    def __init__(self, world: World, base: str) -> None:
        self._world, self._base = world, base

    def call(self, asked: Json) -> Json:
        """One Graph call with every permission and without limits, faults and counters.

        Answers {"status", "headers", "body"}, also when Graph refuses.
        """
        path, _, query = str(asked.get("path", "")).partition("?")
        call = Call(
            method=str(asked.get("method", "GET")).upper(),
            path=normal_path("/" + path.removeprefix("/v1.0").lstrip("/")),
            query=parse_query(query),
            headers={k.lower(): str(v) for k, v in (asked.get("headers") or {}).items()},
            body=asked.get("body"),
            world=self._world,
            tenant=tenant_of(self._world, asked.get("tenant")),
            app_id="as-user",
            roles=graph.permissions,
            base=self._base,
        )
        answer = self._answer(call)
        return {"status": answer.status, "headers": answer.headers, "body": answer.body}

    def import_file(self, asked: Json) -> Json:
        """Put an .ics or .vcf file into a mailbox, as its owner would."""
        if asked.get("kind") not in _IMPORTS:
            raise BadWorld("kind must be ics or vcf")
        tenant, mailbox = self._of(asked)
        put = _IMPORTS[asked["kind"]]
        try:
            return {"imported": put(self._world, tenant, mailbox, str(asked.get("text", "")))}
        except Refusal as no:
            raise BadWorld(no.message) from no

    def paste(self, asked: Json) -> Json:
        """Copy an event or contact and paste it, beside itself or where `to` says."""
        return self._with_item(asked, "paste")

    def move(self, asked: Json) -> Json:
        """Move an event or contact to the calendar or folder `to`."""
        return self._with_item(asked, "move")

    def forget_tokens(self, asked: Json) -> Json:
        """Let Exchange forget the delta tokens of a mailbox, for events or for contacts."""
        room = _room(asked)
        room.forget_tokens(self._of(asked)[1])
        return {}

    def _with_item(self, asked: Json, deed: str) -> Json:
        room, (tenant, mailbox) = _room(asked), self._of(asked)
        where = [str(asked["to"])] if asked.get("to") else []
        if deed == "move" and not where:
            raise BadWorld("to is missing")
        try:
            done = getattr(room, deed)
            return {"id": done(self._world, tenant, mailbox, str(asked.get("id")), *where)}
        except Refusal as no:
            raise BadWorld(no.message) from no

    def _of(self, asked: Json) -> tuple[Tenant, Mailbox]:
        tenant = tenant_of(self._world, asked.get("tenant"))
        return tenant, mailbox_of(self._world, tenant, asked.get("mailbox"))

    def _answer(self, call: Call) -> Answer:
        own = str(uuid.uuid4())
        try:
            return graph.answer(call)
        except Refusal as no:
            return refused(no, Ids(own, own), self._world)


class Administrators:
    """The administrators of the tenants, with every tool they have, not only Graph."""

    def __init__(self, world: World) -> None:
        self._world = world

    def tenant(self, method: str, tenant_id: str, asked: Json) -> Json:
        """PUT adds or replaces a tenant, DELETE removes it."""
        if method == "DELETE":
            self._world.tenants.pop(tenant_of(self._world, tenant_id).id)
        else:
            load_tenant(self._world, {**asked, "id": tenant_id})
        return {"tenants": sorted(self._world.tenants)}

    def user(self, method: str, tenant_id: str, user: str, asked: Json) -> Json:
        """PATCH changes a user by whatever means, DELETE removes it; delta tells of both."""
        tenant = tenant_of(self._world, tenant_id)
        owner = owner_of(self._world, tenant, user)
        if method == "DELETE":
            directory.remove(self._world, tenant, directory.USER, owner["id"])
        else:
            directory.change(self._world, tenant, directory.USER, owner["id"], asked)
        return owner

    def contact(self, method: str, tenant_id: str, contact: str, asked: Json) -> Json:
        """PATCH makes or changes a mail contact of the organisation, DELETE removes it."""
        tenant = tenant_of(self._world, tenant_id)
        if method == "DELETE":
            if contact not in tenant.org_contacts:
                raise NotThere(f"no mail contact {contact!r}")
            directory.remove_org_contact(self._world, tenant, contact)
            return {"contacts": sorted(tenant.org_contacts)}
        try:
            return directory.change_org_contact(self._world, tenant, contact, **asked)
        except ValueError as error:
            raise BadWorld(str(error)) from error

    def mailbox(self, method: str, tenant_id: str, user: str, asked: Json) -> Json:
        """PUT loads a mailbox, PATCH changes its trouble or settings, DELETE removes it."""
        tenant = tenant_of(self._world, tenant_id)
        if method == "DELETE":
            tenant.mailboxes.pop(mailbox_of(self._world, tenant, user).user_id)
            return {"mailboxes": sorted(tenant.mailboxes)}
        if method == "PUT":
            mailbox = load_mailbox(self._world, tenant, {**asked, "user": user})
        else:
            mailbox = mailbox_of(self._world, tenant, user)
            _patch_mailbox(mailbox, asked)
        return {"user": mailbox.user_id, "trouble": mailbox.trouble, "settings": mailbox.settings}

    def app(self, method: str, tenant_id: str, app_id: str, asked: Json) -> Json:
        """Consent: PUT grants, PATCH changes, DELETE takes it away."""
        tenant, app_id = tenant_of(self._world, tenant_id), app_id.lower()
        if method == "DELETE":
            tenant.apps.pop(app_id, None)
            return {"apps": sorted(tenant.apps)}
        present = asdict(tenant.apps[app_id]) if method == "PATCH" and app_id in tenant.apps else {}
        return asdict(load_app(tenant, {**present, **asked, "id": app_id}))


def tenant_of(world: World, name: Any) -> Tenant:
    """The tenant with this id or domain. Raises NotThere."""
    tenant = world.tenant_named(str(name))
    if tenant is None:
        raise NotThere(f"no tenant {name!r}")
    return tenant


def owner_of(world: World, tenant: Tenant, user: Any) -> Json:
    """The user with this id or principal name. Raises NotThere."""
    owner = world.mailbox_owner(tenant, str(user))
    if owner is None:
        raise NotThere(f"no user {user!r} in tenant {tenant.id}")
    return owner


def mailbox_of(world: World, tenant: Tenant, user: Any) -> Mailbox:
    """The mailbox of this user. Raises NotThere."""
    mailbox = tenant.mailboxes.get(owner_of(world, tenant, user)["id"])
    if mailbox is None:
        raise NotThere(f"user {user!r} has no mailbox")
    return mailbox


def _room(asked: Json) -> Any:
    if asked.get("kind") not in _ROOMS:
        raise BadWorld("kind must be event or contact")
    return _ROOMS[asked["kind"]]


def _patch_mailbox(mailbox: Mailbox, asked: Json) -> None:
    if unknown := asked.keys() - {"trouble", "settings"}:
        raise BadWorld(f"mailbox: unknown keys {', '.join(sorted(unknown))}")
    trouble = asked.get("trouble", mailbox.trouble)
    if trouble not in _TROUBLES:
        raise BadWorld(f"trouble must be one of {', '.join(sorted(_TROUBLES))}")
    mailbox.trouble = trouble
    mailbox.settings |= asked.get("settings") or {}
