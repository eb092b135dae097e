"""One call's way through Graph: it arrives, is admitted or throttled, served, and leaves.

Single requests and parts of batches walk the same way. Nothing here waits: between
admission and service the caller does, while the call counts as under way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from syncengine.sandbox.counters import Entry
from syncengine.sandbox.kernel import Answer, Call, Refusal, graph
from syncengine.sandbox.mailboxes import outlook_user
from syncengine.sandbox.refusals import Ids, refuse_before, refused, scripted, too_many
from syncengine.sandbox.throttle import AT_ONCE, Bucket, MailboxLoad, resource_units

if TYPE_CHECKING:
    from syncengine.sandbox.faults import Fault
    from syncengine.sandbox.state import World

# Addresses that are posted to and change nothing.
_POSTED_READS = frozenset(
    {"getschedule", "translateexchangeids", "getbyids", "getavailableextensionproperties"}
)
_ASKS_TO_WAIT = frozenset({429, 503, 504})
# Faults that spoil the answer on its way, after the call was served.
_ON_THE_WAY = frozenset({"lost", "truncated", "garbage"})


@dataclass(slots=True)
class Visit:
    """One call on its way, with all that is noted about it."""

    call: Call
    ids: Ids
    mailbox: str
    """The owner's object id where Exchange serves the address and knows the owner, else ""."""
    batch: str = ""
    part: str = ""
    size: int = 0
    early: bool = False
    load: MailboxLoad | None = None
    bucket: Bucket | None = None
    units: int = 0
    fault: Fault | None = None
    answer: Answer = field(default_factory=Answer)

    @property
    def key(self) -> tuple[str, str, str]:
        """Who is throttled together with this call."""
        return self.call.app_id, self.call.tenant.id, self.mailbox

    @property
    def spoilt(self) -> str:
        """How the answer is spoilt on its way (lost, truncated, garbage), or ""."""
        return self.fault.kind if self.fault and self.fault.kind in _ON_THE_WAY else ""

    @property
    def delay_s(self) -> float:
        """How long the answer is held back."""
        return self.fault.seconds if self.fault and self.fault.kind == "slow" else 0


