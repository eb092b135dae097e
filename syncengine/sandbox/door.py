"""Graph's door: tokens, bodies, ids and headers; single requests and batches walk through it."""

from __future__ import annotations

import asyncio
import random
import uuid
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import orjson

from syncengine.sandbox.batch import (
    Part,
    failed_dependency,
    read_batch,
    response_of,
    waves,
)
from syncengine.sandbox.kernel import Answer, Call, Json, Refusal
from syncengine.sandbox.refusals import Ids, refused, scripted_answer
from syncengine.sandbox.service import Service, Visit, address_of
from syncengine.sandbox.tokens import Tokens, unauthenticated
from syncengine.sandbox.wire import GRAPH_TYPE, Reply, Request, normal_path, parse_query

if TYPE_CHECKING:
    from syncengine.sandbox.state import Tenant, World

MOST_BYTES = 4 * 1024 * 1024
_DIAGNOSTIC = (
    '{"ServerInfo":{"DataCenter":"Sandbox","Slice":"E","Ring":"0","ScaleUnit":"000",'
    '"RoleInstance":"SANDBOX0000"}}'
)
_GARBAGE = b"<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>"


class Door:
    """Answers every request below /v1.0; `base` is that address, for links."""

    def __init__(self, world: World, tokens: Tokens, base: str, seed: int | None = None) -> None:
        self._world, self._tokens, self._base = world, tokens, base
        self._service = Service(world)
        self._chance = random.Random(seed)  # noqa: S311

    async def answer(self, request: Request) -> Reply:
        """The reply to one request, after whatever time it takes."""
        self._world.counters.requests += 1
        ids = _ids(request)
        try:
            call = self._call(request)
            if call.path.lower() == "/$batch":
                return await self._batch(call, ids)
        except Refusal as no:
            self._world.counters.statuses[no.status] += 1
            return self._reply(refused(no, ids, self._world), ids)
        return await self._single(call, ids, len(request.body))

    async def _single(self, call: Call, ids: Ids, size: int) -> Reply:
        visit = self._service.arrive(call, ids, size=size)
        await self._walk([visit])
        return _spoil(self._reply(visit.answer, ids), visit.spoilt)

    async def _walk(self, visits: list[Visit]) -> None:
        """Take some calls through the service side by side."""
        admitted = [visit for visit in visits if self._service.admit(visit)]
        try:
            # Even without latency, let requests that are already here arrive.
            await asyncio.sleep(self._world.latency_s)
            for visit in admitted:
                self._service.serve(visit)
            delay = max((visit.delay_s for visit in admitted), default=0)
            if delay:
                await asyncio.sleep(delay)
        finally:
            for visit in admitted:
                self._service.leave(visit)

    async def _batch(self, call: Call, ids: Ids) -> Reply:
        if call.method != "POST":
            raise Refusal(405, "BadRequest", "Specified HTTP method is not allowed for $batch.")
        parts = read_batch(call.body, needs_bodies=self._world.switches.batch_needs_bodies)
        order = waves(parts)
        counters = self._world.counters
        counters.batches += 1
        counters.parts += len(parts)
        fault = self._world.faults.strike(
            "POST", address_of(call), call.tenant.id, frozenset(), whole_batch=True
        )
        visits = {part.id: self._visit(call, part, ids) for part in parts}
        if fault and (early := scripted_answer(fault, "before", ids, self._world)):
            return self._whole_batch_refused(early, visits, ids)
        for wave in order:
            ready = [visits[part.id] for part in wave if self._may_run(part, visits, ids)]
            await self._walk(ready)
        reply = self._batch_reply(parts, visits, ids)
        if fault is None:
            return reply
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        if late := scripted_answer(fault, "after", ids, self._world):
            return self._whole_batch_refused(late, visits, ids)
        return _spoil(reply, fault.kind)

    def _whole_batch_refused(self, answer: Answer, visits: dict[str, Visit], ids: Ids) -> Reply:
        for visit in visits.values():
            self._service.remember_wait(visit.key, answer)
        self._world.counters.statuses[answer.status] += 1
        return self._reply(answer, ids)

    def _visit(self, call: Call, part: Part, ids: Ids) -> Visit:
        own = Call(
            method=part.method,
            path=part.path,
            query=part.query,
            headers=part.headers,
            body=part.body,
            world=call.world,
            tenant=call.tenant,
            app_id=call.app_id,
            roles=call.roles,
            base=call.base,
        )
        size = len(orjson.dumps(part.body)) if isinstance(part.body, dict) else 0
        return self._service.arrive(own, ids, size=size, batch=ids.request_id, part=part.id)

    def _may_run(self, part: Part, visits: dict[str, Visit], ids: Ids) -> bool:
        if not part.depends_on:
            return True
        before = [visit for visit in visits.values() if visit.part.lower() in part.depends_on]
        if all(visit.answer.status < 400 for visit in before):
            return True
        visits[part.id].answer = refused(failed_dependency(), ids, self._world)
        return False

    def _batch_reply(self, parts: list[Part], visits: dict[str, Visit], ids: Ids) -> Reply:
        responses = [response_of(part, visits[part.id].answer) for part in parts]
        self._chance.shuffle(responses)
        reply = self._reply(Answer(200, {"responses": responses}), ids)
        spoilt = next((visit.spoilt for visit in visits.values() if visit.spoilt), "")
        return _spoil(reply, spoilt)

    def _call(self, request: Request) -> Call:
        tenant, app_id, roles = self._who(request)
        return Call(
            method=request.method,
            path=normal_path(request.path.removeprefix("/v1.0")) or "/",
            query=parse_query(request.query),
            headers=request.headers,
            body=_body(request),
            world=self._world,
            tenant=tenant,
            app_id=app_id,
            roles=roles,
            base=self._base,
        )

    def _who(self, request: Request) -> tuple[Tenant, str, frozenset[str]]:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise unauthenticated("Access token is empty.")
        bearer = self._tokens.read(token.strip(), self._world.clock.now().timestamp())
        tenant = self._world.tenants.get(bearer.tenant_id)
        if tenant is None:
            raise unauthenticated("The tenant of the token is not known.")
        if not self._world.switches.revocation_is_instant:
            return tenant, bearer.app_id, bearer.roles
        app = tenant.apps.get(bearer.app_id)
        if app is None or not app.enabled:
            raise unauthenticated("Continuous access evaluation: the application was revoked.")
        return tenant, bearer.app_id, bearer.roles & frozenset(app.roles)

    def _reply(self, answer: Answer, ids: Ids) -> Reply:
        headers = {
            "request-id": ids.request_id,
            "client-request-id": ids.client_request_id,
            "x-ms-ags-diagnostic": _DIAGNOSTIC,
            "Date": format_datetime(self._world.clock.now(), usegmt=True),
            "Cache-Control": "no-cache",
            **answer.headers,
        }
        if answer.body is None:
            return Reply(answer.status, b"", headers)
        if isinstance(answer.body, bytes):
            headers.setdefault("Content-Type", "application/octet-stream")
            return Reply(answer.status, answer.body, headers)
        headers.setdefault("Content-Type", GRAPH_TYPE)
        return Reply(answer.status, orjson.dumps(answer.body), headers)


