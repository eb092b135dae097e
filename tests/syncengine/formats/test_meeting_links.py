"""Links into meetings leave a text, and nothing else does."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given

from syncengine.formats.html import plain_text
from syncengine.formats.meeting_links import without_meeting_links
from tests.syncengine import strategies as some

TEAMS = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_abc%40thread.v2/0?context=%7b%22Tid%22%7d&x=1"
RULE = "_" * 80


@pytest.mark.parametrize(
    "link",
    [
        TEAMS,
        "https://teams.live.com/meet/9412",
        "https://northwind.zoom.us/j/8412?pwd=x",
        "https://meet.google.com/abc-defg-hij",
        f"https://eur03.safelinks.protection.outlook.com/?url={quote(TEAMS, safe='')}&data=05",
    ],
)
def test_a_way_into_a_meeting_is_taken_out(link):
    body = f"See you at {link} or {link}, bye"
    assert without_meeting_links(body, "") == "See you at  or  bye"


def test_other_links_stay():
    body = '<a href="https://northwind.example/teams.html">plan</a> https://rheinwerk.example/zoom'
    assert without_meeting_links(body, TEAMS) == body


def test_the_join_block_goes_with_its_passcode():
    block = f'<div>{RULE}</div><a href="{TEAMS}">Join</a><div>Passcode: qX7</div><div>{RULE}</div>'
    assert plain_text(without_meeting_links(f"<p>Agenda</p>{block}<p>Bye</p>", "")) == "Agenda Bye"


def test_an_unknown_service_is_known_by_the_events_own_link():
    own = "https://rooms.harbour.example/enter?a=1&b=2"
    body = f"Top\n{RULE}\nenter: https://rooms.harbour.example/enter?a=1&amp;b=2 code 12\n{RULE}\n"
    assert without_meeting_links(body, own).strip() == "Top"


def test_rules_around_other_words_stay():
    body = f"Top\n{RULE}\nquoted\n{RULE}\nBottom"
    assert without_meeting_links(body, TEAMS) == body


@given(some.texts.filter(lambda text: "http" not in text))
def test_a_body_without_links_is_left_alone(text):
    assert without_meeting_links(text, "") == text
