"""Nobody is shown what is not theirs: not by a page, not by an address, not by a stream."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.console.browser.visitors import Visitors, led_to, opened, shape_of
from tests.http.market import BALANCE, FLOOR, MESSAGE, OFFER, ROLES, Town

MILLION = 1_000_000


def leaks(town: Town, role: str, said: str) -> list[str]:
    """List the secrets in a page that are not for a role, amounts also as people write them."""
    found = town.leaks(role, said.encode())
    for name, (value, knowing) in town.secrets.items():
        written = f"{int(value) // MILLION}.{int(value) % MILLION:06d}" if value.isdigit() else ""
        if written and role not in knowing and written in said.replace(",", ""):
            found.append(f"{name}, written out")
    return found


@pytest.fixture(scope="module")
def addresses(town: Town, browser: Any, states: dict[str, Any]) -> list[str]:
    """Give every address that anybody is led to."""
    visitors = Visitors(browser, town, states)
    found: dict[str, None] = {}
    for role in ("operator", "buyer_person", "seller", "arbiter"):
        found |= dict.fromkeys(led_to(visitors.page(role), each=3))
    for deal in (town.deal, town.held):
        found |= dict.fromkeys([f"/deals/{deal}", f"/deals/{deal}/receipt", f"/disputes/{deal}"])
    found[f"/negotiations/{town.talk}"] = None
    for role in ("buyer", "buyer_person"):
        place = "agents" if role == "buyer" else "principals"
        found[f"/{place}/{town.ids[role]}"] = None
        found[f"/ledger?principal={town.ids['buyer_person']}"] = None
        found[f"/approvals?principal={town.ids['buyer_person']}"] = None
    visitors.close()
    return list(found)


def test_the_secrets_are_found_where_they_may_stand(visitors: Visitors, town: Town) -> None:
    # Else the test below would find nothing wherever it looked.
    page = visitors.page("buyer_person")
    said = ""
    for path in ("/ledger", f"/negotiations/{town.talk}", f"/agents/{town.ids['buyer']}"):
        opened(page, path)
        said += page.content()
    for name in ("balance", "offer", "message", "ceiling"):
        value = town.secrets[name][0]
        written = (
            f"{int(value) // MILLION}.{int(value) % MILLION:06d}" if value.isdigit() else value
        )
        assert written in said, f"{name} ({written}) is shown nowhere to whom it belongs"
    assert {"balance", "offer, written out", "message"} & set(leaks(town, "stranger", said))


@pytest.mark.parametrize("role", [role for role in ROLES if role not in ("anybody", "revoked")])
def test_no_address_tells_anybody_what_is_not_theirs(
    visitors: Visitors, town: Town, addresses: list[str], role: str
) -> None:
    page = visitors.page(role)
    told = {}
    for path in addresses:
        answer = page.request.get(town.url + path)
        assert answer.status in (200, 403, 404, 409, 422), f"{path} answers {answer.status}"
        if found := leaks(town, role, answer.text()):
            told[path] = found
    assert told == {}


@pytest.mark.parametrize("role", ["stranger", "stranger_person"])
def test_another_principals_pages_are_refused(visitors: Visitors, town: Town, role: str) -> None:
    page = visitors.page(role)
    visitors.forgive("status of 403")
    for path in (
        f"/negotiations/{town.talk}",
        f"/deals/{town.deal}",
        f"/deals/{town.deal}/receipt",
        f"/deals/{town.held}",
        f"/disputes/{town.deal}",
        f"/ledger?principal={town.ids['buyer_person']}",
    ):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 403, f"{path} answers {answer.status}"
        assert leaks(town, role, page.content()) == []


def test_a_form_of_another_session_changes_nothing(visitors: Visitors, town: Town) -> None:
    page = visitors.page("stranger_person")
    before = town.ask("operator", "list_events", order="newest", limit=1)["records"][0]["seq"]
    answer = page.request.post(
        f"{town.url}/do/decline", form={"csrf": "guessed", "contract": town.held, "back": "/"}
    )
    assert answer.status == 403
    after = town.ask("operator", "list_events", order="newest", limit=1)["records"][0]["seq"]
    assert after == before


def test_a_strangers_live_floor_tells_no_secret(visitors: Visitors, town: Town) -> None:
    page = visitors.page("stranger")
    opened(page, "/")
    page.wait_for_timeout(500)
    talk = town.talking("buyer", OFFER)
    town.do("buyer", "send_message", negotiation=talk, text=MESSAGE)
    title = town.new() + "-last"
    town.do("stranger", "post_listing", title=title, category="home", ref="plain")
    page.locator("[data-live=feed]").get_by_text(title).first.wait_for()
    assert leaks(town, "stranger", page.content()) == []


def test_a_guest_is_sent_to_sign_in_unless_the_house_shows_its_floor(
    visitors: Visitors, town: Town, addresses: list[str]
) -> None:
    page = visitors.page("anybody")
    for path in ("/", "/listings", f"/deals/{town.deal}", "/live?view=floor"):
        answer = page.request.get(town.url + path, max_redirects=0)
        assert answer.status in (303, 401, 403), f"{path} answers {answer.status}"
    page.goto("/listings?text=lamp")
    assert "/sign-in" in page.url
    rules = town.ask("operator", "get_market")["rules"]
    town.do("operator", "amend_rules", rules={**rules, "public_floor": True})
    try:
        guest_looks(visitors, town, page, addresses)
    finally:
        town.do("operator", "amend_rules", rules={**rules, "public_floor": False})
    page.goto("/")
    assert "/sign-in" in page.url


def guest_looks(visitors: Visitors, town: Town, page: Page, addresses: list[str]) -> None:
    opened(page, "/")
    assert page.locator("h1").inner_text() == "Floor"
    for path in addresses:
        answer = page.request.get(town.url + path)
        assert leaks(town, "anybody", answer.text()) == [], path
    visitors.forgive("status of 403")
    for path in (f"/deals/{town.deal}", f"/negotiations/{town.talk}", "/approvals"):
        page.goto(path)
        assert shape_of(page.url.removeprefix(town.url)) in ("/sign-in", shape_of(path))
        assert page.locator("main form[action^='/do/']").count() == 0
    assert str(FLOOR) not in page.content()
    assert str(BALANCE) not in page.content()


def test_who_signs_out_is_out_in_every_page_that_stands_open(
    visitors: Visitors, town: Town, browser: Any
) -> None:
    mine = Visitors(browser, town, {})  # a session of its own: it ends
    mine.forgive("/live")
    page = mine.page("seller_person")
    opened(page, "/")
    other = page.context.new_page()
    other.goto("/listings")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in*")
    other.reload()
    assert "/sign-in" in other.url
    assert mine.close() == []
