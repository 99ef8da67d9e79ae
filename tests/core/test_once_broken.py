"""Faults that were found once. Each claim failed when it was written."""

import pytest

from souq.core.contract import AcceptDelivery, SubmitDelivery
from souq.core.listing import LISTINGS
from souq.core.mandate import GoodsLimit
from souq.core.mechanisms.alternating_offers import MakeOffer
from souq.core.mechanisms.moves import Accept, Item
from souq.core.mechanisms.swap import ProposeSwap, SwapLeg
from souq.core.refusal import Refused
from souq.core.rules import DAY_US, OPERATOR, OpenMarket, Rules
from tests.core.stall import BEA, SOL, Stall, usd


def test_a_title_bundled_with_goods_reaches_its_taker() -> None:
    stall = Stall()
    title, chair = stall.list(SOL, delivery="title"), stall.list(SOL)
    deal = stall.deal(BEA, SOL, (title, chair), 50)
    stall.do(SOL, SubmitDelivery(deal))
    stall.do(BEA, AcceptDelivery(deal))
    owned = stall.engine.state.get(LISTINGS, title)
    assert owned is not None
    assert owned.principal == "P1"


def test_a_swap_that_can_never_execute_is_not_proposed() -> None:
    stall = Stall()
    wanted, chair = stall.list(BEA, side="want"), stall.list(SOL)
    swap = ProposeSwap((SwapLeg(wanted, SOL), SwapLeg(chair, BEA)))
    answer = stall.try_(BEA, swap)
    if answer.refusal is None:
        terms = answer.events[1].terms
        ended = stall.do(SOL, Accept(answer.events[0].negotiation, terms)).events[-1]
        assert getattr(ended, "why", "") != "goods_moved", "nothing had moved"


def test_the_house_does_not_open_with_an_offer_time_it_refuses() -> None:
    stall = Stall(None)
    with pytest.raises(Refused):
        stall.do(OPERATOR, OpenMarket(Rules(offer_us=31 * DAY_US, offer_max_us=30 * DAY_US)))


def test_a_floor_of_nothing_does_not_let_an_agent_pay_to_be_rid_of_a_thing() -> None:
    stall = Stall()
    stall.grant(SOL, goods={"": GoodsLimit(0)})
    lamp = stall.list(SOL)
    events = stall.do(BEA, MakeOffer((Item(lamp),), usd(40), payer=SOL)).events
    assert stall.try_(SOL, Accept(events[0].negotiation, events[1].terms)).refusal is not None
