"""How fast the console is with a million records behind it, beside pages that ask nothing.

The market (100,000 listings, 1,000,000 records) is made once, under build/bench-console, and used
again. First paint is Chromium's own figure, with an empty cache; the time to the first byte is
asked for by a plain client; what streams cost is CPU time of the server's process while a plain
client reads so many floors and another posts 5,000 records a minute, less what that costs alone.

python -m bench.console [--scale 0.01]
"""

import argparse
import asyncio
import json
import os
import platform
import shutil
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
from playwright.sync_api import Browser, sync_playwright

from bench.http.serving import AGENTS, Folder, Process, served
from bench.market import Mix
from souq import __version__
from souq.core.credential import AddKey
from souq.core.rules import OPERATOR
from souq.engine import Engine
from souq.journal.sqlite import SqliteStore
from souq.sdk.signing import new_key

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "bench" / "results"
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
LISTINGS, RECORDS = 100_000, 1_000_000
PAINT_MAX_MS = 1_000
PAINTS, ASKS = 5, 15
VIEWERS = (10, 50)
PER_MINUTE = 5_000
STREAM_S = 20.0
BATCH = 50
FIRST_START_S = 1_200.0  # a million records are read once
# What a page of each kind is asked for; a market of this kind has all of these.
PATHS = (
    "/healthz",
    "/sign-in",
    "/",
    "/listings",
    "/listings?text=lamp",
    "/listings?category=home&order=cheapest",
    "/listings/L77",
    "/negotiations",
    "/negotiations/N77",
    "/deals",
    "/deals/C77",
    "/people",
    "/principals/P7",
    "/agents/A7",
    "/approvals",
    "/disputes",
    "/ledger",
    "/ledger?principal=P7",
    "/watch",
    "/audit",
    "/audit/77",
)


def made(listings: int, records: int) -> Path:
    """Make the market, or find it made; its keys lie beside it."""
    place = ROOT / "build" / "bench-console" / f"market-{listings}-{records}"
    if (place / "keys.json").exists():
        return place
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    folder = Folder(place / "market", listings=listings)
    key = new_key("bearer")
    with Engine(SqliteStore(folder.path)) as engine:
        engine.submit(OPERATOR, "admin", AddKey(OPERATOR, "bearer", key.material)).need()
        mix = Mix(engine, 4_096, min(AGENTS, listings))
        mix.send(records - engine.live[1])
        told = engine.live[1]
    keys = {"operator": key.secret, "agent": folder.bearers[0].key}
    with served(folder.path, "--log-level", "warning", patience_s=FIRST_START_S):
        pass  # its views read all of it, and its end leaves a snapshot
    took = time.perf_counter() - began
    print(f"  made {told:,} records in {took:,.0f} s, in {place.relative_to(ROOT)}", flush=True)
    (place / "keys.json").write_text(json.dumps(keys))
    return place


