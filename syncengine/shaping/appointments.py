"""One event, or one changed occurrence, under a policy: whether it is shown, and what it may say."""

from __future__ import annotations

from html import escape

from syncengine.formats.html import clean_html, plain_text
from syncengine.formats.meeting_links import without_meeting_links
from syncengine.formats.text import storable
from syncengine.model.copies import Appointment
from syncengine.model.items import Details
from syncengine.shaping.policy import EventPolicy

PLAIN_WORDS = {
    "busy": "no more than busy is said",
    "title": "the title is said",
    "title_place": "title and place are said",
    "full": "title, place and body are said",
}
"""Levels of detail in words for people."""


def judge(details: Details, policy: EventPolicy) -> tuple[str, tuple[str, ...]]:
    """Why it is left out ("": it is not), and what was found before that."""
    show_as = f"show-as is {details.show_as}"
    declined, private = details.response == "declined", is_private(details)
    checks = (
        (details.is_cancelled and policy.leave_out_cancelled, "it is cancelled", "it is not cancelled"),
        (declined and policy.leave_out_declined, "it is declined", "it is not declined"),
        (details.show_as not in policy.show_as, show_as, show_as),
        (private and policy.private == "leave_out", "it is private", f"sensitivity is {details.sensitivity}"),
    )
    found: list[str] = []
    for is_out, reason, fine in checks:
        if is_out:
            return reason, tuple(found)
        found.append(fine)
    return "", tuple(found)


def is_private(details: Details) -> bool:
    """Whether its owner hides it from others. Outlook's "personal" is a label and hides nothing."""
    return details.sensitivity in ("private", "confidential")


def is_masked(details: Details, policy: EventPolicy) -> bool:
    """Whether only a mask of it is shown."""
    return is_private(details) and policy.private == "mask"


def appointment_of(details: Details, policy: EventPolicy) -> Appointment:
    """What the policy lets it say. Nothing else of it is in the answer, attendees never."""
    if is_masked(details, policy):
        return Appointment(
            when=details.when,
            subject=policy.prefix + policy.mask_subject,
            show_as=details.show_as,
            sensitivity="private",
            reminder_minutes=policy.reminder_minutes,
        )
    subject = policy.busy_subject if policy.detail == "busy" else storable(details.subject)
    body, is_html = _body(details, policy) if policy.detail == "full" else ("", False)
    has_categories = policy.categories and policy.detail != "busy"
    return Appointment(
        when=details.when,
        subject=policy.prefix + subject,
        body=body,
        body_is_html=is_html,
        location=_location(details, policy) if policy.detail in ("title_place", "full") else "",
        show_as=details.show_as,
        sensitivity=details.sensitivity,
        categories=tuple(map(storable, details.categories)) if has_categories else (),
        reminder_minutes=policy.reminder_minutes,
    )


def _location(details: Details, policy: EventPolicy) -> str:
    location = storable(details.location)
    if policy.meeting_links == "text":
        return location
    without = without_meeting_links(location, details.join_url)
    return location if without == location else without.strip(" ;,")


def _body(details: Details, policy: EventPolicy) -> tuple[str, bool]:
    """The body and whether it is HTML. One that shows nothing is empty text."""
    body, url = storable(details.body), storable(details.join_url)
    if policy.meeting_links == "drop":
        body, url = without_meeting_links(body, url), ""
    if not details.body_is_html:
        missing = url and url not in body
        return (f"{body}\n\n{url}".lstrip() if missing else body), False
    body = clean_html(body)
    if not plain_text(body):
        return url, False
    missing = url and escape(url) not in body and url not in body
    return (f"{body}<p>{escape(url)}</p>" if missing else body), True
