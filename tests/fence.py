"""Which addresses there are, and how to fill those that name an object.

The fence test walks every address as an outsider. An address with a hole in it, such as a
tunnel's id, needs an example here: its name, and a function that makes the object *for the
partner Alder* and says what fills the holes. A floor above adds its own in `tests/<app>/fence.py`
as a dictionary named EXAMPLES.

Everything that an example makes has "Alder" in its name; no outsider may ever read that word.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from partners.models import Member

Example: TypeAlias = Callable[[Member], dict[str, object]]
FLOORS = ("partners", "tenants", "tunnels", "portal")
# Pages that must open for somebody who is not signed in.
PUBLIC = {"account_login", "account_inactive", "account_logout", "mfa_authenticate"}


@dataclass(frozen=True, slots=True)
class Address:
    """One named pattern of the resolver."""

    name: str
    holes: frozenset[str]

    def __str__(self) -> str:
        return self.name


def addresses() -> list[Address]:
    """Every pattern of the portal. A pattern without a name is named by its text."""
    return sorted(_walk(get_resolver().url_patterns, "", frozenset()), key=str)


def examples() -> dict[str, Example]:
    """What every floor has to offer."""
    found: dict[str, Example] = {}
    for floor in FLOORS:
        module = f"tests.{floor}.fence"
        if importlib.util.find_spec(f"tests.{floor}") and importlib.util.find_spec(module):
            found |= importlib.import_module(module).EXAMPLES
    return found


def path_of(address: Address, owner: Member) -> str:
    """A real path of `address` that leads to something of the owner's partner.

    Raises KeyError when the address names an object and nobody has given an example.
    """
    filled = examples()[address.name](owner) if address.holes else {}
    assert filled.keys() == address.holes, f"the example of {address} fills the wrong holes"
    return reverse(address.name, kwargs=filled)


def _walk(patterns: list[URLPattern | URLResolver], space: str, holes: frozenset[str]) -> Iterator[Address]:
    for pattern in patterns:
        here = holes | frozenset(pattern.pattern.converters)
        if isinstance(pattern, URLResolver):
            below = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from _walk(pattern.url_patterns, below, here)
        else:
            yield Address(f"{space}{pattern.name or pattern.pattern}", here)
