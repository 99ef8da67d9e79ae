"""Nobody needs a mouse: from the floor to an approved deal with keys alone."""

from playwright.sync_api import Page

from tests.console.browser.visitors import Visitors, opened
from tests.http.market import HELD, Town

TABS_MAX = 80


def focused(page: Page) -> str:
    """Give what has the focus, in a word or two."""
    said: str = page.evaluate(
        "() => (document.activeElement.innerText || document.activeElement.name || '').trim()"
    )
    return said


def tab_to(page: Page, words: str) -> None:
    """Press Tab until what has these words has the focus."""
    for _ in range(TABS_MAX):
        page.keyboard.press("Tab")
        if words in focused(page):
            return
    raise AssertionError(f"Tab does not lead to {words!r}")


def is_outlined(page: Page) -> bool:
    """Tell whether one can see where the focus is."""
    found: bool = page.evaluate(
        """() => {
          const style = getComputedStyle(document.activeElement);
          return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1)
            || style.boxShadow !== "none";
        }"""
    )
    return found


def test_a_held_deal_is_approved_from_the_floor_with_keys_alone(
    visitors: Visitors, town: Town
) -> None:
    deal = town.taken("sibling", HELD)
    page = visitors.page("buyer_person")
    opened(page, "/")
    page.keyboard.press("g")
    page.keyboard.press("a")
    page.wait_for_url("**/approvals")
    page.wait_for_load_state()
    assert deal in page.inner_text("main")
    for _ in range(TABS_MAX):
        tab_to(page, "Approve")
        assert is_outlined(page)
        if page.evaluate("deal => document.activeElement.form.contract.value === deal", deal):
            break
    page.keyboard.press("Enter")
    page.wait_for_load_state()
    page.wait_for_selector("#told .told:not(.bad)")
    assert town.ask("buyer_person", "get_contract", contract=deal)["state"] != "held"


def test_rows_are_gone_through_with_j_and_k_and_opened_with_enter(
    visitors: Visitors, town: Town
) -> None:
    page = visitors.page("buyer_person")
    opened(page, "/listings")
    page.keyboard.press("j")
    first = focused(page)
    page.keyboard.press("j")
    second = focused(page)
    assert first
    assert second
    assert first != second
    assert is_outlined(page)
    page.keyboard.press("k")
    assert focused(page) == first
    page.keyboard.press("Enter")
    page.wait_for_url("**/listings/L*")


def test_a_slash_leads_to_the_search_and_letters_typed_there_lead_nowhere(
    visitors: Visitors, town: Town
) -> None:
    page = visitors.page("buyer_person")
    opened(page, "/listings")
    page.keyboard.press("/")
    assert page.evaluate("() => document.activeElement.matches('input')")
    page.keyboard.type("gagf?")
    assert page.url.endswith("/listings")
    assert page.evaluate("() => document.activeElement.value") == "gagf?"


def test_a_question_mark_shows_the_keys_and_escape_puts_them_away(visitors: Visitors) -> None:
    page = visitors.page("buyer_person")
    opened(page, "/")
    page.keyboard.press("?")
    page.locator("dialog#keys").wait_for(state="visible")
    page.keyboard.press("Escape")
    page.locator("dialog#keys").wait_for(state="hidden")


def test_every_page_of_the_menu_has_a_key_of_its_own_that_leads_there(visitors: Visitors) -> None:
    page = visitors.page("operator")
    opened(page, "/")
    keys = page.eval_on_selector_all(
        "nav.menu a", "all => all.map(one => [one.dataset.key, one.pathname])"
    )
    assert len({key for key, _ in keys}) == len(keys)
    for key, path in keys:
        opened(page, "/audit" if path == "/" else "/")
        page.keyboard.press("g")
        page.keyboard.press(key)
        page.wait_for_url(f"**{path}")
        page.wait_for_load_state()


def test_the_first_tab_leads_past_the_menu(visitors: Visitors) -> None:
    page = visitors.page("operator")
    opened(page, "/")
    page.keyboard.press("Tab")
    assert focused(page) == "To the page"
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.id") == "main"
