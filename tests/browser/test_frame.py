"""The frame in a real browser: keyboard, theme, small screens."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from partners import audit, services
from partners.permissions import Role
from partners.principals import Principal
from tests.chromium import PHONE
from tests.people import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_member_signs_in_looks_around_and_signs_out(open_as, partner):
    services.create_member(
        Principal.system(partner.pk),
        email="jo@alder.example",
        name="Jo Alder",
        role=Role.OWNER,
        password=PASSWORD,
    )
    page = open_as(None, "/people/")
    page.get_by_label("Email").fill("jo@alder.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="People")).to_be_visible()
    page.get_by_role("link", name="Audit trail").click()
    expect(page.get_by_text("Session: opened")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_the_theme_follows_the_system_until_it_is_chosen_and_then_stays(open_as, owner):
    page = open_as(owner, "/people/", theme="dark")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.get_by_role("button", name="Light or dark").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")
    page.goto("/account/")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")


def test_the_first_tab_stop_leads_past_the_navigation(open_as, owner):
    page = open_as(owner, "/people/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="To the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_on_a_phone_the_navigation_unfolds_and_nothing_sticks_out(open_as, owner):
    for path in ("/people/", "/audit-trail/", "/account/", "/nowhere/"):
        page = open_as(owner, path, size=PHONE)
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]
    page = open_as(owner, "/people/", size=PHONE)
    link = page.get_by_role("link", name="Audit trail")
    expect(link).to_be_hidden()
    page.get_by_role("button", name="Navigation").click()
    link.click()
    expect(page).to_have_url(re.compile("/audit-trail/$"))


def test_the_filter_of_the_audit_trail_needs_no_button(open_as, owner, as_principal):
    audit.record(as_principal(owner), "tunnel.started", owner)
    audit.record(as_principal(owner), "member.created", owner)
    page = open_as(owner, "/audit-trail/")
    page.get_by_label("About").select_option("Member")
    expect(page).to_have_url(re.compile("matter=member"))
    expect(page.get_by_text("Member: created")).to_be_visible()
    expect(page.get_by_text("Tunnel: started")).to_be_hidden()
