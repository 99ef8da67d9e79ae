"""R8. Bargaining: Rubinstein's shares, Nash's solution, and concession by the clock.

All offers go through alternating offers, in whole units, and the market's limit of rounds is the
horizon of backward induction.
"""

import random
from collections.abc import Iterator
from itertools import pairwise

from souq.agents.concession import Concession
from souq.agents.patience import PPM, Side
from souq.core.contract import AcceptDelivery, SubmitDelivery
from souq.core.ledger import ACCOUNTS
from souq.core.mechanisms import alternating_offers
from souq.core.party import AGENTS, wallet
from souq.core.refusal import Reason, Refused
from souq.core.rules import Rules
from souq.core.state import State
from souq.lab.hall import PURSE_UNITS, Hall
from souq.lab.kernel import Kernel, Trade
from souq.replications.haggling import (
    Close,
    Conceding,
    Deviating,
    Fair,
    Path,
    Patient,
    Stubborn,
    haggle,
)
from souq.replications.replication import Finding, Scale

ID = "R8"
TITLE = "Bargaining: Rubinstein, Nash, time-dependent tactics"
SOURCE = "Rubinstein 1982; Nash 1950; Faratin, Sierra & Jennings 1998"
TAPE = "1810f4620929a2bf"

WHOLE = 10**12
UNIT = 1_000_000  # units of a price of 1
ROUNDS = 200
RUBINSTEIN = ((900_000, 900_000), (950_000, 800_000), (500_000, 500_000))
# beta of buyer and seller: round, buyer's price, seller's price
FARATIN = {
    (1.0, 1.0): (14, 85.0, 85.0),
    (0.5, 1.0): (16, 82.0, 80.0),
    (2.0, 1.0): (13, 90.311, 87.5),
    (0.5, 0.5): (17, 86.125, 83.875),
    (2.0, 2.0): (10, 85.355, 84.645),
}


def run(scale: Scale) -> Iterator[Finding]:
    """Measure every claim."""
    yield from _rubinstein()
    yield from _horizon()
    yield from _deviations(scale)
    yield from _nash()
    yield from _faratin()
    yield from _units(scale)


def _kernel(rounds: int = ROUNDS) -> Kernel:
    return Kernel(alternating_offers, Rules(rounds_max=rounds))


def _patient(
    path: Path, whole: int, sides: tuple[Side, Side], *, rounds: int, breakdown_ppm: int = 0
) -> float:
    """Give the first proposer's share of what it and the other, both patient, agree on."""
    both = [
        Patient(whole, sides, rounds=rounds, is_buyer=is_buyer, breakdown_ppm=breakdown_ppm)
        for is_buyer in (True, False)
    ]
    price = haggle(path, *both, rounds=rounds, is_buyer=True).price
    return 0.0 if price is None else (whole - price) / whole


def _rubinstein() -> Iterator[Finding]:
    for one, two in RUBINSTEIN:
        d1, d2 = one / PPM, two / PPM
        expected = (1 - d2) / (1 - d1 * d2)
        sides = (Side(one), Side(two))
        for rounds, within in ((200, 1e-6), (50, 1e-2)):
            yield Finding(
                f"The first proposer's share, discounts {d1} and {d2}, {rounds} rounds",
                "derived",
                expected,
                expected - within,
                expected + within,
                _patient(_kernel(rounds), WHOLE, sides, rounds=rounds),
                1,
            )
    expected = 0.1 / 0.19
    for claim, sides, rounds in (
        ("one round only: take it or leave it", (Side(900_000),) * 2, 1),
        ("the other waits without loss", (Side(900_000), Side(PPM)), ROUNDS),
    ):
        yield Finding(
            f"The first proposer's share is that of discounts 0.9 and 0.9, though {claim}",
            "derived",
            expected,
            expected - 1e-2,
            expected + 1e-2,
            _patient(_kernel(rounds), WHOLE, sides, rounds=rounds),
            1,
            is_control=True,
        )


def _horizon() -> Iterator[Finding]:
    """Let two who never give way talk on: the house ends it, where backward induction begins."""
    rounds = 50
    plans = Stubborn(0), Stubborn(WHOLE)
    made = 0
    try:
        haggle(_kernel(rounds), *plans, rounds=2 * rounds, is_buyer=True)
    except Refused as refused:
        if refused.reason is not Reason.ROUND_LIMIT:
            raise
        made = sum(plan.named for plan in plans) - 1
    claim = "Offers that two who never give way can make, the house allows 50"
    yield Finding(claim, "derived", rounds, rounds, rounds, made, 1)


