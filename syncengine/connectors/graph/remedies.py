"""What each refusal of Graph means for us: status and error code become a reply, and a reply a fault.

Codes are the contract, messages are not; messages of Exchange may quote an item, so ours are
our own. Codes are compared in lower case: their case has changed before.
Sources: https://learn.microsoft.com/graph/errors,
https://learn.microsoft.com/graph/delta-query-overview (resynchronisation)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from syncengine.connectors.http import retry_after
from syncengine.errors import CursorExpired, Fault, NeedsAPerson, TryAgain
from syncengine.ports.writing import Fine, Later, Lost, NotThere, Refused, Reply, Stale

CURSOR_EXPIRED = "cursor expired"
ACCESS_DENIED = "access denied"
CONSENT_MISSING = "consent missing"
CROSSING = "occurrence crosses its neighbours"
WAIT_S = 10.0
"""Where a service asks to wait and does not say how long."""

_NO_RESYNC = frozenset({"syncstatenotfound", "syncstateinvalid", "resyncrequired", "invaliddeltatoken"})
_NO_MAILBOX = frozenset(
    {
        "mailboxnotenabledforrestapi",
        "errornonexistentmailbox",
        "resourcenotfound",
        "request_resourcenotfound",
        "errorinvaliduser",
        "extensionerror",
    }
)
_FULL = frozenset({"errorquotaexceeded", "quotalimitreached", "errormessagesizeexceeded"})
_CONFLICT = frozenset({"errorirresolvableconflict"})
_WITH_AN_OBJECT = frozenset({200, 201})
_HURRIED = frozenset({423, 429, 509})
_UNDONE = frozenset({"concurrentitemsave"})

CONSENT_ADVICE = "Ask a Global Administrator of the tenant to grant consent again."
_MAILBOX_ADVICE = {
    "no mailbox": "Give the user an Exchange Online licence or take them out of the tunnel.",
    ACCESS_DENIED: "Let the application reach this mailbox in Exchange, or take it out of the tunnel.",
    "mailbox full": "Free space in the mailbox or raise its quota.",
}
_MAILBOX_MESSAGE = {
    "no mailbox": "The user has no mailbox in Exchange Online that can be reached.",
    ACCESS_DENIED: "Exchange does not let the application into this mailbox.",
    "mailbox full": "The mailbox is full.",
}


@dataclass(frozen=True, slots=True)
class Duplicate(Refused):
    """An event was made with this transactionId before; `existing` is its id, where we were told.

    Source: https://learn.microsoft.com/graph/api/resources/event
    """

    existing: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a status answers: the method, and the path as it was asked for."""

    method: str
    url: str

    @property
    def is_read(self) -> bool:
        """Whether it changes nothing."""
        return self.method == "GET"

    @property
    def is_repeatable(self) -> bool:
        """Whether doing it twice comes to the same: everything but a POST that makes something new."""
        return self.method != "POST" or self.url.endswith("/permanentDelete")

    @property
    def is_outlook(self) -> bool:
        """Whether Exchange serves it, not the directory."""
        return self.permission != ""

    @property
    def permission(self) -> str:
        """The first word of the application permission it needs in a mailbox, "" in the directory."""
        steps = self.url.partition("?")[0].strip("/").split("/")
        if len(steps) < 3 or steps[0].lower() != "users":
            return ""
        room = steps[2].lower()
        if room.startswith(("calendar", "events")):
            return "Calendars"
        if room.startswith("contact"):
            return "Contacts"
        return "MailboxSettings" if room == "mailboxsettings" else ""


def reply_of(status: int, headers: Mapping[str, str], body: Any, asked: Asked) -> Reply:
    """What one answer means, whether it came alone or as a part of a batch."""
    if 200 <= status < 300:
        if status in _WITH_AN_OBJECT and not isinstance(body, dict):
            return Lost()  # It was spoilt on its way: nothing was read, and something may have been written.
        said = body if isinstance(body, dict) else {}
        return Fine(said, said.get("@odata.etag") or headers.get("ETag") or "")
    error = _error_of(body)
    code = str(error.get("code") or "")
    return _by_code(code.lower(), error, asked) or _by_status(status, code, retry_after(headers), asked)


