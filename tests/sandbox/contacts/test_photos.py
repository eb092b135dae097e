"""Pictures of contacts."""

from __future__ import annotations

import base64

import pytest

from syncengine.sandbox import contacts
from syncengine.sandbox.kernel import Refusal
from tests.sandbox.contacts.conftest import HOME

# The head of a JPEG of 48 by 64: start, a comment, the frame.
JPEG = bytes.fromhex("ffd8 fffe0004abcd ffc0000b08 0040 0030 01 011100 ffd9")


def refused(graph, *request):
    with pytest.raises(Refusal) as refusal:
        graph(*request)
    return refusal.value


@pytest.fixture
def photo(graph):
    return f"{HOME}/contacts/{graph.post(givenName='Ada')['id']}/photo"


def test_there_is_none_at_first(graph, photo):
    assert refused(graph, "GET", photo).code == "ImageNotFound"
    assert refused(graph, "GET", f"{photo}/$value").status == 404


@pytest.mark.parametrize("body", [JPEG, base64.b64encode(JPEG).decode()])
def test_a_picture_comes_back_byte_for_byte(graph, photo, body):
    _, link = graph.delta(f"{HOME}/contacts/delta")
    assert graph("PUT", f"{photo}/$value", body).status == 200
    answer = graph("GET", f"{photo}/$value")
    assert (answer.body, answer.headers["Content-Type"]) == (JPEG, "image/jpeg")
    described = graph("GET", photo).body
    assert (described["width"], described["height"]) == (48, 64)
    assert len(graph.delta(link)[0]) == 1


@pytest.mark.parametrize("body", [b"", b"GIF89a", "no base64!", {"a": 1}, None])
def test_what_is_no_picture_is_refused(graph, photo, body):
    assert refused(graph, "PUT", f"{photo}/$value", body).status == 400


def test_a_picture_is_under_four_megabytes(graph, photo):
    assert refused(graph, "PUT", f"{photo}/$value", JPEG + bytes(4 * 1024 * 1024)).status == 413


def test_a_picture_survives_the_world_file(graph, photo):
    graph("PUT", f"{photo}/$value", JPEG)
    dumped = contacts.dump(graph.world, graph.tenant, graph.mailbox)
    graph.mailbox.folders, graph.mailbox.contacts = {}, {}
    contacts.load(graph.world, graph.tenant, graph.mailbox, dumped)
    assert graph("GET", f"{photo}/$value").body == JPEG
