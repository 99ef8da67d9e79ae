"""Package auctions: the best packages win together, everybody else is free at once."""

from random import Random
from typing import Any

import pytest

from souq.core.halt import SetHalt
from souq.core.ledger import ACCOUNTS, HOLDS
from souq.core.listing import LISTINGS
from souq.core.mandate import MANDATES, GoodsLimit, GrantMandate, Limits, RevokeMandate
from souq.core.mandate import SecretLimits as Secret
from souq.core.mechanisms import vcg
from souq.core.mechanisms.vcg import BidOnPackages, Lot, OpenVcg, Package, PackageWon
from souq.core.mechanisms.vcg.winners import winners
from souq.core.money import Money
from souq.core.negotiation import NEGOTIATIONS, NegotiationClosed, standing
from souq.core.party import RegisterAgent
from souq.core.refusal import Reason, Refused
from souq.core.rules import HOUR_US, OPERATOR
from souq.core.seal import PublicText
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel
from tests.mechanisms.watching import seen

Path = Kernel | Hall


def package(names: str, units: int) -> Package:
    """Read `L1 L2`, and what it is worth."""
    return Package(tuple(names.split()), Money(units, "USD"))


def sell(path: Path, seller: str, *reserves: int) -> str:
    """Open an auction of a new listing for each reserve."""
    lots = tuple(Lot(path.post(seller), reserve_units=units) for units in reserves)
    return path.open(seller, OpenVcg(lots, HOUR_US))


def bid(path: Path, agent: str, run: str, **units: int) -> None:
    """Bid on packages written as `L1=5, L1L2=9`."""
    offers = (package(names.replace("L", " L"), one) for names, one in units.items())
    path.move(agent, BidOnPackages(run, tuple(offers)))


def refused(path: Path, agent: str, command: Any) -> tuple[str, dict[str, Any]]:
    """Say why a command is refused."""
    with pytest.raises(Refused) as caught:
        (path.open if isinstance(command, OpenVcg) else path.move)(agent, command)
    return str(caught.value.reason), caught.value.facts


def held(hall: Hall) -> dict[str, int]:
    return {id: one.amount for id, one in hall.simulation.engine.state.rows(HOLDS).items()}


def free(hall: Hall, number: int) -> int:
    return hall.simulation.engine.state.rows(ACCOUNTS)[f"wallet:P{number}/USD"].available


def ended(hall: Hall) -> str:
    events = [one for one in seen(hall, "operator") if isinstance(one, NegotiationClosed)]
    return events[-1].why


def untouched(hall: Hall) -> None:
    """Claim that no run, hold, budget or listing is left bound to anything."""
    state = hall.simulation.engine.state
    assert not state.rows(NEGOTIATIONS)
    assert not state.rows(vcg.AUCTIONS)
    assert not state.rows(vcg.BIDS)
    assert not [id for id in held(hall) if id.startswith("#N")]
    assert not any(one.reserved_units for one in state.rows(MANDATES).values())
    assert not any(one.pledged for one in state.rows(LISTINGS).values())


def test_random_auctions_sell_as_their_winners_are_determined() -> None:
    chance = Random(1)
    for _ in range(60):
        kernel, hall = Kernel(vcg), Hall(vcg)
        size, others = chance.randint(1, 4), chance.randint(1, 4)
        reserves = [chance.randint(0, 9) for _ in range(size)]
        offers = []
        for _ in range(others):
            sets = chance.sample(range(1, 1 << size), chance.randint(1, min(3, (1 << size) - 1)))
            least = {s: sum(reserves[n] for n in range(size) if s >> n & 1) for s in sets}
            offers.append([(s, max(1, least[s]) + chance.randint(0, 20)) for s in sets])
        for path in (kernel, hall):
            sol, *bidders = path.join(1 + others)
            run = sell(path, sol, *reserves)
            for agent, mine in zip(bidders, offers, strict=True):
                names = {
                    "".join(f"L{n + 1}" for n in range(size) if s >> n & 1): units
                    for s, units in mine
                }
                bid(path, agent, run, **names)
            path.pass_time(2 * HOUR_US)
        paid = {f"A{one.bidder + 2}": one.units for one in winners(offers, reserves)}
        assert kernel.trades == hall.trades
        found: dict[str, int] = {}
        for buyer, _, _, _, units in hall.trades:
            found[buyer] = found.get(buyer, 0) + units
        assert found == paid
        for number, mine in enumerate(offers, 2):
            most = max(units for _, units in mine)
            left = free(hall, number)
            assert left == 10**12 - paid.get(f"A{number}", 0) >= 10**12 - most
        untouched(hall)


