"""What holds at the end of every scenario, whatever it was about (I1 to I7 of the acceptance list)."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import astuple
from typing import Any, get_args
from urllib.parse import unquote

from syncengine.ports.writing import Cause
from tenants import selectors as tenants_selectors
from tests.scenarios.stage import Stage, attempt_of, bears_mark, items_of
from tunnels import selectors
from tunnels.models import Body, Lane, LedgerEntry, Run, RunLine, Tunnel

Json = dict[str, Any]
ITEMS = ("/events/", "/contacts/")
CAUSES = frozenset(get_args(Cause))


def check(stage: Stage, records: Iterable[logging.LogRecord]) -> None:
    """All of them. The second run (I3) comes last but for the logs: it is part of what they judge."""
    if not stage.tenants:
        return
    second_run_is_silent(stage)
    audits_agree(stage)
    stage.work()
    stage.harvest()
    only_ours_was_written(stage)
    nobody_is_invited(stage)
    strangers_see_nothing(stage)
    mailboxes_are_not_crowded(stage)
    ledger_is_complete(stage)
    nothing_is_told(stage, records)


def second_run_is_silent(stage: Stage) -> None:
    """I3: a run right after the last one makes no write."""
    stage.calm()
    active = list(Tunnel.objects.filter(state=Tunnel.State.ACTIVE))
    if not stage.is_settled:
        for tunnel in active:
            stage.sync(tunnel)
    before = _written().count()
    stage.forget_counters()
    for tunnel in active:
        stage.sync(tunnel)
    assert stage.written() == 0, "I3: a second run wrote"
    assert _written().count() == before, "I3: a second run left rows in the ledger"


def audits_agree(stage: Stage) -> None:
    """The product's own audit finds no difference. Scenarios in which a mailbox cannot be read say so."""
    for tunnel in Tunnel.objects.filter(state=Tunnel.State.ACTIVE):
        if stage.is_auditable:
            found = [(one.mailbox, one.difference) for one in stage.audit(tunnel).differences]
            assert found == [], f"the audit of {tunnel} finds {found[:5]}"


def only_ours_was_written(stage: Stage) -> None:
    """I1: every update and delete of an item went to a copy that a link of ours named."""
    ours = set(
        LedgerEntry.objects.filter(verb__in=("create", "adopt", "delete")).values_list("remote_id", flat=True)
    )
    for line in _writes(stage):
        item = _item_of(line["path"])
        if item and line["status"] < 300:
            assert _master_of(item) in ours, f"I1: {line['method']} {line['path']} is not ours"


def nobody_is_invited(stage: Stage) -> None:
    """I2: no write has attendees or makes a meeting; nothing of ours was mailed."""
    for part in stage.tap.writes():
        body = part.body or {}
        assert not body.get("attendees"), f"I2: attendees in {part.method} {part.path}"
        assert not body.get("isOnlineMeeting"), f"I2: an online meeting in {part.method} {part.path}"
    assert mails_of_the_app(stage) == [], "I2: Exchange mailed because of us"


def mails_of_the_app(stage: Stage) -> list[Json]:
    """What Exchange sent because of the product, and not because of a person's deed."""
    return [mail for mail in stage.outbox() if mail["app"] != "as-user"]


def strangers_see_nothing(stage: Stage) -> None:
    """I4: the owner of another partner sees no row of it; nobody sees the tenants he has no right to."""
    who = stage.stranger
    seen: list[Any] = [
        selectors.tunnels_of(who), selectors.lanes_of(who), selectors.runs_of(who), selectors.held_of(who),
        selectors.ledger_of(who), tenants_selectors.tenants_of(who), tenants_selectors.problems_of(who),
        tenants_selectors.directory_of(who), tenants_selectors.groups_of(who),
        RunLine.objects.visible_to(who),
    ]  # fmt: skip
    assert [rows.model.__name__ for rows in seen if rows.exists()] == [], "I4: a stranger sees rows"
    assert set(astuple(selectors.numbers_of(who))) == {0}, "I4: a stranger's counts hold something"


def mailboxes_are_not_crowded(stage: Stage) -> None:
    """I6: at most four requests under way at a mailbox, and none before it may be asked again."""
    assert stage.most_under_way <= 4, f"I6: {stage.most_under_way} requests were under way at a mailbox"
    assert stage.early_requests == 0, f"I6: {stage.early_requests} requests came too early"


