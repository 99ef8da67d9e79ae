"""Random pasts, policies and deals, with their edges looked for: what a window just holds or not.

A past is made by driving a real market, so that all of it could have happened. Its layers have
policies from early on, which forbid nothing, so that everything is remembered for them.
"""

import json
from random import Random
from typing import Any

from souq.core.agreement import GoodsLeg
from souq.core.approval import Approve, Decline
from souq.core.channel import CHANNELS, CloseChannel, OpenChannel, TopUpChannel
from souq.core.conditions import Conditions
from souq.core.contract import AcceptDelivery, CancelContract, SubmitDelivery
from souq.core.dispute import OpenDispute, Rule
from souq.core.funds import ReportDeposit
from souq.core.listing import LISTINGS, EditListing, Listing, PostListing
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.mechanisms.alternating_offers import MakeOffer
from souq.core.mechanisms.moves import Accept, Item
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import USD, Asset, Money
from souq.core.party import AGENTS, RegisterAgent, RegisterPrincipal
from souq.core.policy import Policy
from souq.core.policy.scope import Validity
from souq.core.policy.setting import SecretPolicy, SetDestination, SetOrganisation, SetPolicy
from souq.core.rules import HOUR_US, MINUTE_US, OPERATOR, SECOND_US, OpenMarket, Rules
from souq.core.seal import PublicText
from souq.core.stage import CONTRACTS, Delivered, Disputed, Formed, Held
from souq.core.voucher import Scope, Voucher, signed_bytes
from souq.engine import Engine
from souq.journal.memory import MemoryStore
from tests.core.channels import key, signed
from tests.policy import reference

START = 1_750_000_000_000_000
CATEGORIES = ("home", "home/lamps", "home/lamps/old", "nails", "homes")
ASSETS = ("USD", "EUR")
PEOPLE = 6
AGENTS_OF = {"A1": "P1", "A2": "P2", "A3": "P3", "A4": "P4", "A5": "P5", "A6": "P6", "A7": "P1"}
HOUSE = "P6"  # the organisation of P1 and P2
WATCHED = ("A1", "A7")
ALWAYS = Validity()
OFFSETS = ((0, 3_600), (START + 40 * HOUR_US, 7_200), (START + 400 * HOUR_US, 0))