def fault_of(reply: Reply) -> Fault:
    """What a reply that is not Fine means to a reader, ready to be raised."""
    match reply:
        case Refused(reason=reason) if reason == CURSOR_EXPIRED:
            return CursorExpired("The service has forgotten our cursor.")
        case Refused(reason=reason, message=message, advice=advice, scope=scope):
            reach: Literal["tenant", "mailbox", "collection"] = "collection" if scope == "item" else scope
            return NeedsAPerson(message, reason=reason, advice=advice, scope=reach)
        case NotThere():
            return NeedsAPerson(
                "What we read from is not there any more.",
                reason="not found",
                advice="Choose another source, or restore this one.",
                scope="collection",
            )
        case Later(after=after, reason=reason):
            return TryAgain(f"The service asks us to wait ({reason or 'no reason given'}).", after=after)
        case _:
            return TryAgain("The service did not give an answer that can be used.")


def consent_missing(message: str = "The tenant no longer lets us do this.") -> Refused:
    """Refused for the whole tenant: a permission was never granted, or was taken back."""
    return Refused(CONSENT_MISSING, message, CONSENT_ADVICE, "tenant")


def _error_of(body: Any) -> Mapping[str, Any]:
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {}


def _by_code(code: str, error: Mapping[str, Any], asked: Asked) -> Reply | None:
    """Codes that mean the same under whatever status they come."""
    if code in _NO_RESYNC:
        return _expired()
    if code == "errorduplicatetransactionid":
        existing = str(error.get("@event.existingEventId") or "")
        return Duplicate("duplicate", "This event was made before.", existing=existing)
    if code == "erroroccurrencecrossingboundary":
        return Refused(CROSSING, "Exchange does not move an occurrence across its neighbours.")
    if code in _NO_MAILBOX:
        return _mailbox("no mailbox") if asked.is_outlook else NotThere()
    if code in _FULL:
        return _mailbox("mailbox full")
    if code in _CONFLICT:
        return Stale()
    return Lost() if code in _UNDONE else None


def _by_status(status: int, code: str, after: float | None, asked: Asked) -> Reply:
    if status in _HURRIED:
        return Later(WAIT_S if after is None else after, code or str(status))
    if status >= 500 and status != 501:
        return _failing(status, code, after, asked)
    match status:
        case 401:
            return consent_missing("The tenant does not accept our sign-in any more.")
        case 403:
            return _forbidden(code, asked)
        case 404:
            return NotThere()
        case 410:
            return _expired()
        case 412:
            return Stale()
    return Refused(
        code or str(status),
        f"Microsoft 365 refuses this ({code or status}).",
        "Look at the item in its source; if nothing is wrong with it, tell the support.",
    )


def _forbidden(code: str, asked: Asked) -> Refused:
    if asked.is_outlook and code.lower() != "authorization_requestdenied":
        return _mailbox(ACCESS_DENIED)
    return consent_missing()


def _failing(status: int, code: str, after: float | None, asked: Asked) -> Reply:
    """A server that fails: a read is asked again, a write may have been done.

    503 says that nothing was done; a POST that makes something new is looked up all the same.
    Source: https://github.com/microsoftgraph/msgraph-sdk-ruby/issues/38
    """
    if status == 507:
        return _mailbox("mailbox full")
    if asked.is_read or (status == 503 and asked.is_repeatable):
        return Later(WAIT_S if after is None else after, code or str(status))
    return Lost(after or 0.0)


def _expired() -> Refused:
    return Refused(CURSOR_EXPIRED, "The service has forgotten our cursor.", scope="collection")


def _mailbox(reason: str) -> Refused:
    return Refused(reason, _MAILBOX_MESSAGE[reason], _MAILBOX_ADVICE[reason], "mailbox")
