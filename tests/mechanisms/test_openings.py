"""What every auction asks of whoever opens it: a thing of one's own, and a mandate to sell it."""

from typing import Any

import pytest

from souq.core.mandate import Limits
from souq.core.mechanisms import (
    commit_reveal,
    dutch_auction,
    english_auction,
    sealed_bid,
    vcg,
)
from souq.core.mechanisms.commit_reveal.records import OpenCommitReveal
from souq.core.mechanisms.dutch_auction import OpenDutchAuction
from souq.core.mechanisms.english_auction.prices import Increment
from souq.core.mechanisms.english_auction.records import OpenEnglishAuction
from souq.core.mechanisms.sealed_bid.records import OpenSealedBid
from souq.core.mechanisms.vcg import Lot, OpenVcg
from souq.core.money import USD, Asset, Money
from souq.core.refusal import Refused
from souq.core.rules import HOUR_US, Rules
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel

EUR = Asset("EUR", 6)


def opening(mechanism: Any, listing: str, asset: str = "USD", units: int = 10) -> Any:
    price = Money(units, asset)
    return {
        commit_reveal: OpenCommitReveal(
            listing, price, Money(1, asset), "a" * 64, HOUR_US, HOUR_US
        ),
        dutch_auction: OpenDutchAuction(
            listing, Money(10, asset), Money(5, asset), Money(1, asset), 60
        ),
        english_auction: OpenEnglishAuction(listing, price, (Increment(0, 1),), HOUR_US),
        sealed_bid: OpenSealedBid(listing, price, HOUR_US),
        vcg: OpenVcg((Lot(listing, 1, units),), HOUR_US, asset),
    }[mechanism]


AUCTIONS = pytest.mark.parametrize(
    "mechanism",
    [commit_reveal, dutch_auction, english_auction, sealed_bid, vcg],
    ids=lambda one: str(one.NAME),
)


@AUCTIONS
def test_nobody_auctions_off_what_they_want_to_have(mechanism: Any) -> None:
    kernel = Kernel(mechanism)
    (sol,) = kernel.join(1)
    wanted = kernel.post(sol, side="want")
    with pytest.raises(Refused) as no:
        kernel.open(sol, opening(mechanism, wanted))
    assert no.value.facts["field"] == "listing"


@pytest.mark.parametrize("mechanism", [commit_reveal, english_auction, sealed_bid])
def test_an_asset_that_a_mandate_does_not_name_is_refused_though_nothing_is_asked_for_it(
    mechanism: Any,
) -> None:
    hall = Hall(mechanism, Rules(assets=(USD, EUR)))
    (sol,) = hall.join(1, Limits())
    thing = hall.post(sol)
    with pytest.raises(Refused) as no:
        hall.open(sol, opening(mechanism, thing, "EUR", units=0))
    assert no.value.facts == {"rule": "asset"}
