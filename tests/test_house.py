"""The house keeps its own rules, and each rule finds the fault it is there for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import house


def test_the_house_keeps_its_rules():
    assert house.faults() == []


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        (house.long_files, "portal/long.py", '"""Long."""\n' * 401),
        (house.long_files, "static/portal.css", "a{}\n" * 401),
        (house.long_functions, "portal/f.py", "def f():\n" + "    pass\n" * 50),
        (house.silent_modules, "tests/silent.py", "x = 1\n"),
        (house.late_imports, "tenants/late.py", "def f():\n    import os\n"),
        (house.readers_of_the_environment, "tunnels/env.py", "import os\nos.environ['A']\n"),
        (house.empty_names, "partners/utils.py", '"""Of what?"""\n'),
        (house.inline_in_templates, "templates/a.html", '<p style="color: red">'),
        (house.inline_in_templates, "templates/a.html", "<script>alert(1)</script>"),
        (house.inline_in_templates, "templates/a.html", '<a onclick="go()">'),
        (house.addresses_in_locks, "requirements/a.txt", "--index-url https://pypi.example\n"),
        (house.addresses_in_locks, "requirements/a.txt", "a @ file:///wheels/a.whl\n"),
    ],
)
def test_a_broken_rule_is_named_with_its_file(rule, path: str, text: str, tmp_path: Path):
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(text)
    assert [fault.startswith(path) for fault in rule(tmp_path)] == [True]


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        (house.long_functions, "portal/f.py", "def f():\n" + "    pass\n" * 49),
        (house.late_imports, "tests/late.py", "def f():\n    import os\n"),
        (house.inline_in_templates, "templates/a.html", '<script src="/static/portal.js"></script>'),
        (house.inline_in_templates, "templates/a.html", '<a href="/" class="on">on = "yes"</a>'),
    ],
)
def test_what_is_allowed_is_not_named(rule, path: str, text: str, tmp_path: Path):
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(text)
    assert list(rule(tmp_path)) == []
