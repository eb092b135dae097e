"""A sandbox inside the test, spoken to by the real door, and a simple driver of steps."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any, TypeVar

import requests
import urllib3
from requests.adapters import BaseAdapter

from syncengine.connectors.graph.door import MOST_PARTS, GraphDoor
from syncengine.connectors.graph.settings import GraphSettings, Secret, Usage
from syncengine.connectors.graph.tokens import EntraTokens
from syncengine.connectors.http import Http
from syncengine.connectors.registry import GraphService
from syncengine.ports.writing import Later, Part, Reply
from syncengine.sandbox.state import World
from syncengine.sandbox.world_file import load_world
from tests.sandbox_inside import BASE, Got, Inside

TENANT = "0a1de000-0000-4000-8000-00000000000a"
APP, SECRET = "a9900000-0000-4000-8000-00000000000a", "s3cret~value"
ROLES = (
    "User.Read.All",
    "GroupMember.Read.All",
    "Group.Read.All",
    "OrgContact.Read.All",
    "MailboxSettings.Read",
    "Organization.Read.All",
    "Calendars.ReadWrite",
    "Contacts.ReadWrite",
)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)

Answered = TypeVar("Answered")


class InsideAdapter(BaseAdapter):
    """Carries what `requests` sends to a sandbox in this process."""

    def __init__(self, inside: Inside) -> None:
        super().__init__()
        self._inside = inside

    def send(self, request: Any, *rest: Any, **options: Any) -> requests.Response:
        url = str(request.url)
        assert url.startswith(BASE), f"nothing but the sandbox is called, not {url}"
        got = asyncio.run(
            self._inside.request_async(request.method, url, request.body, dict(request.headers))
        )
        if got.lost:
            raise requests.ConnectionError(urllib3.exceptions.ProtocolError("hung up"))
        return _response(got)

    def close(self) -> None:
        """Nothing is open."""


def _response(got: Got) -> requests.Response:
    response = requests.Response()
    response.status_code = got.status
    response.headers.update(got.headers)
    response.raw = urllib3.HTTPResponse(BytesIO(got.content), preload_content=False)
    return response


class Bench:
    """A world, its sandbox, and a service that speaks with one tenant of it."""

    def __init__(self, file: dict[str, Any] | None = None, **changes: Any) -> None:
        self.world = World()
        load_world(self.world, file or world_file())
        self.inside = Inside(self.world)
        self.used = Usage()
        settings = {"tid": TENANT, "client_id": APP, "credential": Secret(SECRET)} | changes
        self.settings = GraphSettings(
            **settings, graph_url=f"{BASE}/v1.0", login_url=BASE, on_request=self._count
        )
        self.tokens = EntraTokens(self.settings, self._http(BASE))
        self.service = GraphService(
            self.settings,
            GraphDoor(
                self._http(f"{BASE}/v1.0"),
                self.tokens,
                on_request=self._count,
                scoped_by_exchange=self.settings.scoped_by_exchange,
            ),
        )
        self.door = self.service.door

    def run(self, steps: Generator[tuple[Part, ...], tuple[Reply, ...], Answered]) -> Answered:
        """What the steps come to; the sandbox's clock runs where a mailbox asks to wait."""
        return run_steps(steps, self.door, self.advance)

    def as_user(self, method: str, path: str, body: Any = None) -> Any:
        """One Graph call as a person of the tenant would make it."""
        asked = {"tenant": TENANT, "method": method, "path": path, "body": body}
        answer = self.inside.control("POST", "as-user", asked)
        assert answer["status"] < 400, answer
        return answer["body"]

    def fault(self, **wanted: Any) -> None:
        """Script one fault."""
        self.inside.control("POST", "faults", wanted)

    def switch(self, **wanted: Any) -> None:
        """Turn some switches of the world."""
        self.inside.control("PUT", "switches", wanted)

    def advance(self, seconds: float) -> None:
        """Let the sandbox's clock run."""
        self.inside.control("PUT", "clock", {"advance_s": seconds})

    @contextmanager
    def counting(self) -> Iterator[dict[str, int]]:
        """Writes, requests and parts of the block, when it is over."""
        counters = self.world.counters
        before = (counters.requests, counters.parts, counters.writes)
        told: dict[str, int] = {}
        yield told
        now = (counters.requests, counters.parts, counters.writes)
        told.update(
            zip(
                ("requests", "parts", "writes"),
                (b - a for a, b in zip(before, now, strict=True)),
                strict=True,
            )
        )

    def _http(self, url: str) -> Http:
        return Http(url, make_adapter=lambda: InsideAdapter(self.inside))

    def _count(self, usage: Usage) -> None:
        self.used = Usage(
            self.used.requests + usage.requests,
            self.used.parts + usage.parts,
            self.used.throttled + usage.throttled,
        )


def run_steps(
    steps: Generator[tuple[Part, ...], tuple[Reply, ...], Answered], door: Any, wait: Any
) -> Answered:
    """Drive steps one after another; parts that come too early are repeated after the wait."""
    try:
        parts = next(steps)
        while True:
            parts = steps.send(tuple(_replies(parts, door, wait)))
    except StopIteration as over:
        return over.value


def _replies(parts: Sequence[Part], door: Any, wait: Any) -> list[Reply]:
    replies: list[Reply] = []
    for at in range(0, len(parts), MOST_PARTS):
        some = list(parts[at : at + MOST_PARTS])
        found = list(door.send(some))
        while early := [place for place, reply in enumerate(found) if isinstance(reply, Later)]:
            wait(max(found[place].after for place in early))
            for place, reply in zip(early, door.send([some[place] for place in early]), strict=True):
                found[place] = reply
        replies += found
    return replies


def user_id(number: int) -> str:
    """The object id of u01, u02, ..."""
    return f"5e400000-0000-4000-8000-{number:012d}"


def world_file(mailboxes: int = 3, **changes: Any) -> dict[str, Any]:
    """One tenant with some users who have mailboxes."""
    users = [
        {
            "id": user_id(number),
            "displayName": f"User {number:02d}",
            "givenName": "User",
            "surname": f"{number:02d}",
            "userPrincipalName": f"u{number:02d}@northwind.example",
            "mail": f"u{number:02d}@northwind.example",
            "accountEnabled": True,
            "userType": "Member",
            "assignedLicenses": [{"skuId": "c42b9cae-ea4f-4ab7-9717-81576235ccac", "disabledPlans": []}],
        }
        for number in range(1, mailboxes + 1)
    ]
    tenant = {
        "id": TENANT,
        "organization": {"displayName": "Northwind", "verifiedDomains": [{"name": "northwind.example"}]},
        "apps": [{"id": APP, "secrets": [SECRET], "roles": list(ROLES)}],
        "users": users,
        "mailboxes": [
            {"user": one["id"], "settings": {"timeZone": "Eastern Standard Time", "userPurpose": "user"}}
            for one in users
        ],
        **changes,
    }
    return {"tenants": [tenant], "clock": {"now": NOW.isoformat()}}


WINDOW_DAYS = timedelta(days=365)
