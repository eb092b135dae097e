"""The rooms of Graph's handlers, as they land."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any


class _Missing:
    """A room that is not built yet: it loads and dumps nothing but nothing."""

    def load(self, _world: Any, tenant: Any, given: Any, *rest: Any) -> None:
        if rest:
            return
        for one in given.get("users", ()):
            tenant.users[one["id"]] = one

    def dump(self, _world: Any, tenant: Any, *rest: Any) -> Any:
        return [] if rest else {"users": list(tenant.users.values())}


def _room(name: str) -> Any:
    spec = importlib.util.find_spec(f"syncengine.sandbox.{name}")
    if spec is None or not spec.origin:
        return _Missing()
    room = importlib.import_module(f"syncengine.sandbox.{name}")
    return room if hasattr(room, "load") else _Missing()


directory, calendars, contacts = _room("directory"), _room("calendars"), _room("contacts")
