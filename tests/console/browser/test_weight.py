"""How much a browser loads to show the floor for the first time, and where from."""

from typing import Any

import pytest

from tests.console.browser.visitors import VENDOR, Visitors
from tests.http.market import Town

BYTES_MAX = 300 * 1_024
REQUESTS_MAX = 16


@pytest.mark.parametrize("path", ["/", "/listings", "/audit"])
def test_a_page_weighs_at_most_300_kib_and_all_of_it_is_ours(
    visitors: Visitors, town: Town, path: str
) -> None:
    assert any(VENDOR.glob("*.js")), "build them first: python tools/build_console.py --tests"
    page = visitors.page("operator")
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.clearBrowserCache")
    names: dict[str, str] = {}
    sizes: dict[str, float] = {}

    def ask(event: dict[str, Any]) -> None:
        names[event["requestId"]] = event["request"]["url"]

    def end(event: dict[str, Any]) -> None:
        sizes[names[event["requestId"]]] = event["encodedDataLength"]

    devtools.on("Network.requestWillBeSent", ask)
    devtools.on("Network.loadingFinished", end)
    page.goto(path, wait_until="load")
    page.wait_for_timeout(700)
    whole = sum(sizes.values())
    for url, size in sorted(sizes.items(), key=lambda one: -one[1]):
        print(f"{size:>10,.0f}  {url.removeprefix(town.url)}")
    print(f"{whole:>10,.0f} bytes in {len(names)} requests for {path}")
    assert whole <= BYTES_MAX
    assert len(names) <= REQUESTS_MAX
    assert all(url.startswith((town.url, "data:image/svg")) for url in names.values())
    if path == "/":
        assert any("uPlot" in url for url in names.values())
