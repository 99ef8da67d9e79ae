"""One deal in the pages alone, by its four people, from the approval queue to a proven receipt."""

from playwright.sync_api import Page

from tests.console.browser.visitors import Visitors, opened
from tests.http.market import HELD, Town


def press(page: Page, words: str, *, is_sure: bool = True) -> None:
    """Press a button, say yes where the page asks once more, and read that it was done."""
    page.get_by_role("button", name=words).first.click()
    if is_sure and page.locator("dialog[open] button.danger").count():
        page.locator("dialog[open] button.danger").click()
    page.wait_for_load_state()
    page.locator("#told .told").wait_for()
    assert page.locator("#told .told.bad").count() == 0, page.inner_text("#told")


def test_a_deal_goes_from_the_approval_queue_to_a_receipt_that_the_page_proves(
    visitors: Visitors, town: Town
) -> None:
    deal = town.taken("sibling", HELD)
    buyers, buyer = visitors.page("buyer_person"), visitors.page("sibling")
    seller, ledger = visitors.page("seller"), visitors.page("seller_person")

    opened(buyers, "/")
    buyers.locator("nav.menu a[href='/approvals']").click()
    press(buyers, f"Approve {deal}")
    assert deal not in buyers.inner_text("#waiting")

    opened(seller, "/deals")
    seller.locator("main").get_by_role("link", name=deal, exact=True).first.click()
    seller.wait_for_url(f"**/deals/{deal}")
    seller.get_by_label("Digest of the proof").fill("photo-of-the-lamp")
    press(seller, "Say that it is delivered")

    opened(buyer, f"/deals/{deal}")
    press(buyer, "Accept what came")
    assert "fulfilled" in buyer.inner_text("h1")

    opened(ledger, "/ledger")
    assert deal in ledger.inner_text("main"), "the price stands in the seller's statement"

    opened(buyers, f"/deals/{deal}")
    receipt = buyers.locator("[data-verify=receipt]")
    receipt.get_by_role("button", name="Check in this browser").click()
    verdict = receipt.locator("[data-proven]")
    verdict.wait_for()
    assert verdict.get_attribute("data-proven") == "true", receipt.inner_text()
    assert receipt.locator("[data-ok=false]").count() == 0
    assert receipt.locator("[data-ok=true]").count() >= 3

    receipt.get_by_label("spoil one byte").check()
    receipt.get_by_role("button", name="Check in this browser").click()
    receipt.locator("[data-proven=false], .told.bad").first.wait_for()


def test_a_record_is_proven_in_the_page_and_a_spoilt_byte_is_noticed(
    visitors: Visitors, town: Town
) -> None:
    page = visitors.page("operator")
    opened(page, "/audit/5")
    section = page.locator("[data-verify=record]")
    section.get_by_role("button", name="Check in this browser").click()
    section.locator("[data-proven=true]").wait_for()
    section.get_by_label("spoil one byte").check()
    section.get_by_role("button", name="Check in this browser").click()
    section.locator("[data-proven=false], .told.bad").first.wait_for()


def test_the_switch_of_an_agent_asks_once_more_and_no_leaves_it_as_it_is(
    visitors: Visitors, town: Town
) -> None:
    agent = town.ids["buyer"]
    page = visitors.page("buyer_person")
    opened(page, f"/agents/{agent}")
    before = town.ask("operator", "list_halts")
    stop = page.locator("form[action$='/do/set_halt'][data-confirm] button").first
    stop.click()
    page.locator("dialog[open]").get_by_role("button", name="No, go back").click()
    assert town.ask("operator", "list_halts") == before
    stop.click()
    page.locator("dialog[open] button.danger").click()
    page.wait_for_load_state()
    page.locator("#told .told:not(.bad)").wait_for()
    assert town.ask("operator", "list_halts") != before
    town.do("buyer_person", "set_halt", level="open", scope=agent)
