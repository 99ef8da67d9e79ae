"""The goals that surveillance is held to: planted cheats are found, honest markets raise no alarm.

Generators and detectors share nothing but the rows; every seed is fixed.
"""

from functools import cache
from random import Random
from typing import get_args

import msgspec
import pytest

from souq.core.restriction import Why
from souq.replications.learning.pricing_anatomy import Course
from souq.views.surveillance import (
    DETECTORS,
    bid_rotation,
    closed_club,
    message_alignment,
    price_parallelism,
    repricing_loop,
    reputation_ring,
    shill_bidding,
    spoofing,
    wash_trading,
)
from souq.views.surveillance.price_parallelism import Signs, cuts_in, signs_of, steps
from souq.views.surveillance.rows import Alarm, Quote, Said, Trade
from tests.surveillance import books, honest, learners, planted
from tests.surveillance.scoring import Fit, auc

ON_TRADES = (wash_trading, reputation_ring, closed_club)
SESSIONS = 10


@cache
def market(seed: int) -> list[Trade]:
    return honest.trades(Random(seed))


def alarms_of(trades: list[Trade]) -> list[Alarm]:
    return [alarm for one in ON_TRADES for alarm in one.find(trades)]


def test_ten_honest_runs_of_40_000_trades_raise_no_alarm() -> None:
    for seed in range(4):
        assert alarms_of(market(seed)) == []
    for seed in range(3):  # few know many markets, or all one; some only sell
        small = honest.trades(Random(f"small {seed}"), people=60 + 60 * seed, markets=1 + seed)
        assert alarms_of(small) == []
        loyal = honest.trades(
            Random(f"loyal {seed}"), people=250, loyalty=0.7, is_two_sided=seed == 0
        )
        assert alarms_of(loyal) == []


def test_wash_rings_of_2_to_5_are_found_among_40_000_honest_trades() -> None:
    fit = Fit()
    for seed in range(4):
        cheats, rings = planted.wash_rings(Random(f"wash {seed}"), market(seed))
        mixed, _ = planted.with_trades(market(seed), cheats)
        fit.add(wash_trading.find(mixed), rings)
    assert fit.planted == 80
    assert fit.recall >= 0.95
    assert fit.precision >= 0.95


def test_reputation_rings_are_found_and_what_they_gained_counts_nothing() -> None:
    fit = Fit()
    for seed in range(3):
        cheats, rings = planted.reputation_rings(Random(f"praise {seed}"), market(seed))
        mixed, marks = planted.with_trades(market(seed), cheats)
        found = list(reputation_ring.find(mixed))
        fit.add(found, rings)
        assert reputation_ring.uplift_bps(mixed, marks, found) <= 100
        assert reputation_ring.uplift_bps(mixed, marks, []) == 10_000
    assert fit.recall >= 0.95
    assert fit.precision >= 0.95


def test_closed_clubs_are_found_with_their_exclusion_index() -> None:
    fit = Fit()
    for seed in range(3):
        cheats, found = planted.clubs(Random(f"club {seed}"), market(seed))
        mixed, _ = planted.with_trades(market(seed), cheats)
        alarms = list(closed_club.find(mixed))
        assert all("times what chance would keep" in alarm.told for alarm in alarms)
        fit.add(alarms, found)
    assert fit.recall >= 0.95
    assert fit.precision >= 0.95


def tapes(case: learners.Case) -> list[list[Quote]]:
    return [learners.with_cuts(one) for one in learners.taught(SESSIONS)[case]]


def signs(tape: list[Quote]) -> Signs:
    path = steps(tape)
    return signs_of(path, cuts_in(path))


@cache
def learned(case: learners.Case) -> list[Signs]:
    return [signs(tape) for tape in tapes(case)]


def margins(case: learners.Case) -> list[int]:
    return [one.margin_bps or 0 for one in learned(case)]


def advised(tapes: list[list[Quote]]) -> list[str]:
    return [alarm.advice for tape in tapes for alarm in price_parallelism.find(tape)]


