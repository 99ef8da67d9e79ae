"""People who look at a served market in Debian's Chromium, signed in as people sign in.

Whatever a page complains of, asks elsewhere for, or pops up is written down by its `Visitors`; a
test ends well only where nothing was.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Page,
    ViewportSize,
    sync_playwright,
)

from tests.http.market import Town

CHROMIUM = Path("/usr/bin/chromium")
ROOT = Path(__file__).parents[3]
AXE = ROOT / "build" / "web" / "node_modules" / "axe-core" / "axe.min.js"
VENDOR = ROOT / "src" / "souq" / "surfaces" / "console" / "static" / "vendor"
# No name leads anywhere, and nothing of Chromium's own asks for one.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
PATIENCE_MS = 30_000
PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1_280, "height": 900}
NUMBERS = re.compile(r"\d+")
_OTHERS = ("//", "/docs", "/v1/", "/static/")


class Onlookers:
    """Everybody who looks at what stands at one address during one test."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.url = url
        self.wrong: list[str] = []
        self.asked: list[str] = []
        self.forgiven: list[str] = []
        self._browser = browser
        self._contexts: list[BrowserContext] = []

    def open(self, **more: Any) -> Page:
        """Give a page in a browser of somebody's own; `more` are options of its context."""
        options = {"viewport": DESK, "locale": "en-GB", "color_scheme": "light", **more}
        context = self._browser.new_context(base_url=self.url, **options)
        context.set_default_timeout(PATIENCE_MS)
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.wrong.append(f"an error in a page: {error}"))
        page.on("dialog", self._dismiss)
        page.on("popup", lambda other: self.wrong.append(f"a window opened: {other.url}"))
        page.on("request", lambda request: self._ask(request.url))
        return page

    def forgive(self, words: str) -> None:
        """Let complaints with these words pass in this test: they are what it is about."""
        self.forgiven.append(words)

    def close(self) -> list[str]:
        """Close all browsers, and give what went wrong in them."""
        for context in self._contexts:
            context.close()
        self._contexts.clear()
        return [one for one in self.wrong if not any(word in one for word in self.forgiven)]

    def _hear(self, said: ConsoleMessage) -> None:
        if said.type in ("error", "warning", "assert"):
            self.wrong.append(f"{said.type} on {said.location.get('url', '')}: {said.text}")

    def _dismiss(self, box: Dialog) -> None:
        self.wrong.append(f"{box.type}: {box.message}")
        box.dismiss()

    def _ask(self, url: str) -> None:
        self.asked.append(url)
        if not url.startswith((f"{self.url}/", "data:image/svg+xml", "about:")):
            self.wrong.append(f"a page asked elsewhere: {url[:200]}")


class Visitors(Onlookers):
    """Everybody who looks at one market, signed in as somebody, during one test."""

    def __init__(self, browser: Browser, town: Town, states: dict[str, Any]) -> None:
        """`states` keeps who signed in before, for the next test."""
        super().__init__(browser, town.url)
        self.town = town
        self._states = states

    def page(self, role: str, **more: Any) -> Page:
        """Give a page in a browser of somebody's own; `more` are options of its context."""
        if role not in ("anybody", "revoked") and role not in self._states:
            self._states[role] = self._sign_in(role)
        return self.open(storage_state=self._states.get(role), **more)

    def _sign_in(self, role: str) -> Any:
        page = self.open()
        sign_in(page, self.code(role))
        assert page.locator(".who form button").count() == 1, f"{role} is not signed in"
        return page.context.storage_state()

    def code(self, role: str) -> str:
        """Prove a role's key to the market, as `souq login` does, and give the code."""
        answer = self.town.http.post(
            f"{self.town.url}/sign-in/code", headers=self.town.headers(role)
        )
        assert answer.status_code == 200, f"{role} gets no code: {answer.text}"
        return str(answer.json()["code"])


def sign_in(page: Page, code: str) -> None:
    """Type a code where pages ask for it."""
    page.goto("/sign-in")
    page.get_by_label("Code").fill(code)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a browser, or skip where there is none: `make test-console` installs it."""
    if not CHROMIUM.exists():
        missing = f"there is no {CHROMIUM}; `make test-console` installs it"
        if os.environ.get("SOUQ_BROWSER") == "required":
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def opened(page: Page, path: str) -> None:
    """Open a page that must be there."""
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == 200, f"{path} answers {answer.status}: {page.inner_text('main')}"


def menu_of(page: Page) -> list[str]:
    """Give where a page's menu leads."""
    return page.eval_on_selector_all("nav.menu a", "all => all.map(one => one.pathname)")


class Links(HTMLParser):
    """Reads where a page's menu and its main part lead."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, None] = {}
        self._inside = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take a link that stays here."""
        told = dict(attrs)
        self._inside += tag in ("main", "nav")
        path = told.get("href") or ""
        if self._inside and tag == "a" and path.startswith("/") and not path.startswith(_OTHERS):
            self.found[path] = None

    def handle_endtag(self, tag: str) -> None:
        """Leave the main part."""
        self._inside -= tag in ("main", "nav")


def shape_of(path: str) -> str:
    """Give what a path has in common with those of its kind: `/deals/C9` is as `/deals/C12`."""
    return NUMBERS.sub("0", path.partition("?")[0])


def led_to(page: Page, start: str = "/", *, each: int = 1) -> dict[str, int]:
    """Give the addresses a viewer is led to, each with how it answers.

    All of the menu, and some of each kind linked from there: so a new page is looked at as soon as
    something leads to it.
    """
    base = page.context.request
    found: dict[str, int] = {}
    waiting, seen, counts = [start], {start}, dict[str, int]()
    while waiting:
        path = waiting.pop(0)
        answer = base.get(path, max_redirects=0)
        found[path] = answer.status
        if "text/html" not in answer.headers.get("content-type", ""):
            found[path] = -answer.status
            continue
        links = Links()
        links.feed(answer.text())
        for one in links.found:
            shape = shape_of(one)
            if one not in seen and counts.get(shape, 0) < each:
                counts[shape] = counts.get(shape, 0) + 1
                seen.add(one)
                waiting.append(one)
    return found


def pages_of(page: Page) -> list[str]:
    """Give the pages a viewer is led to and may see, one of each kind."""
    return [path for path, status in led_to(page).items() if status == 200]
