"""The audit trail: every deed of a person, and of the portal where a person would have done it.

`record` belongs into the transaction of the deed itself, so that neither exists without the
other. What is recorded are settings and counts: no secret, no subject, body or number of a
calendar or a contact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from django.db.models import Model

from partners.models import AuditEntry
from partners.principals import Principal

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

# A field with one of these words in its name never gets into the trail, whatever it holds.
SECRET_WORDS = ("secret", "password", "token", "private_key", "credential")


def record(
    principal: Principal,
    verb: str,
    obj: Model,
    *,
    tenant_ids: Iterable[int] = (),
    before: Mapping[str, Json] | None = None,
    after: Mapping[str, Json] | None = None,
    is_security: bool = False,
) -> AuditEntry:
    """Write down that `principal` did `verb` (*matter.deed*) to `obj`.

    `tenant_ids` are all tenants that the deed concerns: who may see every one of them reads it. A
    deed that names none is the partner's own.
    Raises ValueError for a field whose name says that it holds a secret.
    """
    _refuse_secrets(before or {})
    _refuse_secrets(after or {})
    return AuditEntry.objects.create(
        partner_id=principal.partner_id,
        actor_kind=principal.kind,
        actor_id=principal.user_id,
        actor_name=principal.name,
        verb=verb,
        object_kind=obj._meta.model_name or "",
        object_id="" if obj.pk is None else str(obj.pk),
        object_name=str(obj)[:200],
        tenant_ids=sorted(set(tenant_ids)),
        before=dict(before or {}),
        after=dict(after or {}),
        is_security=is_security,
    )


def _refuse_secrets(fields: Mapping[str, Json]) -> None:
    for name in fields:
        if any(word in name.lower() for word in SECRET_WORDS):
            raise ValueError(f"The field {name!r} must not stand in the audit trail.")
