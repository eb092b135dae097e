"""Graph's calendars and contact folders keep the contract of sources and targets."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from syncengine.connectors.graph.paths import DEFAULT_CONTACTS
from syncengine.connectors.graph.wire_events import master_to
from syncengine.connectors.graph.wire_time import when_to
from syncengine.model.copies import Appointment, Copy, EventCopy
from syncengine.model.identity import RemoteId
from syncengine.model.recurrence import Recurrence
from syncengine.model.time import AllDay, Timed
from tests.syncengine.connectors.contract import EventSourceContract, SourceWorld, TargetContract, TargetWorld
from tests.syncengine.connectors.driving import TENANT, Bench, user_id
from tests.syncengine.connectors.samples import contact_copy, event_copy

U1 = user_id(1)
IMMUTABLE = {"Prefer": 'IdType="ImmutableId"'}


class GraphCalendarWorld(SourceWorld):
    """The default calendar of u01."""

    def __init__(self, bench: Bench, calendar: str | None = None) -> None:
        self.bench = bench
        self.source = bench.service.calendar(U1, calendar)
        self._events = f"/users/{U1}/calendars/{calendar}/events" if calendar else f"/users/{U1}/events"

    def add(self, subject: str, when: Timed | AllDay, recurrence: Recurrence | None = None) -> RemoteId:
        copy = EventCopy(Appointment(when, subject), recurrence)
        return RemoteId(self._as_user("POST", self._events, master_to(copy, "UTC"))["id"])

    def change(self, event: RemoteId, *, subject: str = "", when: Timed | AllDay | None = None) -> None:
        body = {"subject": subject} if subject else {}
        self._as_user("PATCH", f"{self._events}/{event}", body | (when_to(when, "UTC") if when else {}))

    def change_occurrence(self, event: RemoteId, day: date, when: Timed) -> None:
        self._as_user("PATCH", f"{self._events}/{self._occurrence(event, day)}", when_to(when, "UTC"))

    def cancel_occurrence(self, event: RemoteId, day: date) -> None:
        self._as_user("DELETE", f"{self._events}/{self._occurrence(event, day)}")

    def remove(self, event: RemoteId) -> None:
        self._as_user("DELETE", f"{self._events}/{event}")

    def forget_cursors(self) -> None:
        self.bench.fault(kind="expired-cursor", times=None, status=410)

    def _occurrence(self, event: RemoteId, day: date) -> str:
        span = f"startDateTime={day}T00:00:00Z&endDateTime={day + timedelta(days=1)}T00:00:00Z"
        (one,) = self._as_user("GET", f"{self._events}/{event}/instances?{span}")["value"]
        return str(one["id"])

    def _as_user(self, method: str, path: str, body: Any = None) -> Any:
        return as_user(self.bench, method, path, body)


def as_user(bench: Bench, method: str, path: str, body: Any = None) -> Any:
    """One call of the mailbox's owner, speaking of immutable ids."""
    asked = {"tenant": TENANT, "method": method, "path": path, "body": body, "headers": IMMUTABLE}
    answer = bench.inside.control("POST", "as-user", asked)
    assert answer["status"] < 400, answer
    return answer["body"]


class TestTheDefaultCalendar(EventSourceContract):
    @pytest.fixture
    def calendar(self, bench: Bench) -> SourceWorld:
        return GraphCalendarWorld(bench)


class TestANamedCalendar(EventSourceContract):
    @pytest.fixture
    def calendar(self, bench: Bench) -> SourceWorld:
        made = as_user(bench, "POST", f"/users/{U1}/calendars", {"name": "Duty"})
        return GraphCalendarWorld(bench, made["id"])


class TestACalendarInBadHumour(EventSourceContract):
    """Everything that is undocumented, the other way round."""

    @pytest.fixture
    def calendar(self, bench: Bench) -> SourceWorld:
        bench.switch(
            deleted_occurrence_in_delta=True,
            changes_outside_window_told=False,
            delta_order="shuffled",
            oversize_pages=False,
            looping_pages_below=300,
            deleted_event_still_readable=True,
        )
        return GraphCalendarWorld(bench)


class GraphFolderWorld(TargetWorld):
    """A kind of folder of u01; subclasses name its addresses."""

    folders = ""
    items = ""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    def run(self, steps: Any) -> Any:
        return self.bench.run(steps)

    def discard(self, folder: str, item: RemoteId) -> None:
        as_user(self.bench, "DELETE", f"{self._in(folder)}/{item}")

    def discard_folder(self, folder: str) -> None:
        as_user(self.bench, "DELETE", f"/users/{U1}/{self.folders}/{folder}")

    def forget_cursors(self) -> None:
        self.bench.fault(kind="expired-cursor", status=410)

    def _in(self, folder: str) -> str:
        if folder == DEFAULT_CONTACTS:
            return f"/users/{U1}/contacts"
        return f"/users/{U1}/{self.folders}/{folder}/{self.items}"


class CalendarFolders(GraphFolderWorld):
    """Calendars."""

    folders, items = "calendars", "events"

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self.target = bench.service.target_events(U1)

    def edit(self, folder: str, item: RemoteId) -> None:
        as_user(self.bench, "PATCH", f"{self._in(folder)}/{item}", {"subject": "a person's own words"})

    def add_own(self, folder: str) -> RemoteId:
        return RemoteId(
            as_user(self.bench, "POST", self._in(folder), master_to(event_copy("mine"), "UTC"))["id"]
        )

    def copy(self, text: str) -> Copy:
        return event_copy(text)


class ContactFolders(GraphFolderWorld):
    """Contact folders."""

    folders, items = "contactFolders", "contacts"

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self.target = bench.service.target_contacts(U1)

    def edit(self, folder: str, item: RemoteId) -> None:
        as_user(self.bench, "PATCH", f"{self._in(folder)}/{item}", {"jobTitle": "a person's own words"})

    def add_own(self, folder: str) -> RemoteId:
        return RemoteId(as_user(self.bench, "POST", self._in(folder), {"givenName": "Mine"})["id"])

    def copy(self, text: str) -> Copy:
        return contact_copy(text)


class TestCalendarsAsTargets(TargetContract):
    @pytest.fixture
    def place(self, bench: Bench) -> TargetWorld:
        return CalendarFolders(bench)


class TestCalendarsWhoseIdsChange(TargetContract):
    @pytest.fixture
    def place(self, bench: Bench) -> TargetWorld:
        bench.switch(calendar_id_changes=True, delta_order="masters-last", delta_replays=False)
        return CalendarFolders(bench)


class TestCalendarsWhoseDeletedEventsCanBeRead(TargetContract):
    @pytest.fixture
    def place(self, bench: Bench) -> TargetWorld:
        bench.switch(deleted_event_still_readable=True, series_change_resets=False)
        return CalendarFolders(bench)


class TestContactFoldersAsTargets(TargetContract):
    @pytest.fixture
    def place(self, bench: Bench) -> TargetWorld:
        return ContactFolders(bench)
