"""Where `env:NAME` of a configuration file leads. Settings are read elsewhere."""

from __future__ import annotations

import os


def secret_named(name: str) -> str | None:
    """The variable's value; None where there is no such variable."""
    return os.environ.get(name)
