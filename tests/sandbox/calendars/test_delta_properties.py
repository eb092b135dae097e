"""Whoever follows a chain of deltas knows what a new chain would tell, whatever happened between."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import unquote

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from syncengine.sandbox.calendars import dump, load, move
from syncengine.sandbox.kernel import Refusal
from syncengine.sandbox.state import Mailbox, Tenant, World
from tests.sandbox.calendars.conftest import NEW_YORK, NOW, user
from tests.sandbox.calls import BASE, ask

VIEW = "users/ann/calendarView/delta"
EVENTS = "users/ann/events"
WINDOW = "startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-04-15T00:00:00Z"
days = st.integers(-40, 80)
hours = st.integers(0, 23)


class LifeOfACalendar(RuleBasedStateMachine):
    """People write, delete, move; a reader follows with replays, in any order, page by page."""

    @initialize(
        order=st.sampled_from(["masters-first", "masters-last", "shuffled"]),
        oversize=st.booleans(),
        replays=st.booleans(),
        told=st.booleans(),
        keeps=st.booleans(),
        immutable=st.booleans(),
        size=st.sampled_from([1, 3, 50]),
    )
    def begin(self, order, oversize, replays, told, keeps, immutable, size):
        self.world = World()
        self.world.clock.frozen = NOW
        switches = self.world.switches
        switches.delta_order, switches.oversize_pages, switches.delta_replays = order, oversize, replays
        switches.changes_outside_window_told, switches.series_change_resets = told, not keeps
        self.tenant = self.world.tenants["alder"] = Tenant("alder")
        self.tenant.users["ann"] = user("ann", "Ann")
        self.mailbox = self.tenant.mailboxes["ann"] = Mailbox("ann")
        self.other = self.ask("POST", "users/ann/calendars", {"name": "Other"})["id"]
        self.prefer = f"odata.maxpagesize={size}" + (', IdType="ImmutableId"' if immutable else "")
        self.known, self.stubs, self.link = {}, {}, ""

    def ask(self, method, url, body=None):
        return ask(self.world, self.tenant, method, url, body, prefer=getattr(self, "prefer", "")).body

    def attempt(self, method, url, body=None):
        """A deed that Exchange may refuse."""
        try:
            return self.ask(method, url, body)
        except Refusal as no:
            if no.status not in (400, 404):
                raise
            return None

    def some(self, number):
        """The id of one of the events, wherever it lies; None if there is none."""
        ids = list(self.mailbox.events)
        return ids[number % len(ids)] if ids else None

    def an_occurrence(self, number):
        event = self.some(number)
        found = event and self.attempt("GET", f"{EVENTS}/{event}/instances?{WINDOW}&$top=100")
        rows = found["value"] if found else []
        return rows[number % len(rows)] if rows else None

    def body(self, day, hour, length=1):
        start = NOW.replace(tzinfo=None, hour=hour) + timedelta(days=day)
        ends = start + timedelta(hours=length)
        return {
            "start": {"dateTime": start.isoformat(), "timeZone": NEW_YORK},
            "end": {"dateTime": ends.isoformat(), "timeZone": NEW_YORK},
        }

    def recurrence(self, body, interval, count):
        span = {"startDate": body["start"]["dateTime"][:10], "type": "noEnd"}
        if count:
            span |= {"type": "numbered", "numberOfOccurrences": count}
        return {"pattern": {"type": "daily", "interval": interval}, "range": span}

    @rule(day=days, hour=hours, length=st.integers(0, 40))
    def write(self, day, hour, length):
        self.ask("POST", EVENTS, self.body(day, hour, length))

    @rule(day=days, hour=hours, interval=st.integers(3, 20), count=st.sampled_from([0, 1, 5]))
    def write_a_series(self, day, hour, interval, count):
        body = self.body(day, hour)
        self.ask("POST", EVENTS, {**body, "recurrence": self.recurrence(body, interval, count)})

    @rule(number=st.integers(0, 50), day=days, hour=hours)
    def reschedule(self, number, day, hour):
        if event := self.some(number):
            self.attempt("PATCH", f"{EVENTS}/{event}", self.body(day, hour))

    @rule(number=st.integers(0, 50), day=days, interval=st.integers(3, 20))
    def repeat_otherwise(self, number, day, interval):
        if event := self.some(number):
            body = self.body(day, 9)
            change = {**body, "recurrence": self.recurrence(body, interval, 0)}
            self.attempt("PATCH", f"{EVENTS}/{event}", change)

    @rule(number=st.integers(0, 50))
    def repeat_no_more(self, number):
        if event := self.some(number):
            self.attempt("PATCH", f"{EVENTS}/{event}", {"recurrence": None})

    @rule(number=st.integers(0, 50), text=st.text("ab", max_size=2))
    def rename(self, number, text):
        if event := self.some(number):
            self.ask("PATCH", f"{EVENTS}/{event}", {"subject": text})

    @rule(number=st.integers(0, 50), shift=st.integers(-60, 60))
    def shift_an_occurrence(self, number, shift):
        if one := self.an_occurrence(number):
            start = NOW.fromisoformat(one["start"]["dateTime"]) + timedelta(hours=shift)
            times = {"dateTime": start.isoformat(), "timeZone": "UTC"}
            self.attempt("PATCH", f"{EVENTS}/{one['id']}", {"start": times, "end": times})

    @rule(number=st.integers(0, 50))
    def cancel_an_occurrence(self, number):
        if one := self.an_occurrence(number):
            self.ask("DELETE", f"{EVENTS}/{one['id']}")

    @rule(number=st.integers(0, 50))
    def delete(self, number):
        if event := self.some(number):
            self.ask("DELETE", f"{EVENTS}/{event}")

    @rule(number=st.integers(0, 50), back=st.booleans())
    def move_away(self, number, back):
        if event := self.some(number):
            default = self.ask("GET", "users/ann/calendar")["id"]
            event = move(self.world, self.tenant, self.mailbox, event, self.other)
            if back:
                move(self.world, self.tenant, self.mailbox, event, default)

    @rule()
    def follow(self):
        rows, self.link = self.round_of(self.link or f"{VIEW}?{WINDOW}")
        self.learn(self.known, self.stubs, rows)

    @rule()
    def the_world_is_saved_and_read_back(self):
        file = dump(self.world, self.tenant, self.mailbox)
        self.mailbox = self.tenant.mailboxes["ann"] = Mailbox("ann")
        load(self.world, self.tenant, self.mailbox, file)
        self.known, self.stubs, self.link = {}, {}, ""

    def round_of(self, url):
        rows, links = [], set()
        while True:
            assert url not in links, "the round loops"
            links.add(url)
            page = self.ask("GET", unquote(url.removeprefix(BASE)))
            rows += page["value"]
            if "@odata.deltaLink" in page:
                return rows, page["@odata.deltaLink"]
            url = page["@odata.nextLink"]

    @staticmethod
    def learn(known, stubs, rows):
        """What a careful reader makes of a round: a master comes with all its occurrences."""
        heads = {row["id"]: row for row in rows if "seriesMasterId" not in row or not row["seriesMasterId"]}
        for row in heads.values():
            known.pop(row["id"], None)
            stubs.pop(row["id"], None)
            if "@removed" not in row:
                known[row["id"]] = row
                stubs[row["id"]] = {}
        for row in rows:
            if row.get("seriesMasterId"):
                stubs[row["seriesMasterId"]][row["id"]] = row

    @invariant()
    def a_new_chain_tells_the_same(self):
        if not self.link:
            return
        rows, _ = self.round_of(self.link)
        known, stubs = dict(self.known), {key: dict(value) for key, value in self.stubs.items()}
        self.learn(known, stubs, rows)
        fresh_known: dict[str, object] = {}
        fresh_stubs: dict[str, object] = {}
        self.learn(fresh_known, fresh_stubs, self.round_of(f"{VIEW}?{WINDOW}")[0])
        assert known == fresh_known
        assert stubs == fresh_stubs


LifeOfACalendar.TestCase.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)
TestLifeOfACalendar = LifeOfACalendar.TestCase
