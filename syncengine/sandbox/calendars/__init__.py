"""Exchange's calendars: folders, events, series, views, delta, meetings.

Importing this package registers its addresses with the kernel.
"""

from __future__ import annotations

from syncengine.sandbox.calendars import events, folders, views

__all__ = ["events", "folders", "views"]
