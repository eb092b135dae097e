"""One call's way through Graph: it arrives, is admitted or throttled, served, and leaves.

Single requests and parts of batches walk the same way. Nothing here waits: between
admission and service the caller does, while the call counts as under way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any

from syncengine.sandbox.counters import Entry
from syncengine.sandbox.kernel import Answer, Call, Refusal, graph
from syncengine.sandbox.mailboxes import outlook_user
from syncengine.sandbox.odata import link, unseal
from syncengine.sandbox.throttle import AT_ONCE, Bucket, MailboxLoad, resource_units
from syncengine.sandbox.tokens import unauthenticated

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


@dataclass(frozen=True, slots=True)
class Ids:
    """The two ids that every answer of Graph carries."""

    request_id: str
    client_request_id: str


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
                _refuse_before(fault, call)
            found = graph.find(call.method, call.path)
            pattern = f"{call.method} {found[0].pattern}" if found else ""
            visit.answer = graph.answer(call)
            self._count_write(visit)
            if fault and fault.kind == "status":
                raise _scripted(fault)
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
        call = visit.call
        visit.units = resource_units(call.path, call.query)
        bucket = self._world.throttles.directory(call.app_id, call.tenant.id, len(call.tenant.users))
        wait = bucket.take(self._now(), visit.units)
        if wait:
            refusal = too_many(wait)
            refusal.headers |= {
                "x-ms-throttle-scope": f"Tenant_Application/ReadWrite/{call.app_id}/{call.tenant.id}",
                "x-ms-throttle-information": "ResourceUnitLimitExceeded",
                "x-ms-throttle-limit-percentage": f"{bucket.used:.1f}",
            }
            return refusal
        visit.bucket = bucket
        return None

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
        if call.path.rpartition("/")[2].lower() in _POSTED_READS:
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


def refused(no: Refusal, ids: Ids, world: World) -> Answer:
    """A refusal as Graph words it.

    Source: https://learn.microsoft.com/graph/errors
    """
    extra = dict(no.extra)
    inner = {
        **extra.pop("innerError", {}),
        "date": world.clock.now().strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": ids.request_id,
        "client-request-id": ids.client_request_id,
    }
    error = {"code": no.code, "message": no.message, **extra, "innerError": inner}
    return Answer(no.status, {"error": error}, dict(no.headers))


def scripted_answer(fault: Fault, effect: str, ids: Ids, world: World) -> Answer | None:
    """The answer that a fault gives to a whole batch before or after its effect, if any."""
    if fault.kind == "expired-token" and effect == "before":
        return refused(unauthenticated("Lifetime validation failed, the token is expired."), ids, world)
    if fault.kind == "status" and fault.effect == effect:
        return refused(_scripted(fault), ids, world)
    return None


def too_many(wait: float) -> Refusal:
    """The common 429."""
    return Refusal(
        429,
        "TooManyRequests",
        "Please retry again later.",
        headers={"Retry-After": str(ceil(wait))},
        extra={"innerError": {"code": "429", "status": "429"}},
    )


def address_of(call: Call) -> str:
    """Path and query of a call, for scripted faults to match."""
    return f"{call.path}?{_query_of(call)}" if call.query else call.path


def _query_of(call: Call) -> str:
    return "&".join(f"{name}={value}" for name, value in call.query.items())


def _refuse_before(fault: Fault, call: Call) -> None:
    match fault.kind:
        case "expired-token":
            raise unauthenticated("Lifetime validation failed, the token is expired.")
        case "expired-cursor":
            raise _expired_cursor(fault, call)
        case "status" if fault.effect == "before":
            raise _scripted(fault)


def _expired_cursor(fault: Fault, call: Call) -> Refusal:
    code = fault.code or "SyncStateNotFound"
    message = (
        fault.message or "The sync state generation is not found; generation=149;[highest=157]"
    )
    if fault.status == 400:
        return Refusal(400, code, message)
    # The way to a fresh round: a calendar's window lies in the token.
    held = unseal(call.query.get("$deltatoken") or call.query.get("$skiptoken") or "") or {}
    window = (
        {"startDateTime": f"{held['low']}Z", "endDateTime": f"{held['high']}Z"}
        if "low" in held
        else {}
    )
    return Refusal(410, code, message, headers={"Location": link(call, window)})


_USUAL: Mapping[int, tuple[str, str]] = {
    401: ("InvalidAuthenticationToken", "Access token validation failure."),
    403: ("ErrorAccessDenied", "Access is denied. Check credentials and try again."),
    404: ("ErrorItemNotFound", "The specified object was not found in the store."),
    412: ("ErrorIrresolvableConflict", "The send or update operation could not be performed."),
    429: ("TooManyRequests", "Please retry again later."),
    500: ("ErrorInternalServerTransientError", "An internal server error occurred."),
    503: ("ServiceUnavailable", "The service is unavailable."),
    504: ("UnknownError", ""),
    507: ("ErrorQuotaExceeded", "The mailbox has exceeded its maximum mailbox size."),
}


def _scripted(fault: Fault) -> Refusal:
    code, message = _USUAL.get(fault.status, ("UnknownError", ""))
    headers: dict[str, Any] = {}
    if fault.retry_after is not None:
        headers["Retry-After"] = f"{fault.retry_after:g}"
    return Refusal(fault.status, fault.code or code, fault.message or message, headers=headers)


def _tell_units(visit: Visit) -> None:
    assert visit.bucket
    if visit.answer.status < 400:
        visit.answer.headers["x-ms-resource-unit"] = str(visit.units)
    if visit.bucket.used >= 0.8:
        visit.answer.headers["x-ms-throttle-limit-percentage"] = f"{visit.bucket.used:.1f}"
