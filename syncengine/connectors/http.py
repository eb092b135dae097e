"""The one door to the network: time limits, pool, trust, and what a missing answer means.

Nothing here knows a service's error codes; they are translated next to the service.
"""

from __future__ import annotations

import json
import socket
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlencode

import orjson
import requests
import urllib3
from requests.adapters import BaseAdapter, HTTPAdapter

from syncengine.connectors.addresses import Fence
from syncengine.errors import TryAgain

THREADS = 16
CONNECT_S = 5.0
TIMEOUT_S = 25.0
MAX_BYTES = 64 * 1024 * 1024
_CHUNK = 256 * 1024


class NoAnswer(TryAgain):
    """The request left and no answer came that can be believed: it may have been carried out."""


class NotSent(TryAgain):
    """No connection came about, so nothing can have been carried out."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, headers (any case) and the body's bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def json(self) -> dict[str, Any]:
        """The body as a JSON object, {} when it is empty. Raises NoAnswer for anything else."""
        if not self.body:
            return {}
        try:
            read = _parsed(self.body)
        except ValueError as error:
            raise NoAnswer("The answer was cut short or is not JSON.") from error
        if not isinstance(read, dict):
            raise NoAnswer("The answer is not a JSON object.")
        return read


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        # Half a surrogate pair in one subject must not hide a whole page; readers take it out.
        return json.loads(body)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, as `Retry-After` says them (fractions occur); None where it says nothing.

    Source: https://github.com/calcom/cal.diy/pull/343 ("2.128")
    """
    text = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None


def _adapter() -> HTTPAdapter:
    return HTTPAdapter(pool_connections=2, pool_maxsize=THREADS)


