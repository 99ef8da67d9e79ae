"""Sealed bids: the highest wins, pays by the rule, and everybody else is free at once."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from souq.core.halt import SetHalt
from souq.core.mandate import Limits
from souq.core.mechanisms import sealed_bid
from souq.core.mechanisms.commitment import RevealReserve, of_reserve
from souq.core.mechanisms.sealed_bid.records import OpenSealedBid, PlaceSealedBid, Pricing
from souq.core.money import Money
from souq.core.refusal import Reason, Refused
from souq.core.rules import HOUR_US, OPERATOR, SECOND_US
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel
from tests.mechanisms.bidding import NONCE, usd
from tests.mechanisms.purses import (
    available,
    check_nothing_is_left,
    happened,
    held,
    owned,
    reason,
    refused,
    revoke,
    shown,
    state_of,
    why,
    without_digests,
)

PRICINGS: tuple[Pricing, ...] = ("first_price", "second_price")


def sell(
    path: Kernel | Hall, bids: list[int], pricing: Pricing = "second_price", reserve: int = 50
) -> tuple[str, list[str]]:
    sol, *bidders = path.join(1 + len(bids))
    lamp = path.post(sol)
    run = path.open(sol, OpenSealedBid(lamp, usd(reserve), HOUR_US, pricing=pricing))
    for agent, units in zip(bidders, bids, strict=True):
        path.move(agent, PlaceSealedBid(run, usd(units)))
    return run, [sol, *bidders]


def secretly(path: Kernel | Hall, bids: list[int], reserve: int) -> tuple[str, list[str]]:
    """Sell with a public reserve of 50 and a secret one, and close the bidding."""
    sol, *bidders = path.join(1 + len(bids))
    lamp = path.post(sol)
    digest = of_reserve(sol, lamp, usd(reserve), NONCE)
    command = OpenSealedBid(lamp, usd(50), HOUR_US, secret_reserve=digest, revealing_us=HOUR_US)
    run = path.open(sol, command)
    for agent, units in zip(bidders, bids, strict=True):
        path.move(agent, PlaceSealedBid(run, usd(units)))
    path.pass_time(HOUR_US + HOUR_US // 2)
    return run, [sol, *bidders]


@pytest.mark.parametrize(("pricing", "paid"), [("first_price", 90), ("second_price", 70)])
def test_the_winner_pays_its_bid_or_the_highest_losing_one(pricing: Pricing, paid: int) -> None:
    for path in (Kernel(sealed_bid), Hall(sealed_bid)):
        sell(path, [70, 90, 20], pricing)
        path.pass_time(2 * HOUR_US)
        assert path.trades == [("A3", "A1", "L1", 1, paid)]


def test_losers_have_all_their_money_again() -> None:
    hall = Hall(sealed_bid, purse_units=100)
    _, (_, *bidders) = sell(hall, [70, 90, 20])
    assert held(hall) == {"#N1.A2": 70, "#N1.A3": 90, "#N1.A4": 20}
    hall.pass_time(2 * HOUR_US)
    assert available(hall, *bidders) == [100, 30, 100]
    check_nothing_is_left(hall)


@pytest.mark.parametrize("pricing", PRICINGS)
def test_the_least_that_would_have_drawn_level_is_published(pricing: Pricing) -> None:
    hall = Hall(sealed_bid)
    run, _ = sell(hall, [70, 90, 20], pricing)
    (stranger,) = hall.join(1)
    hall.pass_time(2 * HOUR_US)
    (won,) = happened(hall, "SealedBidWon")
    assert won.minimum_units == 70
    assert '"minimum_units":70' in shown(hall, stranger, run)


def test_a_single_bid_pays_the_reserve_by_second_price_and_itself_by_first() -> None:
    for pricing, paid in zip(PRICINGS, (90, 50), strict=True):
        kernel = Kernel(sealed_bid)
        sell(kernel, [90], pricing)
        kernel.pass_time(2 * HOUR_US)
        assert [trade[4] for trade in kernel.trades] == [paid]


def test_below_the_reserve_nothing_is_sold_and_all_is_free_again() -> None:
    for bids in ([], [49], [20, 49]):
        hall = Hall(sealed_bid, purse_units=100)
        _, (_, *bidders) = sell(hall, bids)
        hall.pass_time(2 * HOUR_US)
        assert hall.trades == []
        assert why(hall) == ["no_deal"]
        assert available(hall, *bidders) == [100] * len(bids)
        check_nothing_is_left(hall)


def test_of_equal_bids_a_lot_over_all_bids_names_one_which_pays_it() -> None:
    for pricing in PRICINGS:
        winners = []
        for other in range(51, 79):  # a bid that loses turns the lot as well
            kernel = Kernel(sealed_bid)
            sell(kernel, [80, 80, 80, other], pricing)
            kernel.pass_time(2 * HOUR_US)
            (trade,) = kernel.trades
            assert trade[1:] == ("A1", "L1", 1, 80)
            winners.append(trade[0])
        assert set(winners) == {"A2", "A3", "A4"}


def test_the_nonce_of_a_shown_reserve_is_in_the_lot() -> None:
    winners = set()
    for n in range(12):
        kernel, nonce = Kernel(sealed_bid), f"{n:032x}"
        sol, *bidders = kernel.join(4)
        lamp = kernel.post(sol)
        digest = of_reserve(sol, lamp, usd(60), nonce)
        opening = OpenSealedBid(lamp, usd(50), HOUR_US, secret_reserve=digest, revealing_us=HOUR_US)
        run = kernel.open(sol, opening)
        for bidder in bidders:
            kernel.move(bidder, PlaceSealedBid(run, usd(80)))
        kernel.pass_time(HOUR_US + SECOND_US)
        kernel.move(sol, RevealReserve(run, usd(60), nonce))
        winners.add(kernel.trades[0][0])
    assert winners == set(bidders)


def test_a_new_bid_takes_the_place_of_the_old_one_and_of_its_money() -> None:
    hall = Hall(sealed_bid, purse_units=100)
    run, (_, bea, _) = sell(hall, [90, 60])
    hall.move(bea, PlaceSealedBid(run, usd(55)))
    assert held(hall) == {"#N1.A2": 55, "#N1.A3": 60}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (lambda run: PlaceSealedBid(run, usd(0)), Reason.INVALID),
        (lambda run: PlaceSealedBid(run, Money(5, "EUR")), Reason.INVALID),
        (lambda run: PlaceSealedBid(run, usd(-5)), Reason.INVALID),
        (lambda run: PlaceSealedBid(run, usd(101)), Reason.INSUFFICIENT_FUNDS),
        (lambda run: PlaceSealedBid("N9", usd(5)), Reason.NOT_FOUND),
        (lambda run: RevealReserve(run, usd(5), NONCE), Reason.NOT_YOURS),
    ],
)
def test_a_bid_is_refused_with_its_reason(command: object, expected: Reason) -> None:
    hall = Hall(sealed_bid, purse_units=100)
    run, (_, bea) = sell(hall, [70])
    assert reason(hall, bea, command(run)) is expected  # type: ignore[operator]
    assert held(hall) == {"#N1.A2": 70}


def test_the_seller_and_whoever_shares_its_principal_cannot_bid() -> None:
    hall = Hall(sealed_bid)
    run, (sol, _) = sell(hall, [70])
    assert reason(hall, sol, PlaceSealedBid(run, usd(80))) is Reason.SAME_PRINCIPAL


def test_a_bid_after_the_close_is_refused() -> None:
    hall = Hall(sealed_bid)
    run, (_, bea) = sell(hall, [70])
    hall.pass_time(2 * HOUR_US)
    assert reason(hall, bea, PlaceSealedBid(run, usd(80))) is Reason.CLOSED


def test_a_bid_above_the_mandate_is_refused() -> None:
    hall = Hall(sealed_bid)
    run, _ = sell(hall, [70])
    careful, spent = (
        *hall.join(1, Limits(per_deal_units=60)),
        *hall.join(1, Limits(lifetime_units=60)),
    )
    assert reason(hall, careful, PlaceSealedBid(run, usd(61))) is Reason.OUTSIDE_MANDATE
    assert reason(hall, spent, PlaceSealedBid(run, usd(61))) is Reason.BUDGET_EXCEEDED
    hall.move(spent, PlaceSealedBid(run, usd(60)))
    hall.move(spent, PlaceSealedBid(run, usd(59)))
    other, _ = sell(hall, [70])
    assert reason(hall, spent, PlaceSealedBid(other, usd(2))) is Reason.BUDGET_EXCEEDED
    hall.pass_time(3 * HOUR_US)
    check_nothing_is_left(hall)


def test_more_bidders_than_a_run_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed_bid, "BIDDERS_MAX", 2)
    kernel = Kernel(sealed_bid)
    run, _ = sell(kernel, [70, 80])
    (eve,) = kernel.join(1)
    assert reason(kernel, eve, PlaceSealedBid(run, usd(90))) is Reason.WRONG_STATE
    kernel.move("A2", PlaceSealedBid(run, usd(75)))


def test_a_winner_without_authority_is_passed_over() -> None:
    hall = Hall(sealed_bid, purse_units=100)
    _, (sol, bea, dan, eve) = sell(hall, [70, 90, 60])
    revoke(hall, dan)
    hall.pass_time(2 * HOUR_US)
    assert hall.trades == [(bea, sol, "L1", 1, 60)]
    assert available(hall, dan, eve) == [100, 100]
    check_nothing_is_left(hall)


def test_a_seller_without_authority_sells_nothing() -> None:
    hall = Hall(sealed_bid, purse_units=100)
    _, (sol, *bidders) = sell(hall, [70, 90])
    revoke(hall, sol)
    hall.pass_time(2 * HOUR_US)
    assert hall.trades == []
    assert available(hall, *bidders) == [100, 100]
    check_nothing_is_left(hall)


def test_what_is_on_auction_cannot_be_sold_or_withdrawn_meanwhile() -> None:
    hall = Hall(sealed_bid)
    sell(hall, [70])
    with pytest.raises(Refused) as caught:
        hall.open("A1", OpenSealedBid("L1", usd(50), HOUR_US))
    assert caught.value.reason is Reason.NOT_ENOUGH_STOCK


def test_nothing_is_awarded_while_the_market_stands_still() -> None:
    hall = Hall(sealed_bid)
    run, (sol, bea) = sell(hall, [70])
    hall.simulation.submit(OPERATOR, SetHalt("commitments")).need()
    assert reason(hall, bea, PlaceSealedBid(run, usd(80))) is Reason.HALTED
    hall.pass_time(5 * HOUR_US)
    assert hall.trades == []
    hall.simulation.submit(OPERATOR, SetHalt("open")).need()
    hall.pass_time(7 * HOUR_US)
    assert hall.trades == [(bea, sol, "L1", 1, 50)]


def test_a_secret_reserve_counts_when_it_is_shown_in_time() -> None:
    for reserve, trades in ((75, [("A2", "A1", "L1", 1, 75)]), (81, []), (10, [50])):
        hall = Hall(sealed_bid)
        run, (sol, *_) = secretly(hall, [80, 40], reserve)
        assert hall.trades == []
        hall.move(sol, RevealReserve(run, usd(reserve), NONCE))
        assert hall.trades == trades or [trade[4] for trade in hall.trades] == trades
        check_nothing_is_left(hall)


def test_a_secret_reserve_never_shown_protects_nothing() -> None:
    hall = Hall(sealed_bid)
    secretly(hall, [80, 60], 1_000)
    hall.pass_time(3 * HOUR_US)
    assert [trade[4] for trade in hall.trades] == [60]
    assert happened(hall, "SealedBidReserveLost")
    check_nothing_is_left(hall)


def test_only_the_reserve_committed_to_can_be_shown_only_after_the_close_and_once() -> None:
    hall = Hall(sealed_bid)
    run, (sol, bea) = secretly(hall, [80], 75)
    for wrong in (RevealReserve(run, usd(74), NONCE), RevealReserve(run, usd(75), "ab" * 16)):
        assert reason(hall, sol, wrong) is Reason.INVALID
    assert reason(hall, sol, RevealReserve(run, usd(75), "short")) is Reason.INVALID
    assert reason(hall, bea, RevealReserve(run, usd(75), NONCE)) is Reason.NOT_YOURS
    early, _ = sell(hall, [60])
    assert reason(hall, "A3", RevealReserve(early, usd(75), NONCE)) is Reason.WRONG_STATE


def test_a_digest_that_is_none_and_an_empty_time_to_show_it_are_refused() -> None:
    kernel = Kernel(sealed_bid)
    (sol,) = kernel.join(1)
    lamp = kernel.post(sol)
    for digest, revealing_us in (("g" * 64, 5), ("a" * 64, 0), ("", 5)):
        command = OpenSealedBid(
            lamp, usd(1), HOUR_US, secret_reserve=digest, revealing_us=revealing_us
        )
        with pytest.raises(Refused):
            kernel.open(sol, command)


def test_before_the_close_whoever_reads_everything_learns_nothing_of_bids() -> None:
    """T20: what others can read is the same but for digests, whatever was bid."""
    worlds = []
    for bids in ([70, 90, 55], [51, 52, 99]):
        hall = Hall(sealed_bid)
        run, (sol, bea, *_) = sell(hall, bids)
        (stranger,) = hall.join(1)
        viewers = (sol, "P1", stranger, "P5", "nobody")
        worlds.append([without_digests(shown(hall, viewer, run)) for viewer in viewers])
        assert str(bids[0]) in shown(hall, bea, run), "its bidder sees it"
        assert sealed_bid.standing(state_of(hall), run).parties == (sol,), "nor who bids"
    assert worlds[0] == worlds[1]


def test_another_bidder_learns_nothing_of_bids_either() -> None:
    worlds = []
    for other in (90, 51):
        hall = Hall(sealed_bid)
        run, (_, _, dan) = sell(hall, [other, 70])
        worlds.append([without_digests(shown(hall, viewer, run)) for viewer in (dan, "P3")])
    assert worlds[0] == worlds[1]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 12), max_size=6),
    st.integers(0, 12),
    st.sampled_from(PRICINGS),
)
def test_every_sale_is_what_sorting_the_bids_gives(
    bids: list[int], reserve: int, pricing: Pricing
) -> None:
    hall = Hall(sealed_bid, purse_units=100)
    _, (sol, *bidders) = sell(hall, bids, pricing, reserve)
    before = sum(owned(hall, sol, *bidders))
    hall.pass_time(2 * HOUR_US)
    best = max(bids, default=0)
    if not bids or best < reserve:
        assert hall.trades == []
    else:
        paid = best if pricing == "first_price" else max(reserve, sorted([0, *bids])[-2])
        assert [one[1:] for one in hall.trades] == [(sol, "L1", 1, paid)]
        assert bids[bidders.index(hall.trades[0][0])] == best
        assert paid <= best, "nobody pays more than it bid"
    losers = [one for one in bidders if one not in {trade[0] for trade in hall.trades}]
    assert available(hall, *losers) == [100] * len(losers)
    assert sum(owned(hall, sol, *bidders)) == before
    check_nothing_is_left(hall)


def test_no_bid_beats_the_truth_by_second_price() -> None:
    grid = range(1, 7)
    kernel = Kernel(sealed_bid)
    sol, *bidders = kernel.join(4)

    def gain(value: int, bids: tuple[int, ...]) -> int:
        lamp = kernel.post(sol)
        run = kernel.open(sol, OpenSealedBid(lamp, usd(3), HOUR_US))
        for agent, units in zip(bidders, bids, strict=True):
            kernel.move(agent, PlaceSealedBid(run, usd(units)))
        kernel.pass_time(kernel.at + 2 * HOUR_US)
        won = [trade for trade in kernel.trades[-1:] if trade[2] == lamp]
        return value - won[0][4] if won and won[0][0] == bidders[0] else 0

    for others in product(grid, repeat=2):
        for value in grid:
            truth = gain(value, (value, *others))
            assert truth >= 0
            assert truth >= max(gain(value, (lie, *others)) for lie in grid)


def test_by_first_price_shading_beats_the_truth() -> None:
    """The control: the same grid finds a gain where theory says there is one."""
    gains = []
    for own in (60, 90):
        kernel = Kernel(sealed_bid)
        sell(kernel, [own, 55], "first_price")
        kernel.pass_time(2 * HOUR_US)
        gains.append(90 - kernel.trades[0][4])
    assert gains == [30, 0]


def test_a_refused_bid_tells_only_of_the_bidder() -> None:
    hall = Hall(sealed_bid, purse_units=100)
    run, (_, bea, _) = sell(hall, [70, 90])
    assert refused(hall, bea, PlaceSealedBid(run, usd(101))).facts == {
        "available": 100,
        "needed": 101,
    }
