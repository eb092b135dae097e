"""The `$filter` language of OData, as far as Graph's directory and Exchange speak it.

A text becomes a `Filter`: a test of one row, with the paths and operators that occur
in it, so that a service can refuse what it does not support.
Source: https://learn.microsoft.com/graph/filter-query-parameter
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from syncengine.sandbox.kernel import Unknown

Scope = Mapping[str, Any]
Value = Callable[[Scope], Any]
Test = Callable[[Scope], bool]

_ROOT = ""
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')"
    r"|(?P<date>\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?(?![\w-]))"
    r"|(?P<guid>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"
    r"|(?P<number>-?\d+(?:\.\d+)?)"
    r"|(?P<name>[A-Za-z_][\w.]*(?:/[$\w.]+)*)"
    r"|(?P<mark>[(),:]))"
)
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "startswith": str.startswith,
    "endswith": str.endswith,
    "contains": str.__contains__,
}
_KEYWORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_EXTENDED = {"singlevalueextendedproperties", "multivalueextendedproperties"}
_GUID = re.compile(r"\{[0-9A-Fa-f-]{36}\}")


class Malformed(ValueError):
    """The text is not a filter; the message says where."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A parsed `$filter`: `matches` tests a row; `paths` and `operators` are what it uses.

    A path below a range variable carries `any`: `emailAddresses/any/address`.
    """

    test: Test
    paths: frozenset[str]
    operators: frozenset[str]

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Whether the row passes."""
        return self.test({_ROOT: row})


def parse(text: str, exact: Collection[str] = ()) -> Filter:
    """Read a `$filter`. Raises Malformed, or Unknown for a function that the sandbox lacks.

    Paths in `exact` hold ids of extended properties, whose names are case-sensitive.
    """
    parser = _Parser(_tokens(text), frozenset(exact))
    test = parser.disjunction()
    parser.expect_end()
    return Filter(test, frozenset(parser.paths), frozenset(parser.operators))


@lru_cache(maxsize=1024)
def property_key(name: str) -> str:
    """An extended property's id as it is compared: the GUID in any case, the name exactly."""
    return _GUID.sub(lambda found: found[0].lower(), name)


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at, end = [], 0, len(text.rstrip())
    while at < end:
        token = _TOKEN.match(text, at)
        if token is None or token.lastgroup is None:
            raise Malformed(f"Syntax error at position {at} in '{text}'.")
        found.append((token.lastgroup, token[token.lastgroup]))
        at = token.end()
    return found


