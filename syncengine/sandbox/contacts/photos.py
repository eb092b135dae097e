"""The picture of a contact. It can be set, and never taken away.

Source: https://learn.microsoft.com/graph/api/profilephoto-update
"""

from __future__ import annotations

from syncengine.sandbox.contacts import items, store
from syncengine.sandbox.contacts.items import READ, WRITE, routes
from syncengine.sandbox.kernel import Answer, Call
from syncengine.sandbox.mailboxes import open_mailbox
from syncengine.sandbox.odata import OUTLOOK, allow
from syncengine.sandbox.pictures import described, no_picture, picture_bytes, picture_type


@routes("GET", "/{contact}/photo", needs=READ)
def get_photo(call: Call, user: str, *names: str) -> Answer:
    """What is known about the picture: its size and version."""
    return Answer(200, described(call, _picture(call, user, names)))


@routes("GET", "/{contact}/photo/$value", needs=READ)
def get_picture(call: Call, user: str, *names: str) -> Answer:
    """The picture itself."""
    picture = _picture(call, user, names)
    return Answer(200, picture, {"Content-Type": picture_type(picture)})


@routes("PUT", "/{contact}/photo/$value", needs=WRITE)
@routes("PATCH", "/{contact}/photo/$value", needs=WRITE)
def set_picture(call: Call, user: str, *names: str) -> Answer:
    """Set the picture: JPEG, under 4 MB. The contact has a new version then."""
    mailbox = open_mailbox(call, user)
    allow(call, OUTLOOK)
    key = items.key_at(mailbox, names)
    contact = {**mailbox.contacts[key], store.PHOTO: picture_bytes(call)}
    store.replace(call.world, mailbox, key, contact)
    return Answer(200)


def _picture(call: Call, user: str, names: tuple[str, ...]) -> bytes:
    mailbox = open_mailbox(call, user)
    allow(call, OUTLOOK)
    picture: bytes | None = mailbox.contacts[items.key_at(mailbox, names)].get(store.PHOTO)
    if picture is None:
        raise no_picture()
    return picture
