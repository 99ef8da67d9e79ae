"""A supplier sees what it promised, and reports what it achieved, as a model does it."""

import asyncio
from pathlib import Path

from souq.core.mechanisms.call_for_proposals.scoring import Criteria
from souq.core.money import USD
from souq.core.rules import HOUR_US
from tests.mcp.talking import model, secret_of, street


def test_what_is_reported_is_measured_against_what_was_promised(tmp_path: Path) -> None:
    with street(tmp_path / "m") as market:
        posted = market.bea.client.post_listing(
            "labels", category="data", side="want", mechanisms=("call_for_proposals",)
        )
        criteria = Criteria(latency_max_us=60, quality_min=5, quality_penalty_bps=2_000)
        called = market.bea.client.call_for_proposals(
            posted.events[0].listing.id,
            USD.parse("10"),
            HOUR_US,
            criteria=criteria,
            may_award_early=True,
        )
        run = called.events[0].negotiation
        market.sol.client.send_proposal(run, USD.parse("9"), latency_us=30, quality=7)
        market.bea.client.award_proposals(run)

        async def deliver() -> None:
            async with model(market.url, secret_of(market.sol)) as sol:
                seen = await sol.call("view", id="C1")
                assert seen["promised"] == [
                    "latency_us at most 30, or 10 % back",
                    "quality at least 7, or 20 % back",
                ]
                wrong = await sol.refused("deliver", contract="C1", measured=["speed=1"])
                assert wrong["refused"] == "invalid"
                await sol.call("deliver", contract="C1", measured=["latency_us=29", "quality=-7"])
                assert (await sol.call("view", id="C1"))["penalty_percent"] == 20

        asyncio.run(deliver())
        market.bea.confirm("C1")
        assert market.bea.balance() == "992.00"
