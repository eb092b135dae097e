"""Exchange's calendars: folders, events, series, views, delta, meetings.

Importing this package registers its addresses with the kernel.
"""

from __future__ import annotations

from syncengine.sandbox.calendars import delta, events, folders, views
from syncengine.sandbox.calendars.delta import forget_tokens

__all__ = ["delta", "events", "folders", "forget_tokens", "views"]
