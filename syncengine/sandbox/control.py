"""The control interface under /_sandbox/: what a test or the demo may do to the world.

It is not Microsoft's; nothing here needs a token.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import orjson

from syncengine.sandbox.counters import Counters
from syncengine.sandbox.faults import BadFault
from syncengine.sandbox.kernel import Json
from syncengine.sandbox.people import Administrators, NotThere, Users
from syncengine.sandbox.wire import Reply, Request, json_reply, parse_query
from syncengine.sandbox.world_file import (
    BadWorld,
    dump_clock,
    dump_world,
    load_world,
    reset,
    set_clock,
    set_switches,
)

if TYPE_CHECKING:
    from syncengine.sandbox.state import World

Deed = Callable[["Control", Json], Any]


class Control:
    """Answers every request below /_sandbox/; `base` is Graph's address, for links."""

    def __init__(self, world: World, base: str) -> None:
        self._world = world
        self.users, self._administrators = Users(world, base), Administrators(world)

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
        admins = self._administrators
        match method, *segments:
            case "DELETE", "faults", number:
                if not number.isdecimal():
                    raise BadWorld(f"a fault has a number, not {number!r}")
                self._world.faults.clear(int(number))
                return self.faults({})
            case "PUT" | "DELETE", "tenants", tenant_id:
                return admins.tenant(method, tenant_id, asked)
            case "PATCH" | "DELETE", "tenants", tenant_id, "users", user:
                return admins.user(method, tenant_id, user, asked)
            case "PATCH" | "DELETE", "tenants", tenant_id, "contacts", contact:
                return admins.contact(method, tenant_id, contact, asked)
            case "PUT" | "PATCH" | "DELETE", "tenants", tenant_id, "mailboxes", user:
                return admins.mailbox(method, tenant_id, user, asked)
            case "PUT" | "PATCH" | "DELETE", "tenants", tenant_id, "apps", app_id:
                return admins.app(method, tenant_id, app_id, asked)
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
    ("POST", "as-user"): lambda control, asked: control.users.call(asked),
    ("POST", "import"): lambda control, asked: control.users.import_file(asked),
    ("POST", "paste"): lambda control, asked: control.users.paste(asked),
    ("POST", "move"): lambda control, asked: control.users.move(asked),
    ("POST", "forget-tokens"): lambda control, asked: control.users.forget_tokens(asked),
}