@dataclass(slots=True)
class _Parser:
    """Recursive descent; lambda variables and the collections they range over are a stack."""

    tokens: list[tuple[str, str]]
    exact: frozenset[str]
    at: int = 0
    paths: set[str] = field(default_factory=set)
    operators: set[str] = field(default_factory=set)
    ranges: dict[str, str] = field(default_factory=dict)

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def take(self) -> tuple[str, str]:
        token = self.peek()
        self.at += 1
        return token

    def takes(self, word: str) -> bool:
        """Consume `word` if it comes next."""
        if self.peek() in (("name", word), ("mark", word)):
            self.at += 1
            return True
        return False

    def expect(self, mark: str) -> None:
        if not self.takes(mark):
            raise Malformed(f"'{mark}' expected near '{self.peek()[1]}'.")

    def expect_end(self) -> None:
        if self.at < len(self.tokens):
            raise Malformed(f"Syntax error near '{self.peek()[1]}'.")

    def disjunction(self) -> Test:
        tests = [self.conjunction()]
        while self.takes("or"):
            self.operators.add("or")
            tests.append(self.conjunction())
        return tests[0] if len(tests) == 1 else lambda scope: any(t(scope) for t in tests)

    def conjunction(self) -> Test:
        tests = [self.negation()]
        while self.takes("and"):
            self.operators.add("and")
            tests.append(self.negation())
        return tests[0] if len(tests) == 1 else lambda scope: all(t(scope) for t in tests)

    def negation(self) -> Test:
        if self.takes("not"):
            self.operators.add("not")
            inner = self.negation()
            return lambda scope: not inner(scope)
        if self.takes("("):
            test = self.disjunction()
            self.expect(")")
            return test
        return self.clause()

    def clause(self) -> Test:
        kind, word = self.take()
        if kind != "name":
            raise Malformed(f"A property was expected near '{word}'.")
        if self.peek() == ("mark", "("):
            return self.called(word)
        kind, sign = self.take()
        self.operators.add(sign)
        if sign == "in":
            return self.membership(word)
        if sign not in _COMPARISONS:
            raise Malformed(f"An operator was expected near '{sign}'.")
        return _comparison(self.value_of(word), sign, self.literal(), self.is_exact(word))

    def called(self, word: str) -> Test:
        """`startswith(path, 'x')` or `path/any(v: ...)`; the name has been read."""
        path, _, last = word.rpartition("/")
        if path and last.lower() == "any":
            return self.quantified(path)
        name = word.lower()
        if name not in _FUNCTIONS:
            raise Unknown(f"the function {word}() in $filter")
        self.operators.add(name)
        self.expect("(")
        kind, subject = self.take()
        if kind != "name":
            raise Malformed(f"A property was expected near '{subject}'.")
        self.expect(",")
        wanted = self.literal()
        self.expect(")")
        if not isinstance(wanted, str):
            raise Malformed(f"{word} needs a text.")
        return _string_test(self.value_of(subject), name, wanted, self.is_exact(subject))

    def quantified(self, path: str) -> Test:
        self.operators.add("any")
        items = _reader(_ROOT, path.split("/"))
        self.expect("(")
        kind, variable = self.take()
        if kind != "name" or variable in self.ranges:
            raise Malformed(f"A range variable was expected near '{variable}'.")
        self.expect(":")
        self.ranges[variable] = path
        inner = self.disjunction()
        del self.ranges[variable]
        self.expect(")")
        return lambda scope: any(inner({**scope, variable: one}) for one in items(scope) or ())

    def membership(self, word: str) -> Test:
        value, exact = self.value_of(word), self.is_exact(word)
        self.expect("(")
        wanted = [_folded(self.literal(), exact)]
        while self.takes(","):
            wanted.append(_folded(self.literal(), exact))
        self.expect(")")
        return lambda scope: _folded(value(scope), exact) in wanted

    def literal(self) -> Any:
        kind, word = self.take()
        match kind:
            case "text":
                return word[1:-1].replace("''", "'")
            case "number":
                return float(word) if "." in word else int(word)
            case "date":
                return _moment(word)
            case "guid":
                return word
            case "name" if word in _KEYWORDS:
                return _KEYWORDS[word]
        raise Malformed(f"A value was expected near '{word}'.")

    def is_exact(self, word: str) -> bool:
        """Whether this is the id of an extended property: its name is case-sensitive."""
        first, _, rest = word.partition("/")
        of_property = rest == "id" and self.ranges.get(first, "").lower() in _EXTENDED
        return of_property or word in self.exact

    def value_of(self, word: str) -> Value:
        """How to read a path, from the row or from a range variable."""
        first, *rest = word.split("/")
        if first in self.ranges:
            self.paths.add("/".join([self.ranges[first], "any", *rest]))
            return _reader(first, rest)
        if rest and rest[-1] == "$count":
            self.operators.add("count")
            self.paths.add("/".join([first, *rest[:-1]]))
            items = _reader(_ROOT, [first, *rest[:-1]])
            return lambda scope: len(items(scope) or ())
        self.paths.add(word)
        return _reader(_ROOT, [first, *rest])


def _reader(start: str, steps: list[str]) -> Value:
    def read(scope: Scope) -> Any:
        value = scope[start]
        for step in steps:
            value = value.get(step) if isinstance(value, Mapping) else None
        return value

    return read


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as fault:
        raise Malformed(f"'{text}' is not a date.") from fault
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _folded(value: Any, exact: bool = False) -> Any:
    """A value as it is compared: texts in any case (except the ids of extended properties)."""
    if not isinstance(value, str):
        return value
    return property_key(value) if exact else value.casefold()


def _comparison(value: Value, sign: str, literal: Any, exact: bool) -> Test:
    compare, wanted = _COMPARISONS[sign], _folded(literal, exact)

    def test(scope: Scope) -> bool:
        found = value(scope)
        if isinstance(wanted, datetime) and isinstance(found, str):
            found = _moment(found)
        found = _folded(found, exact)
        if sign in ("eq", "ne"):
            return compare(found, wanted)
        return found is not None and wanted is not None and compare(found, wanted)

    return test


def _string_test(value: Value, name: str, literal: str, exact: bool) -> Test:
    compare, wanted = _FUNCTIONS[name], _folded(literal, exact)

    def test(scope: Scope) -> bool:
        found = value(scope)
        return isinstance(found, str) and compare(_folded(found, exact), wanted)

    return test
