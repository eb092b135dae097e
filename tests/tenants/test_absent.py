"""Why a mailbox cannot be reached, by what the directory shows."""

from __future__ import annotations

import pytest

from tenants.absent import why_unreachable
from tenants.models import DirectoryEntry

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("licensed", "synced", "mail", "reason"),
    [
        (False, False, "ada@alder.example", "no licence"),
        (True, False, "ada@alder.example", "mailbox inactive"),
        (True, True, "ada@alder.example", "mailbox on premises"),
        (False, True, "ada@alder.example", "mailbox on premises"),
        (False, True, "", "no licence"),
    ],
)
def test_the_directory_tells_the_cases_apart(tenant, licensed, synced, mail, reason):
    DirectoryEntry.objects.create(
        tenant=tenant, object_id="u1", licensed=licensed, mail=mail, person={"synced": synced}
    )
    absence = why_unreachable(tenant, "u1")
    assert absence is not None
    assert (absence.reason, bool(absence.message), bool(absence.advice)) == (reason, True, True)


def test_of_somebody_unknown_nothing_is_said(tenant):
    DirectoryEntry.objects.create(tenant=tenant, object_id="u1", gone=True)
    assert why_unreachable(tenant, "u1") is None
    assert why_unreachable(tenant, "u2") is None
