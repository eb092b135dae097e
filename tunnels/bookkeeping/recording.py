"""The two statements of the hot path: intents before requests, outcomes with their ledger rows after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from syncengine.planning.guards import counted
from syncengine.ports.remembering import Result
from syncengine.ports.writing import Failed, Written


def columns_of(results: Sequence[Result]) -> dict[str, list[Any]]:
    """The results as arrays: one row of the news each."""
    columns: dict[str, list[Any]] = {name: [] for name in _NEWS}
    for result in results:
        for name, value in zip(_NEWS, _row_of(result), strict=True):
            columns[name].append(value)
    return columns


_NEWS = (
    "rows", "occurrences", "verbs", "causes", "outcomes", "reasons", "attempts",
    "remote_ids", "etags", "answers", "fingerprints", "numbers", "removes",
)  # fmt: skip


def _row_of(result: Result) -> tuple[Any, ...]:
    action, outcome = result.intent.action, result.outcome
    remote_id, etag, answer, reason, word = action.remote_id or "", "", "", "", "open"
    match outcome:
        case Written():
            remote_id, etag, answer, word = outcome.remote_id, outcome.etag, outcome.answer, "written"
        case Failed():
            reason, word = outcome.reason[:80], "failed"
    return (
        action.row, action.occurrence, action.verb, action.cause, word, reason, result.intent.attempt,
        remote_id, etag, answer, action.fingerprint, action.number, counted(action),
    )  # fmt: skip


INTEND = """
WITH asked AS (
    SELECT * FROM unnest(%(rows)b::bigint[], %(occurrences)b::text[], %(verbs)b::text[], %(attempts)b::text[])
        AS t(row, occurrence, verb, attempt)
), replaced AS (
    INSERT INTO tunnels_ledgerentry
        (at, run, lane, row, occurrence, verb, cause, outcome, attempt)
    SELECT culvert_now(), %(run)s, l.lane, l.row, l.occurrence,
        'create', 'new at the source', 'open', l.attempt
    FROM tunnels_link l JOIN asked a ON l.lane = %(lane)s AND l.row = a.row AND l.occurrence = a.occurrence
    WHERE l.intent = 'create' AND a.verb = 'create' AND l.attempt <> a.attempt
)
INSERT INTO tunnels_link AS old (lane, row, occurrence, intent, attempt)
SELECT %(lane)s, row, occurrence, verb, attempt FROM asked WHERE verb <> 'adopt'
ON CONFLICT (lane, row, occurrence) DO UPDATE SET intent = EXCLUDED.intent,
    remote_id = CASE WHEN EXCLUDED.intent = 'create' THEN NULL ELSE old.remote_id END,
    attempt = CASE WHEN EXCLUDED.intent = 'create' THEN EXCLUDED.attempt ELSE old.attempt END
"""

# All parts of the statement see the links as they were: `before` is what was sent last.
RECORD = """
WITH news AS (
    SELECT * FROM unnest(
        %(rows)b::bigint[], %(occurrences)b::text[], %(verbs)b::text[], %(causes)b::text[],
        %(outcomes)b::text[], %(reasons)b::text[], %(attempts)b::text[], %(remote_ids)b::text[],
        %(etags)b::text[], %(answers)b::text[], %(fingerprints)b::text[], %(numbers)b::bigint[],
        %(removes)b::int[])
        AS t(row, occurrence, verb, cause, outcome, reason, attempt, remote_id, etag, answer,
             fingerprint, number, removes)
), deleted AS (
    DELETE FROM tunnels_link l USING news n
    WHERE l.lane = %(lane)s AND l.row = n.row AND l.occurrence = n.occurrence
      AND n.verb = 'delete' AND n.outcome = 'written' AND coalesce(l.remote_id, '') = n.remote_id
), written AS (
    UPDATE tunnels_link l SET remote_id = n.remote_id, version = n.number, sent = n.fingerprint,
        etag = n.etag, answer = n.answer, intent = '', failed = '', respected = false
    FROM news n
    WHERE l.lane = %(lane)s AND l.row = n.row AND l.occurrence = n.occurrence
      AND n.verb IN ('create', 'update') AND n.outcome = 'written'
), adopted AS (
    INSERT INTO tunnels_link
        (lane, row, occurrence, remote_id, version, sent, attempt, etag, answer, intent, failed)
    SELECT %(lane)s, row, occurrence, remote_id, number, fingerprint, attempt, etag, answer, '', ''
    FROM news WHERE verb = 'adopt' AND outcome = 'written'
    ON CONFLICT (lane, row, occurrence) DO UPDATE SET remote_id = EXCLUDED.remote_id,
        version = EXCLUDED.version, sent = EXCLUDED.sent, attempt = EXCLUDED.attempt,
        etag = EXCLUDED.etag, answer = EXCLUDED.answer, intent = '', failed = '', respected = false
), refused AS (
    UPDATE tunnels_link l SET intent = '', failed = n.reason, version = n.number
    FROM news n
    WHERE l.lane = %(lane)s AND l.row = n.row AND l.occurrence = n.occurrence
      AND n.outcome = 'failed' AND n.cause <> 'late twin'
)
INSERT INTO tunnels_ledgerentry
    (at, run, lane, row, occurrence, verb, cause, outcome, reason, attempt, before, after, remote_id, removes)
SELECT culvert_now(), %(run)s, %(lane)s, n.row, n.occurrence, n.verb, n.cause, n.outcome, n.reason,
       CASE WHEN n.verb IN ('create', 'adopt') THEN n.attempt ELSE '' END,
       CASE WHEN n.cause = 'late twin' THEN '' ELSE coalesce(l.sent, '') END,
       CASE WHEN n.verb = 'delete' THEN '' ELSE n.fingerprint END,
       CASE WHEN n.verb = 'update' THEN '' ELSE n.remote_id END, n.removes
FROM news n
LEFT JOIN tunnels_link l ON l.lane = %(lane)s AND l.row = n.row AND l.occurrence = n.occurrence
WHERE n.verb <> 'delete' OR n.remote_id <> ''
"""
