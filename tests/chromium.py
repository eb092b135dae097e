"""The system's Chromium: where it is, how it is started, which screens it plays."""

from __future__ import annotations

import os
import shutil

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESK, PHONE = (1440, 900), (390, 844)


def chromium_path() -> str | None:
    """The browser to use: one that is named, or the system's."""
    named = os.environ.get("CULVERT_CHROMIUM")
    return named or shutil.which("chromium") or shutil.which("chromium-browser")
