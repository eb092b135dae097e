"""Links to online meetings in bodies: found, and taken out together with their meeting id and passcode."""

from __future__ import annotations

import re
from html import escape, unescape
from urllib.parse import unquote

_LINK = re.compile(r"https?://[^\s<>\"']+", re.IGNORECASE)
_RULE = re.compile(r"(_{20,})")
"""Outlook sets the join block of a meeting between two long rules of underscores."""
_ROOMS = re.compile(
    r"teams\.microsoft\.com/(l/meetup-join|meet)|teams\.live\.com/meet|zoom\.(us|com)/(j|my|w|s)/"
    r"|meet\.google\.com/|\.webex\.com/|gotomeet(ing\.com|\.me)/|bluejeans\.com/|whereby\.com/",
    re.IGNORECASE,
)


def without_meeting_links(body: str, join_url: str) -> str:
    """The body, text or HTML, without any way into an online meeting."""
    ways = {join_url, escape(join_url)} - {""}
    body = _without_blocks(body, ways)
    for way in ways:
        body = body.replace(way, "")
    return _LINK.sub(lambda link: "" if _leads_in(link[0]) else link[0], body)


def _without_blocks(body: str, ways: set[str]) -> str:
    pieces = _RULE.split(body)
    # Texts stand at even places, rules between them; a block has a rule on both sides.
    for place in range(2, len(pieces) - 2, 2):
        text = pieces[place]
        if any(way in text for way in ways) or any(map(_leads_in, _LINK.findall(text))):
            pieces[place - 1 : place + 2] = ["", "", ""]
    return "".join(pieces)


def _leads_in(link: str) -> bool:
    # Unquoted twice, since mail filters carry the real address inside their own.
    return _ROOMS.search(unquote(unquote(unescape(link)))) is not None
