"""What Graph is reported to answer and the sandbox does not play: pages as they came over the wire."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import orjson
import pytest
import requests
import urllib3
from requests.adapters import BaseAdapter

from syncengine.connectors.graph.calendar import GraphCalendar
from syncengine.connectors.graph.door import GraphDoor
from syncengine.connectors.http import Http
from syncengine.errors import TryAgain
from syncengine.model.identity import Cursor, RemoteId
from syncengine.model.items import Event
from syncengine.ports.looking import Missing, Unreadable
from syncengine.ports.writing import Later, Lost, NotThere, Part, Refused
from tests.syncengine.connectors.samples import WINDOW

BASE = "https://graph.test/v1.0"
Said = Callable[[str, str, Any], tuple[int, Any]]


class Wire(BaseAdapter):
    """Answers each request by what the test says: status and JSON."""

    def __init__(self, say: Said) -> None:
        super().__init__()
        self._say = say

    def send(self, request: Any, *rest: Any, **options: Any) -> requests.Response:
        body = orjson.loads(request.body) if request.body else None
        status, said = self._say(request.method, request.url.removeprefix(BASE), body)
        response = requests.Response()
        response.status_code = status
        response.raw = urllib3.HTTPResponse(BytesIO(orjson.dumps(said)), preload_content=False)
        return response

    def close(self) -> None:
        """Nothing is open."""


class OneToken:
    """A token that is always good."""

    def token(self) -> str:
        return "t"

    def renewed(self, refused: str) -> str:
        return "t"

    def doubted(self, denied: str) -> str:
        return "t"


def door_to(say: Said) -> GraphDoor:
    return GraphDoor(Http(BASE, make_adapter=lambda: Wire(say)), OneToken(), on_request=lambda _: None)


def part(url: str = "/users/u/events/x", method: str = "GET") -> Part:
    return Part(method, url, "u", b"{}" if method == "POST" else None)


def each_part(answer: Callable[[str], tuple[int, Any]]) -> Said:
    """A batch whose parts are answered by their urls, in reverse order."""

    def say(method: str, url: str, body: Any) -> tuple[int, Any]:
        assert url == "/$batch"
        found = []
        for one in reversed(body["requests"]):
            status, said = answer(one["url"])
            found.append({"id": one["id"], "status": status, "headers": {}, "body": said})
        return 200, {"responses": found}

    return say


def event(identity: str, **beside: Any) -> dict[str, Any]:
    return {
        "id": identity,
        "iCalUId": f"uid-{identity}",
        "type": "singleInstance",
        "subject": "x",
        "start": {"dateTime": "2026-03-05T09:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": "2026-03-05T10:00:00.0000000", "timeZone": "UTC"},
        **beside,
    }


NOT_FOUND = (404, {"error": {"code": "ErrorItemNotFound", "message": "not in the store"}})


def test_answers_of_a_batch_find_their_parts_in_any_order() -> None:
    door = door_to(each_part(lambda url: (200, {"id": url.rpartition("/")[2]})))
    replies = door.send([part(f"/users/u/events/{n}") for n in range(20)])
    assert [reply.body["id"] for reply in replies] == [str(n) for n in range(20)]


def test_a_part_that_a_batch_does_not_answer_is_lost() -> None:
    door = door_to(lambda *_: (200, {"responses": [{"id": "1", "status": 404, "body": NOT_FOUND[1]}]}))
    assert door.send([part(), part()]) == [Lost(), NotThere()]


@pytest.mark.parametrize("said", [{}, {"responses": None}, {"responses": []}, {"value": []}])
def test_a_batch_answer_without_answers_is_lost(said: Any) -> None:
    assert door_to(lambda *_: (200, said)).send([part(method="POST")]) == [Lost()]


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (400, "syncStateNotFound", "cursor expired"),
        (404, "SyncStateInvalid", "cursor expired"),
        (400, "ResyncRequired", "cursor expired"),
        (400, "InvalidDeltaToken", "cursor expired"),
        (410, "", "cursor expired"),
        (404, "MailboxNotEnabledForRESTAPI", "no mailbox"),
        (404, "ErrorNonExistentMailbox", "no mailbox"),
        (403, "extensionError", "no mailbox"),
        (400, "ErrorQuotaExceeded", "mailbox full"),
        (507, "quotaLimitReached", "mailbox full"),
        (507, "", "mailbox full"),
        (403, "Authorization_RequestDenied", "consent missing"),
        (400, "ErrorInvalidIdMalformed", "ErrorInvalidIdMalformed"),
        (501, "NotImplemented", "NotImplemented"),
        (400, "", "400"),
    ],
)
def test_codes_count_in_any_case_and_more_than_the_status(status: int, code: str, reason: str) -> None:
    (reply,) = door_to(each_part(lambda _: (status, {"error": {"code": code, "message": "m"}}))).send(
        [part()]
    )
    assert isinstance(reply, Refused)
    assert reply.reason == reason


@pytest.mark.parametrize("body", [None, "", [], {"error": None}, {"error": "text"}, "<html>"])
def test_an_error_without_a_body_still_has_its_status(body: Any) -> None:
    (read, write) = door_to(each_part(lambda _: (504, body))).send([part(), part(method="POST")])
    assert isinstance(read, Later)
    assert write == Lost()


def test_an_occurrence_whose_master_cannot_be_read_is_an_event_of_its_own() -> None:
    """For somebody who was invited to one occurrence only."""
    rows = [
        {"id": "o1", "type": "occurrence", "seriesMasterId": "gone"},
        {"id": "o2", "type": "exception", "seriesMasterId": "there"},
        event("s"),
    ]

    def answer(url: str) -> tuple[int, Any]:
        identity = url.partition("?")[0].rpartition("/")[2]
        if identity == "gone":
            return NOT_FOUND
        if identity in {"o1", "o2"}:
            master = {"o1": "gone", "o2": "there"}[identity]
            return 200, event(identity, type="occurrence", seriesMasterId=master)
        return 200, event(identity)

    def say(method: str, url: str, body: Any) -> tuple[int, Any]:
        if url == "/$batch":
            return each_part(answer)(method, url, body)
        if "delta" not in url:
            return 200, {"id": "calendar"}
        return 200, {"value": rows, "@odata.deltaLink": f"{BASE}/users/u/calendarView/delta?$deltatoken=1"}

    calendar = GraphCalendar(door_to(say), "u")
    (page,) = calendar.changes(WINDOW, None)
    assert page.changed == ("gone", "there", "s", "o1")
    found = calendar.read([*page.changed, RemoteId("o2")])
    assert found[RemoteId("gone")] == Missing()
    assert found[RemoteId("o2")] == Missing()
    alone = found[RemoteId("o1")]
    assert isinstance(alone, Event)
    assert (alone.key, alone.recurrence) == ("uid-o1", None)


@pytest.mark.parametrize(
    "strange",
    [
        {"start": None},
        {"start": {"dateTime": "tomorrow", "timeZone": "UTC"}},
        {"start": {"dateTime": "2026-03-05T09:00:00", "timeZone": "Nobody Standard Time"}},
        {"recurrence": {"pattern": {"type": "hourly"}, "range": {}}},
        {"body": "text"},
        {"attendees": 3},
    ],
)
def test_an_event_that_nobody_understands_stops_no_other(strange: dict[str, Any]) -> None:
    def answer(url: str) -> tuple[int, Any]:
        return 200, event("bad", **strange) if "/bad?" in url else event("good")

    found = GraphCalendar(door_to(each_part(answer)), "u").read([RemoteId("bad"), RemoteId("good")])
    assert isinstance(found[RemoteId("bad")], Unreadable)
    assert isinstance(found[RemoteId("good")], Event)


@pytest.mark.parametrize(
    "pages",
    [
        [{"value": []}],
        [{}],
        [{"value": [event("a")], "@odata.nextLink": f"{BASE}/delta?$skiptoken=1"}, {"value": [event("b")]}],
        [{"value": [], "@odata.nextLink": "https://evil.example/v1.0/delta?$skiptoken=1"}],
    ],
)
def test_a_round_without_a_proper_end_is_no_round(pages: list[dict[str, Any]]) -> None:
    def say(method: str, url: str, body: Any) -> tuple[int, Any]:
        return 200, pages[1 if "skiptoken" in url else 0]

    with pytest.raises(TryAgain):
        list(GraphCalendar(door_to(say), "u").changes(WINDOW, None))


def test_empty_pages_on_the_way_are_nothing_unusual() -> None:
    def say(method: str, url: str, body: Any) -> tuple[int, Any]:
        number = int(url.partition("skiptoken=")[2] or 0)
        if number == 30:
            return 200, {"value": [event("a")], "@odata.deltaLink": f"{BASE}/delta?$deltatoken=1"}
        return 200, {"value": [], "@odata.nextLink": f"{BASE}/delta?$skiptoken={number + 1}"}

    pages = list(GraphCalendar(door_to(say), "u").changes(WINDOW, Cursor(f"{BASE}/delta?$deltatoken=0")))
    assert [page.changed for page in pages if page.changed] == [("a",)]


def test_endless_empty_pages_are_a_circle() -> None:
    def say(method: str, url: str, body: Any) -> tuple[int, Any]:
        number = int(url.partition("skiptoken=")[2] or 0)
        return 200, {"value": [], "@odata.nextLink": f"{BASE}/delta?$skiptoken={number + 1}"}

    with pytest.raises(TryAgain):
        list(GraphCalendar(door_to(say), "u").changes(WINDOW, None))


def test_the_same_headers_go_with_every_page() -> None:
    seen: list[str] = []

    class Listening(Wire):
        def send(self, request: Any, *rest: Any, **options: Any) -> requests.Response:
            seen.append(request.headers["Prefer"])
            return super().send(request, *rest, **options)

    def say(method: str, url: str, body: Any) -> tuple[int, Any]:
        if "skiptoken" in url:
            return 200, {"value": [], "@odata.deltaLink": f"{BASE}/delta?$deltatoken=1"}
        return 200, {"value": [], "@odata.nextLink": f"{BASE}/delta?$skiptoken=1"}

    door = GraphDoor(Http(BASE, make_adapter=lambda: Listening(say)), OneToken(), on_request=lambda _: None)
    list(GraphCalendar(door, "u").changes(WINDOW, None))
    assert len(seen) == 2
    assert seen[0] == seen[1]
    assert 'IdType="ImmutableId"' in seen[0]
    assert 'outlook.timezone="UTC"' in seen[0]
