"""An event as the sandbox keeps it, and the drawer of one mailbox that holds them all.

The drawer belongs to the mailbox (`Mailbox.events`, `Mailbox.calendars`); this module
keeps its indexes and writes its log of changes, from which delta answers.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from syncengine.sandbox.calendars import ids
from syncengine.sandbox.calendars.series import END_OF_TIME, Series, Times
from syncengine.sandbox.state import Mailbox

Json = dict[str, Any]
_KEY = "calendars"


class Event(dict[str, Any]):
    """A single event or a series' master: its Graph properties, and what Exchange knows beside.

    The keys are what Graph shows (plain id, times in UTC); extended properties are
    among them and are shown only to those who ask.
    """

    __slots__ = ("born", "calendar_id", "immutable_id", "series", "times")

    calendar_id: str
    immutable_id: str
    times: Times
    series: Series | None
    born: datetime
    """When it came into the mailbox (naive, UTC)."""

    @property
    def plain_id(self) -> str:
        """The id that changes when the event moves to another folder."""
        found: str = self["id"]
        return found

    @property
    def ends(self) -> datetime:
        """The instant after which nothing of it is left."""
        return self.series.ends() if self.series else self.times.until

    def is_within(self, low: datetime, high: datetime) -> bool:
        """Whether a window holds it, or any occurrence of it."""
        if self.series is None:
            return self.times.overlap(low, high)
        return next(self.series.occurrences(low, high), None) is not None


@dataclass(slots=True)
class Drawer:
    """The indexes over one mailbox's events. They can be made anew from the events alone."""

    mailbox: Mailbox
    is_furnished: bool = False
    """Whether it is known that the default calendar is there."""
    by_calendar: dict[str, dict[str, Event]] = field(default_factory=dict)
    by_immutable: dict[str, Event] = field(default_factory=dict)
    by_uid: dict[str, Event] = field(default_factory=dict)
    transactions: dict[str, Event] = field(default_factory=dict)
    """By transactionId; what was deleted stays if a switch says so."""
    deleted: dict[str, Event] = field(default_factory=dict)
    """Deleted Items, by both ids."""
    rounds: dict[int, tuple[list[list[Any]], bool]] = field(default_factory=dict)
    """The pages of delta's open rounds, by number; and whether such a round loops."""
    round_number: int = 0
    epoch: str = field(default_factory=lambda: secrets.token_hex(4))
    """Tells this life of the mailbox from one before a restart."""
    floor: int = 0
    """Delta tokens of an earlier generation are forgotten."""
    refusal: tuple[int, str] = (410, "SyncStateNotFound")

    def put(self, event: Event) -> None:
        """Take an event in; its ids, calendar and times stand."""
        self.mailbox.events[event.plain_id] = event
        self.by_calendar.setdefault(event.calendar_id, {})[event.plain_id] = event
        self.by_immutable[event.immutable_id] = event
        self.by_uid[event["iCalUId"]] = event
        if event.get("transactionId"):
            self.transactions[event["transactionId"]] = event

    def take(self, event: Event) -> None:
        """Take an event out of the calendar it lies in."""
        del self.mailbox.events[event.plain_id]
        del self.by_calendar[event.calendar_id][event.plain_id]
        del self.by_immutable[event.immutable_id]
        if self.by_uid.get(event["iCalUId"]) is event:
            del self.by_uid[event["iCalUId"]]

    def find(self, item: str) -> Event | None:
        """The event with this id, plain or immutable, or None."""
        return self.mailbox.events.get(item) or self.by_immutable.get(item)  # type: ignore[return-value]

    def within(self, calendar_id: str) -> Iterator[Event]:
        """The singles and masters of one calendar, oldest first."""
        return iter(self.by_calendar.get(calendar_id, {}).values())

    def next_number(self) -> int:
        """The number of the change that is being made."""
        self.mailbox.generation += 1
        return self.mailbox.generation

    def stamp(self, event: Event, now: datetime) -> int:
        """Give the event a new version; returns the number of the change."""
        number = self.next_number()
        key = ids.change_key(self.mailbox.user_id, number)
        event["changeKey"] = key
        event["@odata.etag"] = f'W/"{key}"'
        event["lastModifiedDateTime"] = wire_instant(now)
        return number

    def log(self, event: Event, was: tuple[datetime, datetime] | None, **more: Any) -> None:
        """Note a change of `event` for delta. `was` is when it stood before, None for a new one."""
        self.mailbox.calendar_log.append(
            {
                "generation": self.mailbox.generation,
                "calendar": event.calendar_id,
                "id": event.plain_id,
                "immutable": event.immutable_id,
                "was": [moment.isoformat() for moment in was] if was else None,
                **more,
            }
        )


def drawer_of(mailbox: Mailbox) -> Drawer:
    """The indexes of this mailbox, made at the first question."""
    found = mailbox.indexes.get(_KEY)
    if found is None:
        found = mailbox.indexes[_KEY] = Drawer(mailbox)
    return found


def span_of(event: Event) -> tuple[datetime, datetime]:
    """From the first instant of an event to its last."""
    return event.times.at, min(event.ends, END_OF_TIME)


def wire_instant(moment: datetime) -> str:
    """A naive UTC moment as Graph writes instants."""
    return moment.isoformat(timespec="microseconds") + "0Z"


def wire_wall(wall: datetime) -> str:
    """A wall time as Graph writes it beside a zone."""
    return wall.isoformat(timespec="seconds") + ".0000000"
