"""Adversaries do what their pages say, within what their people authorised, and it shows."""

import random
from typing import Any

import msgspec
import pytest

from souq.core.agreement import CashLeg, goods
from souq.core.ledger import ACCOUNTS
from souq.core.listing import PostListing
from souq.core.message import PostMessage, SendMessage
from souq.journal.memory import MemoryStore
from souq.journal.replay import records
from souq.lab import goods as goods_file
from souq.lab import population
from souq.lab.adversaries import ADVERSARIES
from souq.lab.adversaries.injector import MESSAGES
from souq.lab.adversaries.wash_ring import TITLE
from souq.lab.deal import run_market
from souq.lab.sales import Sale
from souq.lab.setup import setup_of
from souq.lab.treatments import TREATMENTS, adversaries
from tests.lab.treated import BUDGET, PEOPLE, USD, Treated, fresh, market

EVERY_KIND = dict.fromkeys(ADVERSARIES, 0.09)
SEED = 3


def names(found: Treated) -> set[str]:
    return set(found.told.population.adversaries)


def sales_by(found: Treated, people: set[str]) -> list[Sale]:
    return [sale for sale in found.told.sold if found.told.name(sale.seller) in people]


def of_ask(sales: list[Sale]) -> float:
    shares = [sale.units / sale.ask_units for sale in sales if sale.ask_units]
    return sum(shares) / len(shares)


# What holds whoever comes.


def test_with_all_of_them_at_once_money_adds_up_and_none_stays_held() -> None:
    found = market(SEED, adversaries=EVERY_KIND)
    accounts = found.simulation.engine.state.rows(ACCOUNTS)
    wallets = [one.posted for id, one in accounts.items() if id.startswith("wallet:")]
    assert len(names(found)) == 2 * len(ADVERSARIES)
    assert sum(wallets) == PEOPLE * BUDGET
    assert all(one >= 0 for one in wallets)
    assert all(one.held == 0 for one in accounts.values())


@pytest.mark.parametrize("seed", [SEED, 4])
def test_no_mandate_is_exceeded_by_any_of_them(seed: int) -> None:
    found = market(seed, adversaries=EVERY_KIND)
    listings, told = found.told.history.listings, found.told
    limits = {part.person.name: part.limits for part in found.setup.parts}
    spent: dict[str, int] = {}
    for deal in told.history.deals.values():
        legs = goods(deal.agreement.legs)
        for leg in deal.agreement.legs:
            if isinstance(leg, CashLeg) and not deal.is_void:
                spent[leg.giver] = spent.get(leg.giver, 0) + leg.amount.units
        if len(legs) != 1:
            continue
        posted = listings[legs[0].listing].posted
        giver, taker = limits[told.name(legs[0].giver)], limits[told.name(legs[0].taker)]
        assert giver.goods is not None
        assert taker.ceilings is not None
        assert deal.units >= giver.goods[posted.ref].floor_units
        assert deal.units <= taker.ceilings[posted.category]
    assert spent
    assert all(units <= BUDGET for units in spent.values())


@pytest.mark.parametrize("kind", ADVERSARIES)
def test_the_same_market_twice_is_the_same_journal(kind: str) -> None:
    share = {kind: 0.25}
    first = fresh(SEED, people=8, adversaries=share)
    second = fresh(SEED, people=8, adversaries=share)
    assert first.simulation.engine.head == second.simulation.engine.head
    assert len(names(first)) == 2


def test_the_journal_says_who_they_were() -> None:
    found = market(SEED, adversaries={"no_show": 0.25, "flooder": 0.1})
    kinds = found.told.population.kinds
    assert sorted(kinds[name] for name in names(found)) == ["flooder"] * 2 + ["no_show"] * 6
    assert {found.told.kind(agent) for agent in found.told.people} == {"", "flooder", "no_show"}


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"wash_ring": 0.05}, "wash_ring: a share of 0.05 of 24 people is 1, and it takes 2"),
        ({"no_show": 0.01}, "no_show: a share of 0.01 of 24 people is 0"),
        ({"no_show": 0.6, "injector": 0.6}, "adversaries: 28 of 24 people"),
        ({"wash_ring": {"share": 0.2, "deals": 100, "budget_share": 0.01}}, "wash_ring: what"),
    ],
)
def test_what_this_market_cannot_have_is_said(said: dict[str, Any], why: str) -> None:
    setup = setup_of(market(SEED).setup.population)
    chosen = msgspec.convert(said, adversaries.Settings)
    with pytest.raises(ValueError, match=why):
        adversaries.apply(setup, chosen, random.Random(1))


