"""The audit trail keeps what it is told, and refuses what it must not hold."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction

from partners import audit
from partners.models import AuditEntry
from partners.principals import Principal


def test_the_database_itself_refuses_to_rewrite_the_trail(owner, as_principal):
    entry = audit.record(as_principal(owner), "member.created", owner, after={"role": "owner"})
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.filter(pk=entry.pk).update(verb="nothing.happened")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.filter(pk=entry.pk).delete()
    assert AuditEntry.objects.get(pk=entry.pk).verb == "member.created"


def test_a_field_that_names_a_secret_never_enters_the_trail(owner, as_principal):
    with pytest.raises(ValueError, match="client_secret"):
        audit.record(as_principal(owner), "tenant.changed", owner, after={"client_secret": "x"})
    assert not AuditEntry.objects.exists()


def test_the_portal_itself_is_an_actor(partner):
    entry = audit.record(Principal.system(partner.pk, "command line"), "partner.founded", partner)
    assert (entry.actor_kind, entry.actor_id, entry.actor_name) == ("system", None, "command line")
