"""Tables as Project Deal might have left them, with effects planted: to try the estimators on.

Nobody trades here; rows are drawn. 69 people own 575 goods; four markets A to D, in B and C each
person's agent drawn to be strong or weak by a fair coin. Distributions:

- an item's level: $5 + lognormal (median $7, sigma 1.23), so that prices have Project Deal's
  median of $12 and mean near $20; its appeal Beta(0.9, 1.75): most items sell in some markets only
- sold: a chance of appeal plus run effect plus what a strong seller adds
- buyer: by weights; keenness is Gamma(2), plus what a strong buyer adds
- bundles: one item in ten goes with the one before, to the same buyer
- price: level x (1 + t(5) error + the seller's and the buyer's luck in that run + how freely the
  buyer spends) + run effect + what both kinds add; quarters of a dollar, not below nothing
- `walk_away`: of the buyers whom the thing is worth less to than its price, the share that leave.
  At 0 what is sold does not hang on its price; above, who asks more sells less, and what is sold
  is no fair sample: the estimators are then biased, as Project Deal's authors warn
- ratings and rankings follow how content each person is in general, and chance
"""

from typing import Any

from msgspec import Struct

from souq.lab.extra import load
from souq.lab.goods import UNITS_PER_USD
from souq.lab.project_deal.evidence import Evidence, Layout
from souq.lab.tables import ItemRow, ListingRow, PersonRow, SurveyRow

PEOPLE, GOODS = 69, 575
LAYOUT = Layout(strong="strong", weak="weak", aggressive=frozenset({"aggressive"}))
BUNDLED = 0.1
AGGRESSIVE = 0.41
# Deals of a person in a mixed market, so that B and C have about the 364 items of Project Deal.
DEALS_PER_PERSON = 2 * 364 * (1 - BUNDLED) / (2 * PEOPLE)
RUN_CHANCES = {"A": -0.02, "B": -0.03, "C": 0.03, "D": -0.01}
RUN_PRICES = {"A": -0.6, "B": 0.3, "C": 0.1, "D": 0.2}
T5_SPREAD = (5 / 3) ** 0.5  # standard deviation of Student's t with 5 degrees of freedom
PRICE_SPREAD = 0.25  # of the level: what else moves one item's price
LUCK = 0.08  # of the level: one agent in one market, on each side of the table
FREELY = 0.05  # of the level: one buyer, in every market
QUARTER_UNITS = UNITS_PER_USD // 4


class Planted(Struct, frozen=True, kw_only=True):
    """What a strong agent adds: deals for its person, dollars by side, chance of a sale of 1."""

    deals: float = 2.07
    seller: float = 2.68
    buyer: float = -2.45
    sale: float = 0.0663


NOTHING = Planted(deals=0.0, seller=0.0, buyer=0.0, sale=0.0)


def draw(
    planted: Planted, *, seed: int, walk_away: float = 0.0, people: int = PEOPLE, goods: int = GOODS
) -> Evidence:
    """Draw the four markets of one population. The same seed gives the same rows."""
    return _World(planted, seed, walk_away, people, goods).evidence()


