"""Graph's refusals: their words, and those that a scripted fault puts into its mouth.

Source: https://learn.microsoft.com/graph/errors
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from syncengine.sandbox.kernel import Answer, Call, Refusal
from syncengine.sandbox.odata import link, unseal
from syncengine.sandbox.tokens import unauthenticated

if TYPE_CHECKING:
    from syncengine.sandbox.faults import Fault
    from syncengine.sandbox.state import World


@dataclass(frozen=True, slots=True)
class Ids:
    """The two ids that every answer of Graph carries."""

    request_id: str
    client_request_id: str


def refused(no: Refusal, ids: Ids, world: World) -> Answer:
    """A refusal as an answer: the error object with its ids."""
    extra = dict(no.extra)
    inner = {
        **extra.pop("innerError", {}),
        "date": world.clock.now().strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": ids.request_id,
        "client-request-id": ids.client_request_id,
    }
    error = {"code": no.code, "message": no.message, **extra, "innerError": inner}
    return Answer(no.status, {"error": error}, dict(no.headers))


def too_many(wait: float) -> Refusal:
    """The common 429."""
    return Refusal(
        429,
        "TooManyRequests",
        "Please retry again later.",
        headers={"Retry-After": str(ceil(wait))},
        extra={"innerError": {"code": "429", "status": "429"}},
    )


def scripted_answer(fault: Fault, effect: str, ids: Ids, world: World) -> Answer | None:
    """The answer that a fault gives to a whole batch before or after its effect, if any."""
    if fault.kind == "expired-token" and effect == "before":
        return refused(unauthenticated("Lifetime validation failed, the token is expired."), ids, world)
    if fault.kind == "status" and fault.effect == effect:
        return refused(scripted(fault), ids, world)
    return None


def refuse_before(fault: Fault, call: Call) -> None:
    """Raise what a fault says instead of the call's own answer, if it strikes before it."""
    match fault.kind:
        case "expired-token":
            raise unauthenticated("Lifetime validation failed, the token is expired.")
        case "expired-cursor":
            raise _expired_cursor(fault, call)
        case "status" if fault.effect == "before":
            raise scripted(fault)


def _expired_cursor(fault: Fault, call: Call) -> Refusal:
    code = fault.code or "SyncStateNotFound"
    message = fault.message or "The sync state generation is not found; generation=149;[highest=157]"
    if fault.status == 400:
        return Refusal(400, code, message)
    # The way to a fresh round: a calendar's window lies in the token.
    held = unseal(call.query.get("$deltatoken") or call.query.get("$skiptoken") or "") or {}
    window = {"startDateTime": f"{held['low']}Z", "endDateTime": f"{held['high']}Z"} if "low" in held else {}
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


def scripted(fault: Fault) -> Refusal:
    """The refusal that a fault of kind status orders."""
    code, message = _USUAL.get(fault.status, ("UnknownError", ""))
    headers: dict[str, str] = {}
    if fault.retry_after is not None:
        headers["Retry-After"] = f"{fault.retry_after:g}"
    return Refusal(fault.status, fault.code or code, fault.message or message, headers=headers)
