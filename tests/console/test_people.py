"""Pages of agents and principals: each sees its own, and what a form asks for is done and shown."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from souq.core.policy import TYPES
from souq.core.rules import HOUR_US, Rules
from tests.console.reading import Page, Reader, head
from tests.http.market import BUDGET, CEILING, FEW, Town
from tests.serving import open_folder, serving


@pytest.fixture(scope="module")
def readers(town: Town) -> dict[str, Reader]:
    roles = ("buyer_person", "stranger_person", "seller", "buyer", "officer", "operator")
    return {role: Reader(town, role) for role in roles}


@pytest.fixture
def agent(town: Town) -> str:
    """Give a fresh agent of the buyer's principal, with a mandate that says something of all."""
    agent = town.spare()
    limits = {
        "per_deal_units": 61 * FEW,
        "window_units": 700 * FEW,
        "lifetime_units": 9_000 * FEW,
        "ceilings": {"home": 53 * FEW},
        "goods": {"lamp-x": {"floor_units": 47 * FEW}},
        "categories": ["home"],
        "counterparties_denied": [town.ids["stranger_person"]],
        "approval_above_units": 59 * FEW,
        "guardrails": [{"type": "velocity", "window_us": HOUR_US, "deals_max": 29}],
    }
    town.do("buyer_person", "grant_mandate", agent=agent, limits=limits)
    return agent


