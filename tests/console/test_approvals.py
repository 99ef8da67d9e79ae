"""The queue of approvals: what it tells, to whom, and that its forms do what they say, once."""

from pathlib import Path
from typing import Any

import pytest

from souq.core.policy import TYPES
from souq.core.rules import Rules
from souq.surfaces.console.policy_words import meaning
from tests.console.reading import Reader, head
from tests.http.market import APPROVAL, FEW, Town
from tests.serving import open_folder, serving

DEAR = APPROVAL + 7 * FEW


@pytest.fixture(scope="module")
def bea(town: Town) -> Reader:
    return Reader(town, "buyer_person")


def wallet(town: Town) -> dict[str, Any]:
    (found,) = town.ask("buyer_person", "get_balance")["wallets"]
    return dict(found)


def state(town: Town, deal: str) -> str:
    return str(town.ask("buyer_person", "get_contract", contract=deal)["state"])


def test_a_deal_that_waits_is_told_with_its_rule_and_both_figures(town: Town, bea: Reader) -> None:
    deal = town.taken("sibling", DEAR)
    page = bea.see("/approvals")
    card = page.html.partition(f'id="waits-{deal}"')[2].partition('id="waits-')[0]
    assert "507.000103" in card  # what it costs
    assert "500.000103" in card  # what its mandate lets it do alone
    assert meaning("approval") in card
    assert f"for {town.ids['buyer_person']} pays 507.000103 USD" in card  # the summary's words
    assert "silence refuses it" in card


def test_an_approval_through_the_form_makes_the_deal_bind(town: Town, bea: Reader) -> None:
    deal = town.taken("sibling", DEAR)
    assert state(town, deal) == "held"
    waiting = town.ask("buyer_person", "list_approvals")["approvals"]
    (digest,) = [one["digest"] for one in waiting if one["contract"] == deal]
    # What is approved is named by its digest, so that nothing else can pass for it.
    after = bea.send(bea.see("/approvals").form("approve", contract=deal, digest=digest))
    assert f"{deal} is approved." in after.html
    assert f'id="waits-{deal}"' not in after.html
    assert state(town, deal) == "formed"


def test_a_second_click_does_nothing_new(town: Town, bea: Reader) -> None:
    deal = town.taken("sibling", DEAR)
    form = bea.see("/approvals").form("approve", contract=deal)
    bea.send(form)
    before = head(town)
    again = bea.send(form)
    assert (again.status, head(town)) == (200, before)
    assert f"{deal} is approved." in again.html


def test_a_stale_digest_is_refused_in_words(town: Town, bea: Reader) -> None:
    deal = town.taken("sibling", DEAR)
    form = bea.see("/approvals").form("approve", contract=deal)
    after = bea.send(form, digest="0" * 64)
    assert 'class="told bad"' in after.html
    assert state(town, deal) == "held"
    bea.send(bea.see("/approvals").form("approve", contract=deal))
    assert state(town, deal) == "formed"


def test_refusing_a_deal_frees_its_money(town: Town, bea: Reader) -> None:
    before = wallet(town)
    deal = town.taken("sibling", DEAR)
    held = wallet(town)
    assert held["held"] - before["held"] == DEAR
    assert before["available"] - held["available"] == DEAR
    bea.send(bea.see("/approvals").form("decline", contract=deal))
    assert wallet(town) == before
    assert state(town, deal) == "declined"


@pytest.mark.parametrize("csrf", ["", "of-another-page", "theirs"])
@pytest.mark.parametrize("operation", ["approve", "decline"])
def test_without_the_sessions_own_token_a_form_changes_nothing(
    town: Town, bea: Reader, operation: str, csrf: str
) -> None:
    deal = town.taken("sibling", DEAR)
    form = bea.see("/approvals").form(operation, contract=deal)
    if csrf == "theirs":
        csrf = Reader(town, "stranger_person").see("/people").forms[0].fields["csrf"]
        assert csrf != form.fields["csrf"]
    before = head(town)
    answer = bea.send(form, csrf=csrf)
    assert (answer.status, head(town)) == (403, before)
    assert "another session" in answer.html


