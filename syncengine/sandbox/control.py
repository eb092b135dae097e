"""The control interface under /_sandbox/: what a test or the demo may do to the world.

It is not Microsoft's; nothing here needs a token.
"""

from __future__ import annotations

import importlib
import uuid
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import orjson

from syncengine.sandbox import directory
from syncengine.sandbox.counters import Counters
from syncengine.sandbox.faults import BadFault
from syncengine.sandbox.kernel import Answer, Call, Json, Refusal, graph
from syncengine.sandbox.refusals import Ids, refused
from syncengine.sandbox.wire import Reply, Request, json_reply, normal_path, parse_query
from syncengine.sandbox.world_file import (
    BadWorld,
    dump_clock,
    dump_world,
    load_app,
    load_mailbox,
    load_tenant,
    load_world,
    reset,
    set_clock,
    set_switches,
)

if TYPE_CHECKING:
    from syncengine.sandbox.state import Mailbox, Tenant, World


class NotThere(Exception):
    """A tenant, user or address that the control does not know."""


Deed = Callable[["Control", Json], Any]
_IMPORTS = {
    "ics": ("syncengine.sandbox.calendars.ics_import", "import_ics"),
    "vcf": ("syncengine.sandbox.contacts.vcf_import", "import_vcf"),
}


class Control:
    """Answers every request below /_sandbox/; `base` is Graph's address, for links."""

    def __init__(self, world: World, base: str) -> None:
        self._world, self._base = world, base

    def answer(self, request: Request) -> Reply:
        """The reply to one request: 200 with JSON, 400 or 404 with an `error` in words."""
        segments = request.path.removeprefix("/_sandbox/").strip("/").split("/")
        try:
            asked = _asked(request)
            if request.method != "GET":
                self._world.changes += 1
            deed = _DEEDS.get((request.method, segments[0]))
            if deed is not None and len(segments) == 1:
                return json_reply(200, deed(self, asked))
            return json_reply(200, self._deeper(request.method, segments, asked))
        except (BadWorld, BadFault) as why:
            return json_reply(400, {"error": str(why)})
        except NotThere as why:
            return json_reply(404, {"error": str(why)})

    def _deeper(self, method: str, segments: list[str], asked: Json) -> Any:
        match method, *segments:
            case "DELETE", "faults", number:
                if not number.isdecimal():
                    raise BadWorld(f"a fault has a number, not {number!r}")
                self._world.faults.clear(int(number))
                return self.faults({})
            case "PUT" | "DELETE", "tenants", tenant_id:
                return self._tenant(method, tenant_id, asked)
            case "PATCH" | "DELETE", "tenants", tenant_id, "users", user:
                return self._user(method, tenant_id, user, asked)
            case "PATCH" | "DELETE", "tenants", tenant_id, "contacts", contact:
                return self._contact(method, tenant_id, contact, asked)
            case "PUT" | "PATCH" | "DELETE", "tenants", tenant_id, "mailboxes", user:
                return self._mailbox(method, tenant_id, user, asked)
            case "PUT" | "PATCH" | "DELETE", "tenants", tenant_id, "apps", app_id:
                return self._app(method, tenant_id, app_id, asked)
        raise NotThere(f"the control does not know {method} /_sandbox/{'/'.join(segments)}")

    # -- the world, its clock, its switches

    def dump(self, _: Json) -> Json:
        """The whole world as a file."""
        return dump_world(self._world)

    def load(self, asked: Json) -> Json:
        """Replace the world by a file."""
        load_world(self._world, asked)
        return {"tenants": len(self._world.tenants)}

    def reset(self, _: Json) -> Json:
        """An empty world."""
        reset(self._world)
        return {"tenants": 0}

    def clock(self, asked: Json) -> Json:
        """Read the clock, or set it."""
        set_clock(self._world, asked)
        return {"time": self._world.clock.now().isoformat(), **dump_clock(self._world.clock)}

    def switches(self, asked: Json) -> Json:
        """Read the switches, or turn some."""
        set_switches(self._world, asked)
        return asdict(self._world.switches)

    def latency(self, asked: Json) -> Json:
        """Read or set how long each call takes."""
        if "ms" in asked:
            self._world.latency_s = float(asked["ms"]) / 1000
        return {"ms": self._world.latency_s * 1000}

    # -- weather and observation

    def script_fault(self, asked: Json) -> Json:
        """Put one fault in force."""
        return self._world.faults.script(asked).as_json()

    def faults(self, _: Json) -> Json:
        """The faults in force."""
        return {"faults": [fault.as_json() for fault in self._world.faults.active]}

    def clear_faults(self, _: Json) -> Json:
        """Take all faults out of force."""
        self._world.faults.clear()
        return {"faults": []}

    def counters(self, _: Json) -> Json:
        """The counters."""
        return self._world.counters.as_json()

    def reset_counters(self, _: Json) -> Json:
        """Counters at nought and an empty log; what is under way stays under way."""
        self._world.counters = Counters()
        return self._world.counters.as_json()

    def requests(self, asked: Json) -> Json:
        """The request log, oldest first; `last` keeps it short."""
        log = self._world.counters.log
        lines = list(log)[-int(asked.get("last", len(log))) :] if log else []
        return {"requests": [line._asdict() for line in lines]}

    def outbox(self, _: Json) -> Json:
        """The mails that Exchange would have sent."""
        return {"mails": list(self._world.outbox)}

    def clear_outbox(self, _: Json) -> Json:
        """Empty the outbox."""
        self._world.outbox.clear()
        return {"mails": []}

    # -- acting as people

    def import_file(self, asked: Json) -> Json:
        """Put an .ics or .vcf file into a mailbox, as its owner would."""
        kind = asked.get("kind")
        if kind not in _IMPORTS:
            raise BadWorld("kind must be ics or vcf")
        tenant = self._tenant_of(asked.get("tenant"))
        mailbox = self._mailbox_of(tenant, asked.get("mailbox"))
        module, function = _IMPORTS[kind]
        put = getattr(importlib.import_module(module), function)
        try:
            return {"imported": put(self._world, tenant, mailbox, asked.get("text", ""))}
        except Refusal as no:
            raise BadWorld(no.message) from no

    def as_user(self, asked: Json) -> Json:
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
            tenant=self._tenant_of(asked.get("tenant")),
            app_id="as-user",
            roles=graph.permissions,
            base=self._base,
        )
        answer = self._unlimited(call)
        return {"status": answer.status, "headers": answer.headers, "body": answer.body}

    def _unlimited(self, call: Call) -> Answer:
        own = str(uuid.uuid4())
        try:
            return graph.answer(call)
        except Refusal as no:
            return refused(no, Ids(own, own), self._world)

    # -- acting as administrators

    def _tenant(self, method: str, tenant_id: str, asked: Json) -> Json:
        if method == "DELETE":
            self._world.tenants.pop(self._tenant_of(tenant_id).id)
        else:
            load_tenant(self._world, {**asked, "id": tenant_id})
        return {"tenants": sorted(self._world.tenants)}

    def _user(self, method: str, tenant_id: str, user: str, asked: Json) -> Json:
        """What an administrator does to a user by whatever means; delta tells of it."""
        tenant = self._tenant_of(tenant_id)
        owner = self._owner_of(tenant, user)
        if method == "DELETE":
            directory.remove(self._world, tenant, directory.USER, owner["id"])
        else:
            directory.change(self._world, tenant, directory.USER, owner["id"], asked)
        return owner

    def _contact(self, method: str, tenant_id: str, contact: str, asked: Json) -> Json:
        """What an administrator does to a mail contact in Exchange; Graph cannot."""
        tenant = self._tenant_of(tenant_id)
        if method == "DELETE":
            if contact not in tenant.org_contacts:
                raise NotThere(f"no mail contact {contact!r}")
            directory.remove_org_contact(self._world, tenant, contact)
            return {"contacts": sorted(tenant.org_contacts)}
        try:
            return directory.change_org_contact(self._world, tenant, contact, **asked)
        except ValueError as error:
            raise BadWorld(str(error)) from error

    def _mailbox(self, method: str, tenant_id: str, user: str, asked: Json) -> Json:
        tenant = self._tenant_of(tenant_id)
        if method == "DELETE":
            tenant.mailboxes.pop(self._mailbox_of(tenant, user).user_id)
            return {"mailboxes": sorted(tenant.mailboxes)}
        if method == "PUT":
            mailbox = load_mailbox(self._world, tenant, {**asked, "user": user})
        else:
            mailbox = self._mailbox_of(tenant, user)
            _patch_mailbox(mailbox, asked)
        return {"user": mailbox.user_id, "trouble": mailbox.trouble, "settings": mailbox.settings}

    def _app(self, method: str, tenant_id: str, app_id: str, asked: Json) -> Json:
        """Consent: PUT grants, PATCH changes, DELETE takes it away."""
        tenant, app_id = self._tenant_of(tenant_id), app_id.lower()
        if method == "DELETE":
            tenant.apps.pop(app_id, None)
            return {"apps": sorted(tenant.apps)}

        present = asdict(tenant.apps[app_id]) if method == "PATCH" and app_id in tenant.apps else {}
        return asdict(load_app(tenant, {**present, **asked, "id": app_id}))

    def _tenant_of(self, name: Any) -> Tenant:
        tenant = self._world.tenant_named(str(name))
        if tenant is None:
            raise NotThere(f"no tenant {name!r}")
        return tenant

    def _owner_of(self, tenant: Tenant, user: Any) -> Json:
        owner = self._world.mailbox_owner(tenant, str(user))
        if owner is None:
            raise NotThere(f"no user {user!r} in tenant {tenant.id}")
        return owner

    def _mailbox_of(self, tenant: Tenant, user: Any) -> Mailbox:
        mailbox = tenant.mailboxes.get(self._owner_of(tenant, user)["id"])
        if mailbox is None:
            raise NotThere(f"user {user!r} has no mailbox")
        return mailbox


