"""How times, lengths of time and numbers are written on a page."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import template

from partners.principals import ScopeKind
from partners.words import grouped

register = template.Library()
register.filter(grouped)

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
    size = lasting(abs(seconds))
    return f"{size} ago" if seconds > 0 else f"in {size}"


@register.filter
def lasting(seconds: float | timedelta) -> str:
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
def spoken(verb: str) -> str:
    """A verb of the audit trail as words: `member.role_changed` is *Member: role changed*."""
    matter, _, deed = verb.partition(".")
    return f"{matter.replace('_', ' ').capitalize()}: {deed.replace('_', ' ')}"


@register.filter
def differences(entry: object) -> list[tuple[str, str, str]]:
    """The fields of an audit entry that say something: name, before, after."""
    before: dict[str, object] = getattr(entry, "before", {})
    after: dict[str, object] = getattr(entry, "after", {})
    names = [*after, *(name for name in before if name not in after)]
    told = [(name.replace("_", " "), _told(before.get(name)), _told(after.get(name))) for name in names]
    return [(name, old, new) for name, old, new in told if old or new]


def _told(value: object) -> str:
    """A value as a person says it; "" for nothing."""
    match value:
        case None | "" | [] | {}:
            return ""
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(str, value))
        case str():
            return value.replace("_", " ") if value in _CODED else value
    return str(value)


# Stored words that are no names.
_CODED = frozenset(ScopeKind)