def test_a_form_sent_from_another_site_changes_nothing(town: Town, bea: Reader) -> None:
    deal = town.taken("sibling", DEAR)
    form = bea.see("/approvals").form("approve", contract=deal)
    before = head(town)
    headers = {"sec-fetch-site": "cross-site"}
    answer = bea.http.post(form.action, data=form.fields, headers=headers)
    assert (answer.status_code, head(town)) == (403, before)


def test_an_agent_reads_what_waits_and_decides_nothing(town: Town) -> None:
    deal = town.taken("sibling", DEAR)
    page = Reader(town, "sibling").see("/approvals")
    assert f'id="waits-{deal}"' in page.html
    assert page.all_forms("approve") == page.all_forms("decline") == []


def test_another_principal_sees_nothing_of_it_and_decides_nothing(town: Town, bea: Reader) -> None:
    deal = town.taken("sibling", DEAR)
    dan = Reader(town, "stranger_person")
    page = dan.see("/approvals")
    assert deal not in page.html
    assert "Nothing waits." in page.html
    assert dan.see(f"/approvals?principal={town.ids['buyer_person']}").status == 403
    own = dan.see("/people").forms[0].fields["csrf"]
    form = bea.see("/approvals").form("approve", contract=deal)
    after = dan.send(form, csrf=own)
    assert 'class="told bad"' in after.html
    assert state(town, deal) == "held"


def test_the_operator_looks_into_a_queue_and_decides_on_its_own_alone(town: Town) -> None:
    deal = town.taken("sibling", DEAR)
    rules = {"rules": [{"type": "approval", "above_units": 40 * FEW}]}
    town.do("operator", "set_policy", scope="market", policy=rules)
    own = town.taken("buyer", 50 * FEW)
    town.do("operator", "set_policy", scope="market", policy={"rules": []})
    operator = Reader(town, "operator")
    theirs = operator.see(f"/approvals?principal={town.ids['buyer_person']}")
    assert f'id="waits-{deal}"' in theirs.html
    assert theirs.all_forms("approve") == []
    page = operator.see("/approvals")
    operator.send(page.form("approve", contract=own))
    assert state(town, own) == "formed"


def test_guests_and_officers_are_not_shown_the_queue(town: Town) -> None:
    assert Reader(town, "officer").see("/approvals").status == 403
    answer = Reader(town, "anybody").http.get("/approvals")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?to=")


def test_strangers_words_in_the_queue_are_text(town: Town, bea: Reader) -> None:
    title = "<img src=x onerror=alert(1)>\"'&\u202e"
    listing = town.listing("seller", title=title, price=DEAR)
    town.do("sibling", "take_price", listing=listing, price=[DEAR, "USD"])
    page = bea.see("/approvals")
    assert "&lt;img src=x onerror=alert(1)&gt;" in page.html
    assert "<img" not in page.html
    assert "\u202e" not in page.html


def test_where_the_house_asks_the_summary_is_confirmed_before_it_is_approved(
    tmp_path: Path,
) -> None:
    open_folder(tmp_path / "m", _strict(confirm_above_units=800 * FEW))
    with serving(tmp_path / "m") as served:
        town = Town(served)
        deal = town.taken("buyer", 900 * FEW)
        bea = Reader(town, "buyer_person")
        page = bea.see("/approvals")
        assert page.all_forms("approve", contract=deal) == []
        after = bea.send(page.form("confirm_summary", contract=deal))
        assert after.all_forms("confirm_summary", contract=deal) == []
        bea.send(after.form("approve", contract=deal))
        assert state(town, deal) == "formed"
        town.close()


def test_where_approvals_are_signed_the_page_gives_the_command_and_no_button(
    tmp_path: Path,
) -> None:
    open_folder(tmp_path / "m", _strict(signed_approvals=True))
    with serving(tmp_path / "m") as served:
        town = Town(served)
        page = Reader(town, "buyer_person").see("/approvals")
        assert page.all_forms("approve") == []
        assert f"souq approve {town.held} --server {town.url} --key YOUR.key" in page.html
        assert page.form("decline", contract=town.held)
        town.close()


def test_every_rule_that_may_hold_a_deal_has_words() -> None:
    assert [name for name in (*TYPES, "confirm") if not meaning(name).endswith(".")] == []


def _strict(**more: Any) -> Rules:
    return Rules(rails=("credits", "manual"), arbiter="P1", auditor="operator", **more)
