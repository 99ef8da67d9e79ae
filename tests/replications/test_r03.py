"""R3: the market is solved right, sessions are the same everywhere, and verdicts fit the case."""

import subprocess
import sys
from itertools import islice

import numpy
import pytest

from souq.replications import r03_learnt_prices
from souq.replications.learning.logit_market import UNIT, Game, Logit, game
from souq.replications.learning.pricing import Kind, Learned, Schooling, Sessions, alone
from souq.replications.learning.pricing_anatomy import HORIZON, Anatomy, Course
from souq.replications.learning.pricing_shop import shop
from souq.replications.replication import digest

QUICK = Schooling(fading=0.01, calm=500)
KINDS = [Kind(), Kind(patience=0.0), Kind(has_memory=False), Kind()]


@pytest.mark.parametrize("sellers", [2, 3, 4])
def test_in_competition_no_price_alone_is_better_and_a_monopolys_is_best_for_all(
    sellers: int,
) -> None:
    demand = Logit(sellers)
    both = (demand.competition, demand.monopoly)
    for outcome, together in zip(both, (1, sellers), strict=True):

        def earned(price: float, outcome=outcome, together=together) -> float:
            prices = [price] * together + [outcome.price] * (sellers - together)
            return (price - demand.cost) * sum(demand.shares(prices)[:together])

        best = earned(outcome.price)
        assert best == pytest.approx(together * outcome.profit)
        assert all(earned(1 + n / 500) <= best + 1e-12 for n in range(1_000))


def test_prices_reach_a_tenth_beyond_both_ends_and_joint_choices_have_one_number_each() -> None:
    played = game(3, 4)
    assert played.prices[0] / UNIT == pytest.approx(1.370163 - 0.1 * 0.629837, abs=1e-6)
    assert played.prices[-1] / UNIT == pytest.approx(2 + 0.1 * 0.629837, abs=1e-6)
    assert [played.joint(played.apart(n)) for n in range(64)] == list(range(64))
    assert played.apart(57) == [3, 2, 1]
    everywhere = list(played.all_profits())
    assert everywhere[57] == played.profits([3, 2, 1])
    assert everywhere[57][2] == everywhere[27][0]  # nobody is different


@pytest.mark.parametrize("sellers", [2, 3])
@pytest.mark.parametrize("kind", KINDS[:3])
def test_a_session_of_single_learners_is_that_in_arrays(sellers: int, kind: Kind) -> None:
    played = game(sellers, 4)
    many = Sessions(played, QUICK, [Kind(), kind], (1,))
    many.pass_periods(100)
    many.pass_periods(200)
    draws = numpy.random.default_rng([1, 1]).random(1 + 300 * sellers).tolist()
    *_, learners = islice(alone(played, QUICK, kind, iter(draws), played.profits), 300)
    assert many.learners.values[:, 1].tolist() == [one.values for one in learners]


def test_a_session_does_not_depend_on_those_beside_it() -> None:
    played = game(2, 5)
    together = Sessions(played, QUICK, KINDS, (4,)).until_calm()
    first = Sessions(played, QUICK, KINDS[:1], (4,)).until_calm()
    assert together[0] == first[0]
    assert len({one.strategies for one in together}) == len(KINDS)


def test_a_session_ends_once_nobody_has_changed_its_mind_for_long() -> None:
    played = game(2, 5)
    schooling = Schooling(fading=0.01, calm=1_500)
    ended = Sessions(played, schooling, [Kind()], (4,)).until_calm()[0]
    again = Sessions(played, schooling, [Kind()], (4,))
    again.pass_periods(ended.periods - 1_500)
    strategies = again.learners.strategies[:, 0]
    assert [list(one) for one in ended.strategies] == strategies.tolist()
    earlier = Sessions(played, schooling, [Kind()], (4,))
    earlier.pass_periods(50)
    assert earlier.learners.strategies[:, 0].tolist() != strategies.tolist()


def scripted(played: Game, usual: tuple[int, int], then: int | None) -> Anatomy:
    """Let both do the usual, and answer anything else by a price for one period, or by nothing."""
    strategies = tuple(
        tuple(
            price
            if then is None or state in (played.joint(usual), played.joint((then, then)))
            else then
            for state in range(played.states)
        )
        for price in usual
    )
    return Course(played, Learned(strategies, 0, 0)).anatomy()


def test_whoever_punishes_a_cut_and_forgives_keeps_prices_up_for_real() -> None:
    played = game(2, 15)
    found = scripted(played, (12, 12), then=1)
    assert (found.cycle, found.cuts, found.verdict) == (1, 2, "genuine")
    assert (found.punished, found.unprofitable, found.return_periods) == (1.0, 1.0, 2)
    assert found.gain == pytest.approx(1, abs=0.02)


def test_high_prices_that_nobody_defends_are_spurious_and_low_ones_none() -> None:
    played = game(2, 15)
    high, low = scripted(played, (12, 12), then=None), scripted(played, (2, 2), then=None)
    assert (high.punished, high.unprofitable, high.verdict) == (0.0, 0.0, "spurious")
    assert low.verdict == "none"
    assert low.gain == pytest.approx(0.2, abs=0.1)


def test_a_war_that_never_ends_is_never_over() -> None:
    played = game(2, 15)
    quiet = played.joint((12, 12))
    grim = tuple(12 if state == quiet else 1 for state in range(played.states))
    found = Course(played, Learned((grim, grim), quiet, 0)).anatomy()
    assert (found.verdict, found.return_periods) == ("genuine", HORIZON)


def test_a_shop_pays_what_the_game_says_both_ways() -> None:
    played = game(3, 5)
    for is_market in (False, True):
        sell = shop(played, is_market=is_market).sell
        for chosen in ([0, 0, 0], [4, 0, 2], [4, 0, 2], [1, 3, 3]):
            assert sell(chosen) == played.profits(chosen)


def test_kernel_and_market_sell_alike_and_as_ever() -> None:
    by_kernel, by_market = r03_learnt_prices.tapes(1)
    assert by_kernel == by_market
    assert digest(by_kernel) == r03_learnt_prices.TAPE
    assert r03_learnt_prices.tapes(2)[0] != by_kernel
    per_piece = {paid // quantity for *_, quantity, paid in by_kernel}
    assert per_piece == set(game(2, 5).prices)


@pytest.mark.parametrize("missing", ["numpy", "scipy.optimize"])
def test_without_the_extra_it_says_what_to_install_and_the_others_run(missing: str) -> None:
    program = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from souq.replications import BY_ID\n"
        "from souq.replications.replication import Scale\n"
        "from souq.replications.running import measure_all\n"
        "r3, r11 = measure_all([BY_ID['R3'], BY_ID['R11']], Scale(is_quick=True)).results\n"
        "print(r3.fault); assert r11.is_as_it_should_be\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "pip install 'souq[lab]'" in done.stdout
