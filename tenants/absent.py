"""Why a mailbox cannot be reached: Exchange says the same of all that it does not serve.

It answers alike for a mailbox that was never made, one that is soft-deleted and one that stands
on a server of the client's own; only the directory shows a difference.
Source: https://github.com/microsoftgraph/microsoft-graph-docs/issues/10745
"""

from __future__ import annotations

from dataclasses import dataclass

from tenants.models import DirectoryEntry, Tenant

UNREACHABLE = "no mailbox"
"""The reason under which the connector reports all of them."""


@dataclass(frozen=True, slots=True)
class Absence:
    """A reason that groups equal cases, in words for people, and what to do about it."""

    reason: str
    message: str
    advice: str


ON_PREMISES = Absence(
    "mailbox on premises",
    "The mailbox is not in Exchange Online; the account is kept on premises.",
    "Move the mailbox to Exchange Online, or take it out of the tunnel.",
)
NO_LICENCE = Absence(
    "no licence",
    "The user has no licence, so there is no mailbox.",
    "Give the user an Exchange Online licence, or take the mailbox out of the tunnel.",
)
INACTIVE = Absence(
    "mailbox inactive",
    "The user has a licence, and Exchange shows no mailbox: it is soft-deleted, inactive or not made yet.",
    "Look at the mailbox in the Exchange admin center; restore it, or take it out of the tunnel.",
)


def why_unreachable(tenant: Tenant, mailbox: str) -> Absence | None:
    """What the directory says about a mailbox that Exchange does not serve; None where it knows nobody."""
    entry = DirectoryEntry.objects.filter(tenant=tenant, object_id=mailbox, gone=False).first()
    if entry is None:
        return None
    if entry.person.get("synced") and entry.mail:
        return ON_PREMISES
    return INACTIVE if entry.licensed else NO_LICENCE
