"""R13: random audits deter from cheating once they are likelier than what it gains of the whole.

A seller who cheats gains g, and loses a stake s where it is audited; so it is worth it while the
audit's chance is below p* = g/(g + s). Sellers here know none of these figures: they try, and do
what has paid better so far. In souq a seller is paid g + s for work that costs g; who is caught
not having done it forfeits of its bond what it was paid. Lots are those of `core.audit`.
"""

import random
from collections.abc import Iterator
from itertools import pairwise

from souq.core.audit import AUDITS, PPM, ReportAudit, is_drawn, lot_of
from souq.core.bond import PostBond
from souq.core.contract import AcceptDelivery, SubmitDelivery
from souq.core.epoch import CommitEpoch, RevealEpoch, of_secret
from souq.core.ledger import ACCOUNTS
from souq.core.mechanisms import posted_price
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import BPS, USD, Money
from souq.core.party import wallet
from souq.core.rules import OPERATOR, SECOND_US, Rules
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel, Trade
from souq.replications.replication import Finding, Scale

ID = "R13"
TITLE = "Random audits deter from cheating"
SOURCE = "inspection games: Becker 1968; Avenhaus, von Stengel & Zamir 2002"
TAPE = "30f6fb5cc25c8681"

STAKES = (1, 4, 9)  # for a gain of 1
UNIT = 1_000
TOLERANCE = 0.03
STEP = 0.02
EXPLORE = 0.4  # less, and who was unlucky at first never finds out
AUDIT_COST = 0.25  # of the gain, to look at one contract
BATCH = 5  # deals an epoch


