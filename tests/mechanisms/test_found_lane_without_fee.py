"""Time on a compute lane pays the house its fee, however a job ends."""

import pytest

from souq.core.ledger import ACCOUNTS
from souq.core.mandate import GoodsLimit, Limits
from souq.core.mechanisms import compute_lane
from souq.core.mechanisms.compute_lane.records import ReleaseLaneJob
from souq.core.rules import SECOND_US, Rules
from souq.lab.hall import Hall
from tests.mechanisms.lanes import MINUTE_US, bid, open_lane


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="what a provider's floor keeps from becoming a contract is moved without a fee",
)
def test_a_job_released_below_its_providers_floor_pays_the_fee_all_the_same() -> None:
    hall = Hall(compute_lane, rules=Rules(fee_bps=1_000))
    (sol,) = hall.join(1, Limits(goods={"": GoodsLimit(900)}))
    (bea,) = hall.join(1)
    run = open_lane(hall, sol, reserve=1_000, guaranteed=1_000)
    bid(hall, run, bea, "standard", 1_000)
    hall.pass_time(MINUTE_US + 55 * SECOND_US)
    hall.move(bea, ReleaseLaneJob(run, 1))
    hall.pass_time(60 * MINUTE_US)
    rows = hall.simulation.engine.state.rows(ACCOUNTS)
    assert rows["wallet:P1/USD"].posted > rows["wallet:P2/USD"].posted
    assert rows["fees/USD"].posted > 0
