"""R14: panels of noisy jurors, by Condorcet's theorem, and the ceiling that correlation puts on it.

More jurors who err independently come closer to the truth; where a share of cases is decided by
one opinion that all copy, no size of panel helps with those. Votes are counted as the market
counts them, and the same panels judge disputes in a whole market.
"""

import random
from collections.abc import Iterator
from math import sqrt
from typing import Any

from souq.arbiters.panel import right_of, votes
from souq.core.bond import PostBond
from souq.core.contract import SubmitDelivery
from souq.core.dispute import CommitVote, OpenDispute, RevealVote
from souq.core.dispute.counting import of_vote, verdict_of
from souq.core.epoch import CommitEpoch, RevealEpoch, of_secret
from souq.core.jury import JoinJury
from souq.core.ledger import ACCOUNTS
from souq.core.listing import PostListing
from souq.core.mandate import Limits
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import BPS, Money
from souq.core.party import wallet
from souq.core.procedure import Procedure
from souq.core.rules import HOUR_US, MINUTE_US, OPERATOR, Rules
from souq.core.seal import PublicText
from souq.core.stage import stage_of
from souq.journal.memory import MemoryStore
from souq.lab.kernel import Trade
from souq.lab.simulation import Simulation
from souq.replications.replication import Finding, Scale

ID = "R14"
TITLE = "Panels of arbiters, independent and correlated"
SOURCE = "Condorcet 1785"
TAPE = "82ce14c3fe242d5f"

ACCURACY = 0.7
PUBLISHED = {3: 0.7840, 5: 0.8369, 7: 0.8740, 11: 0.9218, 15: 0.9500}
COPIED, COPIED_SIZE, COPIED_RIGHT = 0.5, 15, 0.825
PRICE, CASES, JURORS = 10_000, 8, 3
SEAT = 100
NONCE = "ab" * 16


def run(scale: Scale) -> Iterator[Finding]:
    """Work every panel out exactly, then let it vote."""
    chance = random.Random(f"R14 {scale.seed}")
    draws = scale.draws(4_000, 40_000)
    for size, published in PUBLISHED.items():
        exact = right_of(size, ACCURACY)
        claim = f"{size} jurors, each right 7 times of 10, are right together"
        yield Finding(
            f"{claim} (exactly)",
            f"{published:.4f}",
            exact,
            published - 5e-5,
            published + 5e-5,
            exact,
            1,
        )
        yield _simulated(claim, size, 0.0, exact, draws, chance)
    exact = right_of(COPIED_SIZE, ACCURACY, COPIED)
    claim = f"{COPIED_SIZE} jurors who copy one opinion in half of the cases"
    yield Finding(
        f"{claim} (exactly)", "0.825", exact, COPIED_RIGHT - 5e-4, COPIED_RIGHT + 5e-4, exact, 1
    )
    yield _simulated(claim, COPIED_SIZE, COPIED, exact, draws, chance)
    independent = right_of(COPIED_SIZE, ACCURACY)
    yield _simulated(
        f"{claim}, taken for independent",
        COPIED_SIZE,
        COPIED,
        independent,
        draws,
        chance,
        control=True,
    )


def _simulated(
    claim: str,
    size: int,
    copied: float,
    expected: float,
    draws: int,
    chance: random.Random,
    *,
    control: bool = False,
) -> Finding:
    right = 0
    for _ in range(draws):
        truth = BPS if chance.random() < 0.5 else 0
        right += verdict_of(votes(truth, size, chance, accuracy=ACCURACY, copied=copied)) == truth
    measured = right / draws
    error = sqrt(expected * (1 - expected) / draws)
    low, high = expected - 4 * error, expected + 4 * error
    return Finding(claim, "derived", expected, low, high, measured, draws, error, control)


def tapes(seed: int) -> tuple[list[Trade], list[Trade]]:
    """Let the same panels judge the same cases by counting alone, and in a whole market."""
    by_count, by_market = random.Random(seed), random.Random(seed)
    counted = []
    for n in range(CASES):
        share = verdict_of(_case(by_count))
        counted.append(("A1", "A2", f"L{n + 1}", 1, PRICE - PRICE * share // BPS))
    return counted, _Court(seed).judge(by_market)


def _case(chance: random.Random) -> dict[str, int]:
    truth = BPS if chance.random() < 0.5 else 0
    return votes(truth, JURORS, chance, accuracy=ACCURACY)


class _Court:
    """A market in which every sale is disputed, and a panel of three judges each."""

    def __init__(self, seed: int) -> None:
        self._simulation = Simulation(MemoryStore(), random.Random(seed))
        procedure = Procedure(jury=JURORS, seat_units=SEAT, appeal_us=0)
        self._simulation.open(Rules(procedure=procedure), b"")
        purse = Money(PRICE * CASES, "USD")
        self._buyer, self._seller = (
            self._simulation.join(name, Limits(), purse) for name in ("bea", "sol")
        )
        for n in range(JURORS):
            juror = self._simulation.join(f"juror {n}", Limits(), purse)
            principal = f"P{juror[1:]}"
            self._do(principal, PostBond(Money(SEAT * CASES, "USD")))
            self._do(principal, JoinJury(juror))
        self._epoch = 1
        self._do(OPERATOR, CommitEpoch(of_secret(self._secret())))

    def judge(self, chance: random.Random) -> list[Trade]:
        """Dispute sale after sale; give what each was paid in the end."""
        trades = []
        for n in range(CASES):
            contract = self._disputed()
            said = list(_case(chance).values())
            before = self._paid()
            self._vote(contract, said)
            trades.append((self._buyer, self._seller, f"L{n + 1}", 1, self._paid() - before))
        return trades

    def _disputed(self) -> str:
        price = Money(PRICE, "USD")
        listing = self._do(self._seller, PostListing(PublicText("a thing"), "home", price))
        taken = self._do(self._buyer, TakePrice(listing[0].listing.id, price))
        contract = next(str(one.contract) for one in taken if hasattr(one, "contract"))
        self._do(self._seller, SubmitDelivery(contract))
        self._do(self._buyer, OpenDispute(contract, "not_as_described"))
        self._simulation.advance(HOUR_US + MINUTE_US)
        secret = self._secret()
        self._epoch += 1
        self._do(OPERATOR, CommitEpoch(of_secret(self._secret())))
        self._do(OPERATOR, RevealEpoch(f"E{self._epoch - 1}", secret))
        self._simulation.advance(MINUTE_US)
        return contract

    def _vote(self, contract: str, said: list[int]) -> None:
        jurors = stage_of(self._simulation.engine.state, contract).case.phase.jurors
        votes_of = dict(zip(jurors, said, strict=True))
        for juror, vote in votes_of.items():
            self._do(juror, CommitVote(contract, of_vote(contract, 0, juror, vote, NONCE)))
        for juror, vote in votes_of.items():
            self._do(juror, RevealVote(contract, vote, NONCE))

    def _paid(self) -> int:
        account = self._simulation.engine.state.get(ACCOUNTS, wallet(f"P{self._seller[1:]}", "USD"))
        assert account is not None
        return account.posted

    def _secret(self) -> str:
        return f"{self._epoch:032x}"

    def _do(self, actor: str, command: Any) -> tuple[Any, ...]:
        return self._simulation.submit(actor, command).need().events