class History:
    """A market with a past, and the raw records of it."""

    def __init__(self, seed: int, steps: int = 260) -> None:
        self.chance = Random(seed)
        self.now = START + self.chance.randrange(30) * HOUR_US
        self.count = 0
        self.store = MemoryStore()
        salts = Random(seed + 1)
        self.engine = Engine(self.store, clock=lambda: self.now, salts=lambda: salts.randbytes(16))
        self._open()
        begins = self.chance.randrange(steps // 3)
        for n in range(steps):
            if n == begins:
                self._set_policies()
            self._step()
        for agent in WATCHED * 4:  # what offers set aside stays open
            listing = self._listing()
            price = Money(self.chance.choice((40, 60, 100)), "USD")
            self._do(agent, MakeOffer((Item(listing.id),), price))
        self.state = self.engine.fork()
        bodies = [entry.body for entry in self.store.read(1, self.store.head()[0])]
        self.past = reference.Past(
            [json.loads(body) for body in bodies],
            member_of={"P1": HOUSE, "P2": HOUSE},
            destinations={"A1": "home"},
        )

    def _open(self) -> None:
        assets = (USD, Asset("EUR", 2))
        fee = self.chance.choice((0, 250, 333))
        self._do(OPERATOR, OpenMarket(Rules(assets=assets, fee_bps=fee, delivery_us=90 * HOUR_US)))
        for n in range(1, PEOPLE + 1):
            self._do(OPERATOR, RegisterPrincipal(PublicText(f"person {n}")))
            self._do(OPERATOR, RegisterAgent(f"P{n}", PublicText(f"agent {n}")))
            for asset in ASSETS:
                self._do(OPERATOR, ReportDeposit(f"P{n}", Money(10_000_000, asset)))
        self._do(OPERATOR, RegisterAgent("P1", PublicText("agent 7")))
        for agent, principal in AGENTS_OF.items():
            asset = "EUR" if agent == "A4" else "USD"
            rules: tuple[Any, ...] = (ALWAYS,) if agent in WATCHED else ()
            above = 900 if agent in ("A1", "A3") else None
            limits = Limits(asset=asset, approval_above_units=above, guardrails=rules)
            self._do(principal, GrantMandate(agent, SecretLimits(limits)))
        self.granted = self.engine.state.at
        for principal in ("P1", "P2"):
            self._do(OPERATOR, SetOrganisation(principal, HOUSE))
        self._do("A1", SetDestination("A1", "home"))
        for agent in AGENTS_OF:
            self._list(agent)

    def _set_policies(self) -> None:
        self.since = 0
        for scope in (*WATCHED, "P1", f"organisation/{HOUSE}", "market"):
            self._do(OPERATOR, SetPolicy(scope, SecretPolicy(Policy((ALWAYS,)))))
            self.since = self.since or self.engine.state.at

    def _do(self, actor: str, command: Any) -> bool:
        self.now += SECOND_US
        self.count += 1
        return self.engine.submit(actor, f"c{self.count}", command).refusal is None

    def _list(self, agent: str) -> None:
        chance = self.chance
        asset = "EUR" if agent == "A4" else "USD"
        ships = chance.random() < 0.3
        price = Money(chance.choice((10, 60, 100, 300)), asset)
        is_open = chance.random() < 0.15
        cooling = chance.choice((None, None, HOUR_US, 2 * HOUR_US))
        listing = PostListing(
            PublicText("a thing"),
            chance.choice((*CATEGORIES, "nails", "nails", "home")),
            None if is_open else price,
            side="want" if chance.random() < 0.2 else "sell",
            quantity=10_000,
            delivery="ship" if ships else "meet",
            shipping_units=chance.choice((0, 7, 50)) if ships else 0,
            ref=chance.choice(("", "lamp", "nails")),
            conditions=Conditions(cooling_off_us=cooling),
        )
        self._do(agent, listing)

    def _step(self) -> None:
        chance = self.chance
        kind = chance.randrange(14)
        if kind == 0:
            self._list(chance.choice(tuple(AGENTS_OF)))
        elif kind in (1, 2, 3):
            self._trade()
        elif kind == 4:
            self._bargain()
        elif kind == 5:
            self._channel()
        elif kind == 6:
            self.now += chance.choice((MINUTE_US, HOUR_US, 7 * HOUR_US))
            self.engine.tick()
        elif kind == 7:
            listing = self._listing()
            units = chance.choice((10, 60, 100, 300))
            asset = "USD" if listing.price is None else listing.price.asset
            self._do(listing.agent, EditListing(listing.id, price=Money(units, asset)))
        else:
            self._perform()

    def _listing(self) -> Listing:
        return self.chance.choice(list(self.engine.state.rows(LISTINGS).values()))

    def _trade(self) -> None:
        listing = self._listing()
        agent = self.chance.choice((*WATCHED, *AGENTS_OF))
        if listing.price is not None:
            many = self.chance.choice((1, 1, 2, 3, 9))
            self._do(agent, TakePrice(listing.id, listing.price, many))

    def _bargain(self) -> None:
        chance = self.chance
        listing = self._listing()
        agent = chance.choice((*WATCHED, *AGENTS_OF))
        units = chance.choice((0, 40, 500, 950))
        asset = "EUR" if "A4" in (agent, listing.agent) else "USD"
        answer = self.engine.submit(
            agent,
            f"o{self.count}",
            MakeOffer((Item(listing.id, chance.choice((1, 4))),), Money(units, asset)),
        )
        self.now += SECOND_US
        if answer.refusal is None and chance.random() < 0.5:
            opened = answer.events[0].negotiation
            terms = next(one.terms for one in answer.events if hasattr(one, "terms"))
            self._do(listing.agent, Accept(opened, terms))

    def _channel(self) -> None:
        chance = self.chance
        rows = self.engine.state.rows(CHANNELS)
        if rows and chance.random() < 0.6:
            id = chance.choice(sorted(rows))
            payer = rows[id].terms.payer
            if chance.random() < 0.5:
                self._do(payer, TopUpChannel(id, Money(chance.randint(1, 90), "USD")))
            else:
                self._redeem(id)
            return
        to, deposit = chance.choice(("A2", "A3", "A5")), Money(chance.choice((50, 200)), "USD")
        self._do(chance.choice(WATCHED), OpenChannel(to, deposit, signed()))

    def _redeem(self, id: str) -> None:
        terms = self.engine.state.rows(CHANNELS)[id].terms
        units = self.chance.randint(0, terms.deposit.units)
        scope = Scope(market="souq", channel=id, opened_at=terms.opened_at)
        voucher = Voucher(units, key().sign(signed_bytes(scope, units)).hex())
        assert self._do(terms.payee, CloseChannel(id, voucher))

    def _perform(self) -> None:
        chance = self.chance
        contracts = list(self.engine.state.rows(CONTRACTS).items())
        if not contracts:
            return
        id, stage = chance.choice(contracts)
        match stage:
            case Held():
                kind = Approve if chance.random() < 0.7 else Decline
                self._do(stage.waiting[0], kind(id))
            case Formed():
                who = next(leg.giver for leg in stage.agreement.legs if isinstance(leg, GoodsLeg))
                kind_of = CancelContract if chance.random() < 0.2 else SubmitDelivery
                self._do(who, kind_of(id))
            case Delivered():
                who = next(leg.taker for leg in stage.agreement.legs if isinstance(leg, GoodsLeg))
                if chance.random() < 0.2:
                    self._do(who, OpenDispute(id, "damaged"))
                else:
                    self._do(who, AcceptDelivery(id))
            case Disputed():
                self._do(OPERATOR, Rule(id, chance.choice((0, 3_333, 5_000, 10_000))))
            case _:
                pass

    def layers(self, agent: str) -> tuple[tuple[str, str, set[str], int, str], ...]:
        """List an agent's layers: name, key, whose doings count, since when, which mandate."""
        found = self.engine.state.get(AGENTS, agent)
        assert found is not None
        ours = {one for one, principal in AGENTS_OF.items() if principal == "P1"}
        members = {one for one, principal in AGENTS_OF.items() if principal in ("P1", "P2")}
        organisation = f"organisation/{HOUSE}"
        return (
            ("mandate", found.mandate, {agent}, self.granted - HOUR_US, found.mandate),
            (agent, agent, {agent}, self.since, ""),
            ("P1", "P1", ours, self.since, ""),
            (organisation, organisation, members, self.since, ""),
            ("market", "P1", ours, self.since, ""),
        )
