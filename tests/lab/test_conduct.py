"""How orderly a market was: counted from its journal, and what is planted there is found."""

import copy
from collections import Counter
from typing import Any

import msgspec
import pytest

from souq.core.agreement import CashLeg, goods
from souq.core.money import Money
from souq.core.refusal import Reason
from souq.core.rules import SYSTEM
from souq.lab.metrics import METRICS, conduct
from souq.lab.metrics.coherence import incoherent
from souq.lab.tidying import Told
from souq.views.history import Deal, Move
from tests.lab.treated import market

SEED = 3


def planted() -> tuple[Told, Deal]:
    """Give an honest market that may be changed, and a plain sale in it."""
    told = market(SEED).told
    # Only what tests change is copied; records and people stay as they are.
    history = copy.copy(told.history)
    history.deals = {id: copy.copy(deal) for id, deal in history.deals.items()}
    history.negotiations = {
        id: msgspec.structs.replace(story, moves=list(story.moves))
        for id, story in history.negotiations.items()
    }
    history.listings = dict(history.listings)
    told = msgspec.structs.replace(
        told,
        history=history,
        deals=[deal for deal in history.deals.values() if not deal.is_void],
        refusals=Counter(told.refusals),
        ruled_by=dict(told.ruled_by),
    )
    sale = next(
        deal
        for deal in told.deals
        if len(goods(deal.agreement.legs)) == 1
        and history.negotiations[deal.negotiation].moves[-1].what == "accepts"
    )
    return told, sale


def value(told: Told, name: str) -> float:
    found = METRICS[name].of(told)
    assert found is not None
    return found


def test_in_an_honest_market_all_is_kept_and_fits_together() -> None:
    told, _ = planted()
    assert value(told, "completion") == value(told, "coherence") == 1
    assert value(told, "contradictions") == value(told, "deadlines_missed") == 0
    assert set(incoherent(told).values()) == {frozenset()}


def test_every_reason_to_refuse_is_counted_once() -> None:
    told, _ = planted()
    agent = next(iter(told.people))
    told.refusals.clear()
    for reason in Reason:
        told.refusals[agent, "MakeOffer", reason.value] += 1
    assert {reason.value for reason in Reason} >= conduct.PROTOCOL | conduct.OVERTAKEN
    assert not conduct.PROTOCOL & conduct.OVERTAKEN
    parts = [value(told, name) for name in ("protocol_errors", "overtaken", "out_of_bounds")]
    assert sum(parts) == pytest.approx(value(told, "refusal_share"))
    assert all(parts)
    assert value(told, "refusals") == len(Reason)


def test_what_operators_are_refused_is_no_agents_error() -> None:
    told, _ = planted()
    told.refusals["operator", "Rule", "wrong_state"] += 9
    assert value(told, "refusals") == value(market(SEED).told, "refusals")


def test_a_deadline_is_missed_by_whoever_does_not_deliver_and_whoever_does_not_rule() -> None:
    told, sale = planted()
    sale.stage = "not_delivered"
    told.ruled_by["C0"] = SYSTEM
    assert value(told, "deadlines_missed") == 2


@pytest.mark.parametrize(("right_percent", "wrong"), [(100, 0), (0, 1)])
def test_rulings_are_held_against_the_truth(right_percent: int, wrong: int) -> None:
    kinds = {"misdescriber": 0.2, "dispute_abuser": 0.2}
    found = market(SEED, adversaries=kinds, arbiter={"right_percent": right_percent})
    assert found.metric("disputes") > 5
    assert found.metric("rulings_wrong") == wrong


def _another_price(told: Told, sale: Deal) -> None:
    legs = tuple(
        msgspec.structs.replace(leg, amount=Money(leg.amount.units + 1, leg.amount.asset))
        if isinstance(leg, CashLeg)
        else leg
        for leg in sale.agreement.legs
    )
    sale.agreement = msgspec.structs.replace(sale.agreement, legs=legs)


def _own_offer(told: Told, sale: Deal) -> None:
    moves = told.history.negotiations[sale.negotiation].moves
    moves[-1] = msgspec.structs.replace(moves[-1], by=moves[-2].by)


def _not_brought(told: Told, sale: Deal) -> None:
    sale.stage = "not_delivered"
    told.deals.remove(sale)


def _listed_again(told: Told, sale: Deal) -> None:
    old = told.history.listings[goods(sale.agreement.legs)[0].listing]
    again = msgspec.structs.replace(old, id="L0", posted_at=sale.at + 1)
    told.history.listings["L0"] = again


def _sold_twice(told: Told, sale: Deal) -> None:
    again = msgspec.structs.replace(sale, contract="C0")
    told.history.deals["C0"] = again
    told.deals.append(again)


def _refused(told: Told, sale: Deal, by: str, units: int) -> None:
    talk = told.history.negotiations[sale.negotiation]
    before = msgspec.structs.replace(
        talk, id="N0", moves=[Move(1, by, "offers", units)], why="rejected"
    )
    told.history.negotiations["N0"] = before


def _bought_dearer(told: Told, sale: Deal) -> None:
    _refused(told, sale, goods(sale.agreement.legs)[0].giver, sale.units - 1)


def _sold_cheaper(told: Told, sale: Deal) -> None:
    _refused(told, sale, goods(sale.agreement.legs)[0].taker, sale.units + 1)


@pytest.mark.parametrize(
    ("plant", "breaks"),
    [
        (_another_price, "agreed_as_offered"),
        (_own_offer, "agreed_as_offered"),
        (_not_brought, "kept_as_agreed"),
        (_listed_again, "sold_once"),
        (_sold_twice, "sold_once"),
        (_bought_dearer, "no_turning_back"),
        (_sold_cheaper, "no_turning_back"),
    ],
)
def test_what_does_not_fit_together_is_found_and_named(plant: Any, breaks: str) -> None:
    told, sale = planted()
    plant(told, sale)
    assert breaks in incoherent(told)[sale.contract]
    assert value(told, "coherence") < 1


def test_what_was_turned_down_at_a_worse_price_is_no_contradiction() -> None:
    told, sale = planted()
    leg = goods(sale.agreement.legs)[0]
    _refused(told, sale, leg.taker, sale.units - 1)
    assert incoherent(told)[sale.contract] == frozenset()


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_is_a_number_or_nothing_in_any_market(name: str) -> None:
    for found in (market(SEED), market(SEED, adversaries={"flooder": 0.1, "no_show": 0.2})):
        figure = METRICS[name].of(found.told)
        assert figure is None or isinstance(figure, int | float)
        if METRICS[name].unit == "share" and figure is not None:
            assert figure <= 1
