"""`souq console` in a browser: a folder of experiments and runs, read while it is written."""

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.console.browser.onlooked import AT_WORK, Onlooked, onlooked
from tests.console.browser.test_keyboard import TABS_MAX, focused, is_outlined
from tests.console.browser.test_live import WATCH, WORST_S, hold_to, is_live, seconds_until
from tests.console.browser.test_pages import SHOTS, brightness, faults_of, too_wide
from tests.console.browser.visitors import (
    AXE,
    DESK,
    PHONE,
    Onlookers,
    chromium,
    led_to,
    opened,
    shape_of,
)
from tests.console.looked_at import hashed

WITHIN_S = 2.0
FOUR = "/experiments/study/beside?cells=00001,00002,00003,00004"
AS_IT_GOES = "/experiments/half/beside?cells=00001,00003,00004"
# How a page is looked at, and what axe looks for then; at first for all that it knows.
LOOKS = {"light": None, "dark-phone": ["color-contrast", "scrollable-region-focusable"]}
CHANGES = re.compile(r"method=.?post|formmethod|hx-(?:post|put|patch|delete)", re.I)
# Every kind of page, as a folder leads to it; `market` is a cell's or a run's.
KINDS = {
    "experiments",
    "experiments-study",
    "experiments-study-beside",
    "experiments-study-report",
    "experiments-study-report.html",
    "market",
    *(
        f"market-{one}"
        for one in (
            "agents-A0",
            "approvals",
            "audit",
            "audit-0",
            "deals",
            "deals-C0",
            "disputes",
            "ledger",
            "listings",
            "listings-L0",
            "negotiations",
            "negotiations-N0",
            "people",
            "principals-P0",
            "watch",
        )
    ),
}
# Each lane: where it stands, what it says, and how much of its charts is of the colour that prices
# and volumes are drawn in.
LANES = """() => {
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.color = "var(--accent)";
  const [r, g, b] = getComputedStyle(probe).color.match(/[0-9]+/g).map(Number);
  probe.remove();
  const inked = (canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let found = 0;
    for (let n = 0; n < data.length; n += 4) {
      const far = Math.abs(data[n] - r) + Math.abs(data[n + 1] - g) + Math.abs(data[n + 2] - b);
      found += far < 24 && data[n + 3] > 24;
    }
    return found;
  };
  return [...document.querySelectorAll("#lanes > section")].map((lane) => ({
    top: lane.getBoundingClientRect().top,
    lines: lane.querySelectorAll(".feed > li").length,
    charts: [...lane.querySelectorAll("canvas")].map(inked),
    text: lane.innerText,
  }));
}"""
DOT_PX = 6
_MARKET = re.compile(r"^/(experiments/[^/]+/cells/\d+|markets/[^/]+)(?=/)")
_NAME = re.compile(r"^/experiments/[^/]+")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Onlooked]:
    with onlooked(tmp_path_factory.mktemp("onlooked")) as it:
        yield it


@pytest.fixture(scope="module")
def browser(found: Onlooked) -> Iterator[Browser]:
    # Only after what is shown was run, which takes a loop of its own.
    with chromium() as it:
        yield it


@pytest.fixture
def onlookers(browser: Browser, found: Onlooked) -> Iterator[Onlookers]:
    those = Onlookers(browser, found.url)
    yield those
    wrong = those.close()
    assert wrong == [], "\n".join(wrong)


@pytest.fixture(scope="module")
def pages(browser: Browser, found: Onlooked) -> dict[str, str]:
    """Give a page of each kind that the folder leads to; and that all it leads to is there."""
    those = Onlookers(browser, found.url)
    answers = led_to(those.open(), "/experiments")
    assert {path: status for path, status in answers.items() if abs(status) != 200} == {}
    assert those.close() == []
    kinds: dict[str, str] = {}
    for path, status in answers.items():
        if status == 200:
            kinds.setdefault(kind_of(path), path)
    assert set(kinds) >= KINDS, KINDS - set(kinds)
    assert kinds["experiments-study"] == "/experiments/half"
    return {**kinds, "whole": "/experiments/study", "four": FOUR, "as-it-goes": AS_IT_GOES}


