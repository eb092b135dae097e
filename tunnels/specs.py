"""What a tunnel member says about itself: which collection it gives, which mailboxes take.

A spec is stored as JSON and read here, by pages, configuration files and workers alike. A fault
names the key, so that a configuration file can name the line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

KINDS = ("user", "shared", "room", "equipment")
FILTER_KEYS = ("kind", "group", "department", "company", "office", "title", "country", "licensed", "enabled")


class BadSpec(ValueError):
    """A spec that cannot be meant. `path` leads to the key at fault."""

    def __init__(self, message: str, *path: str | int) -> None:
        super().__init__(message)
        self.path = path


@dataclass(frozen=True, slots=True)
class CalendarOf:
    """A calendar of a mailbox: its default one, or one by name."""

    mailbox: str
    calendar: str = ""


@dataclass(frozen=True, slots=True)
class AddressList:
    """The tenant's Global Address List; which of its entries is the policy's matter."""


Gives = CalendarOf | AddressList


@dataclass(frozen=True, slots=True)
class Takes:
    """A rule that names mailboxes: exactly one of the four ways, minus exclusions.

    `mailboxes` and `exclude` hold addresses, user principal names or object ids, in lower case.
    """

    way: Literal["mailboxes", "group", "all_users", "filter"]
    mailboxes: tuple[str, ...] = ()
    group: str = ""
    filter: Mapping[str, Any] = field(default_factory=dict)
    exclude: tuple[str, ...] = ()


def gives_of(spec: Mapping[str, Any]) -> Gives:
    """The source that a member's spec names. Raises BadSpec."""
    _only(spec, ("mailbox", "calendar", "address_list"))
    if "address_list" in spec:
        if spec["address_list"] is not True or len(spec) > 1:
            raise BadSpec("address_list is true and stands alone.", "address_list")
        return AddressList()
    return CalendarOf(_word(spec, "mailbox").lower(), _word(spec, "calendar", ""))


def takes_of(spec: Mapping[str, Any]) -> Takes:
    """The rule that a member's spec names. Raises BadSpec."""
    _only(spec, ("mailboxes", "group", "all_users", "filter", "exclude"))
    ways = [way for way in ("mailboxes", "group", "all_users", "filter") if way in spec]
    if len(ways) != 1:
        raise BadSpec("Name exactly one of mailboxes, group, all_users, filter.")
    exclude = _words(spec, "exclude")
    match ways[0]:
        case "mailboxes":
            listed = _words(spec, "mailboxes")
            if not listed:
                raise BadSpec("The list of mailboxes is empty.", "mailboxes")
            return Takes("mailboxes", mailboxes=listed, exclude=exclude)
        case "group":
            return Takes("group", group=_word(spec, "group"), exclude=exclude)
        case "all_users":
            if spec["all_users"] is not True:
                raise BadSpec("all_users is true, or is left out.", "all_users")
            return Takes("all_users", exclude=exclude)
        case _:
            return Takes("filter", filter=_filter(spec["filter"]), exclude=exclude)


def _filter(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not value:
        raise BadSpec(f"A filter names at least one of {', '.join(FILTER_KEYS)}.", "filter")
    for key, wanted in value.items():
        _check_filter(key, wanted)
    return dict(value)


def _check_filter(key: str, wanted: Any) -> None:
    if key not in FILTER_KEYS:
        raise BadSpec(f"A filter knows {', '.join(FILTER_KEYS)}; not {key!r}.", "filter", key)
    if key in ("licensed", "enabled"):
        if not isinstance(wanted, bool):
            raise BadSpec(f"{key} is true or false.", "filter", key)
        return
    words = wanted if isinstance(wanted, list) else [wanted]
    if not words or not all(isinstance(word, str) and word.strip() for word in words):
        raise BadSpec(f"{key} is a word or a list of words.", "filter", key)
    if key == "kind" and not set(words) <= set(KINDS):
        raise BadSpec(f"kind is one of {', '.join(KINDS)}.", "filter", key)


def _only(spec: Mapping[str, Any], keys: Sequence[str]) -> None:
    for key in spec:
        if key not in keys:
            raise BadSpec(f"{key!r} is not known here; known are {', '.join(keys)}.", str(key))


def _word(spec: Mapping[str, Any], key: str, default: str | None = None) -> str:
    value = spec.get(key, default)
    if not isinstance(value, str) or (default is None and not value.strip()):
        raise BadSpec(f"{key} is missing or not a text.", key)
    return value.strip()


def _words(spec: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = spec.get(key, [])
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise BadSpec(f"{key} is a list.", key)
    for place, word in enumerate(value):
        if not isinstance(word, str) or not word.strip():
            raise BadSpec(f"{key} holds texts only.", key, place)
    return tuple(word.strip().lower() for word in value)