def _ids(request: Request) -> Ids:
    own = str(uuid.uuid4())
    return Ids(own, request.headers.get("client-request-id") or own)


def _body(request: Request) -> Any:
    """The request's body: a JSON object, bytes, or None. Raises Refusal."""
    if len(request.body) > MOST_BYTES:
        raise Refusal(413, "RequestEntityTooLarge", "The request body is over the limit of 4 MB.")
    if not request.body or request.method in {"GET", "DELETE"}:
        return None
    kind = request.headers.get("content-type", "").lower()
    if not kind:
        raise Refusal(
            400,
            "BadRequest",
            "Write requests (excluding DELETE) must contain the Content-Type header declaration.",
        )
    return _json_object(request.body) if kind.startswith("application/json") else request.body


def _json_object(body: bytes) -> Json:
    try:
        read = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _unreadable() from error
    if not isinstance(read, dict):
        raise _unreadable()
    return read


def _unreadable() -> Refusal:
    return Refusal(
        400,
        "BadRequest",
        "Unable to read JSON request payload. Please ensure Content-Type header is set and "
        "payload is of valid JSON format.",
    )


def _spoil(reply: Reply, how: str) -> Reply:
    """What a scripted fault makes of a reply on its way."""
    match how:
        case "lost":
            reply.hang_up = True
        case "truncated":
            reply.body = reply.body[: max(1, len(reply.body) * 2 // 3)]
        case "garbage":
            reply.body = _GARBAGE
            reply.headers["Content-Type"] = "text/html"
    return reply
