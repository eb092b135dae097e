"""Pages about tunnels."""

from __future__ import annotations

import pytest
from django.db.models import F

from partners import clock
from partners.models import AuditEntry
from partners.selectors import principal_of
from tests.tunnels.building import make_lane, make_tunnel, person, shaped, store
from tunnels import deciding
from tunnels.models import Cell, Run, RunLine, Tunnel


@pytest.fixture
def tunnel(tenant):
    made = make_tunnel(tenant)
    for number in range(3):
        make_lane(made, f"u{number:02}", state="healthy")
    return made


@pytest.fixture
def look(as_member, owner):
    def page(address, member=None):
        answer = as_member(member or owner).get(address)
        assert answer.status_code == 200
        return answer.content.decode()

    return page


def test_the_list_shows_where_a_tunnel_leads_and_how_it_is(look, tunnel):
    page = look("/tunnels/")
    assert "Calendar of oncall@northwind.example" in page
    assert "All users" in page
    assert "Healthy" in page


def test_a_filter_for_a_state_leaves_the_others_out(look, tunnel, tenant):
    make_tunnel(tenant, "paused-one", name="Sleeping", state="paused", folder="Elsewhere")
    page = look("/tunnels/?state=paused")
    assert "Sleeping" in page
    assert "On-Call" not in page


def test_the_list_asks_the_same_number_of_questions_for_two_and_for_thirty(
    as_member, owner, tenant, django_assert_max_num_queries
):
    browser = as_member(owner)
    for number in range(30):
        make_tunnel(tenant, f"t{number}", folder=f"Folder {number}")
    with django_assert_max_num_queries(9):
        browser.get("/tunnels/")


def test_a_tunnels_page_asks_the_same_number_of_questions_for_many_lanes(
    as_member, owner, tunnel, django_assert_max_num_queries
):
    browser = as_member(owner)
    for number in range(10, 50):
        make_lane(tunnel, f"u{number}")
    with django_assert_max_num_queries(16):
        browser.get(f"/tunnels/{tunnel.pk}/")


def test_a_lane_shows_why_it_fails_and_what_to_do(look, tunnel):
    make_lane(tunnel, "full", state="failing", message="The mailbox is full.", advice="Make room in it.")
    page = look(f"/tunnels/{tunnel.pk}/")
    assert "The mailbox is full. Make room in it." in page


def test_the_policy_stands_there_in_words(look, tunnel):
    assert "Private events appear as “Private appointment”" in look(f"/tunnels/{tunnel.pk}/")


def test_pausing_says_that_copies_stay_and_is_audited(as_member, operator, tunnel):
    answer = as_member(operator).post(f"/tunnels/{tunnel.pk}/pause/", follow=True)
    assert "All copies stay" in answer.content.decode()
    assert Tunnel.objects.get(pk=tunnel.pk).is_paused
    assert AuditEntry.objects.filter(verb="tunnel.paused").exists()
    as_member(operator).post(f"/tunnels/{tunnel.pk}/resume/")
    assert not Tunnel.objects.get(pk=tunnel.pk).is_paused


@pytest.mark.parametrize("deed", ["pause", "resume", "run-now", "plan/approve", "plan/release"])
def test_an_auditor_changes_nothing(as_member, auditor, tunnel, deed):
    assert as_member(auditor).post(f"/tunnels/{tunnel.pk}/{deed}/").status_code == 404


def test_an_operator_runs_but_does_not_approve(as_member, operator, tunnel):
    browser = as_member(operator)
    assert browser.post(f"/tunnels/{tunnel.pk}/run-now/").status_code == 302
    assert browser.post(f"/tunnels/{tunnel.pk}/plan/approve/").status_code == 404


@pytest.mark.parametrize("deed", ["run-now", "pause", "resume"])
def test_a_page_left_open_over_a_pause_shows_why_nothing_happened(as_member, operator, tunnel, deed):
    Tunnel.objects.filter(pk=tunnel.pk).update(state="paused")
    answer = as_member(operator).post(f"/tunnels/{tunnel.pk}/{deed}/", follow=True)
    assert answer.redirect_chain == [(f"/tunnels/{tunnel.pk}/", 302)]
    assert ("The tunnel is paused: resume it first." in answer.content.decode()) == (deed == "run-now")
    assert not Run.objects.filter(tunnel=tunnel).exists()