class Learner:
    """A seller that does what has paid better so far, and now and then the other."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._sums = [0.0, 0.0]
        self._counts = [0, 0]

    @property
    def prefers_cheating(self) -> bool:
        """Tell what has paid better so far."""
        honest, cheating = (
            total / count if count else 0.0
            for total, count in zip(self._sums, self._counts, strict=True)
        )
        return cheating > honest

    def choose(self) -> bool:
        """Decide whether to cheat."""
        if self._rng.random() < EXPLORE:
            return self._rng.random() < 0.5
        return self.prefers_cheating

    def learn(self, is_cheating: bool, payoff: float) -> None:
        """Take note of what a choice has paid."""
        self._sums[is_cheating] += payoff
        self._counts[is_cheating] += 1


def run(scale: Scale) -> Iterator[Finding]:
    """Measure where learners switch, what it costs, and that the whole market does the same."""
    learners, rounds = scale.draws(30, 100), scale.draws(1_500, 4_000)
    draws = learners * rounds
    for stake in STAKES:
        expected = 1 / (1 + stake)
        shares = _curve(scale, stake, learners, rounds)
        yield Finding(
            f"the audit rate at which half of all sellers turn honest, gain 1, stake {stake}",
            "derived",
            expected,
            expected - TOLERANCE,
            expected + TOLERANCE,
            _crossing(shares),
            draws,
        )
    shares = _curve(scale, 4, learners, rounds)
    costs = {rate: rate * AUDIT_COST + share for rate, share in shares.items()}
    yield Finding(
        "the audit rate that costs least, audits and losses together, stake 4",
        "derived",
        0.2,
        0.2 - TOLERANCE,
        0.2 + 2 * TOLERANCE,
        min(costs, key=lambda rate: costs[rate]),
        draws,
    )
    for rate, low, high in ((0.1, 0.75, 1.0), (0.3, 0.0, 0.25)):
        yield Finding(
            f"the whole market, audits at {rate}, stake 4: the share that cheats in the end",
            "derived",
            float(rate < 0.2),
            low,
            high,
            _in_market(scale.seed, rate, scale.draws(4, 20), scale.draws(120, 400)),
            scale.draws(4, 20) * scale.draws(120, 400),
        )
    yield Finding(
        "lots are known beforehand: the audit rate at which half of all sellers turn honest, "
        "gain 1, stake 4",
        "derived",
        0.2,
        0.2 - TOLERANCE,
        0.2 + TOLERANCE,
        _crossing(_curve(scale, 4, learners, rounds, is_known=True)),
        draws,
        is_control=True,
    )


def _curve(
    scale: Scale, stake: int, learners: int, rounds: int, *, is_known: bool = False
) -> dict[float, float]:
    """Give, by audit rate, the share of sellers that prefer to cheat in the end."""
    middle = round(1 / (1 + stake) / STEP)
    found = {}
    for n in range(max(1, middle - 6), middle + 8):
        rng = random.Random(f"{ID} {scale.seed} {stake} {n}")
        cheats = sum(
            _learn(rng, stake, n * STEP, rounds, is_known=is_known) for _ in range(learners)
        )
        found[n * STEP] = cheats / learners
    return found


def _learn(
    rng: random.Random, stake: int, rate: float, rounds: int, *, is_known: bool = False
) -> bool:
    """Let one seller learn; tell whether it prefers to cheat in the end."""
    learner, secret, ppm = Learner(rng), f"{rng.getrandbits(128):032x}", round(rate * PPM)
    for n in range(rounds):
        if not learner.choose():
            learner.learn(False, 0.0)
        elif not is_drawn(lot_of(secret, f"C{n}"), ppm):
            learner.learn(True, 1.0)
        elif not is_known:  # who knows the lot does not cheat where it falls
            learner.learn(True, -stake)
    return learner.prefers_cheating


def _crossing(shares: dict[float, float]) -> float:
    """Give the rate at which the share falls below one half; 1 where it never does."""
    for (low, above), (high, below) in pairwise(sorted(shares.items())):
        if above >= 0.5 > below:
            return low + (high - low) * (above - 0.5) / (above - below)
    return 1.0


class _Market:
    """A seller whose work costs UNIT and is paid UNIT (1 + stake), audited at a rate."""

    def __init__(self, stake: int, rate: float, name: str) -> None:
        self._name = name
        self.price = Money(UNIT * (1 + stake), USD.code)
        rules = Rules(auditor="A3", audit_max_bps=round(rate * BPS))
        self._hall = hall = Hall(posted_price, rules)
        self.buyer, self.seller, self.auditor = hall.join(3)
        self._epoch, self._deals = 0, 0
        self._post_bond(self.price)
        careful, careless = (
            hall.post(self.seller, price=self.price, subject="service", available=10**6)
            for _ in range(2)
        )
        self.listings = (careful, careless)
        self._turn()

    def sell(self, is_cheating: bool) -> str:
        """Sell the work, done or not: the buyer cannot tell. Give the contract."""
        listing = self.listings[is_cheating]
        self._hall.open(self.buyer, TakePrice(listing, self.price))
        self._deals += 1
        deal = f"C{self._deals}"
        self._say(self.seller, SubmitDelivery(deal))
        self._say(self.buyer, AcceptDelivery(deal))
        return deal

    def audit(self, cheats: dict[str, bool]) -> dict[str, int]:
        """Have the lots of a batch fall; give, by contract, what it lost of the bond."""
        self._turn()
        lost = {}
        for deal in cheats:
            if deal in self._hall.simulation.engine.state.rows(AUDITS):
                before = self._purse()
                self._say(self.auditor, ReportAudit(deal, not cheats[deal], "ab" * 32))
                lost[deal] = before - self._purse()
                if lost[deal]:
                    self._post_bond(Money(lost[deal], USD.code))
        return lost

    @property
    def trades(self) -> list[Trade]:
        return self._hall.trades

    def _turn(self) -> None:
        self._epoch += 1
        self._say(OPERATOR, CommitEpoch(of_secret(secret(self._name, self._epoch))))
        last = self._epoch - 1
        if last:
            self._say(OPERATOR, RevealEpoch(f"E{last}", secret(self._name, last)))
            self._hall.simulation.advance(SECOND_US)

    def _post_bond(self, amount: Money) -> None:
        self._say(f"P{self.seller[1:]}", PostBond(amount))

    def _purse(self) -> int:
        found = self._hall.simulation.engine.state.get(ACCOUNTS, wallet("P2", USD.code))
        assert found is not None, "the seller has a wallet"
        return found.posted

    def _say(self, actor: str, command: object) -> None:
        self._hall.simulation.submit(actor, command).need()


def secret(name: str, epoch: int) -> str:
    """Give the secret of an epoch of a market, which has nothing to hide from its own seed."""
    return f"{random.Random(f'{ID} {name} {epoch}').getrandbits(128):032x}"


def _in_market(seed: int, rate: float, learners: int, deals: int) -> float:
    """Give the share of sellers in whole markets that prefer to cheat in the end."""
    cheats = 0
    for n in range(learners):
        name = f"market {seed} {rate} {n}"
        learner, market = Learner(random.Random(name)), _Market(4, rate, name)
        for _ in range(deals // BATCH):
            batch = {}
            for _ in range(BATCH):
                is_cheating = learner.choose()
                batch[market.sell(is_cheating)] = is_cheating
            lost = market.audit(batch)
            for deal, is_cheating in batch.items():
                paid = UNIT if is_cheating else 0
                learner.learn(is_cheating, (paid - lost.get(deal, 0)) / UNIT)
        cheats += learner.prefers_cheating
    return cheats / learners


def tapes(seed: int) -> tuple[list[Trade], list[Trade]]:
    """Let one seller learn over forty deals, on the kernel and in the whole market.

    What it does shows in which of its two listings is sold.
    """
    rate, stake = 0.2, 4
    name = f"tape {seed}"
    market = _Market(stake, rate, name)
    kernel = Kernel(posted_price)
    buyer, seller, _ = kernel.join(3)
    price = market.price
    listings = [
        kernel.post(seller, price=price, subject="service", available=10**6) for _ in range(2)
    ]
    for is_market in (False, True):
        learner, sold = Learner(random.Random(f"{ID} tape {seed}")), 0
        for epoch in range(1, 9):
            batch = {}
            for _ in range(BATCH):
                is_cheating = learner.choose()
                sold += 1
                if is_market:
                    market.sell(is_cheating)
                else:
                    kernel.open(buyer, TakePrice(listings[is_cheating], price))
                batch[f"C{sold}"] = is_cheating
            if is_market:
                lost = market.audit(batch)
            else:
                lost = {
                    deal: price.units
                    for deal, is_cheating in batch.items()
                    if is_cheating
                    and is_drawn(lot_of(secret(name, epoch), deal), round(rate * PPM))
                }
            for deal, is_cheating in batch.items():
                paid = UNIT if is_cheating else 0
                learner.learn(is_cheating, (paid - lost.get(deal, 0)) / UNIT)
    return kernel.trades, market.trades
