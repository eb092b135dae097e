"""The pages of the ground floor, and the door in front of them."""

from __future__ import annotations

import pytest
from django.test import Client

from partners import audit
from partners.models import AuditEntry
from partners.permissions import Role
from tests.people import make_member


def test_people_shows_role_scope_and_second_factor(as_member, owner, auditor):
    page = as_member(auditor).get("/people/").content.decode()
    for words in ("Owner of Alder", "Auditor of Alder", "owner@alder.example", "All"):
        assert words in page


def test_another_partner_sees_its_own_people_only(as_member, owner, outsider):
    page = as_member(outsider).get("/people/").content.decode()
    assert "Owner of Birch" in page
    assert "Alder" not in page


def test_the_number_of_queries_does_not_grow_with_people(
    as_member, owner, partner, django_assert_num_queries
):
    browser = as_member(owner)
    for number in range(20):
        make_member(partner, Role.AUDITOR, address=f"a{number}@alder.example")
    with django_assert_num_queries(5):
        browser.get("/people/")


@pytest.mark.parametrize("role", ["operator"])
def test_without_the_right_the_audit_trail_is_not_there(role, request, as_member):
    assert as_member(request.getfixturevalue(role)).get("/audit-trail/").status_code == 404


def record_some(principal) -> None:
    for number in range(60):
        audit.record(principal, "tunnel.started", AuditEntry(pk=number), after={"lanes": number})
    audit.record(principal, "member.created", AuditEntry(), is_security=True)


def test_the_audit_trail_is_read_page_by_page_newest_first(as_member, owner, as_principal):
    record_some(as_principal(owner))
    browser = as_member(owner)
    first = browser.get("/audit-trail/").content.decode()
    assert "61 entries" in first
    assert "Member: created" in first
    second = browser.get("/audit-trail/?page=2").content.decode()
    assert "Member: created" not in second
    assert ">51 to 61 of 61<" in second.replace("\n", "")


def test_the_audit_trail_answers_its_filter(as_member, owner, as_principal):
    record_some(as_principal(owner))
    browser = as_member(owner)
    for question in ("matter=member", "only_security=on"):
        page = browser.get(f"/audit-trail/?{question}").content.decode()
        assert "1 entry" in page
        assert "Member: created" in page
    nothing = browser.get("/audit-trail/?until=2001-01-01").content.decode()
    assert "Nothing fits this filter" in nothing


def test_a_filter_that_makes_no_sense_filters_nothing(as_member, owner, as_principal):
    record_some(as_principal(owner))
    page = as_member(owner).get("/audit-trail/?since=soon&actor=nobody&page=x").content.decode()
    assert "61 entries" in page


def test_the_number_of_queries_does_not_grow_with_the_trail(
    as_member, owner, as_principal, django_assert_num_queries
):
    browser = as_member(owner)
    record_some(as_principal(owner))
    with django_assert_num_queries(8):
        browser.get("/audit-trail/")


def test_one_may_choose_in_which_zone_times_are_shown(as_member, owner, as_principal):
    browser = as_member(owner)
    entry = audit.record(as_principal(owner), "tunnel.started", owner)
    entry.refresh_from_db()
    assert browser.post("/account/", {"time_zone": "Asia/Tokyo"}).status_code == 302
    page = browser.get("/audit-trail/").content.decode()
    assert "JST" in page
    assert browser.post("/account/", {"time_zone": "Mars/Olympus"}).status_code == 200
    owner.refresh_from_db()
    assert owner.time_zone == "Asia/Tokyo"


def test_somebody_without_a_partner_finds_nothing(owner, client):
    user = owner.user
    owner.delete()
    client.force_login(user)
    for path in ("/", "/people/", "/account/"):
        assert client.get(path).status_code == 404


def test_a_fragment_sends_the_whole_page_to_sign_in_and_back(db, client: Client):
    answer = client.get(
        "/people/",
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/audit-trail/?page=2"},
    )
    assert answer["HX-Redirect"] == "/account/sign-in/?next=/audit-trail/%3Fpage%3D2"


def test_a_form_without_its_token_changes_nothing(owner):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(owner.user)
    answer = browser.post("/account/", {"time_zone": "Asia/Tokyo"})
    assert answer.status_code == 403
    assert "This form has expired" in answer.content.decode()
    owner.refresh_from_db()
    assert owner.time_zone == "UTC"
