"""The frame of every page: who is here, and where one can go."""

from __future__ import annotations

from django.http import HttpRequest


def frame(request: HttpRequest) -> dict[str, object]:
    """What `templates/frame.html` needs beside the page's own words."""
    return {"path": request.path}
