"""How times, lengths of time and numbers are written on a page."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import template

register = template.Library()

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
# From here on a date says more than a number of days.
DAYS_SAID = 14 * DAY


@register.filter
def ago(moment: datetime, now: datetime) -> str:
    """How long before `now`, or after it, in one unit: 3 min ago, in 2 h; later the date itself."""
    seconds = (now - moment).total_seconds()
    if abs(seconds) >= DAYS_SAID:
        return f"{moment:%-d %b %Y}"
    if abs(seconds) < 45:
        return "just now" if seconds >= 0 else "in a moment"
    size = length(abs(seconds))
    return f"{size} ago" if seconds > 0 else f"in {size}"


@register.filter
def length(seconds: float | timedelta) -> str:
    """A length of time in its largest fitting unit: 850 ms, 12 s, 3 min, 5 h, 2 days."""
    if isinstance(seconds, timedelta):
        seconds = seconds.total_seconds()
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if round(seconds) < MINUTE:
        return f"{round(seconds)} s"
    if round(seconds / MINUTE) < 60:
        return f"{round(seconds / MINUTE)} min"
    if round(seconds / HOUR) < 24:
        return f"{round(seconds / HOUR)} h"
    days = round(seconds / DAY)
    return f"{days} day" if days == 1 else f"{days} days"


@register.filter
def grouped(number: float) -> str:
    """A number with its thousands apart: 12 345 (with a narrow space that does not break)."""
    return f"{number:,}".replace(",", "\u202f")


@register.filter
def spoken(verb: str) -> str:
    """A verb of the audit trail as words: `member.role_changed` is *Member: role changed*."""
    matter, _, deed = verb.partition(".")
    return f"{matter.replace('_', ' ').capitalize()}: {deed.replace('_', ' ')}"


@register.filter
def differences(entry: object) -> list[tuple[str, object, object]]:
    """The fields of an audit entry: name, before, after."""
    before: dict[str, object] = getattr(entry, "before", {})
    after: dict[str, object] = getattr(entry, "after", {})
    names = [*after, *(name for name in before if name not in after)]
    return [(name.replace("_", " "), _listed(before.get(name)), _listed(after.get(name))) for name in names]


def _listed(value: object) -> object:
    """A list as its parts with commas between; anything else as it is."""
    return ", ".join(map(str, value)) if isinstance(value, list) else value
