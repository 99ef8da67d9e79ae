"""The summary of a haggling market, from its journal alone: what sold, for how much, who gained."""

from collections import defaultdict

from msgspec import Struct

from souq.core import ledger, market
from souq.core.agreement import CashLeg, GoodsLeg
from souq.core.money import UNITS_MAX
from souq.core.party import wallet
from souq.core.state import State
from souq.lab.confabulation import Screening, screen, told_by
from souq.lab.deal import read_population
from souq.lab.economics import best_surplus, gini, median
from souq.lab.population import Person, Population
from souq.lab.sales import Sale, sales
from souq.lab.tiers import ModelAudit, audit
from souq.views.history import Deal, History


class StyleGain(Struct, frozen=True):
    """What people of one style gained, all together, in units."""

    style: str
    people: int
    bought: int
    sold: int
    surplus_buying: int
    surplus_selling: int


class PersonGain(Struct, frozen=True):
    """What one person gained, and the gift card it ends with, in units."""

    agent: str
    name: str
    style: str
    surplus_buying: int
    surplus_selling: int
    gift_card: int


class DealSummary(Struct, frozen=True):
    """A market's figures; money in units of the smallest coin."""

    market: str
    people: int
    listings: int
    wanted: int
    deals: int
    bundles: int
    barters: int
    gifts: int
    items_sold: int
    value: int
    median_price: int
    mean_price: int
    share_sold: float
    surplus_realised: int
    surplus_possible: int
    efficiency: float
    surplus_buyers: int
    surplus_sellers: int
    gini_surplus: float
    budget_breaches: int
    gift_cards: int
    refusals: dict[str, int]
    records: int
    styles: list[StyleGain]
    persons: list[PersonGain]
    by_model: ModelAudit
    screening: Screening | None
    state_hash: str


def summarise(history: History, state: State) -> DealSummary:
    """Compute a deal market's figures. `history` and `state` are folds of the same journal."""
    population = read_population(history) or Population(0, ())
    people = dict(zip(history.principal_of, population.people, strict=False))
    deals = [deal for deal in history.deals.values() if not deal.is_void]
    sold = sales(history, deals, people, population.truths)
    listings = [story for story in history.listings.values() if story.posted.side == "sell"]
    prices = [sale.units for sale in sold]
    persons = _persons(history, state, sold, people)
    realised = sum(sale.worth_units - sale.floor_units for sale in sold)
    possible = best_surplus(population) if population.people else 0
    return DealSummary(
        market=history.name,
        people=len(history.principal_of),
        listings=len(listings),
        wanted=len(history.listings) - len(listings),
        deals=len(deals),
        bundles=sum(_is_bundle(deal) for deal in deals),
        barters=sum(_is_barter(deal) for deal in deals),
        gifts=sum(deal.units == 0 and not _is_barter(deal) for deal in deals),
        items_sold=len(sold),
        value=sum(deal.units for deal in deals),
        median_price=median(prices),
        mean_price=sum(prices) // len(prices) if prices else 0,
        share_sold=len({sale.listing for sale in sold}) / len(listings) if listings else 0.0,
        surplus_realised=realised,
        surplus_possible=possible,
        efficiency=realised / possible if possible else 0.0,
        surplus_buyers=sum(one.surplus_buying for one in persons),
        surplus_sellers=sum(one.surplus_selling for one in persons),
        # Barter can leave somebody below zero, where the coefficient is not defined.
        gini_surplus=gini([max(0, one.surplus_buying + one.surplus_selling) for one in persons]),
        budget_breaches=_breaches(deals, people),
        gift_cards=sum(one.gift_card for one in persons),
        refusals=dict(sorted(history.refusals.items())),
        records=history.records,
        styles=_styles(persons, sold),
        persons=persons,
        by_model=audit(history, sold),
        screening=screen(history, {agent: told_by(one) for agent, one in people.items()}),
        state_hash=market.state_hash(state),
    )


def _persons(
    history: History, state: State, sold: list[Sale], people: dict[str, Person]
) -> list[PersonGain]:
    buying: dict[str, int] = defaultdict(int)
    selling: dict[str, int] = defaultdict(int)
    for sale in sold:
        buying[sale.buyer] += sale.buyer_gain
        selling[sale.seller] += sale.seller_gain
    return [
        PersonGain(
            agent=agent,
            name=history.names[principal],
            style=people[agent].style if agent in people else "",
            surplus_buying=buying[agent],
            surplus_selling=selling[agent],
            gift_card=ledger.need_account(state, wallet(principal, _asset(history))).posted,
        )
        for agent, principal in history.principal_of.items()
    ]


def _asset(history: History) -> str:
    return history.rules.assets[0].code


def _styles(persons: list[PersonGain], sold: list[Sale]) -> list[StyleGain]:
    style_of = {person.agent: person.style for person in persons}
    return [
        StyleGain(
            style=style,
            people=sum(one.style == style for one in persons),
            bought=sum(style_of[sale.buyer] == style for sale in sold),
            sold=sum(style_of[sale.seller] == style for sale in sold),
            surplus_buying=sum(one.surplus_buying for one in persons if one.style == style),
            surplus_selling=sum(one.surplus_selling for one in persons if one.style == style),
        )
        for style in sorted(set(style_of.values()))
    ]


def _breaches(deals: list[Deal], people: dict[str, Person]) -> int:
    """Count people whose purchases pass their budget. The mandate should leave none."""
    spent: dict[str, int] = defaultdict(int)
    for deal in deals:
        for leg in deal.agreement.legs:
            if isinstance(leg, CashLeg):
                spent[leg.giver] += leg.amount.units
    budgets = {agent: person.budget_units for agent, person in people.items()}
    return sum(units > budgets.get(agent, UNITS_MAX) for agent, units in spent.items())


def _is_barter(deal: Deal) -> bool:
    goods = [leg for leg in deal.agreement.legs if isinstance(leg, GoodsLeg)]
    return len({leg.giver for leg in goods}) > 1


def _is_bundle(deal: Deal) -> bool:
    goods = [leg for leg in deal.agreement.legs if isinstance(leg, GoodsLeg)]
    return len(goods) > 1 and not _is_barter(deal)
