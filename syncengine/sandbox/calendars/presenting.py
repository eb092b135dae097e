"""What one call wants of events: which properties, which expansions, in which manner.

Source: https://learn.microsoft.com/graph/api/event-get and
https://learn.microsoft.com/graph/api/singlevaluelegacyextendedproperty-get
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from syncengine.sandbox import odata
from syncengine.sandbox.calendars.items import Event
from syncengine.sandbox.calendars.payload import PROPERTIES
from syncengine.sandbox.calendars.series import Change, Times
from syncengine.sandbox.calendars.showing import (
    Manner,
    cancelled_ids,
    extended_of,
    manner_of,
    shown,
    shown_occurrence,
)
from syncengine.sandbox.extended import MULTI, SINGLE, Expansion, expand_properties, expansion_of
from syncengine.sandbox.kernel import Call, Json, Unknown
from syncengine.sandbox.odata import OUTLOOK

_EXCEPTIONS, _CANCELLED = "exceptionOccurrences", "cancelledOccurrences"
_KIND = "microsoft.graph.event"
# Shown only where they are asked for by name.
_PLAIN = sorted(PROPERTIES - {_CANCELLED})


@dataclass(frozen=True, slots=True)
class Presenter:
    """Turns events into what the caller asked to see."""

    manner: Manner
    names: Sequence[str] | None
    expansion: Expansion

    def event(self, event: Event) -> Json:
        """A single or a master."""
        found = self._chosen(shown(event, self.manner))
        if self.expansion:
            expand_properties(event, self.expansion, found)
        return found

    def occurrence(self, event: Event, day: date, times: Times, change: Change | None) -> Json:
        """An occurrence or exception."""
        found = self._chosen(shown_occurrence(event, day, times, change, self.manner))
        if self.expansion:
            expand_properties(extended_of(event, change), self.expansion, found)
        return found

    def single(self, event: Event) -> Json:
        """An event read by its id: a master may tell of its cancellations and exceptions."""
        found = self.event(event)
        if self.names and _CANCELLED in self.names:
            found[_CANCELLED] = cancelled_ids(event, self.manner)
        if _EXCEPTIONS in self.expansion:
            found[_EXCEPTIONS] = self._exceptions(event)
        return found

    def _exceptions(self, event: Event) -> list[Json]:
        text = self.expansion[_EXCEPTIONS].get("$select")
        if self.expansion[_EXCEPTIONS].keys() - {"$select"}:
            raise Unknown("more than $select inside $expand=exceptionOccurrences")
        names = [name.strip() for name in text.split(",")] if text else None
        inner = Presenter(self.manner, names, {})
        changes = sorted(event.series.exceptions.items()) if event.series else ()
        return [inner.occurrence(event, day, change.times, change) for day, change in changes]

    def _chosen(self, found: Json) -> Json:
        if self.names is None:
            return found
        return odata.project(found, [name for name in self.names if name != _CANCELLED])


def presenter_of(call: Call, *, by_id: bool = False) -> Presenter:
    """How this call wants events. `by_id` allows what only a read by id may ask for."""
    names = None
    if "$select" in call.query:
        names = odata.selected(call, OUTLOOK, _KIND, PROPERTIES, _PLAIN)
    text = call.query.get("$expand", "")
    if not by_id and (_EXCEPTIONS in text or (names and _CANCELLED in names)):
        raise Unknown("exceptionOccurrences or cancelledOccurrences in a list")
    navigations = (SINGLE, MULTI, _EXCEPTIONS) if by_id else (SINGLE, MULTI)
    expansion = expansion_of(call, *navigations) if text else {}
    return Presenter(manner_of(call), names, expansion)
