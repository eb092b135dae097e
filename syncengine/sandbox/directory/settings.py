"""Mailbox settings: what kind of mailbox it is, and its time zone.

Source: https://learn.microsoft.com/graph/api/user-get-mailboxsettings
"""

from __future__ import annotations

from syncengine.sandbox import odata
from syncengine.sandbox.directory.permissions import READ_SETTINGS
from syncengine.sandbox.kernel import Answer, Call, Json, graph
from syncengine.sandbox.mailboxes import open_mailbox
from syncengine.sandbox.odata import OUTLOOK

# What a mailbox has whose settings nobody touched.
_UNTOUCHED: Json = {"timeZone": "UTC", "userPurpose": "user"}
_PROPERTIES = frozenset(
    {
        "archiveFolder",
        "automaticRepliesSetting",
        "dateFormat",
        "delegateMeetingMessageDeliveryOptions",
        "language",
        "timeFormat",
        "timeZone",
        "userPurpose",
        "workingHours",
    }
)


@graph.route("GET", "/users/{user}/mailboxSettings", needs=READ_SETTINGS)
def get_settings(call: Call, user: str) -> Answer:
    """All settings of a mailbox."""
    shown = settings_of(call, user)
    odata.allow(call, OUTLOOK, "$select")
    names = odata.selected(call, OUTLOOK, "microsoft.graph.mailboxSettings", _PROPERTIES, ())
    if names:
        shown = {name: shown.get(name) for name in names}
    return Answer(200, {"@odata.context": _context(call, user, ""), **shown})


@graph.route("GET", "/users/{user}/mailboxSettings/userPurpose", needs=READ_SETTINGS)
def get_purpose(call: Call, user: str) -> Answer:
    """Whether it is a person's, a shared, a room's or an equipment's mailbox.

    404 MailboxNotEnabledForRESTAPI where there is no usable mailbox.
    Source: https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/6519
    """
    return _one(call, user, "userPurpose")


@graph.route("GET", "/users/{user}/mailboxSettings/timeZone", needs=READ_SETTINGS)
def get_time_zone(call: Call, user: str) -> Answer:
    """The owner's time zone, as a rule by its Windows name."""
    return _one(call, user, "timeZone")


def settings_of(call: Call, user: str) -> Json:
    """The settings of a user's mailbox, without those that Graph has no name for (`_...`).

    Raises what `open_mailbox` raises.
    """
    own = open_mailbox(call, user).settings
    return _UNTOUCHED | {name: value for name, value in own.items() if not name.startswith("_")}


def _one(call: Call, user: str, name: str) -> Answer:
    shown = settings_of(call, user)
    odata.allow(call, OUTLOOK)
    return Answer(200, {"@odata.context": _context(call, user, f"/{name}"), "value": shown[name]})


def _context(call: Call, user: str, rest: str) -> str:
    return f"{call.base}/$metadata#users('{user}')/mailboxSettings{rest}"
