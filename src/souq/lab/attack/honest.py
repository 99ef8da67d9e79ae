"""Honest people who trade by a script, whatever goes on around them."""

from collections.abc import Iterator
from random import Random
from typing import Any

from souq.core.contract import AcceptDelivery, SubmitDelivery
from souq.core.ending import ContractFulfilled
from souq.core.listing import PostListing
from souq.core.mechanisms.alternating_offers import Counter, MakeOffer
from souq.core.mechanisms.moves import Accept, Item
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.seal import PublicText
from souq.journal.record import Record
from souq.lab.attack.scene import ALL, CATEGORIES, HONEST_AGENTS, Scene, usd

Step = Iterator[None]


class Honest:
    """A deal after another: listed, agreed on by a price or by haggling, delivered, accepted."""

    def __init__(self, seed: int, scene: Scene) -> None:
        self._chance = Random(f"honest {seed}")
        self._scene = scene
        self.trace: list[tuple[str, Any]] = []
        self.begun = self.settled = 0
        self.times: list[int] = []  # at which it took its steps
        self._deals: set[str] = set()
        scene.listeners.append(self._hear)
        self._running = self._deal()

    def step(self) -> None:
        """Take the next step."""
        self.times.append(self._scene.now)
        self._go_on()

    def _go_on(self) -> None:
        try:
            next(self._running)
        except StopIteration:
            self._running = self._deal()
            self._go_on()

    def _hear(self, record: Record) -> None:
        for event in record.events:
            if isinstance(event, ContractFulfilled) and event.contract in self._deals:
                self.settled += 1

    def _say(self, actor: str, command: Any) -> Any:
        self.trace.append((actor, command))
        return self._scene.submit(actor, command)

    def _deal(self) -> Step:
        chance = self._chance
        seller, buyer = chance.sample(HONEST_AGENTS, 2)
        price, haggles = usd(chance.randint(100, 1_000)), chance.random() < 0.5
        listing = PostListing(
            PublicText("a thing"), chance.choice(CATEGORIES), price, mechanisms=ALL
        )
        self.begun += 1
        posted = self._say(seller, listing)
        yield
        if posted.refusal is not None:
            return
        thing = posted.events[0].listing.id
        if haggles:
            agreed = yield from self._haggle(buyer, seller, thing, price.units)
        else:
            agreed = self._say(buyer, TakePrice(thing, price))
            yield
        deal = next((one.contract for one in _events(agreed) if hasattr(one, "contract")), "")
        if not deal:
            return
        self._deals.add(deal)
        self._say(seller, SubmitDelivery(deal, "proof"))
        yield
        self._say(buyer, AcceptDelivery(deal))
        yield

    def _haggle(self, buyer: str, seller: str, thing: str, units: int) -> Any:
        offered = self._say(buyer, MakeOffer((Item(thing),), usd(units * 8 // 10)))
        yield
        if offered.refusal is not None:
            return None
        talk = offered.events[0].negotiation
        countered = self._say(seller, Counter(talk, usd(units * 9 // 10)))
        yield
        if countered.refusal is not None:
            return None
        terms = next(one.terms for one in countered.events if hasattr(one, "terms"))
        agreed = self._say(buyer, Accept(talk, terms))
        yield
        return agreed


def _events(answer: Any) -> tuple[Any, ...]:
    return () if answer is None else tuple(answer.events)
