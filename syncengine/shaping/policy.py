"""What a tunnel lets through, and in what shape; as JSON and back.

Every default tells the target as little as is useful.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from difflib import get_close_matches
from typing import Any, Literal

from syncengine.model.items import PersonKind, ShowAs
from syncengine.model.time import Window, window_around
from syncengine.shaping.readers import (
    PolicyError,
    Reader,
    called,
    choice,
    choices,
    flag,
    or_none,
    text,
    texts,
    whole,
)

__all__ = [
    "ContactPolicy",
    "EventPolicy",
    "Policy",
    "PolicyError",
    "PolicyKind",
    "policy_from_json",
    "policy_to_json",
]

Detail = Literal["busy", "title", "title_place", "full"]
Private = Literal["mask", "leave_out", "as_others"]
MeetingLinks = Literal["text", "drop"]
Licensed = Literal["any", "licensed_or_contact"]
Hidden = Literal["respect", "show"]

LONGEST_WINDOW_DAYS = 1825 - 62
"""Exchange shows at most 1825 days at once, and a feed's window is a month wider on both sides.

Source: https://github.com/microsoftgraph/microsoft-graph-docs/issues/6284
"""


@dataclass(frozen=True, slots=True)
class EventPolicy:
    """Which events are copied, and how much of them is said.

    `detail` holds for all but masked events. `show_as` lists those that are copied.
    `meeting_links`: "text" puts the join link into the body as text; "drop" takes links into
    meetings out of body and place. `reminder_minutes` None: copies never remind anybody.
    """

    detail: Detail = "title"
    private: Private = "mask"
    mask_subject: str = "Private appointment"
    show_as: tuple[ShowAs, ...] = ("tentative", "busy", "oof", "workingElsewhere")
    leave_out_declined: bool = True
    leave_out_cancelled: bool = True
    prefix: str = ""
    busy_subject: str = "Busy"
    days_before: int = 30
    days_after: int = 180
    meeting_links: MeetingLinks = "drop"
    reminder_minutes: int | None = None
    categories: bool = False
    skip_if_owner_takes_part: bool = True

    def window(self, today: date) -> Window:
        """The instants that the tunnel keeps in step, `today` being the date in UTC."""
        return window_around(today, self.days_before, self.days_after)


@dataclass(frozen=True, slots=True)
class ContactPolicy:
    """Which entries of an address list are copied.

    `enabled_only` and `licensed` ask users and guests only: the accounts of shared mailboxes and
    rooms are disabled and unlicensed by nature, and who wants them chooses their kind. Empty
    `groups`, `departments`, `companies` and `attributes` ask nothing; words are compared without case.
    """

    kinds: tuple[PersonKind, ...] = ("user", "org_contact")
    enabled_only: bool = True
    licensed: Licensed = "any"
    needs_mail: bool = False
    needs_phone: bool = False
    hidden: Hidden = "respect"
    groups: tuple[str, ...] = ()
    without_groups: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    companies: tuple[str, ...] = ()
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    leave_out_own_entry: bool = True


Policy = EventPolicy | ContactPolicy
PolicyKind = Literal["events", "contacts"]

ATTRIBUTES = ("job_title", "department", "company", "office", "city", "state", "postal_code", "country")
"""Fields of a person that `attributes` may ask for."""


def policy_from_json(kind: PolicyKind, data: Mapping[str, Any]) -> Policy:
    """The policy that `data` asks for; what it does not name has its default. Raises PolicyError."""
    if kind not in _READERS:
        raise PolicyError("", f'There are policies for "events" and for "contacts", none for "{kind}".')
    if not isinstance(data, Mapping):
        raise PolicyError("", f"A policy is a table of names and values, not {called(data)}.")
    readers = _READERS[kind]
    asked = {name: _reader(readers, name)(name, value) for name, value in data.items()}
    policy = EventPolicy(**asked) if kind == "events" else ContactPolicy(**asked)
    _refuse_contradictions(policy)
    return policy


def policy_to_json(policy: Policy) -> dict[str, Any]:
    """The whole policy, defaults too: a default that changes later changes no stored policy."""
    said: dict[str, Any] = {field.name: getattr(policy, field.name) for field in fields(policy)}
    if isinstance(policy, ContactPolicy):
        said["attributes"] = {name: list(values) for name, values in policy.attributes}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in said.items()}


def _reader(readers: Mapping[str, Reader], name: str) -> Reader:
    if name in readers:
        return readers[name]
    near = get_close_matches(str(name), readers, n=1)
    hint = f'Did you mean "{near[0]}"?' if near else f"Known are: {', '.join(sorted(readers))}."
    raise PolicyError(str(name), f"There is no such setting. {hint}")


def _refuse_contradictions(policy: Policy) -> None:
    if isinstance(policy, ContactPolicy):
        both = sorted(set(policy.groups) & set(policy.without_groups))
        if both:
            raise PolicyError("without_groups", f'The group "{both[0]}" is asked for and left out.')
        return
    days = policy.days_before + policy.days_after + 1
    if days > LONGEST_WINDOW_DAYS:
        message = f"The window has {days} days; at most {LONGEST_WINDOW_DAYS} can be kept in step."
        raise PolicyError("days_after", message)
    if policy.meeting_links == "text" and policy.detail != "full":
        raise PolicyError("meeting_links", 'Links are part of the body; they need detail "full".')
    if policy.categories and policy.detail == "busy":
        raise PolicyError("categories", 'Categories say more than detail "busy" allows.')


def _attributes(path: str, value: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(value, Mapping):
        raise PolicyError(path, f"A table of fields and allowed values is expected, not {called(value)}.")
    asked = []
    for name, allowed in value.items():
        if name not in ATTRIBUTES:
            raise PolicyError(f"{path}.{name}", f"Known fields are: {', '.join(ATTRIBUTES)}.")
        words = texts(f"{path}.{name}", allowed)
        if not words:
            raise PolicyError(f"{path}.{name}", "With an empty list nobody would be copied; name a value.")
        asked.append((name, words))
    return tuple(sorted(asked))


_EVENTS: dict[str, Reader] = {
    "detail": choice(Detail),
    "private": choice(Private),
    "mask_subject": text(100),
    "show_as": choices(ShowAs),
    "leave_out_declined": flag,
    "leave_out_cancelled": flag,
    "prefix": text(40, may_be_empty=True),
    "busy_subject": text(100),
    "days_before": whole(0, LONGEST_WINDOW_DAYS),
    "days_after": whole(1, LONGEST_WINDOW_DAYS),
    "meeting_links": choice(MeetingLinks),
    "reminder_minutes": or_none(whole(0, 40320)),
    "categories": flag,
    "skip_if_owner_takes_part": flag,
}
_CONTACTS: dict[str, Reader] = {
    "kinds": choices(PersonKind),
    "enabled_only": flag,
    "licensed": choice(Licensed),
    "needs_mail": flag,
    "needs_phone": flag,
    "hidden": choice(Hidden),
    "groups": texts,
    "without_groups": texts,
    "departments": texts,
    "companies": texts,
    "attributes": _attributes,
    "leave_out_own_entry": flag,
}
_READERS: dict[str, dict[str, Reader]] = {"events": _EVENTS, "contacts": _CONTACTS}