# What each of them does.


def test_whoever_is_misled_and_complains_gets_the_price_back() -> None:
    found = market(SEED, adversaries={"misdescriber": 0.25})
    assert found.metric("disputes") > 0
    assert found.metric("rulings_wrong") == 0
    assert found.metric("honest_loss") == 0
    assert all(sale.units == 0 for sale in sales_by(found, names(found)))


def test_whoever_is_misled_and_says_nothing_loses() -> None:
    lying = {"misdescriber": {"share": 0.25, "true_percent": 30}}
    found = market(SEED, adversaries=lying, arbiter={"wronged_dispute": False})
    assert found.metric("disputes") == 0
    assert found.metric("honest_loss") > 50
    mild = {"misdescriber": {"share": 0.25, "true_percent": 90}}
    less = market(SEED, adversaries=mild, arbiter={"wronged_dispute": False})
    assert less.metric("honest_loss") < found.metric("honest_loss") / 2


def test_a_no_show_earns_nothing_and_its_deals_lapse() -> None:
    found = market(SEED, adversaries={"no_show": 0.25})
    lapsed = [one for one in found.told.history.deals.values() if one.stage == "not_delivered"]
    assert found.metric("deadlines_missed") == len(lapsed) > 0
    assert found.metric("completion") < 1 == market(SEED).metric("completion")
    assert sales_by(found, names(found)) == []


def test_false_claims_gain_nothing_from_an_arbiter_who_sees() -> None:
    found = market(SEED, adversaries={"dispute_abuser": 0.25})
    assert found.metric("disputes") > 5
    assert found.metric("honest_loss") == 0
    assert found.metric("value") == market(SEED).metric("value")


def test_false_claims_gain_where_the_arbiter_errs() -> None:
    found = market(SEED, adversaries={"dispute_abuser": 0.25}, arbiter={"right_percent": 50})
    sees = market(SEED, adversaries={"dispute_abuser": 0.25})
    assert 0 < found.metric("rulings_wrong") < 1
    assert found.metric("honest_loss") > 0
    assert found.metric("adversary_gain") > sees.metric("adversary_gain")


def test_a_prober_learns_more_of_floors_than_an_honest_buyer_and_buys_for_less() -> None:
    found, honest = market(SEED, adversaries={"floor_prober": 0.25}), market(SEED)
    assert found.metric("leaked_bits_to_adversaries") > 2 * honest.metric("leaked_bits")
    assert found.metric("floor_known_to_adversaries") > 4 * honest.metric("leaked_bits")
    theirs = [sale for sale in found.told.sold if found.told.is_adversary(sale.buyer)]
    others = [sale for sale in found.told.sold if not found.told.is_adversary(sale.buyer)]
    assert of_ask(theirs) < of_ask(others) - 0.1


def test_a_ceiling_prober_sells_for_more_than_the_same_people_would() -> None:
    # They sell a handful of things each, so that four markets are looked at together.
    probing, plain = [], []
    for seed in (1, 2, 3, 4):
        found = market(seed, adversaries={"ceiling_prober": 0.25})
        probing += sales_by(found, names(found))
        plain += sales_by(market(seed), names(found))
    assert of_ask(probing) > of_ask(plain) + 0.03


def test_injected_words_change_nothing_that_scripts_do() -> None:
    found, plain = market(SEED, adversaries={"injector": 0.25}), market(SEED)
    assert typed(found) == typed(plain)
    said = [one.text for one in found.told.history.said]
    assert set(MESSAGES) <= set(said)
    assert sum("IGNORE" in one.title for one in found.told.history.listings.values()) == 6 * 8


def typed(found: Treated) -> list[Any]:
    """Lists what was done, in its order, without words, instants, and digests of either."""
    done = []
    for record in records(found.simulation.engine.store):
        command = record.command
        if isinstance(command, PostMessage | SendMessage):
            continue
        if isinstance(command, PostListing):
            command = (command.category, command.price, command.ref, command.side)
        done.append((record.actor, type(record.command).__name__, _without_digests(command)))
    return done


def _without_digests(command: Any) -> Any:
    if isinstance(command, tuple):
        return command
    names = (name for name in command.__struct_fields__ if name not in ("note", "limits", "name"))
    return tuple((name, getattr(command, name)) for name in names)


