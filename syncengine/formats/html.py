"""HTML of bodies: made harmless for a copy, and reduced to what a reader sees.

Servers wrap what they are given in a page of their own, sanitise it and move white space about;
`plain_text` is the same before and after, so that a copy is not taken for changed.
Source: https://learn.microsoft.com/graph/outlook-create-send-messages
"""

from __future__ import annotations

import re
from html import unescape

import nh3

from syncengine.formats.text import comparable, storable

_BLOCK_NAMES = (
    "address article aside blockquote br caption center dd div dl dt figcaption footer h1 h2 h3 h4 h5 h6"
    " header hr li main nav ol p pre section table tbody td tfoot th thead tr ul"
)
"""Elements whose edges a reader sees as a space or a new line."""
_INLINE_NAMES = "a b code del em i ins q s small span strike strong sub sup tt u"
_BLOCKS, _INLINE = frozenset(_BLOCK_NAMES.split()), frozenset(_INLINE_NAMES.split())
_TEXTLESS = {"head", "script", "style", "title", "template", "noscript"}
_ATTRIBUTES = {
    "a": {"href"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
_TAG = re.compile(r"<[^>]*>")
_LINK = re.compile(r'href="([^"]*)"')


def clean_html(html: str) -> str:
    """The HTML with text, structure and links only: no script, no style, no picture that calls home."""
    return nh3.clean(
        storable(html),
        tags=set(_BLOCKS | _INLINE),
        clean_content_tags=_TEXTLESS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel"},
        url_relative="deny",
        link_rel=None,
    ).strip()


def plain_text(html: str) -> str:
    """What a reader sees, on one line: for comparing."""
    # Well-formed and free of attributes after this, so that a tag is whatever stands in angle brackets.
    bare = nh3.clean(
        storable(html), tags=set(_BLOCKS), clean_content_tags=_TEXTLESS, attributes={}, link_rel=None
    )
    return comparable(unescape(_TAG.sub(" ", bare)))


def body_text(body: str, is_html: bool) -> str:
    """A body as its reader sees it, whichever way it is written: for comparing."""
    return plain_text(body) if is_html else comparable(body)


def seen_text(body: str, is_html: bool) -> str:
    """What a reader sees of a body and can follow: links that the text does not show stand behind it.

    A link that shows its own address is text: Exchange makes such of plain text.
    """
    text = body_text(body, is_html)
    if not is_html or "<a" not in body.lower():
        return text
    anchors = nh3.clean(body, tags={"a"}, attributes={"a": {"href"}}, link_rel=None)
    links = [unescape(link) for link in _LINK.findall(anchors)]
    return " ".join([text, *(link for link in links if link not in text)])
