"""What a configuration file wants, as checked rows of plain data. Nothing is looked up yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from partners.permissions import Role
from tunnels.configuration.positions import Document, Path

Secrets = Callable[[str], str | None]
"""What stands behind the NAME of an `env:NAME`; None where there is nothing."""


@dataclass(frozen=True, slots=True)
class MemberWish:
    """A person of the partner. `password` is set once, when the person is new."""

    email: str
    name: str
    role: Role
    password: str | None = None
    time_zone: str = "UTC"
    path: Path = ()


@dataclass(frozen=True, slots=True)
class ConnectionWish:
    """An app registration and what proves that we are the app."""

    client_id: UUID
    secret: str
    credential: str = "secret"
    certificate: str = ""


@dataclass(frozen=True, slots=True)
class TenantWish:
    """A client."""

    slug: str
    name: str
    microsoft_id: UUID
    fields: Mapping[str, str]
    connection: ConnectionWish | None = None
    path: Path = ()


@dataclass(frozen=True, slots=True)
class EndWish:
    """One source or target of a tunnel: the tenant's slug, and the rest as the spec."""

    tenant: str
    gives: bool
    spec: Mapping[str, Any]
    path: Path = ()


@dataclass(frozen=True, slots=True)
class TunnelWish:
    """A tunnel."""

    slug: str
    name: str
    kind: str
    ends: Sequence[EndWish]
    policy: Mapping[str, Any] = field(default_factory=dict)
    folder: str = ""
    guards: Mapping[str, Any] = field(default_factory=dict)
    schedule_s: int = 120
    path: Path = ()


@dataclass(frozen=True, slots=True)
class Wishes:
    """All that a file wants."""

    partner: str
    requires_second_factor: bool
    members: Sequence[MemberWish]
    tenants: Sequence[TenantWish]
    tunnels: Sequence[TunnelWish]


def wishes_of(document: Document, secrets: Secrets) -> Wishes:
    """What the file wants. Raises Wrong at the first thing that cannot be meant."""
    return _Reader(document, secrets).read()


