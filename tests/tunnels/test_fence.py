"""Nothing of a tenant is visible without a right to it; each end of a tunnel sees its own side."""

from __future__ import annotations

import pytest

from partners import clock
from tests.tunnels.building import (
    intent,
    lane_id,
    make_lane,
    make_tunnel,
    person,
    register_of,
    shaped,
    store,
    written,
)
from tunnels import pacing, selectors, tallies
from tunnels.bookkeeping.bodies import Bodies
from tunnels.bookkeeping.links import SqlBook
from tunnels.models import Feed, HeldAction, Lane, LanePlan, LedgerEntry, Run, RunLine, TunnelMember

pytestmark = pytest.mark.django_db


@pytest.fixture
def other_tenant(make_tenant):
    return make_tenant("rheinwerk")


@pytest.fixture
def tunnel(tenant, other_tenant):
    """From Northwind's on-call mailbox to Rheinwerk, with everything that a run leaves behind."""
    tunnel = make_tunnel(tenant)
    feed = Feed.objects.create(
        tenant=tenant, kind="calendar", mailbox="oncall", name="On-call", state="healthy"
    )
    TunnelMember.objects.filter(tunnel=tunnel, gives=True).update(feed=feed)
    TunnelMember.objects.filter(tunnel=tunnel, takes=True).update(tenant=other_tenant)
    lane = make_lane(tunnel)
    store(lane.cell, shaped("a", person("Ada")))
    [row] = register_of(lane.cell).after(0, 1)
    book = SqlBook(Bodies())
    asked = intent(row)
    book.intend(lane_id(lane), [asked])
    book.record(lane_id(lane), [written(asked, "X")])
    run = Run.objects.create(tunnel=tunnel, trigger="asked", started_at=clock.now())
    RunLine.objects.create(run=run, at=clock.now(), text="Of all.")
    RunLine.objects.create(run=run, at=clock.now(), text="1 created", lane=lane, tenant=other_tenant)
    LanePlan.objects.create(lane=lane, definition=1, number=1, digest="d", made_at=clock.now())
    HeldAction.objects.create(
        lane=lane, row=row.id, verb="delete", cause="source deleted", held_at=clock.now()
    )
    return tunnel


def seen_by(principal, tunnel):
    """How much of everything a principal sees."""
    return {
        "tunnels": selectors.tunnels_of(principal).count(),
        "lanes": selectors.lanes_of(principal).count(),
        "runs": selectors.runs_of(principal).count(),
        "lines": sum(selectors.journal_of(principal, run).count() for run in Run.objects.all()),
        "plans": selectors.plans_of(principal, tunnel).count(),
        "held": selectors.held_of(principal).count(),
        "ledger": selectors.ledger_of(principal).count(),
        "feeds": Feed.objects.visible_to(principal).count(),
        "behind": selectors.numbers_of(principal).lanes,
        "writes": selectors.numbers_of(principal).writes_today,
    }


ALL = {
    "tunnels": 1, "lanes": 1, "runs": 1, "lines": 2, "plans": 1, "held": 1, "ledger": 1, "feeds": 1,
    "behind": 1, "writes": 1,
}  # fmt: skip


def only(engineer, *tenants):
    engineer.scope, engineer.tenant_ids = "these", [tenant.pk for tenant in tenants]
    return engineer


def test_an_owner_sees_all_of_it(tunnel, owner, as_principal):
    assert seen_by(as_principal(owner), tunnel) == ALL


def test_an_auditor_reads_all_of_it(tunnel, auditor, as_principal):
    assert seen_by(as_principal(auditor), tunnel) == ALL


def test_another_partner_sees_nothing_of_it(tunnel, outsider, as_principal):
    assert set(seen_by(as_principal(outsider), tunnel).values()) == {0}


def test_a_member_without_these_tenants_sees_nothing_of_it(tunnel, engineer, as_principal, make_tenant):
    third = make_tenant("harbour")
    assert set(seen_by(as_principal(only(engineer, third)), tunnel).values()) == {0}


