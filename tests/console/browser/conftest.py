"""A rich market and a browser for each module, and nothing that goes wrong unseen."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.console.browser.visitors import Visitors, chromium
from tests.http.market import Town, populated


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Of a module and not of the session: while it runs, this thread has a running event loop,
    # which tests beside these could not bear.
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with populated(tmp_path_factory.mktemp("market") / "m") as found:
        yield found


@pytest.fixture(scope="module")
def states() -> dict[str, Any]:
    return {}


@pytest.fixture
def visitors(browser: Browser, town: Town, states: dict[str, Any]) -> Iterator[Visitors]:
    found = Visitors(browser, town, states)
    yield found
    wrong = found.close()
    assert wrong == [], "\n".join(wrong)
