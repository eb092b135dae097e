"""The rules of the house that no linter knows; `make check` runs this file, tests try it.

Each rule is a function from the project's folder to sentences, one per fault.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("portal", "partners", "tenants", "tunnels", "syncengine", "tests")
LONGEST_FILE = 400
LONGEST_FUNCTION = 50
# Django loads models after the modules of applications: these import when they are ready.
MAY_IMPORT_LATE = {"partners/apps.py", "tenants/apps.py", "tunnels/apps.py"}
# Settings read the environment; the others tell it which settings, or give children an address.
MAY_KNOW_THE_ENVIRONMENT = {
    "manage.py",
    "portal/settings.py",
    "portal/wsgi.py",
    "portal/postgres.py",
    "portal/demo/processes.py",
    # Configuration files name secrets as env:NAME.
    "tunnels/configuration/environment.py",
}
EMPTY_NAMES = {"utils", "helpers", "common", "misc", "manager", "base", "util", "helper"}
INLINE = re.compile(
    r"<style|\sstyle\s*=|<script(?![^>]*\ssrc=)|\son[a-z]+\s*=\s*[\"']|javascript:", re.IGNORECASE
)

REGISTRY = re.compile(r'^--?(?:index|extra-index|find-links|[if] )|"resolved"|@ (?:file|http)', re.MULTILINE)


def faults(root: Path = ROOT) -> list[str]:
    """Every fault of every rule."""
    rules = (long_files, long_functions, silent_modules, late_imports)
    more = (readers_of_the_environment, empty_names, inline_in_templates, addresses_in_locks)
    return [fault for rule in (*rules, *more) for fault in rule(root)]


def long_files(root: Path) -> Iterator[str]:
    """No file has more lines than a person keeps in mind."""
    for path in [*_modules(root), *_pages(root)]:
        count = len(path.read_text().splitlines())
        if count > LONGEST_FILE:
            yield f"{_name(root, path)} has {count} lines; {LONGEST_FILE} are allowed."


def long_functions(root: Path) -> Iterator[str]:
    """No function has more lines than a screen."""
    for path in _modules(root):
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    yield f"{_name(root, path)}:{node.lineno} {node.name} has {length} lines."


def silent_modules(root: Path) -> Iterator[str]:
    """Every module that holds something says what it is, tests included."""
    for path in _modules(root):
        if path.read_text().strip() and not ast.get_docstring(_tree(path)):
            yield f"{_name(root, path)} has no docstring."


def late_imports(root: Path) -> Iterator[str]:
    """Imports stand at the top, where the layers can be seen."""
    for path in _modules(root):
        name = _name(root, path)
        if name.startswith("tests/") or name in MAY_IMPORT_LATE:
            continue
        for function in ast.walk(_tree(path)):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.Import | ast.ImportFrom):
                        yield f"{name}:{node.lineno} imports inside {function.name}."


def readers_of_the_environment(root: Path) -> Iterator[str]:
    """The environment is read in settings and nowhere else."""
    for path in _modules(root):
        name = _name(root, path)
        if name.startswith("tests/") or name in MAY_KNOW_THE_ENVIRONMENT:
            continue
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}:
                yield f"{name}:{node.lineno} reads the environment."


def empty_names(root: Path) -> Iterator[str]:
    """A module is named after what it holds."""
    for path in _modules(root):
        if path.stem in EMPTY_NAMES or path.parent.name in EMPTY_NAMES:
            yield f"{_name(root, path)} has a name that says nothing."


def inline_in_templates(root: Path) -> Iterator[str]:
    """Neither style nor script stands in a page: the browser is told to refuse them."""
    for path in (root / "templates").rglob("*.html"):
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            if INLINE.search(line):
                yield f"{_name(root, path)}:{number} has style or script in the page."


def addresses_in_locks(root: Path) -> Iterator[str]:
    """Lock files hold hashes, and no address of a registry: each machine has its own."""
    for path in [*sorted((root / "requirements").glob("*.txt")), root / "package-lock.json"]:
        if path.exists() and REGISTRY.search(path.read_text()):
            yield f"{_name(root, path)} names a registry."


def _modules(root: Path) -> list[Path]:
    """Every Python file that a person wrote."""
    found = [root / "manage.py"] if (root / "manage.py").exists() else []
    for room in ROOMS:
        found += sorted((root / room).rglob("*.py"))
    return [path for path in found if path.parent.name != "migrations"]


def _pages(root: Path) -> list[Path]:
    static = [*(root / "static").glob("*.css"), *(root / "static").glob("*.js")]
    return sorted([*(root / "templates").rglob("*.html"), *static])


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def _name(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


if __name__ == "__main__":
    found = faults()
    sys.stdout.writelines(f"{fault}\n" for fault in found)
    sys.exit(1 if found else 0)
