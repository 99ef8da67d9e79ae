"""Bids committed to and then shown: nobody knows them before, and silence costs the deposit."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from souq.core.halt import SetHalt
from souq.core.mechanisms import commit_reveal
from souq.core.mechanisms.commit_reveal.records import CommitBid, OpenCommitReveal, RevealBid
from souq.core.mechanisms.commitment import RevealReserve, draw_lot, of_bid, place
from souq.core.money import Money
from souq.core.refusal import Reason, Refused
from souq.core.rules import HOUR_US, OPERATOR
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel
from tests.mechanisms.bidding import (
    SEED,
    commit,
    nonce,
    open_commit_reveal,
    reveal,
    usd,
)
from tests.mechanisms.purses import (
    available,
    check_nothing_is_left,
    happened,
    held,
    owned,
    reason,
    revoke,
    shown,
    without_digests,
)

HALF_US = HOUR_US // 2


def committed(
    path: Kernel | Hall, bids: list[int], reserve: int = 50
) -> tuple[str, str, list[str]]:
    """Let everybody commit, and the time to show it begin."""
    sol, *bidders = path.join(1 + len(bids))
    run = open_commit_reveal(path, sol, reserve=reserve)
    for agent, units in zip(bidders, bids, strict=True):
        commit(path, run, agent, units)
    path.pass_time(HOUR_US + HALF_US)
    return run, sol, bidders


def test_the_money_held_is_the_deposit_until_the_bid_is_shown() -> None:
    hall = Hall(commit_reveal, purse_units=100)
    run, _, (bea, dan) = committed(hall, [80, 3])
    assert held(hall) == {"#N1.A1": 5, "#N1.A2": 5, "#N1.A3": 5}
    reveal(hall, run, bea, 80)
    reveal(hall, run, dan, 3)
    assert held(hall) == {"#N1.A1": 5, "#N1.A2": 80, "#N1.A3": 5}


def test_whoever_shows_nothing_loses_the_deposit_to_the_seller() -> None:
    hall = Hall(commit_reveal, purse_units=100)
    run, sol, (bea, dan, eve) = committed(hall, [80, 90, 60])
    reveal(hall, run, bea, 80)
    reveal(hall, run, eve, 60)
    hall.move(sol, RevealReserve(run, usd(50), SEED))
    hall.pass_time(3 * HOUR_US)
    assert hall.trades == [(bea, sol, "L1", 1, 60)]
    assert owned(hall, sol, dan, eve) == [105, 95, 100]
    assert available(hall, sol, bea, dan, eve) == [105, 40, 95, 100]
    check_nothing_is_left(hall)


def test_a_seller_who_shows_nothing_loses_its_reserve_and_its_deposit_to_the_winner() -> None:
    hall = Hall(commit_reveal, purse_units=100)
    run, sol, (bea, dan) = committed(hall, [40, 30])
    reveal(hall, run, bea, 40)
    reveal(hall, run, dan, 30)
    hall.pass_time(3 * HOUR_US)
    assert hall.trades == [(bea, sol, "L1", 1, 30)], "the committed reserve was 50"
    assert owned(hall, sol, bea) == [95, 105]
    check_nothing_is_left(hall)


def test_a_seller_who_shows_nothing_where_nobody_wins_harmed_nobody() -> None:
    hall = Hall(commit_reveal, purse_units=100)
    _, sol, (bea,) = committed(hall, [40])
    hall.pass_time(3 * HOUR_US)
    assert hall.trades == []
    assert available(hall, sol, bea) == [105, 95]
    check_nothing_is_left(hall)


def test_without_a_bid_everything_is_free_again() -> None:
    hall = Hall(commit_reveal, purse_units=100)
    _, sol, _ = committed(hall, [])
    hall.pass_time(3 * HOUR_US)
    assert available(hall, sol) == [100]
    check_nothing_is_left(hall)


def test_the_reserve_committed_to_counts_when_it_is_shown() -> None:
    for units, paid in ((49, []), (60, [50])):
        hall = Hall(commit_reveal)
        run, sol, (bea,) = committed(hall, [units])
        reveal(hall, run, bea, units)
        hall.move(sol, RevealReserve(run, usd(50), SEED))
        hall.pass_time(3 * HOUR_US)
        assert [trade[4] for trade in hall.trades] == paid
        check_nothing_is_left(hall)


def test_a_winner_without_authority_loses_the_deposit_and_the_next_one_counts() -> None:
    hall = Hall(commit_reveal, purse_units=100)
    run, sol, (bea, dan, eve) = committed(hall, [80, 90, 60])
    for agent, units in ((bea, 80), (dan, 90), (eve, 60)):
        reveal(hall, run, agent, units)
    hall.move(sol, RevealReserve(run, usd(50), SEED))
    revoke(hall, dan)
    hall.pass_time(3 * HOUR_US)
    assert hall.trades == [(bea, sol, "L1", 1, 60)]
    assert owned(hall, sol, dan) == [105, 95]
    check_nothing_is_left(hall)


def test_a_seller_without_authority_loses_its_deposit_to_whoever_would_have_won() -> None:
    hall = Hall(commit_reveal, purse_units=100)
    run, sol, (bea, dan) = committed(hall, [80, 90])
    reveal(hall, run, bea, 80)
    hall.move(sol, RevealReserve(run, usd(50), SEED))
    revoke(hall, sol)
    hall.pass_time(3 * HOUR_US)
    assert hall.trades == []
    assert available(hall, sol, bea, dan) == [95, 105, 100]
    check_nothing_is_left(hall)


def test_a_bid_that_cannot_be_paid_cannot_be_shown() -> None:
    hall = Hall(commit_reveal, purse_units=70)
    run, _, (bea, dan) = committed(hall, [80, 60])
    command = RevealBid(run, usd(80), nonce(bea))
    assert reason(hall, bea, command) is Reason.INSUFFICIENT_FUNDS
    reveal(hall, run, dan, 60)
    hall.pass_time(3 * HOUR_US)
    assert [trade[0] for trade in hall.trades] == [dan]
    assert owned(hall, bea) == [65]


def test_nobody_can_show_a_bid_that_another_committed_to() -> None:
    hall = Hall(commit_reveal)
    sol, bea, dan = hall.join(3)
    run = open_commit_reveal(hall, sol)
    copied = CommitBid(run, of_bid(run, bea, usd(80), nonce(bea)))
    hall.move(bea, copied)
    hall.move(dan, copied)
    hall.pass_time(HOUR_US + HALF_US)
    reveal(hall, run, bea, 80)
    assert reason(hall, dan, RevealBid(run, usd(80), nonce(bea))) is Reason.INVALID


def test_a_commitment_of_another_run_opens_nothing() -> None:
    kernel = Kernel(commit_reveal)
    sol, bea = kernel.join(2)
    one, two = open_commit_reveal(kernel, sol), open_commit_reveal(kernel, sol)
    kernel.move(bea, CommitBid(two, of_bid(one, bea, usd(80), nonce(bea))))
    kernel.pass_time(HOUR_US + HALF_US)
    assert reason(kernel, bea, RevealBid(two, usd(80), nonce(bea))) is Reason.INVALID


def test_what_is_shown_must_be_what_was_committed_to_in_time_and_once() -> None:
    hall = Hall(commit_reveal)
    run, sol, (bea, dan) = committed(hall, [80, 70])
    for units, salt in ((81, nonce(bea)), (80, nonce(dan)), (80, "x" * 32), (80, "")):
        assert reason(hall, bea, RevealBid(run, usd(units), salt)) is Reason.INVALID
    assert reason(hall, sol, RevealBid(run, usd(80), nonce(sol))) is Reason.NOT_YOURS
    assert reason(hall, bea, RevealReserve(run, usd(50), SEED)) is Reason.NOT_YOURS
    assert reason(hall, sol, RevealReserve(run, usd(51), SEED)) is Reason.INVALID
    reveal(hall, run, bea, 80)
    assert reason(hall, bea, RevealBid(run, usd(80), nonce(bea))) is Reason.ALREADY_EXISTS
    hall.move(sol, RevealReserve(run, usd(50), SEED))
    assert reason(hall, sol, RevealReserve(run, usd(50), SEED)) is Reason.ALREADY_EXISTS
    late = CommitBid(run, "a" * 64)
    assert reason(hall, dan, late) is Reason.CLOSED
    hall.pass_time(3 * HOUR_US)
    assert reason(hall, dan, RevealBid(run, usd(70), nonce(dan))) is Reason.CLOSED


def test_nothing_is_shown_before_all_have_committed() -> None:
    hall = Hall(commit_reveal)
    sol, bea = hall.join(2)
    run = open_commit_reveal(hall, sol)
    commit(hall, run, bea, 80)
    assert reason(hall, bea, RevealBid(run, usd(80), nonce(bea))) is Reason.WRONG_STATE
    assert reason(hall, sol, RevealReserve(run, usd(50), SEED)) is Reason.WRONG_STATE


def test_the_seller_cannot_bid_and_a_commitment_is_a_digest() -> None:
    hall = Hall(commit_reveal)
    sol, bea = hall.join(2)
    run = open_commit_reveal(hall, sol)
    assert reason(hall, sol, CommitBid(run, "a" * 64)) is Reason.SAME_PRINCIPAL
    for wrong in ("", "a" * 63, "A" * 64, "80 USD"):
        assert reason(hall, bea, CommitBid(run, wrong)) is Reason.INVALID


def test_more_bidders_than_a_run_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert commit_reveal.BIDDERS_MAX == 1_000
    monkeypatch.setattr(commit_reveal, "BIDDERS_MAX", 2)
    kernel = Kernel(commit_reveal)
    sol, *bidders = kernel.join(4)
    run = open_commit_reveal(kernel, sol)
    for agent in (*bidders[:2], bidders[0]):
        commit(kernel, run, agent, 60)
    assert reason(kernel, bidders[2], CommitBid(run, "a" * 64)) is Reason.WRONG_STATE


@pytest.mark.parametrize(
    "fields",
    [
        {"deposit": usd(0)},
        {"deposit": Money(5, "EUR")},
        {"secret": "no digest"},
        {"revealing_us": 0},
        {"committing_us": 0},
        {"committing_us": 10**18},
        {"reserve": usd(-1)},
    ],
)
def test_an_opening_that_makes_no_sense_is_refused(fields: dict[str, object]) -> None:
    kernel = Kernel(commit_reveal)
    (sol,) = kernel.join(1)
    named = {
        "listing": kernel.post(sol),
        "reserve": usd(10),
        "deposit": usd(5),
        "secret": "a" * 64,
        "committing_us": HOUR_US,
        "revealing_us": HOUR_US,
        **fields,
    }
    with pytest.raises(Refused) as caught:
        kernel.open(sol, OpenCommitReveal(**named))  # type: ignore[arg-type]
    assert caught.value.reason is Reason.INVALID


def test_bids_can_be_shown_while_nothing_new_may_bind() -> None:
    hall = Hall(commit_reveal)
    run, sol, (bea,) = committed(hall, [80])
    hall.simulation.submit(OPERATOR, SetHalt("negotiations")).need()
    reveal(hall, run, bea, 80)
    hall.pass_time(9 * HOUR_US)
    assert hall.trades == []
    hall.simulation.submit(OPERATOR, SetHalt("open")).need()
    hall.pass_time(11 * HOUR_US)
    assert hall.trades == [(bea, sol, "L1", 1, 10)]


def test_the_lot_is_drawn_from_the_seed_and_all_nonces_and_anybody_can_draw_it_again() -> None:
    hall = Hall(commit_reveal)
    sol, *bidders = hall.join(6)
    bids = dict(zip(bidders, (60, 60, 60, 60, 20), strict=True))
    runs = [open_commit_reveal(hall, sol) for _ in range(6)]
    for run in runs:
        for agent, units in bids.items():
            commit(hall, run, agent, units)
    hall.pass_time(HOUR_US + HALF_US)
    for run in runs:
        for agent, units in bids.items():
            reveal(hall, run, agent, units)
        hall.move(sol, RevealReserve(run, usd(50), SEED))
    hall.pass_time(3 * HOUR_US)
    drawn = []
    for told in happened(hall, "BidsPublished"):
        assert (told.agents, told.seed) == (tuple(bidders), SEED)
        mixed = tuple(zip(told.agents, told.nonces, strict=True))
        lot = draw_lot(told.negotiation, told.seed, mixed)
        assert lot == told.lot
        drawn.append(min(bidders[:4], key=lambda agent, lot=lot: place(lot, agent)))  # type: ignore[misc]
    assert [trade[0] for trade in hall.trades] == drawn
    assert len(set(drawn)) > 1, "another run, another lot"


def test_every_nonce_and_the_seed_change_the_lot_and_it_favours_nobody() -> None:
    agents = ("A2", "A3", "A4")
    won = dict.fromkeys(agents, 0)
    draws = 3_000
    for n in range(draws):
        mixed = tuple((agent, nonce(f"{n}{agent}")) for agent in agents)
        lot = draw_lot("N1", SEED, mixed)
        assert lot != draw_lot("N1", "", mixed)
        assert lot != draw_lot("N1", SEED, (*mixed[:2], ("A4", nonce("x"))))
        won[min(agents, key=lambda agent, lot=lot: place(lot, agent))] += 1  # type: ignore[misc]
    spread = 4 * (draws * (1 / 3) * (2 / 3)) ** 0.5
    assert all(abs(count - draws / 3) < spread for count in won.values())


def test_whoever_reads_everything_learns_nothing_before_all_is_published() -> None:
    """T20: the same, byte for byte, but for the commitments themselves."""
    worlds = []
    for first, second in ((80, 90), (61, 60)):
        hall = Hall(commit_reveal)
        sol, bea, dan = hall.join(3)
        (stranger,) = hall.join(1)
        run = open_commit_reveal(hall, sol)
        commit(hall, run, bea, first)
        commit(hall, run, dan, second)
        seen = [shown(hall, viewer, run) for viewer in (sol, "P1", dan, stranger, "nobody")]
        seen[2] = ""  # who bids another amount
        hall.pass_time(HOUR_US + HALF_US)
        reveal(hall, run, bea, first)
        seen += [shown(hall, viewer, run) for viewer in (sol, stranger, "nobody")]
        assert f'"units":{first}' in shown(hall, bea, run)
        worlds.append([without_digests(text) for text in seen])
    assert worlds[0] == worlds[1]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 9), st.booleans()), max_size=5), st.booleans())
def test_money_is_neither_made_nor_lost_nor_stuck(
    bids: list[tuple[int, bool]], seller_shows: bool
) -> None:
    hall = Hall(commit_reveal, purse_units=100)
    run, sol, bidders = committed(hall, [units for units, _ in bids], reserve=5)
    for agent, (units, shows) in zip(bidders, bids, strict=True):
        if shows:
            reveal(hall, run, agent, units)
    if seller_shows:
        hall.move(sol, RevealReserve(run, usd(5), SEED))
    hall.pass_time(3 * HOUR_US)
    least = 10
    eligible = sorted((units for units, shows in bids if shows and units >= least), reverse=True)
    assert [trade[4] for trade in hall.trades] == [
        max(least, *eligible[1:2], least) for _ in eligible[:1]
    ]
    silent = [agent for agent, (_, shows) in zip(bidders, bids, strict=True) if not shows]
    assert owned(hall, *silent) == [95] * len(silent)
    assert sum(owned(hall, sol, *bidders)) == 100 * (1 + len(bidders))
    check_nothing_is_left(hall)


def test_among_bids_shown_no_bid_beats_the_truth_by_second_price() -> None:
    grid = range(10, 14)

    def gain(value: int, bids: tuple[int, ...]) -> float:
        kernel = Kernel(commit_reveal)
        run, sol, bidders = committed(kernel, list(bids), reserve=11)
        for agent, units in zip(bidders, bids, strict=True):
            reveal(kernel, run, agent, units)
        kernel.move(sol, RevealReserve(run, usd(11), SEED))
        kernel.pass_time(3 * HOUR_US)
        won = kernel.trades and kernel.trades[0][0] == bidders[0]
        return value - kernel.trades[0][4] if won else 0

    for other in grid:
        for value, lie in product(grid, repeat=2):
            assert gain(value, (value, other)) >= max(0, gain(value, (lie, other)))