def test_a_bidder_holds_its_dearest_package_and_a_loser_has_all_again() -> None:
    hall = Hall(vcg, purse_units=100)
    sol, bea, dan = hall.join(3)
    run = sell(hall, sol, 10, 0)
    bid(hall, bea, run, L1=40, L1L2=70, L2=20)
    bid(hall, dan, run, L1L2=90)
    assert held(hall) == {"#N1.A2": 70, "#N1.A3": 90}
    bid(hall, bea, run, L1=30)
    assert held(hall) == {"#N1.A2": 30, "#N1.A3": 90}
    hall.pass_time(2 * HOUR_US)
    assert hall.trades == [(dan, sol, "L1", 1, 30), (dan, sol, "L2", 1, 0)]
    assert (free(hall, 2), free(hall, 3)) == (100, 70)
    untouched(hall)


def test_a_new_bid_takes_the_old_ones_place_but_not_its_time() -> None:
    for again, winner in ((False, "A2"), (True, "A3")):
        kernel = Kernel(vcg)
        sol, bea, dan = kernel.join(3)
        run = sell(kernel, sol, 0)
        bid(kernel, bea, run, L1=50)
        bid(kernel, dan, run, L1=50)
        if again:
            bid(kernel, bea, run, L1=50)
        kernel.pass_time(2 * HOUR_US)
        assert kernel.trades == [(winner, sol, "L1", 1, 50)]


def test_without_a_winner_who_is_unable_winners_and_payments_are_determined_again() -> None:
    hall = Hall(vcg, purse_units=100)
    sol, bea, dan, eve, fay = hall.join(4 + 1)
    run = sell(hall, sol, 0, 0)
    bid(hall, bea, run, L1=60)
    bid(hall, dan, run, L2=60)
    bid(hall, eve, run, L1L2=90)
    bid(hall, fay, run, L1=10)
    # dan comes second among the winners; bea's award must not stand at prices made with dan in.
    hall.simulation.submit("P3", RevokeMandate(dan)).need()
    hall.pass_time(2 * HOUR_US)
    assert hall.trades == [(eve, sol, "L1", 1, 60), (eve, sol, "L2", 1, 0)]
    assert [free(hall, number) for number in (2, 3, 4, 5)] == [100, 100, 40, 100]
    untouched(hall)


def test_where_the_seller_is_unable_nothing_is_sold() -> None:
    hall = Hall(vcg, purse_units=100)
    sol, bea, dan = hall.join(3)
    run = sell(hall, sol, 0, 0)
    bid(hall, bea, run, L1=60)
    bid(hall, dan, run, L2=60)
    hall.simulation.submit("P1", RevokeMandate(sol)).need()
    hall.pass_time(2 * HOUR_US)
    assert hall.trades == []
    assert ended(hall) == "no_deal"
    assert [free(hall, number) for number in (2, 3)] == [100, 100]
    untouched(hall)


def test_no_bid_and_everybody_unable_end_without_a_sale() -> None:
    for bids in (0, 2):
        hall = Hall(vcg, purse_units=100)
        sol, *bidders = hall.join(3)
        run = sell(hall, sol, 0)
        for number, agent in enumerate(bidders[:bids], 2):
            bid(hall, agent, run, L1=50)
            hall.simulation.submit(f"P{number}", RevokeMandate(agent)).need()
        hall.pass_time(2 * HOUR_US)
        assert hall.trades == []
        assert ended(hall) == "no_deal"
        untouched(hall)


def test_a_halt_puts_the_close_off_and_takes_no_more_bids() -> None:
    hall = Hall(vcg)
    sol, bea, dan = hall.join(3)
    run = sell(hall, sol, 0)
    bid(hall, bea, run, L1=50)
    hall.simulation.submit(OPERATOR, SetHalt("commitments")).need()
    hall.pass_time(2 * HOUR_US)
    assert hall.trades == []
    hall.simulation.submit(OPERATOR, SetHalt("open")).need()
    assert refused(hall, dan, BidOnPackages(run, (package("L1", 60),)))[0] == Reason.CLOSED
    hall.pass_time(4 * HOUR_US)
    assert hall.trades == [(bea, sol, "L1", 1, 0)]
    untouched(hall)


