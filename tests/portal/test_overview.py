"""The dashboard, the tenants, and one tenant."""

from __future__ import annotations

import pytest

from tenants import problems
from tenants.models import Connection, DirectoryEntry
from tests.tunnels.building import make_lane, make_tunnel


@pytest.fixture
def look(as_member, owner):
    def page(address, member=None):
        answer = as_member(member or owner).get(address)
        assert answer.status_code == 200
        return answer.content.decode()

    return page


def test_the_dashboard_teaches_who_has_nothing_yet(look):
    page = look("/dashboard/")
    assert "No tunnel yet" in page
    assert "Nobody is needed" in page


def test_the_dashboard_names_what_is_least_well_first(look, tenant):
    tunnel = make_tunnel(tenant)
    make_lane(tunnel, state="failing")
    make_lane(make_tunnel(tenant, "well", name="Wellness", folder="Other"), state="healthy")
    page = look("/dashboard/")
    assert "1 of 1 targets fail" in page
    assert "Wellness" not in page


def test_a_lost_consent_stands_on_the_dashboard_with_what_to_do(look, tenant):
    problems.report(
        tenant, subject="tenant", reason="consent lost", message="The tenant no longer lets us in.",
        advice="Ask a Global Administrator to grant consent again.",
    )  # fmt: skip
    page = look("/dashboard/")
    assert "The tenant no longer lets us in." in page
    assert "Ask a Global Administrator" in page


def test_a_lost_connection_offers_to_try_again(look, tenant, as_member, operator):
    Connection.objects.create(
        tenant=tenant, client_id="7c1f4f0e-3d52-4b5c-9a51-0f6d8f2b9a10", state="lost", reason="Not let in."
    )
    assert "try again" in look(f"/tenants/{tenant.pk}/")
    as_member(operator).post(f"/tenants/{tenant.pk}/connection/try/")
    assert Connection.objects.get(tenant=tenant).state == "untried"


def test_the_list_of_tenants_asks_the_same_number_of_questions_for_many(
    as_member, owner, make_tenant, django_assert_max_num_queries
):
    for number in range(40):
        make_tunnel(make_tenant(f"client-{number}"), f"t{number}")
    browser = as_member(owner)
    with django_assert_max_num_queries(10):
        browser.get("/tenants/")


def test_the_directory_is_searched_by_words(look, tenant):
    for name in ("Ada Kim", "Alex Kim", "Bea Ito"):
        DirectoryEntry.objects.create(tenant=tenant, object_id=name, name=name, kind="user")
    page = look(f"/tenants/{tenant.pk}/directory/?words=kim")
    assert "Ada Kim" in page
    assert "Bea Ito" not in page


def test_an_auditor_may_not_update_the_cache(as_member, auditor, tenant):
    assert as_member(auditor).post(f"/tenants/{tenant.pk}/directory/refresh/").status_code == 404


def test_updating_the_cache_shows_that_it_was_asked_for(as_member, operator, tenant):
    answer = as_member(operator).post(
        f"/tenants/{tenant.pk}/directory/refresh/", headers={"HX-Request": "true"}
    )
    assert "Asked for" in answer.content.decode()


def test_an_engineer_of_one_tenant_sees_nothing_of_the_other(look, engineer, make_tenant):
    ours = make_tenant("ours")
    make_tenant("theirs")
    engineer.scope, engineer.tenant_ids = "these", [ours.pk]
    engineer.save()
    page = look("/tenants/", engineer)
    assert "Ours" in page
    assert "Theirs" not in page


@pytest.mark.parametrize("question", ["words=%00", "words=a%00b", "state=%00", "order=%00", "page=%00"])
def test_no_question_breaks_a_list(look, tenant, question):
    for address in ("tenants/", f"tenants/{tenant.pk}/", f"tenants/{tenant.pk}/directory/", "audit-trail/"):
        look(f"/{address}?{question}")
    look(f"/tenants/{tenant.pk}/directory/groups/?{question}")


@pytest.mark.parametrize("question", ["actor=%00", "matter=%00", "since=%00", "since=0001-01-01"])
def test_no_question_breaks_the_audit_trail(look, tenant, question):
    look(f"/audit-trail/?{question}")
