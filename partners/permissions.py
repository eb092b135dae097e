"""What a principal may do, and which role may do it: one table for all floors.

A permission is named *matter.deed*. A page and the service behind it ask for the same one.
"""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """One right. Which tenants it covers stands in the principal's scope."""

    PEOPLE_SEE = "people.see"
    PEOPLE_CHANGE = "people.change"
    AUDIT_SEE = "audit.see"
    TENANTS_SEE = "tenants.see"
    TENANTS_REFRESH = "tenants.refresh"
    TENANTS_CHANGE = "tenants.change"
    TUNNELS_SEE = "tunnels.see"
    TUNNELS_RUN = "tunnels.run"
    TUNNELS_PAUSE = "tunnels.pause"
    TUNNELS_APPROVE = "tunnels.approve"
    TUNNELS_CHANGE = "tunnels.change"


class Role(StrEnum):
    """What a member is to the partner."""

    OWNER = "owner"
    ENGINEER = "engineer"
    OPERATOR = "operator"
    AUDITOR = "auditor"


ALL_PERMISSIONS = frozenset(Permission)

# An engineer does everything but decide who comes in. An operator keeps the trains running.
# An auditor reads everything and changes nothing.
PERMISSIONS_OF: dict[Role, frozenset[Permission]] = {
    Role.OWNER: ALL_PERMISSIONS,
    Role.ENGINEER: ALL_PERMISSIONS - {Permission.PEOPLE_CHANGE},
    Role.OPERATOR: frozenset(
        {
            Permission.PEOPLE_SEE,
            Permission.TENANTS_SEE,
            Permission.TENANTS_REFRESH,
            Permission.TUNNELS_SEE,
            Permission.TUNNELS_RUN,
            Permission.TUNNELS_PAUSE,
        }
    ),
    Role.AUDITOR: frozenset(
        {
            Permission.PEOPLE_SEE,
            Permission.AUDIT_SEE,
            Permission.TENANTS_SEE,
            Permission.TUNNELS_SEE,
        }
    ),
}
