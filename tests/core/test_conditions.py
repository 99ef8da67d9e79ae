"""The conditions of a listing are those of every deal in it, whatever the house's rules say."""

from typing import Any

import pytest
from msgspec.structs import replace

from souq.core.conditions import Conditions
from souq.core.contract import SubmitDelivery
from souq.core.criteria import Content
from souq.core.listing import PostListing
from souq.core.mechanisms.alternating_offers import MakeOffer
from souq.core.mechanisms.moves import Item
from souq.core.procedure import Procedure
from souq.core.refusal import Refused
from souq.core.rules import HOUR_US
from souq.core.seal import PublicText
from souq.core.stage import CONTRACTS, Delivered, Formed
from souq.core.summary import sentences
from tests.core.stall import BEA, SOL, Stall, usd


def test_a_deal_runs_by_its_listings_conditions() -> None:
    stall = Stall()
    lamp = stall.list(SOL, conditions=Conditions(deliver_us=HOUR_US, inspect_us=2 * HOUR_US))
    deal = stall.deal(BEA, SOL, (lamp,), 500)
    formed = stall.engine.state.get(CONTRACTS, deal)
    assert isinstance(formed, Formed)
    assert formed.deliver_by == stall.engine.state.at + HOUR_US
    stall.do(SOL, SubmitDelivery(deal))
    delivered = stall.engine.state.get(CONTRACTS, deal)
    assert isinstance(delivered, Delivered)
    assert delivered.accept_by == stall.engine.state.at + 2 * HOUR_US


def test_what_a_listing_leaves_open_another_in_the_deal_may_say() -> None:
    stall = Stall()
    lamp = stall.list(SOL, conditions=Conditions(deliver_us=HOUR_US))
    plate = stall.list(SOL, conditions=Conditions(inspect_us=HOUR_US))
    deal = stall.deal(BEA, SOL, (lamp, plate), 500)
    formed = stall.engine.state.get(CONTRACTS, deal)
    assert formed is not None
    assert formed.agreement.conditions == Conditions(deliver_us=HOUR_US, inspect_us=HOUR_US)


def test_two_listings_that_differ_make_no_deal() -> None:
    stall = Stall()
    lamp = stall.list(SOL, conditions=Conditions(deliver_us=HOUR_US))
    plate = stall.list(SOL, conditions=Conditions(deliver_us=2 * HOUR_US))
    with pytest.raises(Refused, match="their conditions differ in deliver_us"):
        stall.do(BEA, MakeOffer((Item(lamp), Item(plate)), usd(500)))


@pytest.mark.parametrize("field", ["deliver_us", "inspect_us"])
@pytest.mark.parametrize("value", [0, -1, 10**15])
def test_no_deal_runs_for_ever(field: str, value: Any) -> None:
    stall = Stall()
    said: dict[str, Any] = {field: value}
    with pytest.raises(Refused, match=f"conditions.{field}"):
        stall.do(
            SOL,
            PostListing(PublicText("a lamp"), "home", usd(500), conditions=Conditions(**said)),
        )


def test_what_a_person_confirms_tells_of_every_condition() -> None:
    late: dict[str, Any] = {"late_us": HOUR_US, "late_day_bps": 500, "late_max_bps": 1_000}
    ways: tuple[dict[str, Any], ...] = (
        {"deliver_us": HOUR_US},
        {"inspect_us": HOUR_US},
        {"cooling_off_us": HOUR_US},
        late,
        late | {"late_us": 2 * HOUR_US},
        late | {"late_day_bps": 501},
        late | {"late_max_bps": 1_001},
        {"hand_over": "both"},
        {"hand_over": "code"},
        {"returns_us": HOUR_US},
        {"criteria": (Content(),)},
        {"criteria": (Content(),), "verifier": "A7"},
        {"arbiter": "A7"},
        {"procedure": Procedure()},
        {"template": "as_is"},
        {"undo_us": HOUR_US},
    )
    assert {name for way in ways for name in way} == set(Conditions.__struct_fields__)
    stall = Stall()
    deal = stall.deal(BEA, SOL, (stall.list(SOL),), 500)
    formed = stall.engine.state.get(CONTRACTS, deal)
    assert formed is not None
    told = [sentences(stall.engine.state, deal, formed.agreement)]
    for way in ways:
        agreement = replace(formed.agreement, conditions=Conditions(**way))
        told.append(sentences(stall.engine.state, deal, agreement))
    assert len(set(told)) == len(told), "two sets of conditions that read alike"
