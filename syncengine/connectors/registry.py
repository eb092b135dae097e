"""From a connection's settings to an open service: what floors above the engine call.

Tokens and connection pools outlive a service: a process keeps one of each per
credential and host, however often a service is opened.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from syncengine.connectors.graph.calendar import GraphCalendar
from syncengine.connectors.graph.calendars import calendar_named
from syncengine.connectors.graph.directory import GraphDirectory
from syncengine.connectors.graph.door import GraphDoor
from syncengine.connectors.graph.settings import Certificate, GraphSettings, Secret, Usage
from syncengine.connectors.graph.target_contacts import GraphContactTarget
from syncengine.connectors.graph.target_events import GraphEventTarget
from syncengine.connectors.graph.tokens import EntraTokens
from syncengine.connectors.http import Http

__all__ = ["Certificate", "GraphService", "GraphSettings", "Probe", "Secret", "Usage", "open_graph"]


@dataclass(frozen=True, slots=True)
class Probe:
    """What a first knock tells: the tenant's name, and the permissions in the token."""

    organization: str
    roles: frozenset[str]


class GraphService:
    """One tenant's Graph, ready to use. Opening it sends nothing."""

    def __init__(self, settings: GraphSettings, door: GraphDoor) -> None:
        self._settings, self.door = settings, door

    @cached_property
    def directory(self) -> GraphDirectory:
        """The tenant's users, mail contacts and groups (`DirectorySource`)."""
        return GraphDirectory(self.door)

    def calendar(self, mailbox: str, calendar: str | None = None) -> GraphCalendar:
        """A calendar to read (`EventSource`); the default one without an id."""
        return GraphCalendar(self.door, mailbox, calendar)

    def calendar_named(self, mailbox: str, name: str) -> str:
        """The id of a calendar by its name. Raises NeedsAPerson where there is not exactly one."""
        return calendar_named(self.door, mailbox, name)

    def target_events(self, mailbox: str, zone: str = "UTC") -> GraphEventTarget:
        """Calendars of a mailbox to write (`Target`); `zone` is the mailbox's own, IANA."""
        return GraphEventTarget(mailbox, zone)

    def target_contacts(self, mailbox: str) -> GraphContactTarget:
        """Contact folders of a mailbox to write (`Target`)."""
        return GraphContactTarget(mailbox)

    def probe(self) -> Probe:
        """Knock at the door: whether we may come in, and with which permissions. Raises a Fault."""
        found = self.door.get("/organization?$select=id,displayName").get("value") or [{}]
        return Probe(str(found[0].get("displayName") or ""), self.door.roles())


_lock = threading.Lock()
_https: dict[tuple[Any, ...], Http] = {}
_tokens: dict[tuple[Any, ...], EntraTokens] = {}


def open_graph(settings: GraphSettings) -> GraphService:
    """The service that these settings lead to."""
    with _lock:
        http = _http(settings.graph_url, settings)
        who = (settings.tid, settings.client_id, settings.credential)
        known = (settings.login_url, settings.ca_bundle, *who)
        if known not in _tokens:
            _tokens[known] = EntraTokens(settings, _http(settings.login_url, settings))
        tokens = _tokens[known]
    door = GraphDoor(
        http, tokens, on_request=settings.on_request, scoped_by_exchange=settings.scoped_by_exchange
    )
    return GraphService(settings, door)


def _http(url: str, settings: GraphSettings) -> Http:
    known = (url, settings.ca_bundle, settings.timeout_s)
    if known not in _https:
        _https[known] = Http(url, ca_bundle=settings.ca_bundle, timeout_s=settings.timeout_s)
    return _https[known]


def _forget_all() -> None:
    """A forked process must not share its parent's sockets."""
    global _lock  # noqa: PLW0603
    _lock = threading.Lock()
    _https.clear()
    _tokens.clear()


os.register_at_fork(after_in_child=_forget_all)