def test_the_source_side_sees_the_feed_and_no_lane_of_the_other_end(tunnel, tenant, engineer, as_principal):
    seen = seen_by(as_principal(only(engineer, tenant)), tunnel)
    assert (seen["tunnels"], seen["feeds"], seen["runs"]) == (1, 1, 1)
    assert (seen["lanes"], seen["ledger"], seen["held"], seen["plans"], seen["writes"]) == (0, 0, 0, 0, 0)
    assert seen["lines"] == 1


def test_the_target_side_sees_its_lanes_and_never_the_feed(tunnel, other_tenant, engineer, as_principal):
    principal = as_principal(only(engineer, other_tenant))
    seen = seen_by(principal, tunnel)
    assert (seen["tunnels"], seen["lanes"], seen["ledger"], seen["lines"]) == (1, 1, 1, 2)
    assert seen["feeds"] == 0
    source, target = selectors.ends_of(principal, tunnel)
    assert (source.tenant, source.is_ours, source.looked_at, source.items) == ("Northwind", False, None, 0)
    assert source.name == "Calendar of oncall@northwind.example"
    assert target.is_ours


def test_the_list_of_tunnels_costs_one_query(tunnel, tenant, owner, as_principal, django_assert_num_queries):
    for number in range(5):
        make_tunnel(tenant, f"more-{number}", folder=f"More {number}")
    with django_assert_num_queries(1):
        found = list(selectors.tunnels_of(as_principal(owner)))
        assert len({selectors.state_of(one) for one in found}) >= 1


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"state": "draft"}, "draft"),
        ({"state": "paused"}, "paused"),
        ({"definition": 2}, "held"),
        ({}, "held"),
    ],
)
def test_a_tunnel_shows_one_word(tunnel, owner, as_principal, change, word):
    Run.objects.update(state="done")
    tunnel.lanes.update(state="held")
    type(tunnel).objects.filter(pk=tunnel.pk).update(**change)
    [found] = selectors.tunnels_of(as_principal(owner))
    assert selectors.state_of(found) == word


def test_a_tunnel_whose_source_cannot_be_read_is_degraded(tunnel, owner, as_principal):
    Feed.objects.update(state="degraded")
    [found] = selectors.tunnels_of(as_principal(owner))
    assert selectors.state_of(found) == "degraded"


@pytest.fixture
def wide(tunnel, tenant, other_tenant):
    """The tunnel into both tenants, and a run that wrote: one copy at Northwind, one refusal at Rheinwerk."""
    TunnelMember.objects.create(tunnel=tunnel, tenant=tenant, takes=True, order=2, spec={"all_users": True})
    theirs, run = tunnel.lanes.get(), Run.objects.get()
    ours = Lane.objects.create(
        cell=theirs.cell, tunnel=tunnel, tenant=tenant, mailbox="u02", name="u02", kind=theirs.kind,
        folder_name=theirs.folder_name, approved=1, state="healthy",
    )  # fmt: skip
    Lane.objects.filter(pk=theirs.pk).update(state="failing", due_at=clock.now())
    for lane, outcome in ((ours, "written"), (theirs, "failed")):
        LedgerEntry.objects.create(
            at=clock.now(), run=run.pk, lane=lane.pk, row=1, verb="create", cause="new at the source",
            outcome=outcome,
        )  # fmt: skip
    said = "1 created. 1 mailbox needs attention."
    Run.objects.update(state="failed", created=7, failed=3, held=2, requests=9, lanes=2, remark=said)
    HeldAction.objects.all().delete()
    return tunnel


def totals(run):
    return (run.state, run.created, run.failed, run.held, run.requests, run.lanes, run.remark)


def test_the_list_counts_only_lanes_within_reach(wide, tenant, owner, engineer, as_principal):
    [whole] = selectors.tunnels_of(as_principal(owner))
    assert (whole.lane_count, whole.lanes_failing, whole.word) == (2, 1, "failing")
    [part] = selectors.tunnels_of(as_principal(only(engineer, tenant)))
    assert (part.lane_count, part.lanes_failing, part.word) == (1, 0, "healthy")


