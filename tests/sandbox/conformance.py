"""Holds answers of the sandbox against the OpenAPI description of Microsoft Graph.

The description lies outside the clone, in `CULVERT_SHARED` (default `../shared`);
tests that use this module carry the marker `shared`.
"""

from __future__ import annotations

import functools
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

ROOT = Path(__file__).parents[2]
DESCRIPTION = Path(os.environ.get("CULVERT_SHARED") or ROOT.parent / "shared") / "graph/openapi-subset.json"

# A test that calls `assert_conforms` is marked with this.
needs_description = [
    pytest.mark.shared,
    pytest.mark.skipif(not DESCRIPTION.exists(), reason=f"CULVERT_SHARED has no {DESCRIPTION.name}"),
]


def assert_conforms(method: str, path: str, status: int, body: Any) -> None:
    """Fail unless `body` is what Graph's description promises for this answer.

    `path` is what follows /v1.0, with or without query. An address that the description
    does not know fails too: the sandbox must not invent addresses.
    """
    template = _template_of(method.lower(), path.split("?", maxsplit=1)[0])
    assert template, f"the description knows no {method} {path}"
    pointer = ["paths", template, method.lower(), "responses", _status_key(method, template, status)]
    schema = _schema_below(pointer)
    if schema is None:
        assert body in (None, b"", ""), f"{method} {path} {status} must have no body"
        return
    _check(schema, _as_json(body), f"{method} {path} {status}")


def _as_json(body: Any) -> Any:
    """Bytes as the description sees them: a number in plain text, or a binary string."""
    if not isinstance(body, bytes):
        return body
    return int(body) if body.isdigit() else body.decode("latin-1")


def assert_is(schema_name: str, body: Any) -> None:
    """Fail unless `body` is valid against one named schema, as `microsoft.graph.event`."""
    reference = f"urn:graph#/components/schemas/{_escaped(schema_name)}"
    _check({"$ref": reference}, body, schema_name)


def _check(schema: dict[str, Any], body: Any, what: str) -> None:
    validator = Draft202012Validator(schema, registry=_registry())
    faults = [f"{'/'.join(map(str, e.path))}: {e.message[:300]}" for e in validator.iter_errors(body)]
    assert not faults, f"{what} does not conform: " + "; ".join(faults[:5])


def _status_key(method: str, template: str, status: int) -> str:
    responses = _description()["paths"][template][method.lower()]["responses"]
    for key in (str(status), f"{status // 100}XX", "default"):
        if key in responses:
            return key
    raise AssertionError(f"{method} {template} never answers {status}: {sorted(responses)}")


def _schema_below(pointer: list[str]) -> dict[str, Any] | None:
    node: Any = _description()
    for step in pointer:
        node = node[step]
    if "$ref" in node:
        pointer = [part.replace("~1", "/").replace("~0", "~") for part in node["$ref"][2:].split("/")]
        node = functools.reduce(lambda at, step: at[step], pointer, _description())
    content = node.get("content")
    if not content:
        return None
    media = next(iter(content))
    steps = [*pointer, "content", media, "schema"]
    return {"$ref": "urn:graph#/" + "/".join(map(_escaped, steps))}


def _escaped(step: str) -> str:
    escaped = step.replace("~", "~0").replace("/", "~1")
    return "".join(c if c.isalnum() or c in "~._-$" else f"%{ord(c):02X}" for c in escaped)


def _template_of(method: str, path: str) -> str | None:
    wanted = "/" + path.strip("/").replace("()", "")
    # What an alternate key leads to is described under the plain one.
    wanted = re.sub(r"\(appId='[^']*'\)/", "/key/", wanted)
    found = [
        template
        for template, pattern in _patterns()
        if pattern.fullmatch(wanted) and method in _description()["paths"][template]
    ]
    # `/users/delta` is also `/users/{user-id}`: the fewest names win.
    return min(found, key=lambda template: template.count("{"), default=None)


@functools.cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    return [
        (template, re.compile(re.sub(r"\\\{[^/}]+\\\}", "[^/]+", re.escape(template)), re.I))
        for template in _description()["paths"]
    ]


@functools.cache
def _description() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(DESCRIPTION.read_text())
    return read


@functools.cache
def _registry() -> Registry[Any]:
    registry: Registry[Any] = Registry()
    known: Registry[Any] = registry.with_resource("urn:graph", DRAFT202012.create_resource(_description()))
    return known