def test_an_award_that_a_principal_declines_leaves_the_others_standing() -> None:
    hall = Hall(vcg)
    sol, bea = hall.join(2)
    (dan,) = hall.join(1, Limits(approval_always=True))
    run = sell(hall, sol, 5, 5)
    bid(hall, bea, run, L1=60)
    bid(hall, dan, run, L2=60)
    hall.pass_time(2 * HOUR_US)
    assert len(hall.trades) == 2
    hall.pass_time(40 * HOUR_US)
    assert free(hall, 3) == 10**12
    listing = hall.simulation.engine.state.get(LISTINGS, "L2")
    assert listing is not None
    assert listing.available == 1
    untouched(hall)


def test_each_package_is_judged_by_the_mandate() -> None:
    hall = Hall(vcg)
    (sol,) = hall.join(1)
    (bea,) = hall.join(1, Limits(ceilings={"L1": 50, "L2": 10}, per_deal_units=55))
    run = sell(hall, sol, 0, 0)
    bid(hall, bea, run, L1=50, L2=10, L1L2=55)
    for offers in (
        {"L1": 50, "L2": 11},
        {"L2": 11, "L1": 50},
        {"L1": 1, "L2": 1, "L1L2": 56},
    ):
        packages = tuple(package(names.replace("L", " L"), one) for names, one in offers.items())
        assert refused(hall, bea, BidOnPackages(run, packages))[0] == Reason.OUTSIDE_MANDATE
    assert held(hall) == {"#N1.A2": 55}


def test_a_sellers_floors_hold_for_each_lot_alone() -> None:
    hall = Hall(vcg)
    goods = {"lamp": GoodsLimit(30), "vase": GoodsLimit(10)}
    (sol,) = hall.join(1, Limits(goods=goods))
    lamp, vase = hall.post(sol, ref="lamp"), hall.post(sol, ref="vase")
    short = OpenVcg((Lot(lamp, reserve_units=20), Lot(vase, reserve_units=20)), HOUR_US)
    assert refused(hall, sol, short) == (Reason.OUTSIDE_MANDATE, {"rule": "goods"})
    hall.open(sol, OpenVcg((Lot(lamp, reserve_units=30), Lot(vase, reserve_units=10)), HOUR_US))


def test_a_mandate_made_narrower_meanwhile_is_obeyed() -> None:
    hall = Hall(vcg)
    sol, bea, dan = hall.join(3)
    run = sell(hall, sol, 0)
    bid(hall, bea, run, L1=50)
    bid(hall, dan, run, L1=30)
    limits = Secret(Limits(per_deal_units=20))
    hall.simulation.submit("P2", GrantMandate(bea, limits)).need()
    hall.pass_time(2 * HOUR_US)
    assert hall.trades == [(dan, sol, "L1", 1, 0)]
    untouched(hall)


def test_a_thirteenth_lot_or_bidder_is_refused_and_told_what_else_there_is() -> None:
    hall = Hall(vcg)
    sol, *bidders = hall.join(14)
    lots = tuple(Lot(hall.post(sol)) for _ in range(13))
    reason, facts = refused(hall, sol, OpenVcg(lots, HOUR_US))
    assert (reason, facts["field"]) == (Reason.INVALID, "lots")
    assert "sealed_bid" in facts["why"]
    run = hall.open(sol, OpenVcg(lots[:12], HOUR_US))
    for agent in bidders[:12]:
        bid(hall, agent, run, L1=5)
    last = BidOnPackages(run, (package("L1", 50),))
    assert refused(hall, bidders[12], last) == (
        Reason.WRONG_STATE,
        {"state": "Full", "bidders_max": 12},
    )
    bid(hall, bidders[0], run, L1=60)  # whoever is in may still bid anew
    notice = standing(hall.simulation.engine.state, run).notice
    assert (notice["bidders"], notice["bidders_max"], notice["instead"]) == (12, 12, "sealed_bid")
    assert set(notice) == set(vcg.NOTICE)


