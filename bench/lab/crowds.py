"""Zero-intelligence agents: one step is one agent that draws a quote and gives it to the market.

- Through the kernel: agents are objects, drawn at random; each quote goes to `double_auction`. Its
  book is cleared after every trade (Gode and Sunder 1993), so that each quote is accepted.
- In columns: `souq.lab.crowd`; everybody quotes, and a call market clears all quotes at once. The
  same call through the kernel's `call_market` stands beside it, for the same comparison of trades.
- Mesa: its tutorial's model, in which whoever has a coin gives it to somebody drawn at random. That
  is less work than a quote: no price, no order, no book.

One agent alone has nobody to trade with; it takes each quote back before it gives the next.
"""

import random

from bench.lab import sized
from bench.lab.yardsticks import Yardstick
from bench.mechanisms.rates import Rates
from souq.agents.bidding.zero_intelligence import ZeroIntelligence
from souq.agents.tactic import Role
from souq.core.mechanisms import double_auction
from souq.core.mechanisms.double_auction.records import CancelOrder, OpenOrderBook, PlaceOrder
from souq.core.money import Money
from souq.core.rules import DAY_US
from souq.lab.crowd import Crowd, clear
from souq.lab.kernel import Kernel
from souq.replications.calling import floor

MESA = "mesa==3.3.1"
MESA_AGENTS = 1_000
SIZES = (1, 1_000, 100_000, 1_000_000)
IN_COLUMNS = (100_000, 1_000_000)
STEPS = 60_000
PRICE_MAX = 1_000
STOCK = 10**9
CALLED = 20_000  # agents of the call market's kernel; the columns see as many


class ObjectMarket:
    """So many agents around one order book of the kernel, buyers and sellers by turns."""

    def __init__(self, agents: int, seed: int = 1) -> None:
        self._rng = rng = random.Random(seed)
        self.kernel = Kernel(double_auction)
        self._agents: list[tuple[str, str, ZeroIntelligence]] = []
        for n, agent in enumerate(self.kernel.join(agents)):
            role: Role = "seller" if n % 2 else "buyer"
            listing = self.kernel.post(
                agent, available=STOCK, side="want" if role == "buyer" else "sell"
            )
            limit = rng.randint(1, PRICE_MAX)
            self._agents.append((agent, listing, ZeroIntelligence(rng, role, (limit,), PRICE_MAX)))
        opening = OpenOrderBook("units", "USD", DAY_US, is_cleared_after_trade=True)
        self._run = self.kernel.open("A1", opening)
        self._placed = 0

    def act(self, steps: int) -> int:
        """Let agents act, drawn at random; give how many trades there were."""
        kernel, run, agents = self.kernel, self._run, self._agents
        choice, move = self._rng.choice, kernel.move
        for _ in range(steps):
            agent, listing, trader = choice(agents)
            price = trader.price()
            assert price is not None, "everybody has a piece to trade, always"
            move(agent, PlaceOrder(run, listing, Money(price, "USD")))
        trades = len(kernel.agreements)
        kernel.agreements.clear()
        return trades

    def draw(self, steps: int) -> None:
        """Let agents draw quotes that go nowhere."""
        agents, choice = self._agents, self._rng.choice
        for _ in range(steps):
            choice(agents)[2].price()

    def act_alone(self, steps: int) -> int:
        """Let the only agent quote, and take each quote back; give that nothing was traded."""
        ((agent, listing, trader),) = self._agents
        for _ in range(steps):
            self._placed += 1
            price = Money(trader.price() or 0, "USD")
            self.kernel.move(agent, PlaceOrder(self._run, listing, price))
            self.kernel.move(agent, CancelOrder(self._run, self._placed))
        return len(self.kernel.agreements)


class Crowds:
    """Crowds of every size, made once and measured once a round."""

    def __init__(self, scale: float, mesa: Yardstick | None) -> None:
        self._mesa = mesa
        self._steps = max(100, int(STEPS * scale))
        self._markets = {size: ObjectMarket(_scaled(size, scale)) for size in SIZES}
        self._columns = {size: _crowd(_scaled(size, scale)) for size in IN_COLUMNS}
        self._called = _scaled(CALLED, scale)
        self._mesa_agents = _scaled(MESA_AGENTS, scale)

    def measure(self, rates: Rates) -> None:
        """Let every crowd act."""
        steps = self._steps
        for name, rounds, is_kept in (("tutorial", 40, False), ("kept list", 400, True)):
            if self._mesa is not None:
                label = f"agent steps: Mesa, {MESA_AGENTS:,} agents, {name}"
                agents = self._mesa_agents
                self._mesa.measure(rates, label, agents=agents, rounds=rounds, is_kept=is_kept)
        for size, market in self._markets.items():
            act = market.act if size > 1 else market.act_alone
            label = f"agent steps: kernel, {size:,} agents"
            trades = rates.rate(label, steps, lambda: act(steps))  # noqa: B023
            rates.note(f"{label}: trades", trades / steps, "a step")
        drawing = self._markets[MESA_AGENTS]
        label = f"agent steps: {MESA_AGENTS:,} agents that quote to nobody"
        rates.rate(label, steps, lambda: drawing.draw(steps))
        for size, crowd in self._columns.items():
            rounds = max(1, 1_000_000 // size)
            rates.rate(
                f"agent steps: columns, {size:,} agents",
                rounds * (len(crowd.values) + len(crowd.costs)),
                lambda: [crowd.play() for _ in range(rounds)],  # noqa: B023
            )
        _calls(rates, self._called)


def _scaled(agents: int, scale: float) -> int:
    return agents if agents == 1 else sized(agents, scale, least=10)


def _crowd(agents: int) -> Crowd:
    rng = random.Random(1)
    limits = [rng.randint(1, PRICE_MAX) for _ in range(agents)]
    return Crowd(limits[::2], limits[1::2], price_max=PRICE_MAX, seed=1)


def _calls(rates: Rates, agents: int) -> None:
    """The same quotes through the kernel's call market and in columns; the trades must agree."""
    crowd = _crowd(agents)
    bids, asks = crowd.quotes()
    ground = floor(len(bids), len(asks))
    plain = bids.tolist(), asks.tolist()
    trades = rates.rate(
        f"agent steps: one call of {CALLED:,} quotes, kernel",
        agents,
        lambda: ground.call(*plain, rationing="time", top_units=PRICE_MAX),
    )
    found = rates.rate(
        f"agent steps: one call of {CALLED:,} quotes, columns",
        agents,
        lambda: clear(bids, asks, top_units=PRICE_MAX),
    )
    assert [(trade[0], trade[1], trade[4]) for trade in trades] == [
        (ground.buyers[buyer], ground.sellers[seller], found.units)
        for buyer, seller in zip(found.buyers, found.sellers, strict=True)
    ], "the columns trade otherwise than the call market"