@pytest.mark.parametrize("kind", ["these", "all_but_these"])
def test_either_kind_of_scope_counts_alike(wide, tenant, other_tenant, engineer, as_principal, kind):
    engineer.scope = kind
    engineer.tenant_ids = [tenant.pk if kind == "these" else other_tenant.pk]
    [part] = selectors.tunnels_of(as_principal(engineer))
    assert (part.lane_count, part.lanes_healthy, part.lanes_failing) == (1, 1, 0)


def test_trouble_at_the_other_end_is_not_told(wide, other_tenant, owner, engineer, as_principal):
    Feed.objects.update(state="degraded")
    type(wide).objects.update(reason="refused", message="Another tunnel writes to 3 mailboxes.")
    Lane.objects.update(state="healthy", due_at=None)
    [whole] = selectors.tunnels_of(as_principal(owner))
    assert (whole.word, bool(selectors.trouble_of(whole))) == ("degraded", True)
    [part] = selectors.tunnels_of(as_principal(only(engineer, other_tenant)))
    assert (part.word, selectors.trouble_of(part)) == ("healthy", "")


def test_the_other_end_is_named_without_its_mailboxes(wide, other_tenant, tenant, engineer, as_principal):
    rule = {"mailboxes": ["eva@rheinwerk.example"]}
    TunnelMember.objects.filter(tenant=other_tenant).update(spec=rule)
    ends = selectors.ends_of(as_principal(only(engineer, tenant)), wide)
    assert [end.name for end in ends if not end.is_ours] == ["Mailboxes"]


def test_progress_and_pace_count_only_lanes_within_reach(wide, tenant, owner, engineer, as_principal):
    run = Run.objects.get()
    whole, part = as_principal(owner), as_principal(only(engineer, tenant))
    assert [selectors.progress_of(who, run).lanes for who in (whole, part)] == [2, 1]
    assert [pacing.pace_of(who, run).lanes for who in (whole, part)] == [2, 1]
    assert [pacing.pace_of(who, run).unwell for who in (whole, part)] == [1, 0]


def test_a_runs_totals_are_those_of_lanes_within_reach(
    wide, tenant, other_tenant, owner, engineer, as_principal
):
    [whole] = tallies.as_seen(as_principal(owner), Run.objects.all())
    said = "1 created. 1 mailbox needs attention."
    assert (totals(whole), whole.is_partial) == (("failed", 7, 3, 2, 9, 2, said), False)
    [source] = tallies.as_seen(as_principal(only(engineer, tenant)), Run.objects.all())
    assert (totals(source), source.is_partial) == (("done", 1, 0, 0, 0, 0, ""), True)
    [target] = tallies.as_seen(as_principal(only(engineer, other_tenant)), Run.objects.all())
    assert totals(target) == ("failed", 0, 1, 0, 0, 0, "")


def test_totals_of_many_runs_cost_no_more_queries_than_of_one(
    wide, tenant, engineer, as_principal, django_assert_num_queries
):
    for _ in range(5):
        Run.objects.create(tunnel=wide, trigger="change", state="done", started_at=clock.now())
    with django_assert_num_queries(4):
        assert len(tallies.as_seen(as_principal(only(engineer, tenant)), Run.objects.all())) == 6


def test_pages_tell_nothing_of_the_other_end(wide, tenant, engineer, as_member):
    only(engineer, tenant).save()
    browser, run = as_member(engineer), Run.objects.get()
    pages = [f"/tunnels/{wide.pk}/", f"/tunnels/{wide.pk}/state/", f"/tunnels/runs/{run.pk}/", "/tunnels/"]
    texts = {path: browser.get(path).content.decode() for path in pages}
    for path, text in texts.items():
        for word in ("needs attention", "</strong> refused", "2 mailboxes", "of 2 ", "<strong>7<"):
            assert word not in text, (path, word)
    for path in pages[:3]:
        assert "of your own mailboxes" in texts[path], path
