"""Exchange's calendars: folders, events, series, views, delta, meetings.

Importing this package registers its addresses with the kernel.
"""

from __future__ import annotations

from syncengine.sandbox.calendars import answers, delta, events, folders, views
from syncengine.sandbox.calendars.delta import forget_tokens
from syncengine.sandbox.calendars.people import move, paste
from syncengine.sandbox.calendars.worlds import dump, load

__all__ = [
    "answers",
    "delta",
    "dump",
    "events",
    "folders",
    "forget_tokens",
    "load",
    "move",
    "paste",
    "views",
]
