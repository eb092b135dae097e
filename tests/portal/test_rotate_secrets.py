"""After a rotation the new key is enough."""

from __future__ import annotations

from uuid import uuid4

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import connection

from tenants.models import Connection


@pytest.mark.django_db
def test_after_a_rotation_the_new_key_alone_reads_every_secret(owner, tenant, settings, capsys):
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    settings.CULVERT_FIELD_KEYS = [old]
    Connection.objects.create(tenant=tenant, client_id=uuid4(), secret="the client's secret")
    TOTP.activate(owner.user, "JBSWY3DPEHPK3PXP")
    codes = RecoveryCodes.activate(owner.user).generate_codes()

    settings.CULVERT_FIELD_KEYS = [new, old]
    call_command("rotate_secrets")
    assert "1 connections, 2 second factors" in capsys.readouterr().out

    settings.CULVERT_FIELD_KEYS = [new]
    assert Connection.objects.get().secret == "the client's secret"
    totp = Authenticator.objects.get(type=Authenticator.Type.TOTP)
    assert get_adapter().decrypt(totp.data["secret"]) == "JBSWY3DPEHPK3PXP"
    kept = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES)
    assert RecoveryCodes(kept).generate_codes() == codes
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM tenants_connection")
        assert "secret" not in cursor.fetchone()[0]
