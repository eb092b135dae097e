"""What every handler of the sandbox speaks: a call, an answer, a refusal, and the routes.

Handlers are plain synchronous functions on one thread: the sandbox's state needs no
lock, and an order of events can be scripted. Waiting (slow answers) happens outside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from syncengine.sandbox.state import Tenant, World

Json = dict[str, Any]


@dataclass(slots=True)
class Answer:
    """What goes back: a status, a JSON body (or bytes, or nothing), and headers."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """Graph says no, with its status, its error code and its words."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        headers: dict[str, str] | None = None,
        extra: Json | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message = status, code, message
        self.headers = headers or {}
        self.extra = extra or {}


class Unknown(Refusal):
    """An address, option or property that the sandbox does not know: fails the test that met it."""

    def __init__(self, what: str) -> None:
        super().__init__(501, "SandboxDoesNotKnow", f"The sandbox does not know {what}.")


@dataclass(slots=True)
class Call:
    """One request to Graph, alone or as a part of a batch, after its token was checked.

    `query` keeps OData's dollar (`$top`); `headers` are lower case; `path` is what
    follows `/v1.0`, undecoded; `base` is the address that links in answers begin with.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    world: World
    tenant: Tenant
    app_id: str
    roles: frozenset[str]
    base: str

    def prefers(self, name: str) -> str | None:
        """The value of one `Prefer` preference (`outlook.timezone`), or None; names in any case."""
        for preference in self.headers.get("prefer", "").split(","):
            key, _, value = preference.strip().partition("=")
            if key.lower() == name.lower():
                return value.strip().strip('"')
        return None

    @property
    def wants_immutable_ids(self) -> bool:
        """Whether this call speaks of items by their immutable ids."""
        return (self.prefers("IdType") or "").lower() == "immutableid"


Handler = Callable[..., Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """One address pattern with one method, its handler and the permissions that open it."""

    method: str
    pattern: str
    handler: Handler
    needs: frozenset[str]


@dataclass(slots=True)
class _Node:
    literal: dict[str, _Node] = field(default_factory=dict)
    wild: _Node | None = None
    routes: dict[str, Route] = field(default_factory=dict)


class Routes:
    """A tree of path segments. Literal segments win over `{names}`; case as OData has it: ignored."""

    def __init__(self) -> None:
        self._root = _Node()
        self._permissions: set[str] = set()

    @property
    def permissions(self) -> frozenset[str]:
        """Every permission that some route asks for: what a person may do in their own tenant."""
        return frozenset(self._permissions)

    def route(self, method: str, pattern: str, *, needs: str = "") -> Callable[[Handler], Handler]:
        """Register a handler: called as handler(call, *the values of {names} in order).

        `needs` lists application permissions, space separated; any one of them opens the door.
        """

        def register(handler: Handler) -> Handler:
            node = self._root
            for segment in pattern.strip("/").split("/"):
                if segment.startswith("{"):
                    node.wild = node.wild or _Node()
                    node = node.wild
                else:
                    node = node.literal.setdefault(segment.lower(), _Node())
            node.routes[method] = Route(method, pattern, handler, frozenset(needs.split()))
            self._permissions.update(needs.split())
            return handler

        return register

    def find(self, method: str, path: str) -> tuple[Route, list[str]] | None:
        """The route that `method` and `path` mean, with the values of its names, or None."""
        found = self._find(self._root, path.strip("/").split("/"), [])
        if found is None or method not in found[0].routes:
            return None
        return found[0].routes[method], found[1]

    def answer(self, call: Call) -> Answer:
        """Find the handler and let it answer. Raises Refusal (401 and throttles come before this)."""
        found = self.find(call.method, call.path)
        if found is None:
            raise Unknown(f"{call.method} {call.path}")
        route, values = found
        if route.needs and not route.needs & call.roles:
            raise _forbidden(route)
        return route.handler(call, *values)

    def _find(self, node: _Node, rest: list[str], values: list[str]) -> tuple[_Node, list[str]] | None:
        if not rest:
            return (node, values) if node.routes else None
        literal = node.literal.get(rest[0].lower())
        if literal and (found := self._find(literal, rest[1:], values)):
            return found
        if node.wild:
            return self._find(node.wild, rest[1:], [*values, unquote(rest[0])])
        return None


def _forbidden(route: Route) -> Refusal:
    """Exchange and the directory say the same thing in different words."""
    if any(need.startswith(("Calendars", "Contacts", "MailboxSettings")) for need in route.needs):
        return Refusal(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
    return Refusal(
        403,
        "Authorization_RequestDenied",
        "Insufficient privileges to complete the operation.",
    )


# Every module of handlers registers here; `app.py` imports them all.
graph = Routes()