class _Reader:
    """Walks through a document with its paths at hand."""

    def __init__(self, document: Document, secrets: Secrets) -> None:
        self._document, self._secrets = document, secrets

    def read(self) -> Wishes:
        root = self._table((), "partner", "tenants", "tunnels")
        partner = self._table(("partner",), "name", "requires_second_factor", "members")
        members = self._list(("partner", "members"), partner.get("members"))
        return Wishes(
            partner=self._text(("partner", "name")),
            requires_second_factor=self._flag(("partner", "requires_second_factor"), default=True),
            members=[self._member(("partner", "members", at)) for at in range(len(members))],
            tenants=[self._tenant(("tenants", slug)) for slug in self._named(("tenants",), root)],
            tunnels=[self._tunnel(("tunnels", slug)) for slug in self._named(("tunnels",), root)],
        )

    def _member(self, path: Path) -> MemberWish:
        self._table(path, "email", "name", "role", "password", "time_zone")
        role, roles = self._text((*path, "role")), [role.value for role in Role]
        if role not in roles:
            raise self._document.wrong(f"role is one of {', '.join(roles)}.", *path, "role")
        return MemberWish(
            email=self._text((*path, "email")).lower(),
            name=self._text((*path, "name")),
            role=Role(role),
            password=self._secret((*path, "password")) if self._has((*path, "password")) else None,
            time_zone=self._zone((*path, "time_zone")),
            path=path,
        )

    def _tenant(self, path: Path) -> TenantWish:
        self._table(path, "name", "microsoft_id", "domain", "region", "zone", "connection")
        slug = str(path[-1])
        optional = {name: self._text((*path, name), "") for name in ("domain", "region")}
        return TenantWish(
            slug=slug,
            name=self._text((*path, "name"), slug),
            microsoft_id=self._uuid((*path, "microsoft_id")),
            fields={**optional, "zone": self._zone((*path, "zone"))},
            connection=self._connection((*path, "connection")) if self._has((*path, "connection")) else None,
            path=path,
        )

    def _connection(self, path: Path) -> ConnectionWish:
        table = self._table(path, "client_id", "secret", "certificate", "private_key")
        client_id = self._uuid((*path, "client_id"))
        if "certificate" in table:
            return ConnectionWish(
                client_id,
                self._secret((*path, "private_key")),
                "certificate",
                self._secret((*path, "certificate")),
            )
        return ConnectionWish(client_id, self._secret((*path, "secret")))

    def _tunnel(self, path: Path) -> TunnelWish:
        table = self._table(
            path, "name", "kind", "sources", "targets", "policy", "folder", "guards", "schedule_s"
        )
        kind = self._text((*path, "kind"))
        if kind not in ("events", "contacts"):
            raise self._document.wrong("kind is events or contacts.", *path, "kind")
        ends = [
            self._end((*path, side, at))
            for side in ("sources", "targets")
            for at in range(len(self._list((*path, side), table.get(side))))
        ]
        return TunnelWish(
            slug=str(path[-1]),
            name=self._text((*path, "name"), str(path[-1])),
            kind=kind,
            ends=ends,
            policy=self._table((*path, "policy")) if self._has((*path, "policy")) else {},
            folder=self._text((*path, "folder"), ""),
            guards=self._table((*path, "guards")) if self._has((*path, "guards")) else {},
            schedule_s=self._whole((*path, "schedule_s"), 120),
            path=path,
        )

    def _end(self, path: Path) -> EndWish:
        table = dict(self._table(path))
        tenant = self._text((*path, "tenant"))
        del table["tenant"]
        return EndWish(tenant, path[-2] == "sources", table, path)

    # Values

    def _at(self, path: Path) -> Any:
        value = self._document.content
        for step in path:
            value = value.get(step) if isinstance(value, dict) else value[step]
        return value

    def _has(self, path: Path) -> bool:
        return self._at(path) is not None

    def _table(self, path: Path, *known: str) -> Mapping[str, Any]:
        value = self._at(path)
        if not isinstance(value, dict):
            where = path[-1] if path else "The file"
            raise self._document.wrong(f"{where} is a table of names and values.", *path)
        for key in value:
            if known and key not in known:
                reason = f"{key!r} is not known here; known are {', '.join(known)}."
                raise self._document.wrong(reason, *path, key)
        return value

    def _named(self, path: Path, root: Mapping[str, Any]) -> Sequence[str]:
        return list(self._table(path)) if root.get(str(path[-1])) is not None else []

    def _list(self, path: Path, value: Any) -> Sequence[Any]:
        if value is None:
            return []
        if not isinstance(value, list):
            raise self._document.wrong(f"{path[-1]} is a list.", *path)
        return value

    def _text(self, path: Path, default: str | None = None) -> str:
        value = self._at(path)
        if value is None and default is not None:
            return default
        if not isinstance(value, str | int) or isinstance(value, bool) or not str(value).strip():
            raise self._document.wrong(f"{path[-1]} is missing or not a text.", *path)
        return str(value).strip()

    def _flag(self, path: Path, *, default: bool) -> bool:
        value = self._at(path)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self._document.wrong(f"{path[-1]} is true or false.", *path)
        return value

    def _whole(self, path: Path, default: int) -> int:
        value = self._at(path)
        if value is None:
            return default
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._document.wrong(f"{path[-1]} is a whole number.", *path)
        return value

    def _uuid(self, path: Path) -> UUID:
        try:
            return UUID(self._text(path))
        except ValueError:
            raise self._document.wrong(f"{path[-1]} is not an id such as Entra shows it.", *path) from None

    def _zone(self, path: Path) -> str:
        zone = self._text(path, "UTC")
        if zone not in available_timezones():
            raise self._document.wrong(f"{zone!r} is not a time zone such as Europe/Berlin.", *path)
        return zone

    def _secret(self, path: Path) -> str:
        """Secrets are named, never held: `env:NAME`."""
        value = self._text(path)
        if not value.startswith("env:"):
            reason = f"{path[-1]} names a variable of the environment, as env:NAME; a file holds no secret."
            raise self._document.wrong(reason, *path)
        secret = self._secrets(value.removeprefix("env:"))
        if not secret:
            raise self._document.wrong(f"The environment has no {value.removeprefix('env:')}.", *path)
        return secret
