"""Addresses of mailboxes, calendars, folders and their items, relative to Graph's root."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote, urlencode

IMMUTABLE = 'IdType="ImmutableId"'
IN_UTC = 'outlook.timezone="UTC"'
ITEM_HEADERS = {"Prefer": f"{IMMUTABLE}, {IN_UTC}"}
"""Sent with every request about items: ids that survive a move, times that need no guess."""

DEFAULT_CONTACTS = "default"
"""Stands for the id of the default contact folder, which Graph does not list.

Source: https://learn.microsoft.com/graph/known-issues
"""


def mailbox_path(mailbox: str) -> str:
    """A user's mailbox, by object id."""
    return f"/users/{segment(mailbox)}"


@lru_cache(maxsize=1024)
def calendar_path(mailbox: str, calendar: str | None) -> str:
    """A calendar by its id, or the default one."""
    if calendar is None:
        return f"{mailbox_path(mailbox)}/calendar"
    return f"{mailbox_path(mailbox)}/calendars/{segment(calendar)}"


def event_path(mailbox: str, calendar: str | None, event: str) -> str:
    """An event through its calendar: one in a shared calendar is found only there.

    Source: https://github.com/OpenWhispr/openwhispr/pull/1835
    """
    return f"{calendar_path(mailbox, calendar)}/events/{segment(event)}"


def same_event_path(mailbox: str, calendar: str | None, uid: str) -> str:
    """The events of a calendar that are the one with this iCalUId: one, or none if it lies elsewhere.

    A read by id may find an event that lies in Deleted Items or in another calendar by now.
    """
    text = uid.replace("'", "''")
    path = f"{calendar_path(mailbox, calendar)}/events"
    return with_query(path, filter=f"iCalUId eq '{text}'", select="id")


@lru_cache(maxsize=1024)
def contacts_path(mailbox: str, folder: str) -> str:
    """The contacts of a folder."""
    if folder == DEFAULT_CONTACTS:
        return f"{mailbox_path(mailbox)}/contacts"
    return f"{contact_folder_path(mailbox, folder)}/contacts"


def contact_folder_path(mailbox: str, folder: str) -> str:
    """A contact folder by its id."""
    return f"{mailbox_path(mailbox)}/contactFolders/{segment(folder)}"


def contact_path(mailbox: str, folder: str, contact: str) -> str:
    """One contact of a folder."""
    return f"{contacts_path(mailbox, folder)}/{segment(contact)}"


def with_query(path: str, **options: str) -> str:
    """A path with OData options: `select="id"` becomes `$select=id`; other names stay as they are."""
    named = {_ODATA.get(name, name): value for name, value in options.items()}
    # Spaces as %20: Graph does not take "+" for one in a filter.
    # Source: https://learn.microsoft.com/graph/api/singlevaluelegacyextendedproperty-get
    return f"{path}?{urlencode(named, safe='$,()/=;', quote_via=quote)}"


_ODATA = {name: f"${name}" for name in ("select", "expand", "filter", "top", "count")}


def segment(text: str) -> str:
    """One step of a path; ids of Exchange hold "=", "-" and "_", which may stay."""
    return quote(text, safe="=-_")
