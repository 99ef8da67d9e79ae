"""Reads pages with Chromium's own parser, and looks for anything in them that a stranger put there.

Scripts of pages that are only parsed do not run: what would is found by looking at what stands
there. Pages that are opened count what runs, beside.
"""

import unicodedata
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

COUNT_HITS = "window.hits = []; window.hit = (what) => void window.hits.push(String(what));"
TOOLS = Path(__file__).with_name("inert.js").read_text(encoding="utf-8")


def read_all(page: Page, paths: list[str], **asked: Any) -> dict[str, Any]:
    """Fetch and parse pages in a page, where asked all that they lead to; give what was found."""
    page.evaluate(TOOLS)
    page.set_default_timeout(300_000)
    found: dict[str, Any] = page.evaluate(
        "([paths, asked]) => window.souqRead(paths, asked)", [paths, asked]
    )
    return found


def wrong_in(page: Page) -> list[str]:
    """Look at the page that stands open, and count what has run in it."""
    page.evaluate(TOOLS)
    wrong: list[str] = page.evaluate("() => window.souqLook(document, location.pathname)")
    hits = page.evaluate("() => window.hits")
    return wrong + [f"{page.url}: ran {hit}" for hit in hits]


def bare(text: str) -> str:
    """Leave what of a text can be seen, without space."""
    return "".join(
        sign
        for sign in text
        if not (sign.isspace() or sign == "\ufffd" or unicodedata.category(sign)[0] == "C")
    )
