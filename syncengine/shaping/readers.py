"""Reading the values of a policy: each reader takes one value or says, for people, what is expected."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, get_args

Reader = Callable[[str, Any], Any]

_UNSHOWN = {"Cc", "Cs", "Zl", "Zp"}
"""Control characters, halves of surrogate pairs, line and paragraph separators."""


class PolicyError(ValueError):
    """This policy cannot be carried out; `path` says where, `message` what is wrong and what would do."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path, self.message = path, message


def choice(literal: Any) -> Reader:
    """Exactly one of the values of a Literal."""
    allowed = get_args(literal)

    def read(path: str, value: Any) -> str:
        if isinstance(value, str) and value in allowed:
            return value
        known = ", ".join(f'"{one}"' for one in allowed)
        raise PolicyError(path, f"One of {known} is expected, not {called(value)}.")

    return read


def choices(literal: Any) -> Reader:
    """Some of the literal's values, at least one; in the literal's order, so that equal sets are equal."""
    allowed, one = get_args(literal), choice(literal)

    def read(path: str, value: Any) -> tuple[str, ...]:
        chosen = {one(place, entry) for place, entry in entries(path, value)}
        if not chosen:
            raise PolicyError(path, "With an empty list nothing would be copied; name at least one.")
        return tuple(name for name in allowed if name in chosen)

    return read


def flag(path: str, value: Any) -> bool:
    """True or false, not 0 or 1."""
    if isinstance(value, bool):
        return value
    raise PolicyError(path, f"true or false is expected, not {called(value)}.")


def whole(low: int, high: int) -> Reader:
    """A whole number within bounds."""

    def read(path: str, value: Any) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        raise PolicyError(path, f"A whole number from {low} to {high} is expected, not {called(value)}.")

    return read


def or_none(reader: Reader) -> Reader:
    """Nothing, or what another reader takes."""
    return lambda path, value: None if value is None else reader(path, value)


def text(longest: int, *, may_be_empty: bool = False) -> Reader:
    """One line of text."""

    def read(path: str, value: Any) -> str:
        if not isinstance(value, str):
            raise PolicyError(path, f"A text is expected, not {called(value)}.")
        if len(value) > longest:
            raise PolicyError(path, f"The text has {len(value)} characters; at most {longest} are possible.")
        if any(unicodedata.category(character) in _UNSHOWN for character in value):
            raise PolicyError(path, "The text holds a line break or another character that cannot be shown.")
        if not (may_be_empty or value.strip()):
            raise PolicyError(path, "The text is empty.")
        return value

    return read


def texts(path: str, value: Any) -> tuple[str, ...]:
    """A list of words, without doubles and the space around them."""
    one = text(200)
    return tuple(dict.fromkeys(one(place, entry).strip() for place, entry in entries(path, value)))


def entries(path: str, value: Any) -> list[tuple[str, Any]]:
    """The entries of a list, each with its place."""
    if not isinstance(value, (list, tuple)):
        raise PolicyError(path, f"A list is expected, not {called(value)}.")
    return [(f"{path}[{place}]", entry) for place, entry in enumerate(value)]


def called(value: Any) -> str:
    """What a person would call the value; long ones by their kind only."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{value}"' if len(value) <= 40 else "a long text"
        case int() | float():
            return str(value)
        case list() | tuple():
            return "a list"
        case _:
            return "a table" if isinstance(value, Mapping) else "something else"
