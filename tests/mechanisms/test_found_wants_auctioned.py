"""An auction sells what is for sale: nobody can be made to pay for what its lister only wants."""

from typing import Any

import pytest

from souq.core.mechanisms import commit_reveal, dutch_auction, english_auction, sealed_bid
from souq.core.mechanisms.commit_reveal.records import OpenCommitReveal
from souq.core.mechanisms.dutch_auction import OpenDutchAuction
from souq.core.mechanisms.english_auction.records import OpenEnglishAuction
from souq.core.mechanisms.sealed_bid.records import OpenSealedBid
from souq.core.refusal import Reason
from souq.core.rules import HOUR_US
from souq.lab.hall import Hall
from tests.mechanisms.bidding import BY_ONE, usd
from tests.mechanisms.purses import reason

OPENINGS: tuple[tuple[Any, Any], ...] = (
    (sealed_bid, OpenSealedBid("L1", usd(1), HOUR_US)),
    (english_auction, OpenEnglishAuction("L1", usd(1), BY_ONE, HOUR_US)),
    (dutch_auction, OpenDutchAuction("L1", usd(9), usd(1), usd(1), HOUR_US)),
    (commit_reveal, OpenCommitReveal("L1", usd(1), usd(1), "0" * 64, HOUR_US, HOUR_US)),
)


@pytest.mark.parametrize(("mechanism", "opening"), OPENINGS)
def test_a_want_cannot_be_auctioned_off(mechanism: Any, opening: Any) -> None:
    hall = Hall(mechanism)
    (sol,) = hall.join(1)
    hall.post(sol, side="want")
    assert reason(hall, sol, opening) == Reason.INVALID
