"""A haggling market's journal, told again as tidy rows; see `tables`."""

from collections import Counter
from collections.abc import Mapping

from msgspec import Struct

from souq.core import ledger
from souq.core.agreement import CashLeg, GoodsLeg
from souq.core.ending import RulingMade
from souq.core.party import wallet
from souq.core.state import State
from souq.journal.replay import records
from souq.journal.store import Store
from souq.lab.deal import read_population
from souq.lab.population import Person, Population
from souq.lab.sales import Sale, sales
from souq.lab.simulation import OPENING_US
from souq.lab.tables import DealRow, ItemRow, ListingRow, OfferRow, PersonRow, RefusalRow
from souq.views.history import Deal, History
from souq.views.surveillance.reading import Reader
from souq.views.surveillance.rows import Trade

Rows = dict[str, list[Struct]]


class Told(Struct):
    """A finished market with what the laboratory knows about it. `people` by their agent."""

    arm: str
    repetition: int
    history: History
    state: State
    population: Population
    people: dict[str, Person]
    deals: list[Deal]  # that did not come to nothing
    sold: list[Sale]
    refusals: Counter[tuple[str, str, str]]  # by agent, command and reason
    ended: dict[str, int]  # by contract, when its last record was made
    commands: Counter[str]  # by whoever gave them, refused ones among them
    ruled_by: dict[str, str]  # by contract, whose word ended its dispute
    trades: list[Trade]  # as surveillance reads them, by principals

    def kind(self, agent: str) -> str:
        """Give the kind of agent that played somebody."""
        return self.population.kinds.get(self.name(agent), "")

    def is_adversary(self, agent: str) -> bool:
        """Tell whether somebody came to harm others."""
        return self.name(agent) in self.population.adversaries

    def name(self, agent: str) -> str:
        """Give the person an agent stands for."""
        person = self.people.get(agent)
        return person.name if person else agent

    def style(self, agent: str) -> str:
        """Give the manner that a person asked for."""
        person = self.people.get(agent)
        return person.style if person else ""


def told_of(store: Store, history: History, state: State, arm: str, repetition: int) -> Told:
    """Read a finished market. `history` and `state` are folds of the store's journal."""
    population = read_population(history) or Population(0, ())
    people = dict(zip(history.principal_of, population.people, strict=False))
    deals = [deal for deal in history.deals.values() if not deal.is_void]
    refusals: Counter[tuple[str, str, str]] = Counter()
    ended: dict[str, int] = {}
    commands: Counter[str] = Counter()
    ruled_by: dict[str, str] = {}
    trades: list[Trade] = []
    watcher = Reader(store.payload)
    for record in records(store):
        commands[record.actor] += 1
        if record.refusal is not None:
            refusals[record.actor, type(record.command).__name__, record.refusal.reason] += 1
        trades += [row for row in watcher.rows(record) if isinstance(row, Trade)]
        for event in record.events:
            if isinstance(event, RulingMade):
                ruled_by[event.contract] = event.by
            contract = getattr(event, "contract", "")
            if contract:
                ended[contract] = record.at
    return Told(
        arm,
        repetition,
        history,
        state,
        population,
        people,
        deals,
        sales(history, deals, people, population.truths),
        refusals,
        ended,
        commands,
        ruled_by,
        trades,
    )


def rows_of(told: Told, blocks: Mapping[str, str], adversaries: frozenset[str]) -> Rows:
    """Give the rows of every table but those of surveys and metrics.

    `blocks`: by person, the stratum it was drawn in; `adversaries`: names of people.
    """
    return {
        "persons": _persons(told, blocks, adversaries),
        "listings": _listings(told),
        "items": [*items_of(told)],
        "offers": _offers(told),
        "deals": _deals(told),
        "refusals": [
            RefusalRow(
                *(told.arm, told.repetition, told.name(agent), told.kind(agent)),
                *(command, reason, count),
            )
            for (agent, command, reason), count in sorted(told.refusals.items())
        ],
    }