def _asked(request: Request) -> Json:
    if not request.body:
        return dict(parse_query(request.query))
    try:
        asked = orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        raise BadWorld("the body is not JSON") from error
    if not isinstance(asked, dict):
        raise BadWorld("the body is not a JSON object")
    return asked


_TROUBLES = {"", "unlicensed", "soft-deleted", "on-premises", "over-quota", "access-denied"}


def _patch_mailbox(mailbox: Mailbox, asked: Json) -> None:
    if unknown := asked.keys() - {"trouble", "settings"}:
        raise BadWorld(f"mailbox: unknown keys {', '.join(sorted(unknown))}")
    trouble = asked.get("trouble", mailbox.trouble)
    if trouble not in _TROUBLES:
        raise BadWorld(f"trouble must be one of {', '.join(sorted(_TROUBLES))}")
    mailbox.trouble = trouble
    mailbox.settings |= asked.get("settings") or {}


_DEEDS: dict[tuple[str, str], Deed] = {
    ("GET", "world"): Control.dump,
    ("PUT", "world"): Control.load,
    ("POST", "reset"): Control.reset,
    ("GET", "clock"): Control.clock,
    ("PUT", "clock"): Control.clock,
    ("GET", "switches"): Control.switches,
    ("PUT", "switches"): Control.switches,
    ("GET", "latency"): Control.latency,
    ("PUT", "latency"): Control.latency,
    ("POST", "faults"): Control.script_fault,
    ("GET", "faults"): Control.faults,
    ("DELETE", "faults"): Control.clear_faults,
    ("GET", "counters"): Control.counters,
    ("DELETE", "counters"): Control.reset_counters,
    ("GET", "requests"): Control.requests,
    ("GET", "outbox"): Control.outbox,
    ("DELETE", "outbox"): Control.clear_outbox,
    ("POST", "import"): Control.import_file,
    ("POST", "as-user"): Control.as_user,
}
