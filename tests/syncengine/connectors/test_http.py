"""The door to the network: limits, trust, links, and what a missing answer means."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from syncengine.connectors import http as door
from syncengine.connectors.addresses import Fence, PrivateAddress, fence, is_public
from syncengine.connectors.http import Answer, Http, NoAnswer, NotSent, Outside, retry_after
from syncengine.errors import TryAgain


class Server(ThreadingHTTPServer):
    """A small server that remembers what it was asked and from which port."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, dict[str, str], int]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1.0"


class Handler(BaseHTTPRequestHandler):
    """Answers by path."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers), self.client_address[1]))
        match self.path.rpartition("/")[2]:
            case "redirect":
                self._say(302, b"", Location="/v1.0/elsewhere")
            case "large":
                self._say(200, b"x" * 300_000)
            case "endless":
                self._drip()
            case "silent":
                time.sleep(2)
            case "short":
                self._say(200, b'{"a": 1', length=50)
            case "unwell":
                self._say(503, b"")
            case "cookie":
                self._say(200, b"{}", **{"Set-Cookie": "who=tenant-a; Path=/"})
            case _:
                self._say(200, b'{"value": []}')

    def _say(self, status: int, body: bytes, length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)
        if length is not None:
            self.close_connection = True

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        try:
            for _ in range(40):
                self.wfile.write(b"x" * 200)
                self.wfile.flush()
                time.sleep(0.05)
        except OSError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield found
    found.shutdown()
    thread.join()
    found.server_close()


def test_each_call_has_an_id_of_its_own(server: Server) -> None:
    http = Http(server.url)
    for _ in range(2):
        assert http.send("GET", "/users").json() == {"value": []}
    ids = [headers["client-request-id"] for _, headers, _ in server.asked]
    assert len(set(ids)) == 2


def test_a_redirect_is_an_answer_and_is_not_followed(server: Server) -> None:
    assert Http(server.url).send("GET", "/redirect").status == 302
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v1.0/users",
        "http://127.0.0.1:1/v1.0/users",
        "{base}.evil.example/users",
        "{base}evil/users",
    ],
)
def test_a_link_to_anywhere_else_is_not_followed(server: Server, link: str) -> None:
    http = Http(server.url)
    with pytest.raises(TryAgain):
        http.send("GET", link.format(base=server.url))
    assert server.asked == []


def test_a_link_of_the_service_is_followed_verbatim(server: Server) -> None:
    http = Http(server.url)
    http.send("GET", f"{server.url}/users?$skiptoken=a%2Bb")
    assert server.asked[0][0] == "/v1.0/users?$skiptoken=a%2Bb"
    assert http.relative(f"{server.url}/users?x=https://y") == "/users?x=https://y"


def test_a_connection_is_kept_open_and_a_new_one_follows_a_503(server: Server) -> None:
    http = Http(server.url)
    for path in ("/a", "/b", "/unwell", "/c"):
        http.send("GET", path)
    first, second, unwell, after = (port for _, _, port in server.asked)
    assert first == second == unwell
    assert after != unwell


def test_an_answer_that_does_not_come_in_time_is_no_answer(server: Server) -> None:
    with pytest.raises(NoAnswer):
        Http(server.url, timeout_s=0.2).send("GET", "/silent")


def test_an_answer_that_drips_is_cut_off(server: Server) -> None:
    began = time.monotonic()
    with pytest.raises(NoAnswer):
        Http(server.url, timeout_s=0.3).send("GET", "/endless")
    assert time.monotonic() - began < 1.9


def test_an_answer_shorter_than_it_promised_is_no_answer(server: Server) -> None:
    with pytest.raises(NoAnswer):
        Http(server.url).send("GET", "/short")


def test_an_answer_beyond_the_limit_is_not_read(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "MAX_BYTES", 100_000)
    with pytest.raises(NoAnswer):
        Http(server.url).send("GET", "/large")


def test_nothing_was_sent_where_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(NotSent):
        Http(f"http://127.0.0.1:{port}").send("POST", "/users", body=b"{}")


def test_cookies_do_not_travel_from_one_tenant_to_the_next(server: Server) -> None:
    http = Http(server.url)
    http.send("GET", "/cookie")
    http.send("GET", "/users")
    assert "Cookie" not in server.asked[1][1]


def test_the_environment_neither_proxies_nor_signs_in(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert Http(server.url).send("GET", "/users").status == 200
    assert "Authorization" not in server.asked[0][1]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("17", 17.0),
        ("2.128", 2.128),
        ("0", 0.0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("inf", None),
        ("nan", None),
    ],
)
def test_retry_after_is_seconds_or_nothing(text: str, seconds: float | None) -> None:
    assert retry_after({"retry-AFTER": text}) == seconds


@pytest.mark.parametrize("body", [b'{"a": 1', b"<html>", b"[1]", b"3"])
def test_what_is_no_json_object_is_no_answer(body: bytes) -> None:
    with pytest.raises(NoAnswer):
        Answer(200, {}, body).json()


def test_half_a_surrogate_pair_does_not_hide_the_rest() -> None:
    assert Answer(200, {}, b'{"a": "\\ud800", "b": 1}').json()["b"] == 1


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fc00::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "no address",
    ],
)
def test_a_private_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::5db8:d822"]
)
def test_a_public_address_is_public(address: str) -> None:
    assert is_public(address)


def test_a_user_given_url_into_a_private_network_is_never_asked(server: Server) -> None:
    with pytest.raises(PrivateAddress):
        Outside(Fence()).get(server.url)
    with pytest.raises(PrivateAddress):
        Outside(Fence()).get(server.url.replace("127.0.0.1", "localhost"))
    assert server.asked == []


def test_a_named_exception_may_be_asked(server: Server) -> None:
    outside = Outside(fence(f" 127.0.0.1:{server.server_port} ,other:1"))
    assert outside.get(server.url).status == 200
    with pytest.raises(NoAnswer):
        outside.get(f"{server.url}/large", max_bytes=1000)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://host/x", "gopher://x", "https://", "localhost"])
def test_only_web_addresses_are_read(url: str) -> None:
    with pytest.raises(PrivateAddress):
        Outside(Fence()).get(url)


def test_one_private_address_among_public_ones_is_one_too_many() -> None:
    with pytest.raises(PrivateAddress):
        Fence().check("rebinding.example", 443, ["93.184.216.34", "127.0.0.1"])


def test_the_address_that_was_checked_is_the_one_that_is_used(server: Server, monkeypatch) -> None:
    """A name that leads elsewhere at the second asking is not asked twice."""
    asked = []
    real = socket.getaddrinfo

    def changing(host: str, *rest: object, **options: object):
        if host != "rebinding.example":
            return real(host, *rest, **options)
        asked.append(host)
        return real("127.0.0.1", *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", changing)
    outside = Outside(fence(f"rebinding.example:{server.server_port}"))
    assert outside.get(f"http://rebinding.example:{server.server_port}/x").status == 200
    assert asked == ["rebinding.example"]