def _persons(told: Told, blocks: Mapping[str, str], adversaries: frozenset[str]) -> list[Struct]:
    history = told.history
    asset = history.rules.assets[0].code
    listed = Counter(
        one.posted.agent for one in history.listings.values() if one.posted.side == "sell"
    )
    sold, bought = Counter[str](), Counter[str]()
    earned, spent = Counter[str](), Counter[str]()
    gain_selling, gain_buying = Counter[str](), Counter[str]()
    for sale in told.sold:
        sold[sale.seller] += 1
        bought[sale.buyer] += 1
        earned[sale.seller] += sale.units
        spent[sale.buyer] += sale.units
        gain_selling[sale.seller] += sale.seller_gain
        gain_buying[sale.buyer] += sale.buyer_gain
    deals = Counter(party for deal in told.deals for party in deal.agreement.parties)
    return [
        PersonRow(
            arm=told.arm,
            repetition=told.repetition,
            person=person.name,
            agent=agent,
            kind=told.kind(agent),
            style=person.style,
            block=blocks.get(person.name, ""),
            is_adversary=person.name in adversaries,
            budget_units=person.budget_units,
            listed=listed[agent],
            sold=sold[agent],
            bought=bought[agent],
            deals=deals[agent],
            earned_units=earned[agent],
            spent_units=spent[agent],
            surplus_selling_units=gain_selling[agent],
            surplus_buying_units=gain_buying[agent],
            surplus_units=gain_selling[agent] + gain_buying[agent],
            gift_card_units=ledger.need_account(
                told.state, wallet(history.principal_of[agent], asset)
            ).posted,
        )
        for agent, person in told.people.items()
    ]


def _listings(told: Told) -> list[Struct]:
    price = {sale.listing: sale.units for sale in told.sold}
    floors = {
        thing.ref: thing.floor_units for person in told.people.values() for thing in person.things
    }
    return [
        ListingRow(
            *(told.arm, told.repetition, id, story.posted.ref, told.name(story.posted.agent)),
            *(told.kind(story.posted.agent), told.style(story.posted.agent)),
            story.posted.side,
            story.posted.category,
            story.posted.price.units if story.posted.price else 0,
            floors.get(story.posted.ref) if story.posted.side == "sell" else None,
            id in price,
            price.get(id),
        )
        for id, story in told.history.listings.items()
    ]


def items_of(told: Told) -> list[ItemRow]:
    """Give a row for each item that changed hands."""
    deals, listings = told.history.deals, told.history.listings
    return [
        ItemRow(
            arm=told.arm,
            repetition=told.repetition,
            contract=sale.contract,
            item=listings[sale.listing].posted.ref,
            category=listings[sale.listing].posted.category,
            at_us=deals[sale.contract].at - OPENING_US,
            seller=told.name(sale.seller),
            buyer=told.name(sale.buyer),
            seller_kind=told.kind(sale.seller),
            buyer_kind=told.kind(sale.buyer),
            seller_style=told.style(sale.seller),
            buyer_style=told.style(sale.buyer),
            price_units=sale.units,
            ask_units=sale.ask_units,
            floor_units=sale.floor_units,
            worth_units=sale.worth_units,
            stage=deals[sale.contract].stage,
        )
        for sale in told.sold
    ]


def _offers(told: Told) -> list[Struct]:
    found: list[Struct] = []
    for id, story in told.history.negotiations.items():
        givers = {leg.giver for leg in story.legs if isinstance(leg, GoodsLeg)}
        takers = {leg.taker for leg in story.legs if isinstance(leg, GoodsLeg)}
        for n, move in enumerate(story.moves, start=1):
            is_both = move.by in givers and move.by in takers
            role = "swapper" if is_both else "seller" if move.by in givers else "buyer"
            found.append(
                OfferRow(
                    *(told.arm, told.repetition, id, n, move.at - OPENING_US, told.name(move.by)),
                    *(told.kind(move.by), role, move.what, move.units),
                )
            )
    return found


def _deals(told: Told) -> list[Struct]:
    found: list[Struct] = []
    for id, deal in told.history.deals.items():
        legs = [leg for leg in deal.agreement.legs if isinstance(leg, GoodsLeg)]
        story = told.history.negotiations.get(deal.negotiation)
        found.append(
            DealRow(
                *(told.arm, told.repetition, id, deal.negotiation, deal.at - OPENING_US),
                told.ended[id] - OPENING_US if id in told.ended else None,
                deal.stage,
                sum(leg.amount.units for leg in deal.agreement.legs if isinstance(leg, CashLeg)),
                len(legs),
                len({leg.giver for leg in legs}) > 1,
                len(story.moves) if story else 0,
            )
        )
    return found
