"""What the engine is measured against: ready bodies, posted as fast as one process can.

A thread per mailbox (up to 16), each with a connection of its own that stays open. Nothing is planned,
remembered or understood. It goes past our own door on purpose: the door is part of what is measured.
"""

from __future__ import annotations

import http.client
import ssl
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import orjson

from portal.bench.ground import Sandbox
from syncengine.connectors.graph.target_contacts import GraphContactTarget
from syncengine.connectors.http import Http
from syncengine.model.identity import LaneId, Mark
from syncengine.ports.remembering import Row
from syncengine.ports.writing import Part

THREADS = 16
BATCH = 20
CREATED = b'"status":201'


@dataclass(frozen=True, slots=True)
class Posted:
    """How many parts were posted, in what time."""

    parts: int
    seconds: float


class NotPosted(Exception):
    """The sandbox refused a part, so that the loop's figure means nothing."""


def make_batches(
    sandbox: Sandbox, token: str, mailbox: str, folder_name: str, rows: Sequence[Row]
) -> list[bytes]:
    """The bodies of all batches that bring a mailbox the rows' copies, in a new folder."""
    folder = _make_folder(sandbox, token, mailbox, folder_name)
    target = GraphContactTarget(mailbox)
    parts: list[Part] = []
    for row in rows:
        if row.copy is not None:
            mark = Mark("be9c0000", LaneId(0), row.mark, "0")
            parts += next(target.create(folder, row.copy, mark))
    return [_envelope(parts[at : at + BATCH]) for at in range(0, len(parts), BATCH)]


def post_all(sandbox: Sandbox, token: str, mailboxes: Sequence[Sequence[bytes]]) -> Posted:
    """Post each mailbox's batches in their order, mailboxes side by side. Raises NotPosted."""
    shares = [[body for batches in mailboxes[at::THREADS] for body in batches] for at in range(THREADS)]
    posters = [_Poster(sandbox, token, share) for share in shares if share]
    began = time.perf_counter()
    for poster in posters:
        poster.start()
    for poster in posters:
        poster.join()
    seconds = time.perf_counter() - began
    created = sum(poster.created for poster in posters)
    wanted = sum(body.count(b'"method"') for batches in mailboxes for body in batches)
    if created != wanted:
        raise NotPosted(f"The loop created {created} of {wanted}.")
    return Posted(created, seconds)


class _Poster(threading.Thread):
    """One connection and what is to be posted through it."""

    def __init__(self, sandbox: Sandbox, token: str, bodies: Sequence[bytes]) -> None:
        super().__init__(daemon=True)
        host = urlsplit(sandbox.graph).netloc
        context = ssl.create_default_context(cafile=sandbox.ca)
        self._connection = http.client.HTTPSConnection(host, context=context, timeout=60)
        self._connection.connect()
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._bodies = bodies
        self.created = 0

    def run(self) -> None:
        for body in self._bodies:
            self._connection.request("POST", "/v1.0/$batch", body, self._headers)
            self.created += self._connection.getresponse().read().count(CREATED)
        self._connection.close()


def _make_folder(sandbox: Sandbox, token: str, mailbox: str, name: str) -> str:
    sent = orjson.dumps({"displayName": name})
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    answer = Http(sandbox.graph, ca_bundle=sandbox.ca).send(
        "POST", f"/users/{mailbox}/contactFolders", headers=headers, body=sent
    )
    folder: str = answer.json()["id"]
    return folder


def _envelope(parts: Sequence[Part]) -> bytes:
    requests = [
        {
            "id": str(at),
            "method": part.method,
            "url": part.url,
            "headers": {**(part.headers or {}), "Content-Type": "application/json"},
            "body": orjson.Fragment(part.body or b"{}"),
        }
        for at, part in enumerate(parts)
    ]
    return orjson.dumps({"requests": requests})
