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
from tunnels import selectors
from tunnels.bookkeeping.bodies import Bodies
from tunnels.bookkeeping.links import SqlBook
from tunnels.models import Feed, HeldAction, LanePlan, Run, RunLine, TunnelMember

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
