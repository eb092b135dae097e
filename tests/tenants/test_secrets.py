"""Secrets at rest."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from django.db import connection

from tenants import secrets
from tenants.models import Connection

SECRET = "a-very-secret-word"


@pytest.mark.django_db
def test_the_database_never_sees_the_secret(tenant):
    Connection.objects.create(tenant=tenant, client_id="7c1f4f0e-3d52-4b5c-9a51-0f6d8f2b9a10", secret=SECRET)
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM tenants_connection WHERE tenant_id = %s", [tenant.pk])
        at_rest = cursor.fetchone()[0]
    assert SECRET not in at_rest
    assert Connection.objects.get(tenant=tenant).secret == SECRET


def test_a_rotated_secret_needs_the_new_key_only(settings):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.CULVERT_FIELD_KEYS = [old]
    sealed = secrets.seal(SECRET)
    settings.CULVERT_FIELD_KEYS = [new, old]
    rotated = secrets.rotate(sealed)
    settings.CULVERT_FIELD_KEYS = [new]
    assert secrets.unseal(rotated) == SECRET


def test_a_lost_key_is_a_sentence_without_the_secret(settings):
    sealed = secrets.seal(SECRET)
    settings.CULVERT_FIELD_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(secrets.Unreadable) as refusal:
        secrets.unseal(sealed)
    assert SECRET not in str(refusal.value)