def opening(**fields: Any) -> OpenVcg:
    return OpenVcg(**{"lots": (Lot("L1"), Lot("L2")), "bidding_us": HOUR_US, **fields})


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (opening(lots=()), Reason.INVALID),
        (opening(lots=(Lot("L1"), Lot("L1"))), Reason.INVALID),
        (opening(lots=(Lot("L1", reserve_units=-1),)), Reason.INVALID),
        (opening(lots=(Lot("L1", reserve_units=2**53 - 1), Lot("L2", 1, 1))), Reason.INVALID),
        (opening(lots=(Lot("L1", quantity=0),)), Reason.INVALID),
        (opening(lots=(Lot("L1", quantity=2),)), Reason.NOT_ENOUGH_STOCK),
        (opening(lots=(Lot("L9"),)), Reason.NOT_FOUND),
        (opening(lots=(Lot("L3"),)), Reason.WRONG_MECHANISM),
        (opening(lots=(Lot("L4"),)), Reason.NOT_YOURS),
        (opening(lots=(Lot("L5"),)), Reason.INVALID),
        (opening(asset="EUR"), Reason.INVALID),
        (opening(bidding_us=0), Reason.INVALID),
    ],
)
def test_what_cannot_be_opened(command: OpenVcg, reason: Reason) -> None:
    hall = Hall(vcg)
    sol, bea = hall.join(2)
    for fields in ({}, {}, {"mechanisms": ("swap",)}):
        hall.post(sol, **fields)
    hall.post(bea)
    hall.post(sol, side="want")
    assert refused(hall, sol, command)[0] == reason
    untouched(hall)


@pytest.mark.parametrize(
    "packages",
    [
        (),
        (package("", 20),),
        (package("L1 L1", 20),),
        (package("L3", 20),),
        (package("L1", 20), package("L1", 30)),
        (package("L1 L2", 20), package("L2 L1", 30)),
        (package("L1", 9),),
        (package("L1", 20), package("L2", 0)),
        (package("L1", -1),),
        (package("L1", 2**53),),
        (Package(("L1",), Money(20, "EUR")),),
        tuple(package("L1", 20 + n) for n in range(17)),
    ],
)
def test_what_is_no_bid(packages: tuple[Package, ...]) -> None:
    for path in (Kernel(vcg), Hall(vcg)):
        sol, bea = path.join(2)
        run = sell(path, sol, 10, 0)
        path.post(sol)
        assert refused(path, bea, BidOnPackages(run, packages))[0] == Reason.INVALID


def test_a_principal_bids_once_and_not_at_its_own_auction() -> None:
    hall = Hall(vcg)
    sol, bea = hall.join(2)
    market = hall.simulation
    shill = join_for(market, "P1")
    second = join_for(market, "P2")
    run = sell(hall, sol, 0)
    offer = BidOnPackages(run, (package("L1", 5),))
    assert refused(hall, sol, offer)[0] == Reason.SAME_PRINCIPAL
    assert refused(hall, shill, offer)[0] == Reason.SAME_PRINCIPAL
    hall.move(bea, offer)
    assert refused(hall, second, offer)[0] == Reason.SAME_PRINCIPAL


def join_for(market: Any, principal: str) -> str:
    """Give a principal one more agent, with an open mandate."""
    answer = market.submit(principal, RegisterAgent(principal, PublicText("another"))).need()
    agent = str(answer.events[0].agent)
    market.submit(principal, GrantMandate(agent, Secret(Limits()))).need()
    return agent


def test_a_bid_it_cannot_pay_is_refused() -> None:
    hall = Hall(vcg, purse_units=50)
    sol, bea = hall.join(2)
    run = sell(hall, sol, 0)
    offer = BidOnPackages(run, (package("L1", 51),))
    assert refused(hall, bea, offer) == (
        Reason.INSUFFICIENT_FUNDS,
        {"available": 50, "needed": 51},
    )


def test_nobody_else_ever_sees_a_bid_nor_that_it_failed() -> None:
    hall = Hall(vcg)
    sol, bea, dan, eve = hall.join(4)
    run = sell(hall, sol, 0, 0)
    bid(hall, bea, run, L1=7_777_777)
    bid(hall, dan, run, L1=5_555_555)
    bid(hall, eve, run, L2=8_888_888)
    hall.simulation.submit("P4", RevokeMandate(eve)).need()
    hall.pass_time(2 * HOUR_US)
    assert "7777777" in repr(seen(hall, bea))
    for viewer in (sol, dan, eve, "P1", ""):
        events = seen(hall, viewer)
        assert "7777777" not in repr(events)
        # What a winner pays is what another's presence was worth, and that is public.
        assert [one.units for one in events if isinstance(one, PackageWon)] == [5_555_555]
        failed = [type(one).__name__ for one in events if type(one).__name__ == "PackagesFailed"]
        assert failed == (["PackagesFailed"] if viewer == eve else [])