def test_the_level_tells_colluding_learners_from_competing_ones() -> None:
    assert auc(margins("genuine"), margins("competitive")) >= 0.95


def test_punishment_tells_genuine_from_spurious_collusion_where_the_level_does_not() -> None:
    assert auc(margins("genuine"), margins("spurious")) < 0.5  # the spurious ones are dearer
    punished = [one.punished_bps for one in learned("genuine")]
    assert auc(punished, [one.punished_bps for one in learned("spurious")]) >= 0.9


def test_most_genuine_colluders_raise_a_warning_and_nobody_else_does() -> None:
    assert advised(tapes("genuine")).count("warn") >= SESSIONS * 6 // 10
    assert "warn" not in advised(tapes("spurious"))
    assert "warn" not in advised(tapes("competitive"))


def test_prices_that_are_high_without_punishment_are_told_but_not_warned_about() -> None:
    assert advised(tapes("spurious")) == ["observe"] * SESSIONS
    for tape in tapes("spurious"):
        (alarm,) = price_parallelism.find(tape)
        assert "dear without punishment" in alarm.told
        assert {edge.taker for edge in alarm.edges} == {"S1", "S2"}  # both have cut, unanswered
    unknown = [learners.with_cuts(one, knows_cost=False) for one in spurious()]
    assert advised(unknown) == []  # nobody knows that they are dear


def spurious() -> list[Course]:
    return learners.taught(SESSIONS)["spurious"]


@pytest.mark.parametrize("case", get_args(learners.Case))
def test_what_a_market_records_of_prices_is_enough(case: learners.Case) -> None:
    recorded = [learners.changes(tape) for tape in tapes(case)]
    assert sum(map(len, recorded)) < 0.8 * sum(map(len, tapes(case)))
    for whole, part in zip(tapes(case), recorded, strict=True):
        assert abs(signs(part).punished_bps - signs(whole).punished_bps) <= 1_000
    assert abs(len(advised(recorded)) - len(advised(tapes(case)))) <= 1


def test_sellers_who_are_minutes_apart_are_seen_alike() -> None:
    rng = Random(1)
    for case in get_args(learners.Case):
        late = []
        for tape in tapes(case):
            moved = [
                msgspec.structs.replace(one, at=one.at + rng.randrange(10 * honest.MINUTE_US))
                for one in learners.changes(tape)
            ]
            late.append(sorted(moved, key=lambda one: one.at))
        for advice in ("warn", "observe"):
            apart, together = advised(late).count(advice), advised(tapes(case)).count(advice)
            assert abs(apart - together) <= 1


def test_whoever_cuts_and_comes_back_unanswered_was_not_punished() -> None:
    for one in spurious():
        assert signs(learners.changes(learners.with_cuts(one))).punished == 0


def test_who_answers_with_what_is_best_for_itself_punishes_nobody() -> None:
    assert signs(learners.with_cuts(learners.myopic(learners.duopoly()))).punished == 0


@pytest.mark.parametrize("knows_cost", [True, False])
def test_sales_that_rivals_answer_by_their_best_reply_are_no_collusion(knows_cost: bool) -> None:
    for seed in range(10):
        tape = learners.with_sales(Random(seed), knows_cost=knows_cost)
        assert signs(tape).cuts >= 4
        assert advised([tape, learners.changes(tape)]) == []


@pytest.mark.parametrize("spread", [0.01, 0.03, 0.06])
def test_competitive_prices_with_noise_are_no_collusion(spread: float) -> None:
    noisy = [learners.noisy(Random(seed), spread=spread) for seed in range(5)]
    noisy += [learners.noisy(Random(seed), spread=spread, knows_cost=False) for seed in range(5)]
    assert advised(noisy) == []


def test_punishment_shows_while_sellers_still_try_prices() -> None:
    kinds = learners.taught(SESSIONS)
    found = {
        case: [signs(learners.with_trials(one, Random(n))) for n, one in enumerate(courses)]
        for case, courses in kinds.items()
    }
    punished = {case: [one.punished_bps for one in each] for case, each in found.items()}
    assert auc(punished["genuine"], punished["spurious"]) >= 0.9
    assert "genuine" not in {one.verdict for one in found["spurious"]}