def text(page: Page) -> str:
    """Give a page's words without its tags."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", "", page.html)))


def test_a_principal_reads_every_limit_of_its_agents_mandate(
    readers: dict[str, Reader], agent: str
) -> None:
    said = text(readers["buyer_person"].see(f"/agents/{agent}"))
    for words in (
        "A deal costs at most 61.00 USD.",
        "In any 1 day: 700.00 USD left of 700.00 USD",
        "Ever: 9000.00 USD left of 9000.00 USD",
        "of home at most 53.00 USD",
        "lamp-x for at least 47.00 USD each",
        "Only home.",
        "Never with P2",
        "A deal above 59.00 USD waits for approval.",
        "window: 1 hour; deals max: 29",
    ):
        assert words in said


def test_what_deals_and_open_offers_take_is_told_of_the_budget(
    town: Town, readers: dict[str, Reader], agent: str
) -> None:
    town.keys["spare"], town.ids["spare"] = "", agent
    town.give_key("spare", agent)
    town.taken("spare", 40 * FEW)
    town.talking("spare", 25 * FEW)
    page = readers["buyer_person"].see(f"/agents/{agent}")
    assert "In any 1 day: 635.00 USD left of 700.00 USD" in text(page)
    assert "40.00 USD used, 25.00 USD bound by open offers" in text(page)
    (meter,) = re.findall(r'<meter[^>]*max="700000000"[^>]*>', page.html)
    assert 'value="65000000"' in meter
    own = text(readers["buyer_person"].see(f"/principals/{town.ids['buyer_person']}"))
    assert "In any 1 day: 635.00 USD left of 700.00 USD" in own


@pytest.mark.parametrize("role", ["stranger_person", "seller", "officer"])
def test_others_see_the_public_card_and_no_figure_of_a_mandate(
    town: Town, readers: dict[str, Reader], role: str
) -> None:
    page = readers[role].see(f"/agents/{town.ids['buyer']}")
    assert page.status == 200
    assert "bea" in page.html  # who stands behind it is for everybody
    assert "Mandate" not in text(page)
    assert town.leaks(role, page.html.encode()) == []
    for units in (BUDGET, CEILING):
        assert f"{units / FEW:.6f}" not in page.html
    assert [one for one in page.forms if one.action.startswith("/do/")] == []


@pytest.mark.parametrize("role", ["stranger_person", "seller"])
def test_another_principals_page_is_refused(
    town: Town, readers: dict[str, Reader], role: str
) -> None:
    page = readers[role].see(f"/principals/{town.ids['buyer_person']}")
    assert page.status == 403
    assert "bea" not in page.html
    assert town.leaks(role, page.html.encode()) == []


def test_an_officer_sees_who_it_is_and_neither_its_money_nor_its_mandates(
    town: Town, readers: dict[str, Reader]
) -> None:
    page = readers["officer"].see(f"/principals/{town.ids['buyer_person']}")
    assert page.status == 200
    assert "Wallets" not in page.html
    assert town.leaks("officer", page.html.encode()) == []


def test_the_house_sees_all_principals_and_others_their_own(
    town: Town, readers: dict[str, Reader]
) -> None:
    names = {role: readers[role].see("/people").html for role in readers}
    for role in ("operator", "officer"):
        assert all(f">{name}</bdi>" in names[role] for name in ("dan", "bea", "sol"))
    for role in ("buyer_person", "buyer"):
        assert ">bea</bdi>" in names[role]
        assert ">dan</bdi>" not in names[role]


def test_revoking_a_mandate_is_asked_twice_done_and_shown(
    town: Town, readers: dict[str, Reader], agent: str
) -> None:
    page = readers["buyer_person"].see(f"/agents/{agent}")
    assert re.search(r'action="/do/revoke_mandate"[^>]*data-confirm="[^"]+"', page.html)
    after = readers["buyer_person"].send(page.form("revoke_mandate"))
    assert f"The mandate of {agent} is revoked." in after.html
    assert "It has no mandate" in text(after)
    assert after.all_forms("revoke_mandate") == []
    answer = town.call("buyer_person", "get_mandate", {"agent": agent})
    assert answer.json()["reason"] == "no_mandate"


def test_the_switch_stops_an_agent_and_whoever_set_it_lets_it_go(
    town: Town, readers: dict[str, Reader], agent: str
) -> None:
    bea, operator = readers["buyer_person"], readers["operator"]
    page = bea.see(f"/agents/{agent}")
    assert re.search(r'action="/do/set_halt"[^>]*data-confirm="[^"]+"', page.html)
    why = 'odd <b>"prices"</b>'
    after = bea.send(page.form("set_halt", scope=agent), level="negotiations", why=why)
    assert f"{agent} stands still at negotiations" in text(after)
    assert "odd &lt;b&gt;&#34;prices&#34;&lt;/b&gt;" in after.html
    assert operator.see(f"/agents/{agent}").all_forms("set_halt", level="open") == []
    assert f"{agent} stands still at negotiations" in text(operator.see("/people"))
    freed = bea.send(after.form("set_halt", level="open"))
    assert "stands still" not in text(freed)
    assert town.ask("buyer_person", "list_halts", of=agent)["halts"] == []


def test_a_principal_stops_itself_and_all_its_agents(
    town: Town, readers: dict[str, Reader]
) -> None:
    own = town.ids["buyer_person"]
    bea = readers["buyer_person"]
    after = bea.send(bea.see(f"/principals/{own}").form("set_halt"), level="commitments")
    assert f"{own} stands still at commitments" in text(after)
    (found,) = town.ask("buyer_person", "list_halts")["halts"]
    assert (found["scope"], found["level"]) == (own, "commitments")
    bea.send(after.form("set_halt", level="open"))
    assert town.ask("buyer_person", "list_halts")["halts"] == []


def test_the_operator_alone_stops_the_whole_market(town: Town, readers: dict[str, Reader]) -> None:
    assert readers["officer"].see("/people").all_forms("set_halt") == []
    assert readers["buyer_person"].see("/people").all_forms("set_halt") == []
    operator = readers["operator"]
    page = operator.see("/people")
    after = operator.send(page.form("set_halt"), level="settlements", why="a drill")
    assert town.ask("operator", "get_market")["halt"] == "settlements"
    assert "The market stands still at settlements" in text(after)
    assert "a drill" in text(readers["buyer_person"].see("/people"))
    operator.send(after.form("set_halt", level="open"))
    assert town.ask("operator", "get_market")["halt"] == "open"


def test_a_revoked_key_is_gone_and_speaks_no_more(town: Town, readers: dict[str, Reader]) -> None:
    key = town.give_key("lost", town.ids["buyer"])
    bea = readers["buyer_person"]
    page = bea.see(f"/agents/{town.ids['buyer']}")
    after = bea.send(page.form("revoke_key", key=key))
    assert after.all_forms("revoke_key", key=key) == []
    assert town.call("lost", "who_am_i", {}).status_code == 401


def test_a_restriction_is_set_told_appealed_and_lifted(
    town: Town, readers: dict[str, Reader]
) -> None:
    dan, officer = readers["stranger_person"], readers["officer"]
    own = f"/principals/{town.ids['stranger_person']}"
    page = officer.see(own)
    (form,) = [one for one in page.all_forms("set_restriction") if "until" in one.fields]
    after = officer.send(form, level="slow", why="wash_trading", words="see <i>C1</i>")
    assert "is restricted" in after.html
    told = dan.see(own)
    assert "on the ladder at slow because of wash trading" in text(told)
    assert "see &lt;i&gt;C1&lt;/i&gt;" in told.html
    assert told.all_forms("set_restriction") == []
    heard = dan.send(told.form("appeal_restriction"), text="we are not the same")
    assert "Appeals so far: 1." in text(heard)
    officer.send(officer.see(own).form("set_restriction", level="observe"))
    assert "ladder" not in text(dan.see(own))


def test_whoever_asks_for_a_second_look_is_answered(town: Town, readers: dict[str, Reader]) -> None:
    bea, operator = readers["buyer_person"], readers["operator"]
    own = f"/principals/{town.ids['buyer_person']}"
    bea.send(bea.see(own).form("ask_review"), about="halted", words="<script>look</script>")
    page = operator.see("/people")
    assert "&lt;script&gt;look&lt;/script&gt;" in page.html
    after = operator.send(page.form("answer_review"), outcome="changed", words="so it is")
    assert after.all_forms("answer_review") == []


def test_what_an_agent_says_of_itself_is_marked_as_its_own_words(
    town: Town, readers: dict[str, Reader]
) -> None:
    seller = town.ids["seller"]
    contact = '"><svg onload=alert(1)>'
    town.do("seller", "describe_agent", agent=seller, operated_by="acme", contact=contact)
    page = readers["stranger_person"].see(f"/agents/{seller}")
    _, marked, said = page.html.partition("nobody has checked this")
    assert marked
    assert "acme" in said
    assert "&#34;&gt;&lt;svg onload=alert(1)&gt;" in said
    assert "<svg onload" not in page.html


def test_a_policy_is_told_to_its_owner_in_words_with_its_figures(
    town: Town, readers: dict[str, Reader], agent: str
) -> None:
    rules: list[dict[str, Any]] = [
        {"type": "per_deal", "cap_units": 31 * FEW},
        {"type": "usual_quantity", "percent": 321},
        {"type": "floor", "floors": {"lamp-y": 23 * FEW}},
        {"type": "velocity", "window_us": 36 * HOUR_US, "deals_max": 19},
        {"type": "price_reference", "within_bps": 1_250},
    ]
    town.do("buyer_person", "set_policy", scope=agent, policy={"rules": rules})
    said = text(readers["buyer_person"].see(f"/agents/{agent}"))
    for one in rules:
        assert " ".join((TYPES[one["type"]].__doc__ or "").split()) in said
    for figures in (
        "cap: 31.00 USD",
        "percent: 321",
        "lamp-y 23.00 USD",
        "window: 1 day 12 hours; deals max: 19",
        "within: 12.5 %",
    ):
        assert figures in said
    assert "cap: 31.00 USD" not in text(readers["stranger_person"].see(f"/agents/{agent}"))


@pytest.mark.parametrize("operation", ["revoke_mandate", "set_halt", "revoke_key"])
@pytest.mark.parametrize("csrf", ["", "x" * 32])
def test_without_the_sessions_own_token_nothing_is_revoked_or_stopped(
    town: Town, readers: dict[str, Reader], agent: str, operation: str, csrf: str
) -> None:
    town.give_key("another", agent)
    form = readers["buyer_person"].see(f"/agents/{agent}").form(operation)
    before = head(town)
    answer = readers["buyer_person"].send(form, csrf=csrf)
    assert (answer.status, head(town)) == (403, before)


@pytest.mark.parametrize("operation", ["revoke_mandate", "set_halt"])
def test_a_stolen_form_does_nothing_in_a_strangers_session(
    town: Town, readers: dict[str, Reader], agent: str, operation: str
) -> None:
    dan = readers["stranger_person"]
    form = readers["buyer_person"].see(f"/agents/{agent}").form(operation)
    own = dan.see("/people").forms[0].fields["csrf"]
    after = dan.send(form, csrf=own, id=town.new() * 5, back="/people")
    assert 'class="told bad"' in after.html
    assert town.ask("buyer_person", "get_mandate", agent=agent)["id"]
    assert town.ask("buyer_person", "list_halts", of=agent)["halts"] == []


def test_nobody_by_an_id_that_nobody_has(readers: dict[str, Reader]) -> None:
    for path in ("/agents/A999", "/agents/x", "/principals/P999", "/principals/%3Ci%3E"):
        page = readers["operator"].see(path)
        assert (page.status, "<i>" in page.html) == (404, False), path


def test_where_the_floor_is_public_a_guest_reads_an_agents_card_alone(tmp_path: Path) -> None:
    open_folder(
        tmp_path / "m",
        Rules(rails=("credits", "manual"), arbiter="P1", auditor="operator", public_floor=True),
    )
    with serving(tmp_path / "m") as served:
        town = Town(served)
        guest = Reader(town, "anybody")
        page = guest.see(f"/agents/{town.ids['buyer']}")
        assert page.status == 200
        assert "Mandate" not in text(page)
        assert town.leaks("anybody", page.html.encode()) == []
        for path in ("/people", f"/principals/{town.ids['buyer_person']}", "/approvals"):
            assert guest.see(path).status == 303, path
        town.close()
