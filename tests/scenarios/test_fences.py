"""P03: nobody reaches through any door what is not his, and who tries is written down."""

from __future__ import annotations

import pytest
from django.urls import reverse

from partners.models import AuditEntry
from partners.permissions import Role
from partners.principals import ScopeKind
from partners.selectors import principal_of
from tenants.models import Group
from tests.people import make_member
from tests.scenarios.people import A, B, person
from tunnels import selectors
from tunnels.models import Lane, LedgerEntry

pytestmark = pytest.mark.django_db

SECRETS = ("northwind", "Northwind", "Windward", "grp-mobile")
"""Words that stand on every page about A and on none about B."""


@pytest.fixture
def both(stage):
    """A tunnel inside each of two tenants, run once."""
    stage.open(A, B)
    for tid in (A, B):
        stage.add_event(tid, 90, subject="First shift")
    windward = stage.contact_tunnel("windward", to={A: {"group": "grp-mobile"}})
    theirs = stage.calendar_tunnel("berlin", source=(B, 90), to={B: {"mailboxes": [person(B, 1)["mail"]]}})
    runs = [stage.sync(windward), stage.sync(theirs)]
    return windward, theirs, runs


@pytest.fixture(params=["another partner", "the other tenant"])
def intruder(request, both, stage, partner, outsider):
    """The owner of another partner; and an engineer of ours whose reach is B alone."""
    if request.param == "another partner":
        return outsider
    reach = {"scope": ScopeKind.THESE, "tenant_ids": [stage.tenants[B].pk]}
    return make_member(partner, Role.ENGINEER, address="engineer-b@alder.example", **reach)


def doors(stage, tunnel, run):
    """Every address that names something of A, as a reader and as a doer would open it."""
    tenant, group = {"tenant_id": stage.tenants[A].pk}, Group.objects.get(name="grp-mobile")
    lane = Lane.objects.filter(tunnel=tunnel).first()
    one, its_run = {"tunnel_id": tunnel.pk}, {"run_id": run.pk}
    reads = {
        "tenant": tenant, "tenants:directory": tenant, "tenants:groups": tenant, "tenants:cache": tenant,
        "tenants:group": {**tenant, "group_id": group.pk}, "tunnels:tunnel": one, "tunnels:state": one,
        "tunnels:plan": one, "tunnels:lane-plan": {**one, "lane_id": lane.pk}, "tunnels:run": its_run,
        "tunnels:run-panel": its_run,
    }  # fmt: skip
    deeds = {
        "tenants:refresh": tenant, "tenants:try-again": tenant, "tunnels:run-now": one, "tunnels:pause": one,
        "tunnels:resume": one, "tunnels:approve": one, "tunnels:release": one,
    }  # fmt: skip
    return [("get", reverse(name, kwargs=holes)) for name, holes in reads.items()] + [
        ("post", reverse(name, kwargs=holes)) for name, holes in deeds.items()
    ]


LISTS = (
    "/dashboard/", "/tenants/", "/tenants/?words=northwind", "/tunnels/", "/tunnels/?words=windward",
    "/tunnels/?state=healthy", "/audit-trail/", "/audit-trail/?matter=tunnel", "/people/",
)  # fmt: skip


def test_p03_every_door_is_shut_and_every_attempt_is_written_down(stage, both, intruder, as_member, owner):
    windward, _, [run, _] = both
    browser = as_member(intruder)
    ledger = LedgerEntry.objects.count()
    stage.forget_counters()
    tried = doors(stage, windward, run)
    for method, path in tried:
        answer = getattr(browser, method)(path)
        assert answer.status_code == 404, f"{method} {path}"
        assert not any(word in answer.content.decode() for word in SECRETS), path
    deeds = AuditEntry.objects.filter(actor_id=intruder.user_id)
    attempts = deeds.filter(is_security=True, verb="access.refused")
    assert sorted(entry.after["path"] for entry in attempts) == sorted(path for _, path in tried)
    assert deeds.count() == len(tried), "and nothing else was done"
    stage.work()
    assert (LedgerEntry.objects.count(), stage.written()) == (ledger, 0)
    opened = [getattr(as_member(owner), method)(path).status_code for method, path in tried]
    assert 404 not in opened, "the same doors are there for whoever may open them"


def test_p03_no_list_no_filter_no_search_and_no_count_shows_a_trace(stage, both, intruder, as_member):
    browser = as_member(intruder)
    for path in LISTS:
        answer = browser.get(path)
        assert answer.status_code == 200, path
        text = answer.content.decode().replace('value="northwind"', "").replace('value="windward"', "")
        text = text.replace(path.replace("&", "&amp;"), "")
        assert [word for word in SECRETS if word in text] == [], path
    who = principal_of(intruder)
    of_b = stage.tenants[B].partner_id == who.partner_id
    numbers = selectors.numbers_of(who)
    assert (numbers.tenants, numbers.lanes, numbers.writes_today) == ((1, 1, 1) if of_b else (0, 0, 0))
    assert {lane.tenant_id for lane in selectors.lanes_of(who)} == ({stage.tenants[B].pk} if of_b else set())
    assert selectors.ledger_of(who).count() == (1 if of_b else 0)