def test_a_cartel_with_coded_messages_is_found_and_honest_talk_is_not() -> None:
    hits = 0
    for seed in range(10):
        rng = Random(f"cartel {seed}")
        prices = honest.quotes(rng)
        assert list(message_alignment.find(honest.talk(rng, prices), prices)) == []
        moved, said = planted.cartel(rng, prices)
        found = list(message_alignment.find(said, moved))
        hits += any(set(one.parties) == {"S0", "S1", "S2"} for one in found)
    assert hits >= 9


def test_talk_around_a_shock_to_everybodys_costs_is_no_signal() -> None:
    for seed in range(10):
        rng = Random(f"news {seed}")
        prices, said, standing = [], [], dict.fromkeys(range(4), 1_000_000)
        for day in range(40):
            at, change = day * honest.HOUR_US, rng.choice((1.05, 0.95))
            for k in range(4):
                standing[k] = round(standing[k] * change)
                moved = at + rng.randrange(4 * honest.MINUTE_US)
                prices.append(Quote(0, moved, f"S{k}", f"L{k}", standing[k], "m"))
            spoken = at + rng.randrange(-7 * honest.MINUTE_US, 10 * honest.MINUTE_US)
            said.append(Said(0, spoken, f"S{rng.randrange(4)}", "copper"))
        prices.sort(key=lambda one: one.at)
        assert list(message_alignment.find(said, prices)) == []


def test_spoofers_are_found_and_market_makers_are_not() -> None:
    hits = false = 0
    for seed in range(10):
        false += len(list(spoofing.find(*books.session(Random(seed), seconds=900))))
        placed = books.session(Random(seed + 500), seconds=900, spoofers=1)
        named = {who for alarm in spoofing.find(*placed) for who in alarm.parties}
        hits += "X0" in named
        false += len(named - {"X0"})
    assert hits >= 9
    assert false == 0  # of 480 honest traders


def test_shills_are_found_and_regular_customers_are_not() -> None:
    fit = Fit()
    for seed in range(8):
        rng = Random(f"shill {seed}")
        bids, awards = honest.auctions(rng)
        assert list(shill_bidding.find(bids, awards)) == []
        more, pairs = planted.shills(rng, bids, awards)
        fit.add(shill_bidding.find(more, awards), map(frozenset, pairs))
    assert fit.recall >= 0.9
    assert fit.precision >= 0.95


def test_bidders_who_take_turns_are_found_and_rivals_are_not() -> None:
    hits = 0
    for seed in range(20):
        rng = Random(f"turns {seed}")
        assert list(bid_rotation.find(honest.tenders(rng))) == []
        hits += len(list(bid_rotation.find(planted.rotation(rng))))
    assert hits >= 18


def test_prices_that_follow_costs_and_rivals_are_no_loop_and_no_cartel() -> None:
    for seed in range(20):
        prices = honest.quotes(Random(f"prices {seed}"))
        assert list(repricing_loop.find(prices)) == []
        assert list(price_parallelism.find(prices)) == []


def test_every_detector_has_a_reason_code_and_tells_its_evidence() -> None:
    assert {one.NAME for one in DETECTORS} == set(get_args(Why)) - {"other"}
    cheats, _ = planted.wash_rings(Random(1), market(0))
    mixed, _ = planted.with_trades(market(0), cheats)
    by_seq = {one.seq: one for one in mixed}
    for alarm in wash_trading.find(mixed):
        assert alarm.records
        assert alarm.contracts
        for seq in alarm.records:
            assert {by_seq[seq].seller, by_seq[seq].buyer} <= set(alarm.parties)
        for edge in alarm.edges:
            deals = [one for one in mixed if (one.buyer, one.seller) == (edge.giver, edge.taker)]
            assert edge.count <= len(deals)
            assert edge.units <= sum(one.units for one in deals)
