"""YAML with places: plain values beside the line on which each of them stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

Path: TypeAlias = tuple[str | int, ...]


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


def read(text: str) -> Document:
    """The document in a YAML text. Raises Wrong for what is no YAML, and for a key that stands twice."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Wrong(mark.line + 1 if mark else 1, f"This is not YAML: {error.problem}.") from error
    if node is None:
        raise Wrong(1, "The file is empty.")
    lines: dict[Path, int] = {}
    content = _value(node, (), lines)
    return Document(content, lines)


def _value(node: yaml.Node, path: Path, lines: dict[Path, int]) -> Any:
    lines.setdefault(path, node.start_mark.line + 1)
    match node:
        case yaml.MappingNode():
            return _mapping(node, path, lines)
        case yaml.SequenceNode():
            return [_value(one, (*path, at), lines) for at, one in enumerate(node.value)]
        case _:
            return yaml.SafeLoader("").construct_object(node, deep=True)


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
