"""The audit: source and target read afresh and compared, without feed, register or link.

It shares shaping and connectors with the engine and nothing else, so that a mistake in planning,
memory or writing shows here. Calendars are compared as a reader sees them: line by line over the
window, each line with its times and words. Whoever audits reads again what differs, and takes what
lasts; an answer that is none makes the folder "not compared", never empty and never level.
"""

from __future__ import annotations

from syncengine.auditing.asking import Nap, patiently
from syncengine.auditing.sources import CalendarReading, read_calendar, shape_events, shape_people
from syncengine.auditing.targets import (
    AuditedLane,
    Difference,
    LaneAudit,
    audit_lane,
    lasting,
    not_compared,
)

__all__ = [
    "AuditedLane",
    "CalendarReading",
    "Difference",
    "LaneAudit",
    "Nap",
    "audit_lane",
    "lasting",
    "not_compared",
    "patiently",
    "read_calendar",
    "shape_events",
    "shape_people",
]
