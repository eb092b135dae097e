"""Rows about clients: tenants, their connections and directories, leases, problems."""

from __future__ import annotations

from tenants.models.directory import DirectoryEntry, DirectoryState, Group, GroupMember
from tenants.models.lease import DIRECTORY, Lease
from tenants.models.problem import Problem
from tenants.models.tenant import Connection, Tenant

__all__ = [
    "DIRECTORY",
    "Connection",
    "DirectoryEntry",
    "DirectoryState",
    "Group",
    "GroupMember",
    "Lease",
    "Problem",
    "Tenant",
]