class Http:
    """One service at one base address, reached by up to 16 threads over kept-open connections.

    `ca_bundle` is passed with each request, for the environment's bundle would win over
    the session's. Redirects are not followed. No address outside `base_url` is ever asked.
    """

    def __init__(
        self,
        base_url: str,
        *,
        ca_bundle: str | None = None,
        timeout_s: float = TIMEOUT_S,
        make_adapter: Callable[[], BaseAdapter] = _adapter,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._verify: str | bool = ca_bundle or True
        self._limits = _Limits(timeout_s, MAX_BYTES)
        self._make_adapter = make_adapter
        self._session = _session(make_adapter())

    def absolute(self, url: str) -> str:
        """A path of this service, or a link that it gave us, as a full address.

        Raises TryAgain for a link to anywhere else: a token must not travel there.
        """
        if "://" not in url.split("?", 1)[0]:
            return f"{self.base_url}/{url.lstrip('/')}"
        if url.startswith(self.base_url + "/"):
            return url
        raise TryAgain("The service gave us a link that leads elsewhere; it was not followed.")

    def relative(self, url: str) -> str:
        """The same, as a path below the base address that begins with a slash."""
        return self.absolute(url)[len(self.base_url) :]

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Answer:
        """One request and its answer, whatever the status. Raises NotSent and NoAnswer."""
        full = self.absolute(url)
        sent = {"Accept": "application/json", "client-request-id": str(uuid.uuid4()), **(headers or {})}
        answer = _exchange(self._session, method, full, sent, body, self._verify, self._limits)
        if answer.status == 503:
            # The node behind this connection is unwell: the next attempt takes a new one.
            # Other threads finish on the old session; closing it would break their requests.
            # Source: https://learn.microsoft.com/graph/best-practices-concept
            self._session = _session(self._make_adapter())
        return answer


class SignIn:
    """The HTTP client that msal talks through: the sign-in host and nobody else.

    What msal would only log (with the answer's text) or wrap is raised here: TryAgain for a host
    that is busy or unwell, NoAnswer for what is not JSON.
    """

    def __init__(self, http: Http) -> None:
        self._http = http

    def get(self, url: str, params: Mapping[str, str] | None = None, **kwargs: Any) -> requests.Response:
        """A GET as msal asks for it."""
        return self._response("GET", _with_query(url, params), kwargs.get("headers"), None)

    def post(
        self, url: str, params: Mapping[str, str] | None = None, data: Any = None, **kwargs: Any
    ) -> requests.Response:
        """A form POST as msal asks for it."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", **(kwargs.get("headers") or {})}
        body = urlencode(data or {}).encode()
        return self._response("POST", _with_query(url, params), headers, body)

    def close(self) -> None:
        """Msal closes what it no longer needs; the pool is shared and stays."""

    def _response(
        self, method: str, url: str, headers: Mapping[str, str] | None, body: bytes | None
    ) -> requests.Response:
        answer = self._http.send(method, url, headers=headers, body=body)
        if answer.status == 429 or answer.status >= 500:
            raise TryAgain("The sign-in host is busy or unwell.", after=retry_after(answer.headers))
        answer.json()
        response = requests.Response()
        response.status_code, response._content = answer.status, answer.body
        response.headers.update(answer.headers)
        response.encoding = "utf-8"
        return response


class Outside:
    """Reads URLs that users give: no private network, no redirect, a size limit."""

    def __init__(self, fence: Fence, *, ca_bundle: str | None = None, timeout_s: float = TIMEOUT_S) -> None:
        self._fence, self._verify, self._timeout_s = fence, ca_bundle or True, timeout_s
        self._session = _session(_FencedAdapter(fence))

    def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, max_bytes: int = MAX_BYTES
    ) -> Answer:
        """The answer to a GET, whatever the status. Raises PrivateAddress, NotSent, NoAnswer."""
        self._fence.host_of(url)
        limits = _Limits(self._timeout_s, max_bytes)
        return _exchange(self._session, "GET", url, dict(headers or {}), None, self._verify, limits)


@dataclass(frozen=True, slots=True)
class _Limits:
    """How long an answer may take in all, and how large it may be."""

    timeout_s: float
    max_bytes: int


def _session(adapter: BaseAdapter) -> requests.Session:
    session = requests.Session()
    # Proxies, .netrc and bundles of the environment: surprising, and looked up at every call.
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _exchange(
    session: requests.Session,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None,
    verify: str | bool,
    limits: _Limits,
) -> Answer:
    began = time.monotonic()
    try:
        with session.request(
            method,
            url,
            data=body,
            headers=dict(headers),
            timeout=(min(CONNECT_S, limits.timeout_s), limits.timeout_s),
            verify=verify,
            allow_redirects=False,
            stream=True,
        ) as response:
            return Answer(response.status_code, response.headers, _body(response, began, limits))
    except requests.ConnectTimeout as error:
        raise NotSent("The service could not be reached in time.") from error
    except requests.ConnectionError as error:
        raise _broken(error) from error
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise NoAnswer("The service did not answer.") from error


def _body(response: requests.Response, began: float, limits: _Limits) -> bytes:
    """All of the body, taken as it comes: a server that drips must not hold us for ever."""
    chunks, size = [], 0
    while chunk := response.raw.read1(_CHUNK, decode_content=True):
        size += len(chunk)
        if size > limits.max_bytes:
            raise NoAnswer("The answer is larger than we are willing to read.")
        if time.monotonic() - began > limits.timeout_s:
            raise NoAnswer("The answer took too long.")
        chunks.append(chunk)
    return b"".join(chunks)


def _broken(error: requests.ConnectionError) -> TryAgain:
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", None)
    if isinstance(error, requests.exceptions.SSLError):
        return NotSent("The service's certificate is not trusted.")
    if isinstance(reason, urllib3.exceptions.NewConnectionError):
        return NotSent("The service could not be reached.")
    return NoAnswer("The connection broke before the answer was complete.")


def _with_query(url: str, params: Mapping[str, str] | None) -> str:
    return f"{url}?{urlencode(params)}" if params else url


class _FencedAdapter(HTTPAdapter):
    """Connects only to addresses that the fence admits, and to the very address that was checked."""

    def __init__(self, fence: Fence) -> None:
        self._fence = fence
        super().__init__(pool_connections=4, pool_maxsize=THREADS)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make pools whose connections look before they connect."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            "http": _pool(urllib3.HTTPConnectionPool, self._fence),
            "https": _pool(urllib3.HTTPSConnectionPool, self._fence),
        }


def _pool(pool: type[Any], fence: Fence) -> type[Any]:
    """A pool class whose connections resolve the name once, check it, and use that address."""

    class Fenced(pool.ConnectionCls):  # type: ignore[misc, name-defined]
        def _new_conn(self) -> socket.socket:
            name: str = self.__dict__["_dns_host"]
            port = self.port
            try:
                found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
            except socket.gaierror as error:
                raise urllib3.exceptions.NameResolutionError(name, self, error) from error
            addresses = [str(info[4][0]) for info in found]
            fence.check(name, port, addresses)
            self._dns_host = addresses[0]
            try:
                return super()._new_conn()  # type: ignore[no-any-return]
            finally:
                # TLS asks for the certificate of the name, not of the address.
                self._dns_host = name

    return type("FencedPool", (pool,), {"ConnectionCls": Fenced})
