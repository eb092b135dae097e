"""The feed of an address list: it drinks from our mirror of the directory, and asks nobody."""

from __future__ import annotations

from django.db import connection, transaction

from tunnels.models import Feed


@transaction.atomic
def pull(feed: Feed) -> int:
    """Take over what changed in the directory since the last time; returns how many items did.

    Entries are numbered by the tenant's directory under a lock, so none can slip in below the cursor.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT head, cursor FROM tunnels_feed WHERE id = %s FOR UPDATE", [feed.pk])
        head, since = cursor.fetchone()
        cursor.execute(
            "SELECT coalesce(max(number), 0) FROM tenants_directoryentry WHERE tenant_id = %s",
            [feed.tenant_id],
        )
        upto = int(cursor.fetchone()[0])
        cursor.execute(
            _PULL,
            {"feed": feed.pk, "tenant": feed.tenant_id, "since": int(since or 0), "upto": upto, "head": head},
        )
        changed = int(cursor.rowcount)
        cursor.execute(
            "UPDATE tunnels_feed SET head = head + %s, cursor = %s WHERE id = %s",
            [changed, str(upto), feed.pk],
        )
    feed.head, feed.cursor = head + changed, str(upto)
    return changed


_PULL = """
WITH news AS (
    SELECT object_id, person, gone, md5(person::text) AS said, number
    FROM tenants_directoryentry WHERE tenant_id = %(tenant)s AND number > %(since)s AND number <= %(upto)s
), changed AS (
    SELECT n.object_id, n.person, n.gone, n.said, row_number() OVER (ORDER BY n.number) AS place
    FROM news n LEFT JOIN tunnels_feeditem i ON i.feed_id = %(feed)s AND i.remote_id = n.object_id
        AND hashtextextended(i.remote_id, 0) = hashtextextended(n.object_id, 0)
    WHERE (i.id IS NULL AND NOT n.gone) OR i.gone <> n.gone OR (NOT n.gone AND i.fingerprint <> n.said)
)
INSERT INTO tunnels_feeditem AS old
    (feed_id, remote_id, key, number, item, fingerprint, gone, to_read, asked, look, unreadable)
SELECT %(feed)s, object_id, object_id, %(head)s + place, person, said, gone, false, 0, 0, '' FROM changed
ON CONFLICT (feed_id, hashtextextended(remote_id, 0)) DO UPDATE SET
    number = EXCLUDED.number, item = EXCLUDED.item, fingerprint = EXCLUDED.fingerprint, gone = EXCLUDED.gone
"""
