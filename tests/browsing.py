"""A real browser for the tests that need one: Debian's Chromium, driven by Playwright.

A page that writes an error to the console, or breaks the content security policy, fails the
test that opened it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeAlias

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    sync_playwright,
)

from partners.models import Member
from tests.chromium import DESK, FLAGS, chromium_path

if TYPE_CHECKING:
    from playwright._impl._api_structures import SetCookieParam

OpenAs: TypeAlias = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser per file of tests. Without one these are skipped, and in CI they fail.

    While it lives, an event loop runs in this thread, and a connection to the database opened
    then is out of sight afterwards: so it ends with the file and its connections with it.
    """
    path = chromium_path()
    if path is None:
        reason = "no Chromium on this machine (apt-get install chromium, or CULVERT_CHROMIUM)"
        if os.environ.get("CULVERT_CI") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    # Playwright keeps an event loop in this thread, and Django then refuses to touch rows.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield chromium
        chromium.close()
        connections.close_all()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def open_as(browser: Browser, live_server) -> Iterator[OpenAs]:
    """`open_as(member, path)` is a page of the live server, seen by that member (or by nobody)."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(
        member: Member | None,
        path: str = "/",
        *,
        size: tuple[int, int] = DESK,
        theme: str = "light",
    ) -> Page:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if theme == "dark" else "light",
            base_url=live_server.url,
        )
        contexts.append(context)
        if member:
            context.add_cookies([_session_of(member, live_server.url)])
        page = context.new_page()
        page.on("console", lambda message: _note(message, complaints))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def _session_of(member: Member, url: str) -> SetCookieParam:
    client = Client()
    client.force_login(member.user)
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": url}


def _note(message: ConsoleMessage, complaints: list[str]) -> None:
    # A refused form or a missing page is an answer, not a mistake of the page.
    if message.type == "error" and "Failed to load resource" not in message.text:
        complaints.append(message.text)
