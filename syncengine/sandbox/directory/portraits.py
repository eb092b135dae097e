"""Pictures of users. No delta tells of them, and they outlive no mailbox.

Source: https://learn.microsoft.com/graph/api/profilephoto-get
"""

from __future__ import annotations

import base64

from syncengine.sandbox import odata
from syncengine.sandbox.directory import changes
from syncengine.sandbox.directory.permissions import READ_USERS, WRITE_USERS
from syncengine.sandbox.directory.users import user_at
from syncengine.sandbox.kernel import Answer, Call, Json, Refusal, graph
from syncengine.sandbox.mailboxes import open_mailbox
from syncengine.sandbox.odata import OUTLOOK
from syncengine.sandbox.pictures import described, no_picture, picture_bytes, picture_type


@graph.route("GET", "/users/{user}/photo", needs=READ_USERS)
def get_photo(call: Call, user: str) -> Answer:
    """What is known about the picture."""
    return Answer(200, described(call, _picture(call, user)))


@graph.route("GET", "/users/{user}/photo/$value", needs=READ_USERS)
def get_picture(call: Call, user: str) -> Answer:
    """The picture itself."""
    picture = _picture(call, user)
    return Answer(200, picture, {"Content-Type": picture_type(picture)})


@graph.route("PUT", "/users/{user}/photo/$value", needs=WRITE_USERS)
def set_picture(call: Call, user: str) -> Answer:
    """Set the picture: under 4 MB."""
    row = _owner(call, user)
    changes.touch_photo(row, base64.b64encode(picture_bytes(call)).decode())
    return Answer(200)


@graph.route("DELETE", "/users/{user}/photo/$value", needs=WRITE_USERS)
def delete_picture(call: Call, user: str) -> Answer:
    """Take the picture away."""
    _picture(call, user)
    changes.touch_photo(_owner(call, user), None)
    return Answer(204)


def _owner(call: Call, user: str) -> Json:
    odata.allow(call, OUTLOOK)
    row = user_at(call, user)
    if row["id"] not in call.tenant.mailboxes:
        message = "The specified user does not have a valid mailbox."
        raise Refusal(404, "ErrorNonExistentMailbox", message)
    open_mailbox(call, user)
    return row


def _picture(call: Call, user: str) -> bytes:
    kept = _owner(call, user).get("_photo")
    if kept is None:
        raise no_picture()
    return base64.b64decode(kept)
