"""YAML with places: plain values beside the line on which each of them stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

Path: TypeAlias = tuple[str | int, ...]

LARGEST_BYTES = 1_000_000
DEEPEST = 20
# PostgreSQL's text takes neither; in a file they can be written as escapes.
UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class Wrong(Exception):
    """The file cannot be carried out: a line, and a sentence."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line, self.reason = line, reason


@dataclass(frozen=True, slots=True)
class Document:
    """A file's content, and the line of everything in it by the path that leads there."""

    content: Any
    lines: Mapping[Path, int] = field(default_factory=dict)

    def line_of(self, *path: str | int) -> int:
        """The line of a part, or of what encloses it where the part itself is missing."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def wrong(self, reason: str, *path: str | int) -> Wrong:
        """A fault at this place."""
        return Wrong(self.line_of(*path), reason)


def read(file: bytes) -> Document:
    """The document in a YAML file. Raises Wrong, and nothing else, for whatever is no plain YAML.

    Plain is what a person types into a configuration: no tags, no aliases, no deep nesting, and no
    key that stands twice.
    """
    text = _text(file)
    try:
        for event in _events(text):
            _refuse_tricks(event)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Wrong(mark.line + 1 if mark else 1, f"This is not YAML: {error.problem}.") from error
    if node is None:
        raise Wrong(1, "The file is empty.")
    lines: dict[Path, int] = {}
    content = _value(node, (), lines)
    return Document(content, lines)


def _text(file: bytes) -> str:
    """The characters of a file that is not too large."""
    if len(file) > LARGEST_BYTES:
        raise Wrong(1, f"The file is larger than {LARGEST_BYTES:,} bytes.")
    try:
        return file.decode()
    except UnicodeDecodeError as error:
        raise Wrong(file.count(b"\n", 0, error.start) + 1, "This is not UTF-8.") from error


def _events(text: str) -> Iterator[yaml.Event]:
    """What the parser meets, one after the other: without recursion, however deep the file is."""
    try:
        loader = yaml.SafeLoader(text)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise Wrong(line, f"The character U+{error.character:04X} cannot stand here.") from error
    depth = 0
    while True:
        try:
            event = loader.get_event()  # type: ignore[no-untyped-call]
        except (ValueError, OverflowError) as error:  # an escape beyond the last character there is
            raise Wrong(loader.line + 1, "This is not YAML: a number is out of range.") from error
        if isinstance(event, yaml.StreamEndEvent):
            return
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise Wrong(event.start_mark.line + 1, f"This is nested deeper than {DEEPEST} levels.")
        yield event


def _refuse_tricks(event: yaml.Event) -> None:
    line = event.start_mark.line + 1 if event.start_mark else 1
    if isinstance(event, yaml.AliasEvent):
        raise Wrong(line, f"Aliases such as *{event.anchor} are not used here: write it out.")
    if getattr(event, "tag", None) is not None:
        raise Wrong(line, "Tags such as !!int are not used here: write the plain value.")
    if isinstance(event, yaml.ScalarEvent) and UNSTORABLE.search(event.value):
        raise Wrong(line, "A text holds a character that cannot be stored: NUL, or half of a pair.")


def _value(node: yaml.Node, path: Path, lines: dict[Path, int]) -> Any:
    lines.setdefault(path, node.start_mark.line + 1)
    match node:
        case yaml.MappingNode():
            return _mapping(node, path, lines)
        case yaml.SequenceNode():
            return [_value(one, (*path, at), lines) for at, one in enumerate(node.value)]
        case _:
            return _scalar(node)


def _scalar(node: yaml.Node) -> Any:
    """What a plain value means: YAML takes 2026-13-45 for a date, and then there is no such day."""
    try:
        return yaml.SafeLoader("").construct_object(node, deep=True)
    except (ValueError, OverflowError, yaml.constructor.ConstructorError) as error:
        reason = f"{node.value[:40]!r} looks like a date or a number and is none; quote it if it is a text."
        raise Wrong(node.start_mark.line + 1, reason) from error


def _mapping(node: yaml.MappingNode, path: Path, lines: dict[Path, int]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        key = key_node.value
        if not isinstance(key, str):
            raise Wrong(line, "A name is expected here.")
        if key in content:
            raise Wrong(line, f"{key!r} stands here twice.")
        lines[(*path, key)] = line
        content[key] = _value(value_node, (*path, key), lines)
    return content
