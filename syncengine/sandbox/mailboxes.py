"""Whose mailbox an address means, and whether Exchange lets us in.

Source: https://learn.microsoft.com/graph/errors and
https://github.com/microsoftgraph/microsoft-graph-docs/issues/10745
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncengine.sandbox.kernel import Refusal

if TYPE_CHECKING:
    from syncengine.sandbox.kernel import Call
    from syncengine.sandbox.state import Mailbox

# What Exchange serves below /users/{id}; everything else there is the directory's.
OUTLOOK = frozenset(
    {
        "calendar",
        "calendars",
        "calendargroups",
        "calendarview",
        "contactfolders",
        "contacts",
        "events",
        "mailboxsettings",
        "outlook",
        "photo",
        "photos",
        "translateexchangeids",
    }
)
_READS = frozenset({"GET", "HEAD"})
_EMPTYING = frozenset({"permanentdelete", "cancel", "decline"})
_NO_REST = (
    "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
    "MailboxNotEnabledForRESTAPI",
)


def outlook_user(path: str) -> str | None:
    """The user named in an address that Exchange serves, or None for the directory's addresses."""
    segments = path.strip("/").split("/", 3)
    if len(segments) < 3 or segments[0].lower() != "users":
        return None
    return segments[1] if segments[2].lower() in OUTLOOK else None


def open_mailbox(call: Call, user: str) -> Mailbox:
    """The mailbox of `user` (object id or user principal name), as this call may use it.

    Raises Refusal: 404 where there is none, 403 where it lies outside the app's scope,
    507 for a write into a full one.
    """
    owner = call.world.mailbox_owner(call.tenant, user)
    if owner is None:
        raise Refusal(404, "ResourceNotFound", "Resource could not be discovered.")
    mailbox = call.tenant.mailboxes.get(owner["id"])
    if mailbox is None:
        raise Refusal(404, _NO_REST[1], _NO_REST[0])
    if mailbox.trouble:
        _refuse_trouble(mailbox.trouble, grows=_may_grow(call))
    return mailbox


def _may_grow(call: Call) -> bool:
    """Whether the call may put something into the mailbox; a full one may still be emptied."""
    if call.method in _READS or call.method == "DELETE":
        return False
    return call.path.rstrip("/").rpartition("/")[2].lower() not in _EMPTYING


def _refuse_trouble(trouble: str, *, grows: bool) -> None:
    if trouble in {"unlicensed", "soft-deleted", "on-premises"}:
        raise Refusal(404, _NO_REST[1], _NO_REST[0])
    if trouble == "access-denied":
        raise Refusal(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
    if trouble == "over-quota" and grows:
        raise Refusal(507, "ErrorQuotaExceeded", "The mailbox has exceeded its maximum mailbox size.")
