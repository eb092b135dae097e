"""Where a deed of a drill is done."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Where a deed is done: a database, and a sandbox that plays Microsoft 365."""

    database: str
    graph: str
    login: str
    ca: str
    lease_s: int = 2

    @property
    def environment(self) -> dict[str, str]:
        """The same for a process that is started, not forked."""
        return {
            "DATABASE_URL": self.database,
            "CULVERT_GRAPH_URL": self.graph,
            "CULVERT_LOGIN_URL": self.login,
            "CULVERT_CA_BUNDLE": self.ca,
            "CULVERT_LEASE_S": str(self.lease_s),
        }