class Viewer:
    """The operator, signed in, as a plain client."""

    def __init__(self, port: int, key: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.http = httpx2.Client(base_url=self.url, timeout=120, trust_env=False)
        proof = {"Authorization": f"Bearer {key}"}
        code = self.http.post("/sign-in/code", headers=proof).raise_for_status().json()["code"]
        answer = self.http.post("/sign-in", data={"code": code, "back": "/"})
        assert answer.status_code == 303, answer.text
        ((self.cookie, self.secret),) = self.http.cookies.items()

    def first_byte_ms(self, path: str) -> float:
        """Time a page to its first byte; what is left then is only to be sent."""
        began = time.perf_counter()
        with self.http.stream("GET", path) as answer:
            took = time.perf_counter() - began  # its head is here
            answer.read()
        if answer.status_code != 200:
            raise SystemExit(f"{path} answers {answer.status_code}")
        return took * 1e3


def pages(viewer: Viewer) -> dict[str, dict[str, float]]:
    """Time each kind of page."""
    found = {}
    for path in PATHS:
        first = viewer.first_byte_ms(path)
        times = sorted(viewer.first_byte_ms(path) for _ in range(ASKS))
        found[path] = {
            "first_ms": first,
            "median_ms": statistics.median(times),
            "worst_ms": times[-1],
        }
        one = found[path]
        print(
            f"  {path:<44}{one['median_ms']:>10.1f}{one['worst_ms']:>10.1f}{first:>10.1f}",
            flush=True,
        )
    return found


def paint(browser: Browser, viewer: Viewer, path: str) -> dict[str, float]:
    """Open a page in a browser that has nothing of it yet; give when it showed something."""
    context = browser.new_context(viewport={"width": 1_280, "height": 900})
    try:
        cookie = {"name": viewer.cookie, "value": viewer.secret, "url": viewer.url}
        context.add_cookies([cookie])  # type: ignore[list-item]
        page = context.new_page()
        page.goto(viewer.url + path, wait_until="load")
        # Not `wait_for_function`, which evaluates text in the page, where its policy forbids it.
        while not page.evaluate("performance.getEntriesByName('first-contentful-paint').length"):
            page.wait_for_timeout(10)
        told: dict[str, float] = page.evaluate(
            """() => {
              const [page] = performance.getEntriesByType("navigation");
              const files = performance.getEntriesByType("resource");
              return {
                paint_ms: performance.getEntriesByName("first-contentful-paint")[0].startTime,
                first_byte_ms: page.responseStart,
                load_ms: page.loadEventEnd,
                bytes: [page, ...files].reduce((sum, one) => sum + one.transferSize, 0),
              };
            }"""
        )
        return told
    finally:
        context.close()


def paints(viewer: Viewer) -> dict[str, dict[str, float]]:
    """Give the median of what is painted when, of the floor, and of a page that asks nothing."""
    found = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for path in ("/sign-in", "/"):
            paint(browser, viewer, path)  # the browser itself is warm
            times = [paint(browser, viewer, path) for _ in range(PAINTS)]
            found[path] = {name: statistics.median(one[name] for one in times) for name in times[0]}
        browser.close()
    return found


def streams(
    process: Process, viewer: Viewer, key: str, count: int, seconds: float
) -> dict[str, float]:
    """Read so many floors while records come in; give the server's CPU time a minute."""
    return asyncio.run(_streams(process, viewer, key, count, seconds))


async def _streams(
    process: Process, viewer: Viewer, key: str, count: int, seconds: float
) -> dict[str, float]:
    read = 0
    host = urlsplit(viewer.url).netloc
    ask = (
        f"GET /live?view=floor HTTP/1.1\r\nhost: {host}\r\n"
        f"cookie: {viewer.cookie}={viewer.secret}\r\n\r\n"
    ).encode()

    async def watch() -> None:
        nonlocal read
        reader, writer = await asyncio.open_connection("127.0.0.1", process.port)
        try:
            writer.write(ask)
            while some := await reader.read(65_536):
                read += len(some)
        finally:
            writer.close()

    watching = [asyncio.create_task(watch()) for _ in range(count)]
    await asyncio.sleep(1.0)
    before, read, began = process.cpu_s(), 0, time.monotonic()
    sent = 0
    async with httpx2.AsyncClient(base_url=viewer.url, timeout=60, trust_env=False) as http:
        while (now := time.monotonic() - began) < seconds:
            if sent < now * PER_MINUTE / 60:
                await _post(http, key, sent)
                sent += BATCH
            else:
                await asyncio.sleep(0.01)
    took = time.monotonic() - began
    cpu = process.cpu_s() - before
    for one in watching:
        one.cancel()
    await asyncio.gather(*watching, return_exceptions=True)
    return {
        "viewers": count,
        "records_per_minute": sent * 60 / took,
        "cpu_s_per_minute": cpu * 60 / took,
        "kib_per_s_each": read / 1_024 / took / count if count else 0.0,
    }


async def _post(http: httpx2.AsyncClient, key: str, sent: int) -> None:
    made_at = time.monotonic_ns()
    items = [
        {"id": f"{made_at}-{n}", "command": {"type": "PostMessage", "text": f"line {sent + n}"}}
        for n in range(BATCH)
    ]
    headers = {"Authorization": f"Bearer {key}"}
    answer = await http.post("/v1/commands:batch", json={"commands": items}, headers=headers)
    answer.raise_for_status()


@contextmanager
def copied(market: Path) -> Iterator[Path]:
    """Give a market's folder to write into, and put it away after."""
    place = market.with_name(f"{market.name}-at-work")
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(market, place)
    try:
        yield place
    finally:
        shutil.rmtree(place)


def main(words: Sequence[str] | None = None) -> None:
    """Print the table and write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.console", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full size and time")
    asked = parser.parse_args(words)
    listings = max(200, int(LISTINGS * asked.scale))
    records = max(5_000, int(RECORDS * asked.scale))
    result: dict[str, Any] = {
        "version": __version__,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "listings": listings,
        "records": records,
    }
    print(f"souq {__version__}, {os.cpu_count()} cores, {listings:,} listings, {records:,} records")
    place = made(listings, records)
    keys = json.loads((place / "keys.json").read_text())
    with served(place / "market", "--log-level", "warning") as process:
        result["start_s"] = process.start_s
        viewer = Viewer(process.port, keys["operator"])
        print(f"  {'time to the first byte, ms':<44}{'median':>10}{'worst':>10}{'first':>10}")
        result["pages"] = pages(viewer)
        result["paints"] = paints(viewer)
        for path, one in result["paints"].items():
            print(
                f"  first paint of {path:<12}{one['paint_ms']:>8.0f} ms, its first byte"
                f" {one['first_byte_ms']:.0f} ms, all loaded {one['load_ms']:.0f} ms,"
                f" {one['bytes'] / 1_024:.0f} KiB"
            )
    floor = result["paints"]["/"]["paint_ms"]
    mark = "" if floor <= PAINT_MAX_MS else "  above target"
    print(f"  the floor: {floor:.0f} ms, at most {PAINT_MAX_MS:,}{mark}")
    seconds = STREAM_S * max(0.25, min(1.0, asked.scale))
    with copied(place / "market") as folder, served(folder, "--log-level", "warning") as process:
        viewer = Viewer(process.port, keys["operator"])
        alone = streams(process, viewer, keys["agent"], 0, seconds)
        result["streams"] = [alone]
        spent = alone["cpu_s_per_minute"]
        print(f"  {PER_MINUTE:,} records a minute, nobody looks: {spent:.2f} CPU s a minute")
        for count in VIEWERS:
            one = streams(process, viewer, keys["agent"], count, seconds)
            result["streams"].append(one)
            each = (one["cpu_s_per_minute"] - alone["cpu_s_per_minute"]) / count
            one["cpu_s_per_minute_each"] = each
            print(
                f"  {count} floors open: {one['cpu_s_per_minute']:.2f} CPU s a minute,"
                f" {each:.3f} for each, {one['kib_per_s_each']:.1f} KiB/s each"
            )
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "console.json").write_text(json.dumps(result, indent=2))
    print(f"  written to {(RESULTS / 'console.json').relative_to(ROOT)}")


if __name__ == "__main__":
    main()
