"""What Exchange makes of a body: HTML is cleaned and wrapped, text is shown as HTML unless asked for.

Source: https://learn.microsoft.com/graph/api/user-list-calendarview (Prefer headers) and
https://learn.microsoft.com/graph/outlook-create-send-messages (sanitising)
"""

from __future__ import annotations

import functools
import html
import re
from typing import Any

Json = dict[str, Any]

_HEAD = (
    '<html>\r\n<head>\r\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8">\r\n'
    "</head>\r\n<body>\r\n"
)
_TAIL = "\r\n</body>\r\n</html>\r\n"
_INNER = re.compile(r"<body[^>]*>(.*?)(?:</body\s*>|\Z)", re.I | re.S)
_FORBIDDEN = re.compile(
    r"<(script|iframe|object|embed|applet|form|base)\b.*?(?:</\1\s*>|/>|\Z)"
    r"|<!--.*?-->|</?(?:html|head|meta|link|title|input|button)\b[^>]*>",
    re.I | re.S,
)
_DANGER = re.compile(r"""\son\w+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>]+)|javascript:""", re.I)
_SPACE = re.compile(r"\s+")
_UNREAD = re.compile(r"<(head|style|script)\b.*?</\1\s*>", re.I | re.S)
_BLOCK = re.compile(r"<(?:p|div|br|li|tr|h[1-6]|table)\b[^>]*>", re.I)
_TAG = re.compile(r"<[^>]*>")


@functools.lru_cache(maxsize=1024)
def kept(content_type: str, content: str) -> tuple[Json, str]:
    """A posted body as Exchange keeps it, and its preview. Read only: equal bodies share it."""
    if content_type == "text" or not content:
        body = {"contentType": content_type if content else "html", "content": content}
    else:
        body = {"contentType": "html", "content": _wrapped(_cleaned(content))}
    return body, _preview(body)


def shown(body: Json, wanted: str | None) -> Json:
    """A kept body in the format that `Prefer: outlook.body-content-type` asks for (HTML without)."""
    kept, content = body["contentType"], body["content"] or ""
    if (wanted or "html") == kept or not content:
        return {"contentType": wanted or "html", "content": content}
    if kept == "html":
        return {"contentType": "text", "content": as_text(content)}
    lines = html.escape(content, quote=False).replace("\r\n", "\n").replace("\n", "<br>\r\n")
    return {"contentType": "html", "content": _wrapped(f'<div class="PlainText">{lines}</div>')}


def _preview(body: Json) -> str:
    """The first 255 characters of the body's text."""
    content = body["content"] or ""
    text = as_text(content[:4096]) if body["contentType"] == "html" and content else content
    return text.strip()[:255]


def as_text(content: str) -> str:
    """The readable text of a piece of HTML, a line for each block."""
    text = _TAG.sub("", _BLOCK.sub("\0", _SPACE.sub(" ", _UNREAD.sub("", content))))
    lines = [line.strip() for line in html.unescape(text).split("\0")]
    return "\r\n".join(lines).strip()


def _wrapped(inner: str) -> str:
    return f"{_HEAD}{inner}{_TAIL}"


def _cleaned(content: str) -> str:
    if "<" not in content:
        return content
    found = _INNER.search(content) if "<body" in content.lower() else None
    inner = found[1] if found else content
    return _DANGER.sub("", _FORBIDDEN.sub("", inner)).strip()
