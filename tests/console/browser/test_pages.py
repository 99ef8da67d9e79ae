"""Every page that a viewer is led to: it answers, it fits, it reads well, and nothing complains."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.console.browser.visitors import (
    AXE,
    PHONE,
    ROOT,
    Visitors,
    led_to,
    menu_of,
    opened,
    pages_of,
    shape_of,
)

EVERYBODY = (
    "seller",
    "buyer",
    "buyer_person",
    "seller_person",
    "stranger_person",
    "officer",
    "arbiter",
    "operator",
)
# Between them they are shown every form that there is.
ROLES = ("operator", "buyer_person", "seller", "arbiter")
SHOTS = ROOT / "build" / "screenshots"
GRAVE = ("serious", "critical")


@pytest.mark.parametrize("role", EVERYBODY)
def test_every_page_that_a_viewer_is_led_to_answers_with_one_heading_and_a_title(
    visitors: Visitors, role: str
) -> None:
    page = visitors.page(role)
    page.goto("/")
    menu = menu_of(page)
    assert len(menu) > 2
    answers = led_to(page, each=2)
    assert {path: status for path, status in answers.items() if abs(status) not in (200, 403)} == {}
    assert [path for path in menu if answers[path] != 200] == []
    titles = set()
    for path in pages_of(page):
        opened(page, path)
        assert page.locator("h1").count() == 1, f"{path} has {page.locator('h1').count()} headings"
        assert page.locator("nav.menu a[aria-current]").count() <= 1, path
        titles.add(page.title())
    assert len(titles) >= len(menu), "pages of one name cannot be told apart"
    print(role, sorted(answers), "dead ends:", [one for one in answers if answers[one] == 403])


@pytest.mark.parametrize("role", ROLES)
def test_no_page_has_a_serious_fault_of_accessibility(visitors: Visitors, role: str) -> None:
    light, dark = visitors.page(role), visitors.page(role, color_scheme="dark")
    axe = AXE.read_text(encoding="utf-8")
    faults = []
    for path in pages_of(light):
        for page, rules in ((light, None), (dark, ["color-contrast"])):
            opened(page, path)
            faults += [f"{path}: {told}" for told in faults_of(page, axe, rules)]
    assert faults == [], "\n".join(faults)


@pytest.mark.parametrize("role", ROLES)
def test_on_a_phone_no_page_is_wider_than_the_screen(visitors: Visitors, role: str) -> None:
    page = visitors.page(role, viewport=PHONE, has_touch=True, is_mobile=True)
    wide = []
    for path in pages_of(page):
        opened(page, path)
        wide += [f"{path} is {told}" for told in too_wide(page)]
    assert wide == [], "\n".join(wide)


def test_in_the_dark_every_page_is_dark_and_the_switch_turns_it_over(visitors: Visitors) -> None:
    page = visitors.page("operator", color_scheme="dark")
    for path in pages_of(page):
        opened(page, path)
        assert brightness(page, "backgroundColor") < 60, path
        assert brightness(page, "color") > 160, path
    page.goto("/")
    page.locator("[data-theme-switch]").click()
    page.wait_for_load_state("load")
    page.wait_for_function("document.documentElement.dataset.theme === 'light'")
    assert brightness(page, "backgroundColor") > 200
    page.goto("/listings")
    assert brightness(page, "backgroundColor") > 200, "the next page forgot what was chosen"


@pytest.mark.parametrize("kind", ["light", "dark", "phone"])
@pytest.mark.parametrize("role", ["operator", "buyer_person"])
def test_a_picture_of_every_page_is_there_to_be_looked_at(
    visitors: Visitors, role: str, kind: str
) -> None:
    looks: dict[str, Any] = {"dark": {"color_scheme": "dark"}, "phone": {"viewport": PHONE}}
    page = visitors.page(role, **looks.get(kind, {}))
    folder = SHOTS / role
    folder.mkdir(parents=True, exist_ok=True)
    for path in pages_of(page):
        opened(page, path)
        page.wait_for_timeout(100)  # charts are drawn
        name = shape_of(path).strip("/").replace("/", "-") or "floor"
        picture = folder / f"{name}-{kind}.png"
        page.screenshot(path=picture, full_page=True)
        assert picture.stat().st_size > 2_000


def too_wide(page: Page) -> list[str]:
    """Tell whether a page is wider than its screen, and what in it is."""
    width, shown, what = page.evaluate(
        """() => {
          const root = document.documentElement;
          const all = [...document.querySelectorAll("main *")];
          const out = (one) => one.getBoundingClientRect().right > root.clientWidth + 1
            && !one.closest(".scroll, pre, .chart, nav, svg");
          const first = all.find(out);
          return [root.scrollWidth, root.clientWidth, first?.outerHTML.slice(0, 160)];
        }"""
    )
    return [f"{width} px wide: {what}"] if width > shown else []


def faults_of(page: Page, axe: str, rules: list[str] | None) -> list[str]:
    """Let axe-core look at a page. It comes in as a debugger does, which no policy forbids."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(axe + "; undefined")
    asked: dict[str, Any] = {"resultTypes": ["violations"]}
    if rules:
        asked["runOnly"] = rules
    found = page.evaluate("asked => axe.run(document, asked)", asked)
    return [
        f"{one['id']} ({one['impact']}): {one['help']}: "
        + "; ".join(node["html"][:120] for node in one["nodes"][:3])
        for one in found["violations"]
        if one["impact"] in GRAVE
    ]


def brightness(page: Page, of: str) -> float:
    """Give how bright the page's ground or its ink is, from 0 to 255."""
    colour = page.evaluate(
        """of => {
          const canvas = document.createElement("canvas").getContext("2d");
          canvas.fillStyle = getComputedStyle(document.body)[of];
          canvas.fillRect(0, 0, 1, 1);
          return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
        }""",
        of,
    )
    return float(sum(colour) / 3)
