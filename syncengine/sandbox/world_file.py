"""A world as one JSON file: verbatim Graph resources per tenant. `docs/sandbox.md` has the format."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Any

from syncengine.sandbox import calendars, contacts, directory
from syncengine.sandbox.kernel import Refusal
from syncengine.sandbox.state import App, Clock, Json, Mailbox, Switches, Tenant, World


class BadWorld(Exception):
    """A world or a part of it that cannot be loaded; the text says where and why."""


def load_world(world: World, file: Json) -> None:
    """Replace everything that `world` holds by what the file says.

    Raises BadWorld, with `world` half loaded: reset it or load another.
    """
    if unknown := file.keys() - {"tenants", "switches", "clock", "outbox"}:
        raise BadWorld(f"unknown keys: {', '.join(sorted(unknown))}")
    reset(world)
    set_switches(world, file.get("switches") or {})
    set_clock(world, file.get("clock") or {})
    world.outbox.extend(file.get("outbox") or ())
    for one in file.get("tenants") or ():
        load_tenant(world, one)


def load_tenant(world: World, one: Json) -> Tenant:
    """Add one tenant to the world, or replace the one with its id. Raises BadWorld."""
    known = {
        "id", "organization", "apps", "users", "groups", "contacts", "places", "mailboxes",
    }  # fmt: skip
    if unknown := one.keys() - known:
        raise BadWorld(f"tenant {one.get('id')}: unknown keys {', '.join(sorted(unknown))}")
    if not one.get("id"):
        raise BadWorld("a tenant has no id")
    tenant = Tenant(one["id"].lower(), one.get("organization") or {})
    for kind in ("apps", "users", "groups", "contacts", "places"):
        if any(not row.get("id") for row in one.get(kind) or ()):
            raise BadWorld(f"tenant {tenant.id}: one of its {kind} has no id")
    for app in one.get("apps") or ():
        load_app(tenant, app)
    world.tenants[tenant.id] = tenant
    directory.load(world, tenant, one)
    for mailbox in one.get("mailboxes") or ():
        load_mailbox(world, tenant, mailbox)
    return tenant


def load_app(tenant: Tenant, one: Json) -> App:
    """Note the consent for one app, or replace it. Raises BadWorld."""
    if unknown := one.keys() - {known.name for known in fields(App)}:
        raise BadWorld(f"app {one.get('id')}: unknown keys {', '.join(sorted(unknown))}")
    app = App(**{**one, "id": one["id"].lower()})
    tenant.apps[app.id] = app
    return app


def load_mailbox(world: World, tenant: Tenant, one: Json) -> Mailbox:
    """Add one mailbox to its tenant, or replace its user's. Raises BadWorld."""
    owner = world.mailbox_owner(tenant, one.get("user", ""))
    if owner is None:
        raise BadWorld(f"tenant {tenant.id}: no user {one.get('user')!r} for a mailbox")
    mailbox = Mailbox(owner["id"], one.get("settings") or {}, one.get("trouble") or "")
    tenant.mailboxes[mailbox.user_id] = mailbox
    try:
        calendars.load(world, tenant, mailbox, one.get("calendars") or [])
        contacts.load(world, tenant, mailbox, one.get("contactFolders") or [])
    except Refusal as no:
        raise BadWorld(f"tenant {tenant.id}, mailbox {one['user']}: {no.message}") from no
    return mailbox


def dump_world(world: World) -> Json:
    """The world as a file that `load_world` reads back."""
    return {
        "tenants": [_dump_tenant(world, tenant) for tenant in world.tenants.values()],
        "switches": asdict(world.switches),
        "clock": dump_clock(world.clock),
        "outbox": list(world.outbox),
    }


def _dump_tenant(world: World, tenant: Tenant) -> Json:
    return {
        "id": tenant.id,
        "organization": tenant.organization,
        "apps": [asdict(app) for app in tenant.apps.values()],
        **directory.dump(world, tenant),
        "mailboxes": [
            {
                "user": mailbox.user_id,
                "settings": mailbox.settings,
                "trouble": mailbox.trouble,
                "calendars": calendars.dump(world, tenant, mailbox),
                "contactFolders": contacts.dump(world, tenant, mailbox),
            }
            for mailbox in tenant.mailboxes.values()
        ],
    }


def reset(world: World) -> None:
    """An empty world with the real clock, no faults and counters at nought."""
    fresh = World()
    for one in fields(World):
        if one.name not in {"changes", "latency_s"}:  # the process's, not the world's
            setattr(world, one.name, getattr(fresh, one.name))
    world.changes += 1


def set_switches(world: World, wanted: Json) -> None:
    """Turn some switches; the others stay as they are. Raises BadWorld."""
    known = {one.name: one for one in fields(Switches)}
    for name, value in wanted.items():
        if name not in known:
            raise BadWorld(f"no switch {name!r}; there are {', '.join(sorted(known))}")
        present = getattr(world.switches, name)
        if type(value) is not type(present):
            raise BadWorld(f"switch {name} takes {type(present).__name__}, not {value!r}")
        setattr(world.switches, name, value)


def set_clock(world: World, wanted: Json) -> None:
    """Set the clock: `now` freezes it (null lets it run in real time), `advance_s` moves it.

    `offset_s` lets it run, that far from real time. Raises BadWorld.
    """
    clock = world.clock
    if unknown := wanted.keys() - {"now", "advance_s", "offset_s"}:
        raise BadWorld(f"clock: unknown keys {', '.join(sorted(unknown))}")
    if "now" in wanted:
        clock.frozen = _instant(wanted["now"]) if wanted["now"] else None
        clock.offset = timedelta()
    if "offset_s" in wanted:
        clock.frozen, clock.offset = None, timedelta(seconds=_number(wanted["offset_s"]))
    if "advance_s" in wanted:
        step = timedelta(seconds=_number(wanted["advance_s"]))
        if clock.frozen:
            clock.frozen += step
        else:
            clock.offset += step


def dump_clock(clock: Clock) -> Json:
    """What `set_clock` would have to be given to set such a clock."""
    if clock.frozen:
        return {"now": clock.frozen.isoformat()}
    return {"offset_s": clock.offset.total_seconds()}


def _instant(text: Any) -> datetime:
    try:
        read = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise BadWorld(f"clock: {text!r} is not a time") from error
    if read.tzinfo is None:
        raise BadWorld(f"clock: {text!r} has no offset")
    return read


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadWorld(f"clock: {value!r} is not a number of seconds")
    return float(value)
