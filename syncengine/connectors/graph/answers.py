"""What an answer of Exchange comes to: a fingerprint that its own rewriting does not change.

Exchange wraps and cleans HTML, shows text as HTML, and names zones as it likes. The fingerprint
of an answer is taken of what is left when that is set aside, so that our own write, read again
on any day, has the fingerprint of the answer to it, and a person's edit has another.
Source: https://learn.microsoft.com/graph/outlook-create-send-messages
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from syncengine.connectors.graph.marks import mark_from
from syncengine.formats.html import seen_text
from syncengine.model.codec import copy_fingerprint
from syncengine.model.copies import Appointment, ContactCopy, Copy, EventCopy
from syncengine.model.identity import Fingerprint, RemoteId
from syncengine.model.time import Timed
from syncengine.ports.writing import Sighting, Written

Json = dict[str, Any]


def answer_of(copy: Copy) -> Fingerprint:
    """The fingerprint of a copy as the target shows it."""
    if isinstance(copy, ContactCopy):
        return copy_fingerprint(copy)
    return copy_fingerprint(plain(copy))


def written(raw: Json, copy: Copy | None, refused: tuple[str, ...] = ()) -> Written:
    """What a write came to: the item as the target shows it now; `copy` is None where it says riddles."""
    return Written(RemoteId(raw["id"]), raw.get("@odata.etag") or "", _known_answer(copy), refused)


def sighting(raw: Json, copy: Copy | None) -> Sighting:
    """An item that was read, with its mark."""
    created = raw.get("createdDateTime") or ""
    etag = raw.get("@odata.etag") or ""
    return Sighting(RemoteId(raw["id"]), etag, mark_from(raw), copy, _known_answer(copy), created)


def _known_answer(copy: Copy | None) -> Fingerprint:
    return answer_of(copy) if copy is not None else Fingerprint("")


def plain(copy: EventCopy) -> EventCopy:
    """The copy without what Exchange may rewrite: two copies that look alike are equal."""
    return replace(
        copy,
        appointment=plain_appointment(copy.appointment),
        exceptions=tuple((day, plain_appointment(said)) for day, said in copy.exceptions),
    )


def plain_appointment(said: Appointment) -> Appointment:
    """The same for one event or occurrence."""
    when = replace(said.when, zone="UTC") if isinstance(said.when, Timed) else said.when
    return replace(
        said,
        when=when,
        body=seen_text(said.body, said.body_is_html),
        body_is_html=False,
        categories=tuple(sorted(set(said.categories))),
    )


def in_words_of(wanted: Appointment, shown: Appointment) -> Appointment:
    """What is shown, with the wanted body where only Exchange's wrapping tells the two apart."""
    if plain_appointment(shown).body != plain_appointment(wanted).body:
        return shown
    return replace(shown, body=wanted.body, body_is_html=wanted.body_is_html)