def ledger_is_complete(stage: Stage) -> None:
    """I7: each copy, update and delete has its row, with cause, before and after."""
    rows = list(LedgerEntry.objects.order_by("at", "pk"))
    for row in rows:
        assert row.cause in CAUSES, f"I7: a {row.verb} with the cause {row.cause!r}"
    _images_are_kept(rows)
    made = {
        row.remote_id: (row.lane, row.row)
        for row in rows
        if row.verb in ("create", "adopt") and row.remote_id
    }
    deleted = {row.remote_id for row in rows if row.verb == "delete"}
    changed = {(row.lane, row.row) for row in rows if row.verb in ("create", "update")}
    for line in _writes(stage):
        item = _item_of(line["path"])
        if not item or line["status"] >= 300:
            continue
        is_delete = line["method"] == "DELETE" or line["path"].endswith("/permanentDelete")
        if is_delete and _master_of(item) == item:
            assert item in deleted, f"I7: {line['path']} was deleted without a row"
        else:
            assert made[_master_of(item)] in changed, f"I7: {line['path']} was changed without a row"
    copies = [item for one in stage.mailboxes().values() for _, _, item in items_of(one) if bears_mark(item)]
    attempts = {row.attempt for row in rows if row.verb in ("create", "adopt")}
    assert {attempt_of(copy) for copy in copies} <= attempts, "I7: a copy without a row"
    creates = sum(line["method"] == "POST" and line["path"].endswith(("/events", "/contacts"))
                  and line["status"] == 201 for line in stage.log)  # fmt: skip
    recorded = sum(row.verb in ("create", "adopt") for row in rows)
    assert creates <= recorded, f"I7: {creates} creates, {recorded} rows"


def _images_are_kept(rows: Iterable[LedgerEntry]) -> None:
    """Before- and after-images are named, and their bodies are there."""
    known = set(Body.objects.values_list("fingerprint", flat=True))
    for row in rows:
        if row.outcome != "written":
            continue
        if row.verb in ("create", "update"):
            assert row.after in known, f"I7: a {row.verb} without an after-image"
        if row.verb in ("update", "delete") and row.cause not in ("late twin", "found by its mark"):
            assert row.before in known, f"I7: a {row.verb} ({row.cause}) without a before-image"


def nothing_is_told(stage: Stage, records: Iterable[logging.LogRecord]) -> None:
    """I5: no content, no secret and no token in logs, task results or journals."""
    logged = "\n".join(_text(record) for record in records)
    results = "\n".join(stage.said)
    journals = "\n".join(
        [*RunLine.objects.values_list("text", flat=True), *Run.objects.values_list("remark", flat=True)]
    )
    names = set(Lane.objects.values_list("name", flat=True))
    for word in stage.words | {token for token in stage.tap.tokens if token}:
        for where, text in (("logs", logged), ("task results", results), ("journals", journals)):
            if where == "journals" and word in names | stage.mailbox_names:
                continue  # A journal names mailboxes: pages show them to those who may see them.
            assert word not in text, f"I5: {word[:30]!r} stands in the {where}"


def _text(record: logging.LogRecord) -> str:
    said = record.getMessage()
    return f"{said} {record.exc_text or ''} {record.exc_info or ''}"


def _written() -> Any:
    return LedgerEntry.objects.filter(outcome="written")


def _writes(stage: Stage) -> list[Json]:
    """What the app asked that changes or deletes something that stood."""
    return [
        line
        for line in stage.log
        if line["method"] in ("PATCH", "PUT", "DELETE") or line["path"].endswith("/permanentDelete")
    ]


def _item_of(path: str) -> str:
    """The id of the event or contact that an address names; "" for folders."""
    for kind in ITEMS:
        if kind in path:
            return unquote(path.split(kind, 1)[1].split("/", 1)[0])
    return ""


def _master_of(item: str) -> str:
    """The series of an occurrence: in the sandbox, an occurrence's id ends with its series' id."""
    for head in ("AAMkAFRAAgAI", "AAkALgFRAAgI"):
        if item.startswith(head):
            return item[len(head) + 4 :]
    return item