class _World:
    def __init__(
        self, planted: Planted, seed: int, walk_away: float, people: int, goods: int
    ) -> None:
        self.numpy = load("numpy", of="synthetic tables")
        self.rng = rng = self.numpy.random.default_rng(seed)
        self.planted, self.walk_away = planted, walk_away
        self.people, self.goods = people, goods
        self.owner = self.numpy.arange(goods) % people
        self.level = 5 + rng.lognormal(1.946, 1.23, goods)
        self.appeal = rng.beta(0.9, 1.75, goods)
        self.aggressive = rng.random(people) < AGGRESSIVE
        dearer = 1 + 0.6 * self.aggressive[self.owner]
        self.ask = [_units(one) for one in self.level * rng.uniform(1.1, 1.6, goods) * dearer]
        self.floor = [_units(one) for one in self.level * rng.uniform(0.3, 0.8, goods)]
        # What a strong seller's better chances bring in deals; the rest it brings as a buyer.
        self.bonus = planted.deals - planted.sale * goods / people * (1 - BUNDLED)
        keen = max(0.2, DEALS_PER_PERSON / 2 - self.bonus / 2)
        self.keenness = rng.gamma(2.0, keen / 2, people)
        self.freely = rng.normal(0, FREELY, people)
        self.content = rng.normal(5, 1, people)

    def evidence(self) -> Evidence:
        persons: list[PersonRow] = []
        listings: list[ListingRow] = []
        items: list[ItemRow] = []
        pleasure = {}
        kinds = {}
        for arm in LAYOUT.arms:
            drawn = self.rng.random(self.people) < 0.5
            strong = drawn if arm in LAYOUT.mixed else self.numpy.ones(self.people, bool)
            kinds[arm] = ["strong" if one else "weak" for one in strong]
            sold = self._sales(arm, strong, kinds[arm])
            items += sold
            listings += self._listings(arm, kinds[arm], {row.item for row in sold})
            persons += self._persons(arm, kinds[arm], sold)
            pleasure[arm] = self.content + self.rng.normal(0, 1, self.people)
        return Evidence(persons, listings, items, self._survey(kinds, pleasure))

    def _sales(self, arm: str, strong: Any, kinds: list[str]) -> list[ItemRow]:
        rng, planted = self.rng, self.planted
        chance = self.appeal + RUN_CHANCES[arm] + planted.sale * (strong[self.owner] - 0.5)
        wanted = self.numpy.flatnonzero(rng.random(self.goods) < chance)
        selling, buying = rng.normal(0, LUCK, (2, self.people))
        weights = self.keenness + self.numpy.maximum(self.bonus * strong, -self.keenness)
        rows: list[ItemRow] = []
        last: dict[int, ItemRow] = {}
        for k in wanted.tolist():
            seller = int(self.owner[k])
            before = last.get(seller)
            if before is not None and rng.random() < BUNDLED * 1.6:
                buyer, contract = int(before.buyer[1:]) - 1, before.contract
            else:
                open_to = weights.copy()
                open_to[seller] = 0
                buyer = int(rng.choice(self.people, p=open_to / open_to.sum()))
                contract = f"C{arm}{k}"
            error = PRICE_SPREAD * rng.standard_t(5) / T5_SPREAD
            error += selling[seller] + buying[buyer] + self.freely[buyer]
            price = (
                self.level[k] * (1 + error)
                + RUN_PRICES[arm]
                + planted.seller * strong[seller]
                + planted.buyer * strong[buyer]
            )
            worth = max(0.0, 1.2 * self.level[k] * rng.lognormal(0, 0.3))
            if price > worth and rng.random() < self.walk_away:
                continue
            units = max(0, round(price * 4)) * QUARTER_UNITS
            row = ItemRow(
                arm=arm,
                repetition=0,
                contract=contract,
                item=f"g{k + 1}",
                category="goods",
                at_us=k,
                seller=f"P{seller + 1}",
                buyer=f"P{buyer + 1}",
                seller_kind=kinds[seller],
                buyer_kind=kinds[buyer],
                seller_style=self._style(seller),
                buyer_style=self._style(buyer),
                price_units=units,
                ask_units=self.ask[k],
                floor_units=self.floor[k],
                worth_units=max(units, _units(worth)),
                stage="fulfilled",
            )
            last[seller] = row
            rows.append(row)
        return rows

    def _listings(self, arm: str, kinds: list[str], sold: set[str]) -> list[ListingRow]:
        return [
            ListingRow(
                arm=arm,
                repetition=0,
                listing=f"L{arm}{k + 1}",
                item=f"g{k + 1}",
                person=f"P{owner + 1}",
                kind=kinds[owner],
                style=self._style(owner),
                side="sell",
                category="goods",
                ask_units=self.ask[k],
                floor_units=self.floor[k],
                is_sold=f"g{k + 1}" in sold,
                price_units=None,
            )
            for k, owner in enumerate(self.owner.tolist())
        ]

    def _persons(self, arm: str, kinds: list[str], sold: list[ItemRow]) -> list[PersonRow]:
        rows = []
        for n in range(self.people):
            name = f"P{n + 1}"
            selling = [row for row in sold if row.seller == name]
            buying = [row for row in sold if row.buyer == name]
            earned = sum(row.price_units for row in selling)
            spent = sum(row.price_units for row in buying)
            gain_selling = earned - sum(row.floor_units for row in selling)
            gain_buying = sum(row.worth_units for row in buying) - spent
            rows.append(
                PersonRow(
                    arm=arm,
                    repetition=0,
                    person=name,
                    agent=f"A{n + 1}",
                    kind=kinds[n],
                    style=self._style(n),
                    block="",
                    is_adversary=False,
                    budget_units=100 * UNITS_PER_USD,
                    listed=int((self.owner == n).sum()),
                    sold=len(selling),
                    bought=len(buying),
                    deals=len({row.contract for row in (*selling, *buying)}),
                    earned_units=earned,
                    spent_units=spent,
                    surplus_selling_units=gain_selling,
                    surplus_buying_units=gain_buying,
                    surplus_units=gain_selling + gain_buying,
                    gift_card_units=100 * UNITS_PER_USD + earned - spent,
                )
            )
        return rows

    def _survey(self, kinds: dict[str, list[str]], pleasure: dict[str, Any]) -> list[SurveyRow]:
        order = {
            n: sorted(LAYOUT.arms, key=lambda arm: -pleasure[arm][n]) for n in range(self.people)
        }
        return [
            SurveyRow(
                arm=arm,
                repetition=0,
                person=f"P{n + 1}",
                kind=kinds[arm][n],
                rank=order[n].index(arm) + 1,
                fairness=float(min(7, max(1, self.rng.normal(4.05, 0.6)))),
                satisfaction=int(min(7, max(1, round(pleasure[arm][n])))),
            )
            for arm in LAYOUT.arms
            for n in range(self.people)
        ]

    def _style(self, person: int) -> str:
        return "aggressive" if self.aggressive[person] else "plain"


def _units(dollars: float) -> int:
    return max(0, round(dollars * 4)) * QUARTER_UNITS
