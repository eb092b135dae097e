"""Claiming and keeping leases. Time is the database's (plus the borrowed offset), never Python's."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings
from django.db import connection

from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class Held:
    """A lease that is ours. `seconds_left` until it ends, `wait` until the mailbox may be asked again.

    `spent` are requests by minute of the last ten minutes: {"29312345": 12}, minutes since 1970.
    """

    mailbox: str
    seconds_left: float
    wait: float
    spent: Mapping[str, int] = field(default_factory=dict)


def ensure(tenant: Tenant, mailboxes: Iterable[str]) -> None:
    """Make the rows that can be claimed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tenants_lease (tenant_id, mailbox, spent)"
            " SELECT %s, unnest(%s::text[]), '{}'::jsonb ON CONFLICT DO NOTHING",
            [tenant.pk, sorted(set(mailboxes))],
        )


def claim(tenant: Tenant, mailboxes: Sequence[str], holder: UUID) -> dict[str, Held]:
    """Take those of the leases that nobody holds and whose mailbox may be asked now.

    A lease is held for CULVERT_LEASE_S seconds; a dead worker's lease ends by itself.
    """
    ensure(tenant, mailboxes)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH free AS (
                SELECT id FROM tenants_lease
                WHERE tenant_id = %(tenant)s AND mailbox = ANY(%(mailboxes)s)
                  AND (until IS NULL OR until <= culvert_now() OR holder = %(holder)s)
                  AND (not_before IS NULL OR not_before <= culvert_now())
                ORDER BY id FOR UPDATE SKIP LOCKED
            )
            UPDATE tenants_lease SET holder = %(holder)s,
                until = culvert_now() + make_interval(secs => %(seconds)s), not_before = NULL
            FROM free WHERE tenants_lease.id = free.id
            RETURNING mailbox, %(seconds)s::float8, 0::float8, spent
            """,
            {
                "tenant": tenant.pk,
                "mailboxes": list(mailboxes),
                "holder": holder,
                "seconds": settings.CULVERT_LEASE_S,
            },
        )
        return {row[0]: Held(row[0], row[1], row[2], _as_dict(row[3])) for row in cursor.fetchall()}


def renew(tenant: Tenant, holder: UUID) -> None:
    """Hold on to everything that is still ours for another CULVERT_LEASE_S seconds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tenants_lease SET until = culvert_now() + make_interval(secs => %s)"
            " WHERE tenant_id = %s AND holder = %s AND until > culvert_now()",
            [settings.CULVERT_LEASE_S, tenant.pk, holder],
        )


def give_back(
    tenant: Tenant,
    holder: UUID,
    *,
    waits: Mapping[str, float] | None = None,
    spent: Mapping[str, Mapping[str, int]] | None = None,
) -> None:
    """End our leases; `waits` are seconds for which mailboxes must be left alone, `spent` their requests."""
    waits, spent = waits or {}, spent or {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH news AS (
                SELECT unnest(%(mailboxes)s::text[]) AS mailbox, unnest(%(waits)s::float8[]) AS wait,
                       unnest(%(spent)s::jsonb[]) AS spent
            )
            UPDATE tenants_lease SET
                not_before = CASE WHEN news.wait > 0
                    THEN greatest(not_before, culvert_now() + make_interval(secs => news.wait))
                    ELSE not_before END,
                spent = coalesce(news.spent, tenants_lease.spent)
            FROM news
            WHERE tenant_id = %(tenant)s AND holder = %(holder)s AND tenants_lease.mailbox = news.mailbox
            """,
            {
                "tenant": tenant.pk,
                "holder": holder,
                "mailboxes": (names := sorted({*waits, *spent})),
                "waits": [waits.get(name, 0.0) for name in names],
                "spent": [_as_json(spent[name]) if name in spent else None for name in names],
            },
        )
        cursor.execute(
            "UPDATE tenants_lease SET holder = NULL, until = NULL WHERE tenant_id = %s AND holder = %s",
            [tenant.pk, holder],
        )


def _as_dict(value: str | dict[str, int]) -> dict[str, int]:
    """Of jsonb: text where Django has switched the driver's loader off."""
    found: dict[str, int] = json.loads(value) if isinstance(value, str) else value
    return found


def _as_json(value: Mapping[str, int]) -> str:

    return json.dumps(dict(value))
