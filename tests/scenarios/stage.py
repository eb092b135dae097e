"""The stage of the acceptance scenarios: three tenants, two partners, and what an observer sees.

Everything goes the real way: rows of the database, the engine, and the sandbox over HTTPS. What
people do is done through the sandbox as they would do it; nothing of the product is replaced but
the sleep of its clock.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from partners.principals import Principal
from tenants import services
from tenants.models import Tenant
from tests.sandbox_process import SandboxProcess
from tests.scenarios.people import TENANTS, ZONES
from tests.scenarios.wiretap import Wiretap
from tests.tunnels.world import APP, MOBILE, NOW, SECRET, A, Office, user_id
from tunnels import tasks
from tunnels.models import Run, Tunnel
from tunnels.running import auditing
from tunnels.running.auditing import Audit

Json = dict[str, Any]
MARK = "CulvertMark"
UTC_TIMES = {"Prefer": 'outlook.timezone="UTC"'}
PAGE = 500


class Stage(Office):
    """The world of one scenario, and a memory of all that was asked of the sandbox in it.

    `words` are subjects, bodies, places, names, numbers: none of them may be found in a log.
    """

    def __init__(
        self,
        sandbox: SandboxProcess,
        principal: Principal,
        stranger: Principal,
        make_tenant: Callable[..., Tenant],
        tap: Wiretap,
    ) -> None:
        super().__init__(sandbox, principal, make_tenant)
        self.stranger, self.tap = stranger, tap
        self.words: set[str] = {SECRET}
        self.said: list[str] = []
        self.log: list[Json] = []
        self.most_under_way = self.early_requests = self.writes = 0
        self.is_settled = self.is_auditable = True
        self.mailbox_names: set[str] = set()

    # The world

    def open(self, *tids: str, **switches: Any) -> None:
        """Load these tenants, turn switches, and connect them."""
        self.open_with(people_of(tids), **switches)

    def open_with(self, tenants: Mapping[str, Json], **switches: Any) -> None:
        """Load these tenants as they are given, by id."""
        self.sandbox.control("POST", "reset")
        self.sandbox.control("PUT", "world", {"tenants": list(tenants.values())})
        self.turn(**switches)
        # With a little latency, calls that overlap are seen to overlap.
        self.sandbox.control("PUT", "latency", {"ms": 1})
        self.set_clock(NOW)
        for tid, world in tenants.items():
            self.remember(*words_of(world))
            self.mailbox_names |= {one["displayName"] for one in world["users"]}
            slug = world["organization"]["displayName"].lower()
            tenant = self._make_tenant(slug, microsoft_id=UUID(tid))
            services.connect(self.principal, tenant, client_id=UUID(APP), secret=SECRET)
            self.tenants[tid] = tenant

    def turn(self, **switches: Any) -> None:
        """Turn switches of the sandbox."""
        if switches:
            self.sandbox.control("PUT", "switches", switches)

    def remember(self, *words: Any) -> None:
        """These are content: they must not stand in a log."""
        self.words.update(str(word) for word in words if word and len(str(word)) > 3)

    # People at work

    def act(self, tid: str, number: int, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """A person at the own mailbox, with request headers."""
        return self.sandbox.as_user(tid, method, f"users/{user_id(tid, number)}/{path}", body, **headers)

    def act_in(self, tid: str, method: str, path: str) -> list[Json]:
        """The rows of a list of the tenant's directory."""
        rows: list[Json] = self.sandbox.as_user(tid, method, path)["value"]
        return rows

    def join(self, number: int, group: str = MOBILE) -> None:
        """An administrator of Northwind puts a person into a group."""
        ref = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{user_id(A, number)}"}
        self.sandbox.as_user(A, "POST", f"groups/{group}/members/$ref", ref)

    def leave(self, number: int, group: str = MOBILE) -> None:
        """An administrator of Northwind takes a person out of a group."""
        self.sandbox.as_user(A, "DELETE", f"groups/{group}/members/{user_id(A, number)}/$ref")

    def add_event(self, tid: str, number: int, **fields: Any) -> Json:
        """See `Office.add_event`; what it says is remembered as content."""
        self.remember(fields.get("subject"), (fields.get("location") or {}).get("displayName"))
        self.remember((fields.get("body") or {}).get("content"))
        return super().add_event(tid, number, **fields)

    def put_events(self, tid: str, number: int, *events: Json, **settings: Any) -> None:
        """Let a mailbox have held these events before anybody looked, as Exchange keeps them."""
        self.remember(*(event.get("subject") for event in events))
        calendar = {"name": "Calendar", "isDefaultCalendar": True, "events": list(events)}
        zone = {"timeZone": ZONES[tid], "userPurpose": "user", **settings}
        path = f"tenants/{tid}/mailboxes/{user_id(tid, number)}"
        self.sandbox.control("PUT", path, {"settings": zone, "calendars": [calendar]})

    def change_user(self, tid: str, number: int, **fields: Any) -> None:
        """An administrator changes a person."""
        self.remember(fields.get("displayName"), fields.get("mobilePhone"))
        self.sandbox.control("PATCH", f"tenants/{tid}/users/{user_id(tid, number)}", fields)

    # What an observer sees

    def view(self, tid: str, number: int, days: tuple[datetime, datetime], name: str = "") -> list[Json]:
        """The expanded view of a calendar (the default one, or one by name), times in UTC."""
        start, end = (moment.isoformat().replace("+00:00", "Z") for moment in days)
        where = "calendar"
        if name:
            found = [
                one["id"] for one in self.act(tid, number, "GET", "calendars")["value"] if one["name"] == name
            ]
            if not found:
                return []
            where = f"calendars/{found[0]}"
        rows: list[Json] = []
        while True:
            window = f"startDateTime={start}&endDateTime={end}&$top={PAGE}&$skip={len(rows)}"
            page = self.act(tid, number, "GET", f"{where}/calendarView?{window}", **UTC_TIMES)["value"]
            rows += page
            if len(page) < PAGE:
                return rows

    def world(self) -> Json:
        """Everything in the sandbox, verbatim."""
        dumped: Json = self.sandbox.control("GET", "world")
        return dumped

    def mailboxes(self) -> dict[tuple[str, str], Json]:
        """Every mailbox of the world by tenant and owner."""
        return {
            (tenant["id"], one["user"]): one
            for tenant in self.world()["tenants"]
            for one in tenant["mailboxes"]
        }

    def subjects(self, tid: str, number: int) -> list[str]:
        """Subjects of all that stands in a mailbox, in whatever calendar."""
        mailbox = self.mailboxes()[tid, user_id(tid, number)]
        return sorted(item["subject"] for kind, _, item in items_of(mailbox) if kind == "event")

    def requests_of(self, mailbox: str) -> list[Json]:
        """What the app asked of a mailbox since the scenario began, oldest first."""
        self.harvest()
        return [one for one in self.log if one["path"].startswith(f"/users/{mailbox}/")]

    def harvest(self) -> None:
        """Take the sandbox's log and counters over, and let it count anew."""
        counted = self.counters()
        self.log += self.sandbox.control("GET", "requests")["requests"]
        self.most_under_way = max(self.most_under_way, counted["most_under_way"])
        self.early_requests += counted["early_requests"]
        self.writes += counted["writes"]
        self.sandbox.control("DELETE", "counters")

    def forget_counters(self) -> None:
        """Count anew; what was counted is kept for the invariants."""
        self.harvest()
        self.writes = 0

    def written(self) -> int:
        """Writes since the counters were forgotten."""
        self.harvest()
        return self.writes

    # The product at work

    def sync(self, tunnel: Tunnel) -> Run:
        """*Run now*, carried out; nothing that is not ours is touched meanwhile."""
        with self.nothing_foreign_changes():
            return super().sync(tunnel)

    @contextmanager
    def nothing_foreign_changes(self):
        """I1: what does not bear our mark is the same afterwards, to the byte."""
        before = foreign(self.mailboxes())
        yield
        after = foreign(self.mailboxes())
        changed = [key for key in before.keys() | after.keys() if before.get(key) != after.get(key)]
        assert not changed, f"objects that are not ours were touched: {changed[:5]}"

    def audit(self, tunnel: Tunnel) -> Audit:
        """What `manage.py audit` does: sources and targets read afresh and compared."""
        return auditing.audit(tunnel)

    def work(self, *queues: str) -> None:
        """What a worker's tasks do; what they answer is stored as their result."""
        self.said += [tasks.tick(), *(tasks.work(queue) for queue in queues or ("live", "bulk"))]

    def pass_time(self, by: timedelta, every: timedelta = timedelta(minutes=1)) -> None:
        """So much time passes, and the workers tick."""
        for _ in range(by // every):
            self.advance(every)
            self.work()


def people_of(tids: Iterable[str]) -> dict[str, Json]:
    """The tenants of the scenarios' section 0, by id."""
    return {tid: TENANTS[tid]() for tid in tids or TENANTS}


def words_of(tenant: Json) -> set[str]:
    """Names and numbers of everybody in a tenant."""
    everybody = [*tenant["users"], *tenant.get("contacts", ())]
    words = {one.get("displayName") for one in everybody} | {one.get("mobilePhone") for one in everybody}
    return {word for word in words if word}


def bears_mark(row: Json) -> bool:
    """Whether an item or folder bears our mark."""
    return bool(attempt_of(row))


def attempt_of(row: Json) -> str:
    """The last part of the mark that an item bears: drawn for its create. "" without a mark."""
    marks = (one["value"] for one in row.get("singleValueExtendedProperties") or () if MARK in one["id"])
    return next((str(mark).rpartition(".")[2] for mark in marks), "")


def items_of(mailbox: Json) -> list[tuple[str, Json, Json]]:
    """Every event and contact of a mailbox: its kind, its folder, itself."""
    events = [("event", one, item) for one in mailbox.get("calendars", ()) for item in one["events"]]
    folders = mailbox.get("contactFolders", ())
    return events + [("contact", one, item) for one in folders for item in one["contacts"]]


def foreign(mailboxes: Mapping[tuple[str, str], Json]) -> dict[tuple[str, ...], str]:
    """Everything that does not bear our mark, with a text that changes when it does."""
    return {
        (*where, kind, item["id"]): json.dumps(item, sort_keys=True)
        for where, mailbox in mailboxes.items()
        for kind, _, item in items_of(mailbox)
        if not bears_mark(item)
    }
