"""The frame of every page: its icons exist, its headers are strict, its errors say what happened."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import Client, RequestFactory

from partners.templatetags import words
from portal import icons, navigation, views

TEMPLATES = settings.BASE_DIR / "templates"
STATES = (
    "healthy", "running", "waiting", "behind", "held", "degraded", "failing", "paused", "draft",
)  # fmt: skip
USED_ICON = re.compile(r'parts/_icon\.html" with name="([^"]+)"|icon="([^"]+)"')


def used_icons() -> set[str]:
    pages = "".join(path.read_text() for path in TEMPLATES.rglob("*.html"))
    entries = (*navigation.PARTNER_PAGES, *navigation.TENANT_PAGES)
    return {a or b for a, b in USED_ICON.findall(pages)} | {entry.icon for entry in entries}


def test_every_icon_of_a_page_is_drawn():
    assert used_icons() - set(icons.ICONS) == set()


def test_the_sprite_holds_one_drawing_per_name(tmp_path: Path):
    drawings = tmp_path / "icons" / "outline"
    drawings.mkdir(parents=True)
    for name in icons.ICONS:
        text = f'<svg class="x">\n<path stroke="none" d="M0 0"/>\n<path d="{name}" />\n</svg>'
        (drawings / f"{name}.svg").write_text(text)
    sprite = icons.sprite(tmp_path)
    assert sprite.count("<symbol") == len(icons.ICONS) == len(set(icons.ICONS))
    assert '<symbol id="check" viewBox="0 0 24 24"><path d="check" /></symbol>' in sprite


@pytest.mark.parametrize("state", STATES)
def test_a_state_is_a_word_an_icon_and_a_colour(state: str):
    drawn = render_to_string("parts/_state.html", {"state": state})
    assert state.capitalize() in drawn
    assert f"state-{state}" in drawn
    assert "<use" in drawn
    assert f".state-{state}" in (settings.BASE_DIR / "static" / "parts.css").read_text()


def test_a_state_may_be_said_in_other_words():
    assert "Set up" in render_to_string("parts/_state.html", {"state": "healthy", "label": "Set up"})


def test_browsers_are_told_to_run_our_scripts_and_nobody_elses(client: Client):
    policy = client.get("/account/sign-in/")["Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";") if rule.strip())
    assert rules["script-src"] == "'self'"
    assert rules["style-src"] == "'self'"
    assert rules["default-src"] == "'none'"
    assert rules["frame-ancestors"] == "'none'"


@pytest.mark.django_db
def test_cookies_are_out_of_reach_of_scripts(owner, client: Client):
    answer = client.get("/account/sign-in/")
    cookie = answer.cookies[settings.CSRF_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert settings.SESSION_COOKIE_HTTPONLY


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("template", "words_of_it"),
    [("403.html", "Nothing was changed"), ("404.html", "Nothing was changed"), ("429.html", "Wait")],
)
def test_an_error_page_says_what_happened_inside_the_frame(template, words_of_it, owner, as_principal):
    request = RequestFactory().get("/somewhere/")
    request.user = owner.user
    page = render_to_string(template, request=request)
    assert words_of_it in page
    assert "frame-nav" in page


def test_a_broken_page_is_told_without_database_and_session():
    answer = views.broken(RequestFactory().get("/"))
    assert answer.status_code == 500
    assert "A mistake of ours" in answer.content.decode()


@pytest.mark.django_db
def test_the_navigation_offers_what_the_role_may_open_and_nothing_else(as_member, owner, operator):
    assert 'href="/audit-trail/"' in as_member(owner).get("/people/").content.decode()
    assert 'href="/audit-trail/"' not in as_member(operator).get("/people/").content.decode()


@pytest.mark.django_db
def test_the_first_page_is_one_that_the_member_may_open(as_member, auditor):
    assert as_member(auditor).get("/", follow=True).status_code == 200


NOW = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (timedelta(seconds=3), "just now"),
        (timedelta(seconds=50), "50 s ago"),
        (timedelta(minutes=3), "3 min ago"),
        (timedelta(minutes=59, seconds=40), "1 h ago"),
        (timedelta(hours=5), "5 h ago"),
        (timedelta(hours=23, minutes=50), "1 day ago"),
        (timedelta(days=3), "3 days ago"),
        (timedelta(days=20), "17 Feb 2026"),
        (timedelta(seconds=-10), "in a moment"),
        (timedelta(hours=-2), "in 2 h"),
        (timedelta(days=-20), "29 Mar 2026"),
    ],
)
def test_a_time_is_said_in_one_unit(before: timedelta, said: str):
    assert words.ago(NOW - before, NOW) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.85, "850 ms"), (12.4, "12 s"), (59.7, "1 min"), (180, "3 min"), (86400, "1 day")],
)
def test_a_length_of_time_has_its_unit(seconds: float, said: str):
    assert words.lasting(seconds) == said


def test_a_number_has_its_thousands_apart():
    assert words.grouped(1234567) == "1\u202f234\u202f567"
    assert words.grouped(999) == "999"
