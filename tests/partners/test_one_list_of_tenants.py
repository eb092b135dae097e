"""Entries that were written before keep the tenant that they named."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from partners import audit
from partners.models import AuditEntry

pytestmark = pytest.mark.django_db


def migrate(name: str) -> None:
    MigrationExecutor(connection).migrate([("partners", name)])


def test_an_entry_of_one_tenant_keeps_it_there_and_back(owner, as_principal):
    for tenant_ids in ([], [7]):
        audit.record(as_principal(owner), "tenant.seen", owner, tenant_ids=tenant_ids)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    migrate("0004_audit_names_every_tenant_of_a_deed")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE partners_auditentry ALTER tenant_ids TYPE bigint[] USING '{}'::bigint[]")
        cursor.execute("SELECT tenant_id FROM partners_auditentry ORDER BY id")
        assert cursor.fetchall() == [(None,), (7,)]
    migrate("0005_a_deeds_tenants_are_one_list")
    assert [entry.tenant_ids for entry in AuditEntry.objects.order_by("pk")] == [[], [7]]