def test_an_approval_without_a_plan_shows_why_nothing_happened(as_member, owner, tunnel):
    Tunnel.objects.filter(pk=tunnel.pk).update(definition=F("definition") + 1)
    tunnel.refresh_from_db()
    seal = deciding.waiting_of(principal_of(owner), tunnel).seal
    address = f"/tunnels/{tunnel.pk}/plan/approve/"
    answer = as_member(owner).post(address, {"seal": seal}, follow=True)
    assert answer.redirect_chain == [(f"/tunnels/{tunnel.pk}/plan/", 302)]
    assert "The plan is not made yet" in answer.content.decode()


@pytest.mark.parametrize("deed", ["pause", "resume", "run-now", "plan/approve", "plan/again", "plan/release"])
def test_who_reaches_one_end_only_finds_no_deed_on_the_tunnel(as_member, engineer, tunnel, make_tenant, deed):
    near = tunnel.members.get(gives=True).tenant_id
    tunnel.members.filter(gives=False).update(tenant=make_tenant("berlin"))
    engineer.scope, engineer.tenant_ids = "these", [near]
    engineer.save()
    browser = as_member(engineer)
    assert browser.get(f"/tunnels/{tunnel.pk}/").status_code == 200
    assert browser.post(f"/tunnels/{tunnel.pk}/{deed}/").status_code == 404
    assert not AuditEntry.objects.filter(verb__startswith="tunnel.").exists()


def test_a_plan_opens_to_fields(look, tunnel):
    store(Cell.objects.get(tunnel=tunnel), shaped("a", person("Ada Kim", job_title="Engineer")))
    lane = tunnel.lanes.first()
    page = look(f"/tunnels/{tunnel.pk}/plan/{lane.pk}/")
    assert "Create" in page
    assert "Ada Kim" in page
    assert "job title" in page
    assert "Engineer" in page


def test_a_plan_can_be_searched(look, tunnel):
    cell = Cell.objects.get(tunnel=tunnel)
    store(cell, shaped("a", person("Ada Kim")), shaped("b", person("Bea Ito")))
    lane = tunnel.lanes.first()
    page = look(f"/tunnels/{tunnel.pk}/plan/{lane.pk}/?words=bea")
    assert "Bea Ito" in page
    assert "Ada Kim" not in page


def test_a_live_panel_asks_for_itself_again_and_a_finished_one_does_not(look, tunnel):
    run = Run.objects.create(tunnel=tunnel, trigger="asked", started_at=clock.now())
    assert 'hx-trigger="every 2s"' in look(f"/tunnels/runs/{run.pk}/panel/")
    Run.objects.filter(pk=run.pk).update(state="done", ended_at=clock.now())
    assert "hx-trigger" not in look(f"/tunnels/runs/{run.pk}/panel/")


def test_a_journal_line_of_the_other_end_is_not_shown(look, tunnel, make_tenant, engineer):
    other = make_tenant("berlin")
    engineer.scope, engineer.tenant_ids = "these", [tunnel.members.first().tenant_id]
    engineer.save()
    run = Run.objects.create(tunnel=tunnel, trigger="asked", started_at=clock.now())
    RunLine.objects.create(run=run, at=clock.now(), tenant=other, text="12 copies of somebody else")
    RunLine.objects.create(run=run, at=clock.now(), text="3 mailboxes level")
    page = look(f"/tunnels/runs/{run.pk}/", engineer)
    assert "3 mailboxes level" in page
    assert "somebody else" not in page


def test_another_msp_finds_no_tunnel_of_ours_in_its_list(look, tunnel, outsider):
    assert "On-Call" not in look("/tunnels/", outsider)


@pytest.mark.parametrize("question", ["words=%00", "words=a%00b", "state=%00", "words=%ED%A0%80", "page=%00"])
def test_no_question_breaks_a_list(look, tunnel, question):
    lane = tunnel.lanes.first()
    for address in ("", f"{tunnel.pk}/", f"{tunnel.pk}/plan/", f"{tunnel.pk}/plan/{lane.pk}/"):
        look(f"/tunnels/{address}?{question}")
