"""Texts made fit: to be stored, to stand on one line, to be compared."""

from __future__ import annotations

import re
import unicodedata

_UNSEEN = dict.fromkeys(map(ord, "\u200b\u2060\ufeff\u00ad"))
"""Zero-width space, word joiner, byte order mark, soft hyphen: editors and servers strew them."""
_MAIL = re.compile(r"[^\s@<>()\[\],;:\"\\]+@[^\s@<>()\[\],;:\"\\.]+(\.[^\s@<>()\[\],;:\"\\.]+)+")


def storable(text: str) -> str:
    """The text without what no database and no JSON can hold: NUL, halves of surrogate pairs."""
    if text.isascii():
        return text.replace("\0", "")
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\0", "")


def one_line(text: str) -> str:
    """The text on one line, composed (NFC), without space around it."""
    return " ".join(unicodedata.normalize("NFC", storable(text)).split())


def comparable(text: str) -> str:
    """Equal for texts that look equal: composed, white space made one, what nobody sees left out."""
    return one_line(text.translate(_UNSEEN))


def is_mail_address(text: str) -> bool:
    """Whether Exchange keeps this as an address; of others it silently keeps only the name.

    Source: https://github.com/microsoftgraph/microsoft-graph-docs/issues/2186
    """
    return len(text) <= 254 and _MAIL.fullmatch(text) is not None