class Service:
    """Graph behind its door: limits, scripted faults, handlers, counters."""

    def __init__(self, world: World) -> None:
        self._world = world

    def arrive(self, call: Call, ids: Ids, *, size: int = 0, batch: str = "", part: str = "") -> Visit:
        """Note that a call is here, and whether it should have waited."""
        counters = self._world.counters
        visit = Visit(call, ids, self._mailbox_id(call), batch, part, size)
        counters.calls += 1
        until = self._world.throttles.wait_until.get(visit.key)
        if until is not None and self._now() < until:
            visit.early = True
            counters.early_requests += 1
        if visit.mailbox:
            count = counters.mailbox(call.tenant.id, visit.mailbox)
            count.calls += 1
            count.early_requests += visit.early
        return visit

    def admit(self, visit: Visit) -> bool:
        """Let the call in, so that it is under way; or answer it with a throttle."""
        refusal = self._throttle(visit)
        if refusal:
            self._world.counters.throttled += 1
            visit.answer = refused(refusal, visit.ids, self._world)
            self._note(visit, "")
            return False
        if visit.load:
            visit.load.under_way += 1
        return True

    def serve(self, visit: Visit) -> None:
        """Let the handler answer, as the scripted faults allow."""
        call = visit.call
        visit.fault = fault = self._strike(visit)
        pattern = ""
        try:
            if fault:
                refuse_before(fault, call)
            found = graph.find(call.method, call.path)
            pattern = f"{call.method} {found[0].pattern}" if found else ""
            visit.answer = graph.answer(call)
            self._count_write(visit)
            if fault and fault.kind == "status":
                raise scripted(fault)
        except Refusal as no:
            visit.answer = refused(no, visit.ids, self._world)
        if visit.bucket:
            _tell_units(visit)
        self._note(visit, pattern)

    def leave(self, visit: Visit) -> None:
        """The call is no longer under way."""
        if visit.load:
            visit.load.under_way -= 1
            visit.load = None

    def remember_wait(self, key: tuple[str, str, str], answer: Answer) -> None:
        """Note until when whoever shares `key` was asked to wait, if the answer asks for it."""
        if answer.status in _ASKS_TO_WAIT and "Retry-After" in answer.headers:
            until = self._now() + float(answer.headers["Retry-After"])
            waits = self._world.throttles.wait_until
            waits[key] = max(until, waits.get(key, 0))

    def _now(self) -> float:
        return self._world.clock.now().timestamp()

    def _mailbox_id(self, call: Call) -> str:
        user = outlook_user(call.path)
        if user is None:
            return ""
        owner = self._world.mailbox_owner(call.tenant, user)
        return owner["id"] if owner else ""

    def _throttle(self, visit: Visit) -> Refusal | None:
        if visit.mailbox:
            return self._throttle_mailbox(visit)
        if outlook_user(visit.call.path) is None and not visit.call.path.startswith("/places"):
            return self._throttle_directory(visit)
        return None

    def _throttle_mailbox(self, visit: Visit) -> Refusal | None:
        load, now = self._world.throttles.load(visit.key), self._now()
        count = self._world.counters.mailbox(visit.call.tenant.id, visit.mailbox)
        count.most_under_way = max(count.most_under_way, load.under_way + 1)
        wait = load.requests.add(now)
        if visit.size and visit.call.method in {"POST", "PATCH", "PUT"}:
            wait = max(wait, load.upload.add(now, visit.size))
        if wait:
            count.throttled += 1
            return too_many(wait)
        if load.under_way >= AT_ONCE:
            count.throttled += 1
            return Refusal(
                429,
                "ApplicationThrottled",
                "Application is over its MailboxConcurrency limit.",
                headers={"Retry-After": "1"},
            )
        visit.load = load
        return None

    def _throttle_directory(self, visit: Visit) -> Refusal | None:
        call, now, throttles = visit.call, self._now(), self._world.throttles
        visit.units = resource_units(call.path, call.query)
        users = len(call.tenant.users)
        bucket = throttles.directory(call.app_id, call.tenant.id, users)
        why, wait = "ResourceUnitLimitExceeded", bucket.take(now, visit.units)
        if not wait and _writes(call):
            why, wait = (
                "WriteLimitExceeded",
                throttles.writes(call.app_id, call.tenant.id).add(now),
            )
        if not wait:
            visit.bucket = bucket
            return None
        refusal = too_many(wait)
        refusal.headers |= {
            "x-ms-throttle-scope": f"Tenant_Application/ReadWrite/{call.app_id}/{call.tenant.id}",
            "x-ms-throttle-information": why,
            "x-ms-throttle-limit-percentage": f"{bucket.used:.1f}",
        }
        return refusal

    def _strike(self, visit: Visit) -> Fault | None:
        faults = self._world.faults
        if not faults.active:
            return None
        call = visit.call
        return faults.strike(
            call.method, address_of(call), call.tenant.id, self._names(visit), whole_batch=False
        )

    def _names(self, visit: Visit) -> frozenset[str]:
        if not visit.mailbox:
            return frozenset()
        owner = visit.call.tenant.users[visit.mailbox]
        names = (owner["id"], owner.get("userPrincipalName", ""), owner.get("mail") or "")
        return frozenset(name.lower() for name in names)

    def _count_write(self, visit: Visit) -> None:
        call = visit.call
        if call.method == "GET" or visit.answer.status >= 400:
            return
        self._world.changes += 1
        if not _writes(call):
            return
        self._world.counters.writes += 1
        if visit.mailbox:
            self._world.counters.mailbox(call.tenant.id, visit.mailbox).writes += 1

    def _note(self, visit: Visit, pattern: str) -> None:
        """Count the answer, remember what it asks for, and write the log's line."""
        call, answer, world = visit.call, visit.answer, self._world
        world.counters.statuses[answer.status] += 1
        if pattern:
            world.counters.routes[pattern] += 1
        self.remember_wait(visit.key, answer)
        world.counters.log.append(
            Entry(
                world.clock.now().isoformat(),
                visit.ids.request_id,
                call.tenant.id,
                call.app_id,
                call.method,
                call.path,
                _query_of(call),
                answer.status,
                visit.mailbox,
                visit.batch,
                visit.part,
                visit.fault.kind if visit.fault else "",
                visit.early,
            )
        )


def _writes(call: Call) -> bool:
    if call.method == "GET":
        return False
    return call.path.rpartition("/")[2].lower() not in _POSTED_READS


def address_of(call: Call) -> str:
    """Path and query of a call, for scripted faults to match."""
    return f"{call.path}?{_query_of(call)}" if call.query else call.path


def _query_of(call: Call) -> str:
    return "&".join(f"{name}={value}" for name, value in call.query.items())


def _tell_units(visit: Visit) -> None:
    assert visit.bucket
    if visit.answer.status < 400:
        visit.answer.headers["x-ms-resource-unit"] = str(visit.units)
    if visit.bucket.used >= 0.8:
        visit.answer.headers["x-ms-throttle-limit-percentage"] = f"{visit.bucket.used:.1f}"
