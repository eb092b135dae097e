"""Profile pictures as Graph takes and describes them, of users and of contacts.

Source: https://learn.microsoft.com/graph/api/resources/profilephoto
"""

from __future__ import annotations

import base64
import binascii
import hashlib

from syncengine.sandbox.kernel import Call, Json, Refusal

_LARGEST = 4 * 1024 * 1024
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
# Markers of a JPEG's segments that hold its height and width.
_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB})


def picture_bytes(call: Call) -> bytes:
    """The picture in a body: bytes, or base64 as parts of batches carry it. Raises 400 and 413."""
    body = call.body
    if isinstance(body, str):
        try:
            body = base64.b64decode(body, validate=True)
        except binascii.Error as fault:
            raise Refusal(400, "ErrorInvalidRequest", "The body is no base64.") from fault
    if not isinstance(body, bytes) or _size_of(body) == (0, 0):
        raise Refusal(400, "ErrorInvalidImage", "The image is not a JPEG or PNG.")
    if len(body) > _LARGEST:
        raise Refusal(413, "RequestEntityTooLarge", "The image exceeds 4 MB.")
    return body


def is_picture(body: bytes) -> bool:
    """Whether these bytes are a picture that Graph would take."""
    return len(body) <= _LARGEST and _size_of(body) != (0, 0)


def picture_type(picture: bytes) -> str:
    """The media type of a picture."""
    return "image/png" if picture.startswith(_PNG) else "image/jpeg"


def described(call: Call, picture: bytes) -> Json:
    """The profilePhoto resource of a picture."""
    width, height = _size_of(picture)
    return {
        "@odata.context": f"{call.base}/$metadata#profilePhoto",
        "@odata.mediaContentType": picture_type(picture),
        "@odata.mediaEtag": f'"{hashlib.sha256(picture).hexdigest()[:16]}"',
        "id": f"{width}X{height}",
        "width": width,
        "height": height,
    }


def no_picture() -> Refusal:
    """What Graph says where nobody set a picture."""
    return Refusal(404, "ImageNotFound", "Exception of type 'ImageNotFoundException' was thrown.")


def _size_of(picture: bytes) -> tuple[int, int]:
    """Width and height, (0, 0) for what is no picture."""
    if picture.startswith(_PNG) and len(picture) >= 24:
        return int.from_bytes(picture[16:20], "big"), int.from_bytes(picture[20:24], "big")
    at = 2 if picture.startswith(_JPEG) else len(picture)
    while at + 9 <= len(picture) and picture[at] == 0xFF:
        if picture[at + 1] in _FRAMES:
            height = int.from_bytes(picture[at + 5 : at + 7], "big")
            return int.from_bytes(picture[at + 7 : at + 9], "big"), height
        at += 2 + int.from_bytes(picture[at + 2 : at + 4], "big")
    return 0, 0
