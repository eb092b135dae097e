"""The icons of the pages, drawn from Tabler's set into one file at set-up.

Run as `python -m portal.icons node_modules/@tabler/icons static/vendor/icons.svg`. The set has
five thousand drawings and weighs 50 MB; the pages use a few dozen. To use another one, add its
name here.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ICONS = (
    "address-book", "alert-circle", "alert-triangle", "arrow-right", "arrows-exchange",
    "arrows-maximize", "bolt", "building", "calendar-event", "check", "chevron-down",
    "chevron-left", "chevron-right", "circle-check", "clock", "clock-exclamation", "copy",
    "device-projector", "door", "download", "external-link", "eye", "eye-off", "filter",
    "hand-stop", "history", "hourglass", "info-circle", "key", "layout-dashboard", "list-check",
    "lock", "logout", "mail", "menu-2", "moon", "pencil", "player-pause", "player-play",
    "plug-connected", "plug-connected-x", "plus", "refresh", "route", "search", "settings",
    "shield-check", "shield-off", "sun", "trash", "user", "users", "users-group", "x",
)  # fmt: skip

_DRAWING = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)
_FRAME = re.compile(r'\s*<path stroke="none"[^>]*/>')


def sprite(folder: Path) -> str:
    """One SVG file with a symbol per icon; it takes colour and stroke from where it is used."""
    symbols = "".join(_symbol(folder, name) for name in ICONS)
    return f'<svg xmlns="http://www.w3.org/2000/svg">{symbols}</svg>\n'


def _symbol(folder: Path, name: str) -> str:
    drawing = _DRAWING.search((folder / "icons" / "outline" / f"{name}.svg").read_text())
    if drawing is None:
        raise ValueError(f"The icon {name} is not an SVG drawing.")
    lines = " ".join(_FRAME.sub("", drawing[1]).split())
    return f'<symbol id="{name}" viewBox="0 0 24 24">{lines}</symbol>'


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(sprite(Path(sys.argv[1])))
