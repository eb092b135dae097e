"""`culvert_now()`: the database's clock plus one row's offset.

STABLE, and by statement: an index on a due time can serve it, and it moves within a transaction.
"""

from __future__ import annotations

from django.db import migrations

FORWARD = """
CREATE TABLE partners_clockoffset (
    single boolean PRIMARY KEY DEFAULT true CONSTRAINT there_is_one_clock CHECK (single),
    ahead interval NOT NULL DEFAULT interval '0'
);
INSERT INTO partners_clockoffset DEFAULT VALUES;
CREATE FUNCTION culvert_now() RETURNS timestamptz LANGUAGE sql STABLE AS
    'SELECT statement_timestamp() + (SELECT ahead FROM partners_clockoffset)';
"""

BACKWARD = """
DROP FUNCTION culvert_now();
DROP TABLE partners_clockoffset;
"""


class Migration(migrations.Migration):
    dependencies = [("partners", "0001_partners_members_and_the_audit_trail")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
