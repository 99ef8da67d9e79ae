"""What each price tactic does, and what none of them may do."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souq.agents.concession import Concession, boulware, conceder, linear
from souq.agents.strategies import STRATEGIES
from souq.agents.tactic import Role, Tactic
from souq.agents.tit_for_tat import TitForTat
from souq.agents.zero_intelligence import ZeroIntelligence

SOUND = sorted(set(STRATEGIES) - {"zero_intelligence_unconstrained"})


def path(tactic: Tactic, role: Role, opening: int, limit: int, steps: int = 10) -> list[int]:
    prices: list[int] = []
    for step in range(steps + 1):
        prices.append(
            tactic.price(
                role,
                opening=opening,
                limit=limit,
                progress=step / steps,
                mine=prices,
                theirs=[limit] * step,
            )
        )
    return prices


@pytest.mark.parametrize("name", SOUND)
@given(
    a=st.integers(0, 10**9),
    b=st.integers(0, 10**9),
    progress=st.floats(0, 1),
    theirs=st.lists(st.integers(0, 10**9), max_size=4),
    mine=st.lists(st.integers(0, 10**9), max_size=4),
)
def test_a_sound_tactic_never_passes_its_limit(
    name: str, a: int, b: int, progress: float, theirs: list[int], mine: list[int]
) -> None:
    low, high = sorted((a, b))
    tactic = STRATEGIES[name](random.Random(1))
    own_buying = [min(price, high) for price in mine]
    own_selling = [max(price, low) for price in mine]
    bid = tactic.price(
        "buyer", opening=low, limit=high, progress=progress, mine=own_buying, theirs=theirs
    )
    ask = tactic.price(
        "seller", opening=high, limit=low, progress=progress, mine=own_selling, theirs=theirs
    )
    assert bid <= high
    assert ask >= low


def test_unconstrained_zero_intelligence_does_pass_it() -> None:
    tactic = ZeroIntelligence(random.Random(1), is_constrained=False)
    bids = [
        tactic.price("buyer", opening=10, limit=100, progress=0, mine=(), theirs=())
        for _ in range(200)
    ]
    assert max(bids) > 100


@pytest.mark.parametrize("beta", [0.1, 0.25, 1.0, 4.0])
def test_concession_starts_at_the_opening_and_ends_at_the_limit(beta: float) -> None:
    prices = path(Concession(beta), "seller", 900, 300)
    assert (prices[0], prices[-1]) == (900, 300)
    assert all(later <= earlier for earlier, later in pairwise(prices))


def test_concession_follows_faratins_formula() -> None:
    # a(t) = k + (1 - k) t^(1/beta): at half time, beta 0.5 has conceded a quarter.
    tactic = Concession(0.5)
    price = tactic.price("buyer", opening=0, limit=1_000, progress=0.5, mine=(), theirs=())
    assert price == 250
    with_k = Concession(1.0, k=0.2)
    first = with_k.price("buyer", opening=0, limit=1_000, progress=0.0, mine=(), theirs=())
    assert first == 200


def test_a_boulware_holds_out_longer_than_a_linear_and_a_conceder() -> None:
    half = [path(make(), "buyer", 0, 1_000)[5] for make in (boulware, linear, conceder)]
    assert half[0] < 100 < half[1] == 500 < 800 < half[2]


def test_tit_for_tat_answers_a_concession_in_proportion() -> None:
    # The seller came down from 1000 to 900; 500 * 1000 / 900.
    price = TitForTat().price(
        "buyer", opening=500, limit=2_000, progress=0.2, mine=(500,), theirs=(1_000, 900)
    )
    assert price == 555


def test_tit_for_tat_does_not_answer_a_step_back() -> None:
    price = TitForTat().price(
        "buyer", opening=500, limit=2_000, progress=0.2, mine=(600,), theirs=(900, 1_000)
    )
    assert price == 600


@pytest.mark.parametrize("beta", [0.0, -1.0])
def test_a_beta_of_zero_or_less_is_refused(beta: float) -> None:
    with pytest.raises(ValueError, match="beta"):
        Concession(beta)