def test_a_ring_pays_itself_a_made_up_price_and_surveillance_finds_it() -> None:
    shares = []
    for seed in (1, 2, 3):
        found = market(seed, adversaries={"wash_ring": {"share": 0.125, "deals": 6}})
        told = found.told
        inner = [
            deal
            for deal in told.deals
            if any(
                told.history.listings[leg.listing].title.startswith(TITLE)
                for leg in goods(deal.agreement.legs)
            )
        ]
        assert len(inner) > 9
        assert {deal.units for deal in inner} == {10 * USD}
        assert all(told.is_adversary(party) for deal in inner for party in deal.agreement.parties)
        shares.append(found.metric("wash_found"))
        assert market(seed).metric("wash_found") == 0
    assert max(shares) > 0.05


def test_a_cartel_never_sells_below_its_price() -> None:
    found = market(SEED, adversaries={"colluders": {"share": 0.25, "price_floor": 0.9}})
    sold = [sale for sale in sales_by(found, names(found)) if is_single(found, sale)]
    plain = [one for one in sales_by(market(SEED), names(found)) if is_single(market(SEED), one)]
    assert sold
    assert all(sale.units >= 0.9 * sale.ask_units for sale in sold)
    assert any(sale.units < 0.9 * sale.ask_units for sale in plain)


def is_single(found: Treated, sale: Sale) -> bool:
    return len(goods(found.told.history.deals[sale.contract].agreement.legs)) == 1


def test_a_cartel_that_talks_is_heard_and_one_that_does_not_is_not() -> None:
    over = {"share": 0.25, "price_floor": 0.5, "over": "messages"}
    talking = market(SEED, adversaries={"colluders": over})
    silent = market(SEED, adversaries={"colluders": {**over, "over": "outside"}})
    said = talking.told.history.said
    assert said
    assert all(one.text.startswith("~") and talking.told.is_adversary(one.agent) for one in said)
    assert silent.told.history.said == []


def test_who_acts_more_often_takes_nobody_elses_turns() -> None:
    told: list[int] = []
    drawn = population.draw(
        goods_file.bundled(), people=6, seed=1, per_person=2, budget_units=BUDGET
    )
    setup = setup_of(drawn)
    setup.turns_per_person = 10
    setup.parts[0].weight = 5
    run_market(setup, MemoryStore(), progress=lambda turn, turns, history: told.append(turns))
    assert told == [10 * (5 + 5)] * len(told)
    assert len(told) == 100


def test_a_flood_costs_honest_people_though_they_act_as_often() -> None:
    found, plain = market(SEED, adversaries={"flooder": 0.1}), market(SEED)
    assert found.metric("commands_of_adversaries") > 0.3
    assert found.metric("offers_lapsed") > 3 * plain.metric("offers_lapsed")
    assert found.metric("surplus_per_honest_person") < 0.7 * plain.metric("surplus_per_person")


# The defence of floors.


@pytest.mark.parametrize("said", [{"grain": 0.25}, {"shade": 0.5}, {"talks_max": 1}])
def test_each_part_of_the_defence_lowers_what_a_prober_learns(said: dict[str, Any]) -> None:
    probing = {"floor_prober": 0.25}
    open_known = guarded_known = 0.0
    for seed in (1, 2, 3):
        open_known += market(seed, adversaries=probing).metric("floor_known_to_adversaries")
        guarded = market(seed, adversaries=probing, floor_defence=said)
        guarded_known += guarded.metric("floor_known_to_adversaries")
    assert guarded_known < 0.7 * open_known


def test_honest_trade_loses_by_coarse_floors_and_nothing_by_a_bound_on_talks() -> None:
    plain = market(SEED)
    coarse = market(SEED, floor_defence={"grain": 0.5})
    bounded = market(SEED, floor_defence={"talks_max": 1})
    assert coarse.metric("surplus") < plain.metric("surplus")
    assert bounded.simulation is not plain.simulation
    assert bounded.simulation.engine.head == plain.simulation.engine.head


def test_a_defence_that_does_nothing_is_not_one() -> None:
    defence = TREATMENTS["floor_defence"]
    setup = setup_of(market(SEED).setup.population)
    with pytest.raises(ValueError, match="choose grain, shade or talks_max"):
        defence.apply(setup, defence.Settings(), random.Random(1))
