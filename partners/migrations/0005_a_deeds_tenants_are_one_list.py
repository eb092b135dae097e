"""One column says which tenants a deed concerns; the single id of before goes.

The ids move by a change of the column's type: the trail's rows refuse every UPDATE, and lose nothing.
"""

from __future__ import annotations

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models

FORWARD = """
ALTER TABLE partners_auditentry ALTER COLUMN tenant_ids TYPE bigint[]
    USING CASE WHEN tenant_id IS NULL THEN tenant_ids ELSE ARRAY[tenant_id] END
"""

BACKWARD = """
ALTER TABLE partners_auditentry ALTER COLUMN tenant_id TYPE bigint
    USING CASE WHEN cardinality(tenant_ids) = 1 THEN tenant_ids[1] END
"""


class Migration(migrations.Migration):
    dependencies = [("partners", "0004_audit_names_every_tenant_of_a_deed")]

    operations = [
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.RemoveIndex(model_name="auditentry", name="audit_of_a_tenant"),
        migrations.RemoveField(model_name="auditentry", name="tenant_id"),
        migrations.AlterField(
            model_name="auditentry",
            name="tenant_ids",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(),
                default=list,
                help_text="Every tenant that it concerns: who reads it reaches them all.",
                size=None,
            ),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=django.contrib.postgres.indexes.GinIndex(fields=["tenant_ids"], name="audit_of_tenants"),
        ),
    ]
