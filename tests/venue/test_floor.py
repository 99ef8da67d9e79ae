"""Who hears what of the floor: the operator all, others no single price, guests by house rule."""

from pathlib import Path
from random import Random

import msgspec
import pytest

from souq.core.officer import RegisterOfficer
from souq.core.refusal import Refused
from souq.core.rules import OPERATOR, AmendRules, Rules
from souq.core.seal import PublicText
from souq.operations.floor_queries import AssetFigures, FloorFigures, GetFloor
from souq.sdk.client import Client
from souq.sdk.trader import Trader
from souq.venue import Venue
from tests.laws.walk import walk

GUEST = ""
UNIT = 1_000_000


def ask(market: Client, actor: str) -> FloorFigures:
    found: FloorFigures = market.venue.ask(actor, GetFloor())
    return found


def street(folder: Path | None = None, rules: Rules | None = None) -> tuple[Client, Trader, Trader]:
    market = Client.local(folder, rules=rules)
    market.submit(RegisterOfficer(PublicText("olga")))
    return market, market.join("bea", deposit="100000"), market.join("sol")


def sell(bea: Trader, sol: Trader, price: int) -> str:
    return bea.take(sol.list("a lamp", category="home", price=str(price)), str(price))


def test_a_guest_is_told_where_the_house_says_so_and_only_then() -> None:
    market, bea, sol = street()
    sell(bea, sol, 5)
    with pytest.raises(Refused, match="not_yours"):
        ask(market, GUEST)
    opened = msgspec.structs.replace(market.get_market().rules, public_floor=True)
    market.submit(AmendRules(opened))
    assert ask(market, GUEST) == ask(market, "A1")
    assert ask(market, GUEST).deals == 1
    market.submit(AmendRules(msgspec.structs.replace(opened, public_floor=False)))
    with pytest.raises(Refused, match="not_yours"):
        ask(market, GUEST)


def test_a_market_may_open_with_a_public_floor() -> None:
    market, _, _ = street(rules=Rules(public_floor=True))
    assert ask(market, GUEST).listings == 0


@pytest.mark.parametrize("member", ["A1", "P2", "O1", "A99"])
def test_members_are_told_what_guests_would_be(member: str) -> None:
    market, bea, sol = street(rules=Rules(public_floor=True))
    for price in range(1, 13):
        sell(bea, sol, price)
    assert ask(market, member) == ask(market, GUEST)


def test_nobody_but_the_operator_learns_what_one_deal_came_to() -> None:
    """What is told changes by ten deals at once, so no difference is one deal's price."""
    market, bea, sol = street()
    chance, prices = Random(5), []
    before = AssetFigures()
    for _ in range(35):
        prices.append(chance.randint(1, 900))
        contract = sell(bea, sol, prices[-1])
        told = ask(market, "A2").assets["USD"]
        of = len(prices) // 10 * 10
        assert (told.deals, told.told, told.held_units) == (len(prices), of, None)
        assert told.units == sum(prices[:of]) * UNIT
        assert (told.median_units, told.series) == (before.median_units, before.series) or (
            of == len(prices)
        )
        for bucket in told.series:
            assert bucket.deals % 10 == 0
            assert (bucket.low, bucket.high, bucket.first, bucket.last) == (None,) * 4
        assert sum(bucket.deals for bucket in told.series) == of
        before = told
    assert ask(market, "A2").refusals is None
    sol.deliver(contract)
    bea.confirm(contract)
    told, all_of = ask(market, "A2").assets["USD"], ask(market, OPERATOR).assets["USD"]
    assert (told.fulfilled, all_of.fulfilled) == (1, 1)
    assert (all_of.told, all_of.units) == (35, sum(prices) * UNIT)
    assert all_of.series[-1].last == prices[-1] * UNIT
    assert all_of.held_units == sum(prices[:-1]) * UNIT


def test_an_asset_without_a_deal_stands_there_with_nothing() -> None:
    market, _, _ = street()
    found = ask(market, OPERATOR)
    assert found.assets == {"USD": AssetFigures(width_us=1_000_000, held_units=0)}
    assert found.refusals == {}


@pytest.mark.parametrize("has_court", [False, True])
def test_what_is_held_is_what_an_auditor_of_raw_records_knows(has_court: bool) -> None:
    walked = walk(31, 1_200, has_court=has_court)
    venue = Venue(walked.store, clock=lambda: walked.now)
    found: FloorFigures = venue.ask(OPERATOR, GetFloor())
    held: dict[str, int] = {"USD": 0, "EUR": 0}
    books = walked.auditor.books
    for account, terms in books.accounts.items():
        held[terms["asset"]] += books.held[account]
    assert {asset: one.held_units for asset, one in found.assets.items()} == held
    assert held["USD"] > 0


def test_what_is_open_goes_as_it_ends() -> None:
    market, bea, sol = street()

    def open_now() -> tuple[int, int, int]:
        found = ask(market, "A1")
        return found.listings_open, found.negotiations_open, found.contracts_open

    lamp, plate = sol.list("lamp", category="home"), sol.list("plate", category="home")
    talk, other = bea.offer(lamp, "5"), bea.offer(plate, "5")
    assert open_now() == (2, 2, 0)
    contract = sol.accept(talk)
    assert open_now() == (2, 1, 1)
    sol.deliver(contract)
    bea.confirm(contract)
    assert open_now() == (1, 1, 0)
    bea.withdraw(other)
    assert open_now() == (1, 0, 0)
    found = ask(market, OPERATOR)
    assert (found.listings, found.offers, found.deals, found.fulfilled) == (2, 2, 1, 1)
    assert found.seq == market.get_market().seq


def test_figures_survive_a_restart(tmp_path: Path) -> None:
    market, bea, sol = street(tmp_path)
    for price in range(1, 24):
        sell(bea, sol, price)
    with pytest.raises(Refused):
        bea.take("L1", "1")
    before = ask(market, OPERATOR)
    assert before.refusals == {"not_enough_stock": 1}
    market.close()
    again = Client.local(tmp_path)
    assert ask(again, OPERATOR) == before
    assert again.get_floor() == before
    again.close()
