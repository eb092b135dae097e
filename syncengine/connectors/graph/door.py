"""The way into one tenant's Graph: single reads, pages, and batches of up to 20 parts.

Sources: https://learn.microsoft.com/graph/json-batching,
https://learn.microsoft.com/graph/throttling
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from syncengine.connectors.graph.remedies import ACCESS_DENIED, Asked, consent_missing, fault_of, reply_of
from syncengine.connectors.graph.settings import Usage
from syncengine.connectors.graph.tokens import Tokens, roles_of
from syncengine.connectors.http import Answer, Http, NoAnswer, retry_after
from syncengine.errors import Fault, NeedsAPerson, TryAgain
from syncengine.ports.writing import Fine, Later, Lost, Part, Refused, Reply

MOST_PARTS = 20
MOST_BYTES = 3_500_000
"""Graph reads about 4 MB of a request; the envelope needs some of it."""

_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class _Raw:
    """One part's answer before it is understood."""

    status: int
    headers: Mapping[str, str]
    body: Any


class GraphDoor:
    """Speaks with one tenant's Graph through one app registration; safe for several threads.

    `scoped_by_exchange`: mailboxes are granted in Exchange, so the token's permissions prove nothing.
    """

    def __init__(
        self,
        http: Http,
        tokens: Tokens,
        *,
        on_request: Callable[[Usage], None],
        scoped_by_exchange: bool = False,
    ) -> None:
        self._http, self._tokens, self._on_request = http, tokens, on_request
        self._scoped = scoped_by_exchange

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """What a path, or a link that Graph gave us, holds. Raises a Fault for anything but that."""
        asked = Asked("GET", self._http.relative(url))
        token = self._tokens.token()
        answer = self._single(url, token, headers)
        if answer.status in {401, 403}:
            renew = self._tokens.renewed if answer.status == 401 else self._tokens.doubted
            renewed = renew(token)
            if renewed != token:
                token = renewed
                answer = self._single(url, token, headers)
        reply = self._understood(_raw_of(answer), asked, token)
        if not isinstance(reply, Fine):
            raise fault_of(reply)
        return dict(reply.body)

    def pages(self, url: str, headers: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
        """All pages of a list, headers sent with each. Raises TryAgain when the links lead in a circle."""
        seen: set[str] = set()
        link: str | None = url
        while link is not None:
            if link in seen:
                raise TryAgain("The service repeats its pages.")
            seen.add(link)
            page = self.get(link, headers)
            yield page
            link = page.get("@odata.nextLink")

    def send(self, parts: Sequence[Part]) -> Sequence[Reply]:
        """See `ports.writing.Door`. Where the bodies are too large for one batch, several go one by one."""
        if len(parts) > MOST_PARTS:
            raise ValueError(f"A batch holds {MOST_PARTS} parts, not {len(parts)}.")
        if not parts:
            return []
        first, *rest = _by_size(parts)
        replies = self._send(first)
        for some in rest:
            replies += self._or_later(some)
        return replies

    def roles(self) -> frozenset[str]:
        """The application permissions of a token fetched now. Raises NeedsAPerson, TryAgain."""
        return roles_of(self._tokens.token())

    def _send(self, parts: Sequence[Part]) -> list[Reply]:
        token = self._tokens.token()
        asked = [Asked(part.method, self._http.relative(part.url)) for part in parts]
        try:
            raws, token = self._whole(parts, asked, token)
        except NoAnswer as fault:
            return [_instead_of(fault) for _ in parts]
        again = [at for at, raw in enumerate(raws) if raw and raw.status in {401, 403}]
        if not again:
            return [self._understood(raw, one, token) for raw, one in zip(raws, asked, strict=True)]
        return self._once_more(parts, asked, raws, again, token)

    def _or_later(self, parts: Sequence[Part]) -> list[Reply]:
        """As `_send`, after others have been carried out: their replies must not get lost by a fault."""
        try:
            return self._send(parts)
        except (NeedsAPerson, TryAgain) as fault:
            return [_instead_of(fault) for _ in parts]

    def _once_more(
        self,
        parts: Sequence[Part],
        asked: Sequence[Asked],
        raws: list[_Raw | None],
        again: Sequence[int],
        token: str,
    ) -> list[Reply]:
        """Parts that were not let in go again with another token; what the rest says is kept.

        Whatever goes wrong now must not lose the answers of the parts that were carried out.
        """
        signed_out = any(raw is not None and raw.status == 401 for raw in raws)
        renew = self._tokens.renewed if signed_out else self._tokens.doubted
        instead: Reply | None = None
        try:
            renewed = renew(token)
            if renewed != token:
                token = renewed
                some = [parts[at] for at in again]
                found, token = self._whole(some, [asked[at] for at in again], token)
                for at, raw in zip(again, found, strict=True):
                    raws[at] = raw
        except (NeedsAPerson, TryAgain) as fault:
            instead = _instead_of(fault)
        return [
            instead if instead and at in again else self._understood(raw, one, token)
            for at, (raw, one) in enumerate(zip(raws, asked, strict=True))
        ]

    def _whole(
        self, parts: Sequence[Part], asked: Sequence[Asked], token: str
    ) -> tuple[list[_Raw | None], str]:
        """One batch on the wire: each part's answer, None where it is missing, and the token that was good.

        Raises NoAnswer when anything may have been done, another fault when nothing was.
        """
        body = _envelope(parts, asked)
        answer = self._post(body, token, len(parts))
        if answer.status == 401:
            token = self._tokens.renewed(token)
            answer = self._post(body, token, len(parts))
        if answer.status != 200:
            raise _refusal(answer)
        return _raws(answer.json(), len(parts)), token

    def _post(self, body: bytes, token: str, parts: int) -> Answer:
        answer: Answer | None = None
        try:
            answer = self._http.send("POST", "/$batch", headers={**_bearer(token), **_JSON}, body=body)
            return answer
        finally:
            # A 429 in a part looks the same wherever it stands; parsing again would cost more.
            throttled = answer.body.count(b'"status":429') + (answer.status == 429) if answer else 0
            self._on_request(Usage(1, parts, throttled))

    def _single(self, url: str, token: str, headers: Mapping[str, str] | None) -> Answer:
        answer: Answer | None = None
        try:
            answer = self._http.send("GET", url, headers={**_bearer(token), **(headers or {})})
            return answer
        finally:
            self._on_request(Usage(1, 0, int(answer is not None and answer.status == 429)))

    def _understood(self, raw: _Raw | None, asked: Asked, token: str) -> Reply:
        if raw is None:
            return Lost()
        reply = reply_of(raw.status, raw.headers, raw.body, asked)
        if isinstance(reply, Refused) and reply.reason == ACCESS_DENIED and not self._scoped:
            return reply if _carries(token, asked.permission) else consent_missing()
        return reply


def _instead_of(fault: NeedsAPerson | TryAgain) -> Reply:
    """A fault as the reply of each part that it befell."""
    match fault:
        case NeedsAPerson():
            return Refused(fault.reason, str(fault), fault.advice, "tenant")
        case NoAnswer():
            return Lost(fault.after or 0.0)
        case _:
            return Later(fault.after or 0.0, str(fault))


def _carries(token: str, permission: str) -> bool:
    return any(role.startswith(f"{permission}.") for role in roles_of(token))


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _raw_of(answer: Answer) -> _Raw:
    """A single answer. An error that is no JSON (a gateway's page) still has its status."""
    if answer.status >= 400:
        try:
            return _Raw(answer.status, answer.headers, answer.json())
        except NoAnswer:
            return _Raw(answer.status, answer.headers, None)
    return _Raw(answer.status, answer.headers, answer.json())


def _envelope(parts: Sequence[Part], asked: Sequence[Asked]) -> bytes:
    """The batch as bytes; bodies are bytes already and are joined, not written again."""
    requests = []
    for at, (part, one) in enumerate(zip(parts, asked, strict=True)):
        request: dict[str, Any] = {"id": str(at), "method": part.method, "url": one.url}
        headers = dict(part.headers or {})
        if part.body is not None:
            headers.setdefault("Content-Type", "application/json")
            request["body"] = orjson.Fragment(part.body)
        if headers:
            request["headers"] = headers
        requests.append(request)
    return orjson.dumps({"requests": requests})


def _raws(body: Mapping[str, Any], count: int) -> list[_Raw | None]:
    """Answers come in any order and are sorted by their ids; a missing one stays None."""
    raws: list[_Raw | None] = [None] * count
    responses = body.get("responses")
    for one in responses if isinstance(responses, list) else ():
        at = str(one.get("id", ""))
        if at.isdecimal() and int(at) < count:
            raws[int(at)] = _Raw(int(one.get("status") or 0), one.get("headers") or {}, one.get("body"))
    return raws


def _refusal(answer: Answer) -> Fault:
    """What an answer other than 200 to a whole batch means, ready to be raised."""
    after = retry_after(answer.headers)
    if answer.status in {429, 503}:
        return TryAgain("The service asks us to wait.", after=after)
    if answer.status >= 500:
        return NoAnswer("The service failed in the middle of a batch.", after=after)
    return fault_of(reply_of(answer.status, answer.headers, _raw_of(answer).body, Asked("POST", "/$batch")))


def _by_size(parts: Sequence[Part]) -> list[list[Part]]:
    """The parts in as few batches as their bodies allow."""
    batches: list[list[Part]] = []
    size = 0
    for part in parts:
        length = len(part.body or b"")
        if not batches or size + length > MOST_BYTES:
            batches.append([])
            size = 0
        batches[-1].append(part)
        size += length
    return batches
