"""The rooms of Graph's handlers, as they land."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any


class _Missing:
    """A room that is not built yet: it loads and dumps nothing but nothing."""

    def load(self, *given: Any) -> None:
        if given[-1] and isinstance(given[-1], list):
            raise NotImplementedError

    def dump(self, *given: Any) -> Any:
        return [] if len(given) > 2 else {}


def _room(name: str) -> Any:
    spec = importlib.util.find_spec(f"syncengine.sandbox.{name}")
    if spec is None or not spec.origin:
        return _Missing()
    return importlib.import_module(f"syncengine.sandbox.{name}")


directory, calendars, contacts = _room("directory"), _room("calendars"), _room("contacts")
