"""Pictures of every kind of page of a running portal, for people to look at.

Run as `python -m tests.browser.screenshots PASSWORD` while `make demo` runs. Starting at the first
page it follows links, takes one page of each kind (addresses that differ in their ids only are
one kind), on a desk and on a phone, light and dark, and says which pages stick out sideways.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

from portal.demo.companies import OWNER_EMAIL
from tests.chromium import DESK, FLAGS, PHONE, chromium_path

MOST_PAGES = 60


def main() -> int:
    """Take the pictures; 1 when no browser is there or a page sticks out."""
    asked = _arguments()
    path = chromium_path()
    if path is None:
        sys.stderr.write("No Chromium here: apt-get install chromium, or name one in CULVERT_CHROMIUM.\n")
        return 1
    asked.into.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        wide = _take_all(browser, asked)
        browser.close()
    for line in wide:
        sys.stderr.write(f"{line} sticks out sideways.\n")
    return 1 if wide else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("password")
    parser.add_argument("--email", default=OWNER_EMAIL)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--into", type=Path, default=Path("screenshots"))
    return parser.parse_args()


def _take_all(browser: Browser, asked: argparse.Namespace) -> list[str]:
    """Pictures of every kind of page; the names of those that are wider than their screen."""
    context = browser.new_context(base_url=asked.url)
    page = context.new_page()
    page.goto("/account/sign-in/")
    page.screenshot(path=asked.into / "sign-in.png")
    page.get_by_label("Email").fill(asked.email)
    page.get_by_label("Password").fill(asked.password)
    page.get_by_role("button", name="Sign in").click()
    if "/sign-in/" in page.url:
        raise SystemExit(f"{asked.email} cannot sign in with this password.")
    wide = []
    for name, path in _kinds_of_pages(page).items():
        for size, device in ((DESK, "desk"), (PHONE, "phone")):
            page.set_viewport_size({"width": size[0], "height": size[1]})
            for theme in ("light", "dark"):
                page.evaluate(f"localStorage.setItem('culvert-theme', '{theme}')")
                page.goto(path)
                page.screenshot(path=asked.into / f"{name}-{device}-{theme}.png", full_page=True)
            if page.evaluate("document.documentElement.scrollWidth") > size[0]:
                wide.append(f"{path} on a {device}")
    return wide


def _kinds_of_pages(page: Page) -> dict[str, str]:
    """One path for each kind of page that links lead to, by a name for its file."""
    found: dict[str, str] = {}
    ahead = [urlsplit(page.url).path]
    while ahead and len(found) < MOST_PAGES:
        path = ahead.pop(0)
        name = re.sub(r"\d+", "n", path).strip("/").replace("/", "-") or "first"
        if name in found:
            continue
        answer = page.goto(path)
        if answer is None or "html" not in answer.headers.get("content-type", ""):
            continue
        found[name] = path
        links = page.eval_on_selector_all("a[href]", "all => all.map(one => one.href)")
        here = urlsplit(page.url).netloc
        ahead += [urlsplit(link).path for link in links if urlsplit(link).netloc == here]
    return found


if __name__ == "__main__":
    sys.exit(main())