def kind_of(path: str) -> str:
    """Give what pages of one kind have in common, whichever market or experiment they show."""
    kind = _NAME.sub("/experiments/study", _MARKET.sub("/market", shape_of(path)))
    return kind.strip("/").replace("/", "-")


def test_every_kind_of_page_fits_and_reads_well_by_day_and_on_a_phone_by_night(
    onlookers: Onlookers, pages: dict[str, str]
) -> None:
    page = onlookers.open()
    axe = AXE.read_text(encoding="utf-8")
    folder = SHOTS / "onlooking"
    folder.mkdir(parents=True, exist_ok=True)
    wrong = []
    for kind, path in pages.items():
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(DESK)
        opened(page, path)
        if path.endswith("report.html"):
            continue  # a stranger's, in which nothing can run; not even axe
        assert page.locator("h1").count() == 1, path
        for look, rules in LOOKS.items():
            if look != "light":
                _turn_over(page)
            wrong += [f"{path} is {told}" for told in too_wide(page)]
            wrong += [f"{path}, {look}: {told}" for told in faults_of(page, axe, rules)]
            page.screenshot(path=folder / f"{kind}-{look}.png", full_page=True)
    assert wrong == [], "\n".join(wrong)


def _turn_over(page: Page) -> None:
    """Let it be night, and the screen a phone's; charts are drawn anew."""
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(PHONE)
    assert brightness(page, "backgroundColor") < 60, page.url
    assert brightness(page, "color") > 160, page.url
    if page.locator("[data-chart]").count():
        page.reload()
        page.wait_for_timeout(100)


def test_no_page_holds_a_form_or_a_button_that_asks_for_a_change(
    onlookers: Onlookers, pages: dict[str, str], found: Onlooked
) -> None:
    page = onlookers.open()
    methods: set[str] = set()
    page.on("request", lambda request: methods.add(request.method))
    before, pressed = hashed(found.at), 0
    for path in pages.values():
        text = page.context.request.get(path).text()
        assert not CHANGES.findall(text), path
        if "<button" not in text.partition("<main")[2].partition("</main")[0]:
            continue
        opened(page, path)
        buttons = page.locator("main button:visible")
        for n in range(buttons.count()):
            buttons.nth(n).click()
            pressed += 1
            page.wait_for_load_state()
            if page.url != f"{found.url}{path}":
                opened(page, path)
    assert methods == {"GET"}
    assert pressed >= 8
    assert hashed(found.at) == before


def test_four_floors_stand_beside_each_other_and_each_deal_is_drawn(onlookers: Onlookers) -> None:
    page = onlookers.open()
    opened(page, FOUR)
    deals = page.locator("tr", has=page.get_by_role("rowheader", name="Deals", exact=True))
    counts = [int(one) for one in deals.inner_text().split()[1:]]
    assert min(counts) == 0 < max(counts), "a floor without a deal, and others"
    lanes = page.evaluate(LANES)  # at once, for they are drawn anew when somebody looks
    assert len(lanes) == 4
    assert len({lane["top"] for lane in lanes}) == 1
    for lane, count in zip(lanes, counts, strict=True):
        assert lane["lines"] > 0
        assert len(lane["charts"]) == (2 if count else 0)
        assert min(lane["charts"], default=DOT_PX + 1) > DOT_PX, "a deal that nobody can see"
        assert ("No deal yet." in lane["text"]) == (not count)
        assert "make console" not in lane["text"]


def test_a_new_record_stands_on_an_open_floor_within_two_seconds(
    onlookers: Onlookers, found: Onlooked
) -> None:
    page = onlookers.open()
    opened(page, AT_WORK)
    is_live(page)
    took = [_until(page, found) for _ in range(3)]
    # Others look at the same market meanwhile, and so read its records, too.
    onlookers.open().goto("/")
    onlookers.open().goto(AS_IT_GOES)
    took += [_until(page, found) for _ in range(9)]
    hold_to(WITHIN_S, took)