def _deviations(scale: Scale) -> Iterator[Finding]:
    """Open with every share on a grid: none may be worth more than the equilibrium's."""
    grid = scale.draws(50, 500)
    rounds, sides = 50, (Side(900_000), Side(800_000))
    first = Patient(WHOLE, sides, rounds=rounds, is_buyer=True)
    second = Patient(WHOLE, sides, rounds=rounds, is_buyer=False)
    worth = []
    kernel = _kernel(rounds)
    for price in [first.price(1), *(n * WHOLE // grid for n in range(grid + 1))]:
        close = haggle(kernel, Deviating(price, first), second, rounds=rounds, is_buyer=True)
        worth.append(_worth(close, 0.9))
    yield Finding(
        "The most that another opening demand gains, discounts 0.9 and 0.8",
        "derived",
        0.0,
        0.0,
        1e-9,
        max(worth) - worth[0],
        grid + 1,
    )


def _worth(close: Close, discount: float) -> float:
    if close.price is None:
        return 0.0
    return (WHOLE - close.price) / WHOLE * discount ** (close.round - 1)


def _nash() -> Iterator[Finding]:
    for outside, is_control in ((0.2, False), (0.0, True)):
        sides = (Side(outside_units=round(outside * WHOLE)), Side())
        both = [Fair(WHOLE, sides, is_buyer=is_buyer) for is_buyer in (True, False)]
        price = haggle(_kernel(), *both, rounds=1, is_buyer=True).price or 0
        yield Finding(
            f"The first side's share, both go by Nash's product, it has {outside} without a deal",
            "derived",
            0.6,
            0.6,
            0.6,
            (WHOLE - price) / WHOLE,
            1,
            is_control=is_control,
        )
        # By turns, since whoever proposes first gains a little: between the two lies Nash's share.
        first = _patient(_kernel(), WHOLE, sides, rounds=ROUNDS, breakdown_ppm=100_000)
        second = _patient(_kernel(), WHOLE, sides[::-1], rounds=ROUNDS, breakdown_ppm=100_000)
        yield Finding(
            f"Its share when talks may break down, mean of who opens, it has {outside} then",
            "derived",
            0.6,
            0.6 - 1e-6,
            0.6 + 1e-6,
            (first + 1 - second) / 2,
            2,
            is_control=is_control,
        )


def _conceding(beta: float, *, is_buyer: bool) -> Conceding:
    opening, limit = (50, 100) if is_buyer else (120, 70)
    tactic = Concession(beta)
    return Conceding(tactic, opening=opening * UNIT, limit=limit * UNIT, is_buyer=is_buyer)


def _crossing(path: Path, betas: tuple[float, float]) -> tuple[int, float, float]:
    """Give the step in which the buyer's price first reaches the seller's, and both prices."""
    buyer, seller = (_conceding(beta, is_buyer=n == 0) for n, beta in enumerate(betas))
    close = haggle(path, buyer, seller, rounds=2 * Conceding.steps + 1, is_buyer=True)
    assert close.price is not None, "at the last step both are at their limits, and those cross"
    return (close.round - 1) // 2, close.price / UNIT, seller.price(close.round) / UNIT


def _faratin() -> Iterator[Finding]:
    kernel = _kernel()
    found = {betas: _crossing(kernel, betas) for betas in FARATIN}
    for betas, published in FARATIN.items():
        for what, expected, measured, within in zip(
            ("step of the deal", "buyer's price", "seller's price"),
            published,
            found[betas],
            (0.0, 1e-3, 1e-3),
            strict=True,
        ):
            yield Finding(
                f"Concession by the clock, beta {betas[0]:g} against {betas[1]:g}: {what}",
                "derived",
                expected,
                expected - within,
                expected + within,
                measured,
                1,
            )
    buyers = [found[beta, 1.0] for beta in (2.0, 1.0, 0.5)]
    out_of_order = sum(
        not (later[0] > earlier[0] and later[1] < earlier[1]) for earlier, later in pairwise(buyers)
    )
    claim = "Of buyers of beta 2, 1 and 0.5, a tougher one that closes no later or no cheaper"
    yield Finding(claim, "derived", 0.0, 0.0, 0.0, out_of_order, 3)
    step = FARATIN[0.5, 1.0][0]
    yield Finding(
        "The step of beta 0.5 against 1, though t to the beta stands for t to the 1/beta",
        "derived",
        step,
        step,
        step,
        _crossing(kernel, (1 / 0.5, 1.0))[0],
        1,
        is_control=True,
    )


def _units(scale: Scale) -> Iterator[Finding]:
    """Carry bargains of odd amounts out to the end; every unit paid must have arrived."""
    count = scale.draws(30, 300)
    hall = Hall(alternating_offers, Rules(rounds_max=ROUNDS, fee_bps=333))
    rng = random.Random(scale.seed)
    _bargains(hall, rng, count)
    history, state = hall.simulation.history, hall.simulation.engine.state
    for contract, deal in list(history.deals.items()):
        buyer, seller = deal.agreement.parties
        hall.simulation.submit(seller, SubmitDelivery(contract)).need()
        hall.simulation.submit(buyer, AcceptDelivery(contract)).need()
    lost = fees = 0
    for buyer, seller, _, _, paid in hall.trades:
        given, taken = (_wallet(state, agent) - PURSE_UNITS for agent in (buyer, seller))
        lost += abs(given + paid)
        fees += paid - taken
    kept = state.rows(ACCOUNTS)["fees/USD"].posted
    yield Finding(
        "Units made or lost in bargains carried out, with a fee of 3.33 %",
        "derived",
        0.0,
        0.0,
        0.0,
        lost + abs(fees - kept),
        len(hall.trades),
    )


def _wallet(state: State, agent: str) -> int:
    found = state.rows(AGENTS)[agent]
    return state.rows(ACCOUNTS)[wallet(found.principal, "USD")].posted


def _bargains(path: Path, rng: random.Random, count: int) -> None:
    """Let pairs haggle over odd amounts, patient ones and conceding ones in turn."""
    for n in range(count):
        if n % 2:
            _crossing(path, (rng.uniform(0.3, 3), rng.uniform(0.3, 3)))
            continue
        whole, rounds = rng.randint(1, 10**7), rng.randint(1, 30)
        sides = (Side(rng.randint(0, PPM)), Side(rng.randint(0, PPM)))
        _patient(path, whole, sides, rounds=rounds, breakdown_ppm=rng.randint(0, PPM))


def tapes(seed: int) -> tuple[list[Trade], list[Trade]]:
    """Give the trades of a few bargains, by the kernel and by the whole market."""
    paths = _kernel(), Hall(alternating_offers, Rules(rounds_max=ROUNDS))
    for path in paths:
        _bargains(path, random.Random(seed), 12)
    return paths[0].trades, paths[1].trades
