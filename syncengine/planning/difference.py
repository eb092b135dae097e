"""Where two copies differ, field by field: for pages, and for writes that send only what changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import NamedTuple

from syncengine.model.copies import Appointment, ContactCopy, Copy, EventCopy
from syncengine.model.items import Address
from syncengine.model.recurrence import Recurrence
from syncengine.model.time import AllDay, Timed


class Change(NamedTuple):
    """One field that differs. Of an occurrence the field's name ends with its date."""

    field: str
    before: object
    after: object


def difference(before: Copy | None, after: Copy | None) -> tuple[Change, ...]:
    """The fields in which they differ, in the order in which the copy has them; None has no field."""
    old, new = dict(_fields_of(before)), dict(_fields_of(after))
    names = dict.fromkeys((*old, *new))
    return tuple(
        Change(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)
    )


def _fields_of(copy: Copy | None) -> Iterator[tuple[str, object]]:
    match copy:
        case EventCopy(appointment, recurrence, exceptions, cancelled):
            yield from _said(appointment, "")
            yield "recurrence", recurrence
            for day, says in exceptions:
                yield from _said(says, f" on {day}")
            for day in cancelled:
                yield f"cancelled on {day}", True
        case ContactCopy():
            for field in fields(copy):
                yield field.name, getattr(copy, field.name)


def _said(says: Appointment, where: str) -> Iterator[tuple[str, object]]:
    for field in fields(says):
        yield field.name + where, getattr(says, field.name)


def in_words(value: object) -> str:
    """A field's value for people; "" for nothing."""
    match value:
        case tuple():
            return ", ".join(in_words(part) for part in value)
        case Timed(start, end, zone):
            return f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC ({zone})"
        case AllDay(first, until):
            return f"all day {first}" if (until - first).days == 1 else f"all day {first} until {until}"
        case Recurrence():
            return f"{value.type}, every {value.interval}, from {value.start}{_ending(value)}"
        case Address():
            return ", ".join(part for part in (getattr(value, field.name) for field in fields(value)) if part)
        case bool():
            return "yes" if value else "no"
    return "" if value is None else str(value)


def _ending(recurrence: Recurrence) -> str:
    if recurrence.until:
        return f" until {recurrence.until}"
    return f", {recurrence.count} times" if recurrence.count else ""