def _until(page: Page, found: Onlooked) -> float:
    """Give how long a record that is written now takes to stand on a page."""
    since = time.time()
    words = found.write()
    page.evaluate(WATCH, words)
    return seconds_until(page, words, since)


def test_with_keys_alone_one_comes_from_the_shelf_to_a_cells_floor(onlookers: Onlookers) -> None:
    page = onlookers.open()
    opened(page, "/")
    for _ in range(2):
        page.keyboard.press("j")
    assert focused(page) == "study"
    assert is_outlined(page)
    page.keyboard.press("Enter")
    page.wait_for_url("**/experiments/study")
    page.wait_for_load_state()
    page.keyboard.press("j")
    assert focused(page).startswith("done")
    assert is_outlined(page)
    page.keyboard.press("Enter")
    page.wait_for_url("**/experiments/study/cells/00001/")
    page.wait_for_load_state()
    assert page.inner_text("h1") == "Floor"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert "study" in focused(page)
    page.keyboard.press("Enter")
    page.wait_for_url("**/experiments/study")


@pytest.mark.parametrize(
    ("path", "words"), [("/experiments", "half"), ("/experiments/half", "done")]
)
def test_whoever_goes_through_an_experiment_at_work_by_keyboard_is_not_thrown_back(
    onlookers: Onlookers, found: Onlooked, path: str, words: str
) -> None:
    page = onlookers.open(viewport=PHONE)
    opened(page, path)
    _tab_to(page, words)
    where = page.evaluate("() => document.activeElement.href")
    page.evaluate("() => (document.querySelector('.scroll').scrollLeft = 30)")
    moved = page.evaluate("() => document.querySelector('.scroll').scrollLeft")
    assert moved == 30 or path != "/experiments"
    for _ in range(2):
        page.evaluate("() => (window.before = document.querySelector('main table'))")
        found.go_on()
        page.wait_for_function("() => !window.before.isConnected")
        assert page.evaluate("() => document.activeElement.href") == where
        assert page.evaluate("() => document.querySelector('.scroll').scrollLeft") == moved


def _tab_to(page: Page, words: str) -> None:
    """Press Tab until what has just these words has the focus."""
    for _ in range(TABS_MAX):
        page.keyboard.press("Tab")
        if focused(page) == words:
            return
    raise AssertionError(f"Tab does not lead to {words!r}")


def test_what_somebody_unfolded_on_a_floor_stays_so_while_the_market_goes_on(
    onlookers: Onlookers, found: Onlooked
) -> None:
    page = onlookers.open()
    opened(page, AT_WORK)
    is_live(page)
    page.get_by_text("Refusals by reason").click()
    reasons = page.locator("details", has_text="Refusals by reason")
    for _ in range(2):
        page.evaluate("() => (window.before = document.querySelector('[data-live=figures] dl'))")
        found.write()
        page.wait_for_function("() => !window.before.isConnected")
        assert reasons.get_attribute("open") is not None


def test_how_far_a_cell_is_shows_within_three_seconds(
    onlookers: Onlookers, found: Onlooked
) -> None:
    page = onlookers.open()
    opened(page, "/experiments/half")
    is_live(page)
    since = time.time()
    page.evaluate(WATCH, found.go_on())
    assert seconds_until(page, "", since) < max(3.0, WORST_S)


def test_floors_that_are_drawn_again_and_again_leave_nothing_behind(
    onlookers: Onlookers, found: Onlooked
) -> None:
    page = onlookers.open()
    opened(page, AS_IT_GOES)
    page.wait_for_selector(".chart canvas")
    devtools = page.context.new_cdp_session(page)
    counts = []
    for _ in range(4):
        page.evaluate("() => (window.before = document.querySelector('main table'))")
        found.write()
        page.wait_for_function("() => !window.before.isConnected")
        page.evaluate("() => delete window.before")
        devtools.send("HeapProfiler.collectGarbage")
        counts.append(devtools.send("Memory.getDOMCounters")["jsEventListeners"])
    assert counts[-1] <= counts[0] + 4, counts
