"""A call for proposals over a real server: asked, answered, subcontracted, measured, fined."""

from pathlib import Path
from typing import Any

import pytest

from souq import Client
from souq.core.mechanisms.call_for_proposals.scoring import Criteria
from souq.core.money import USD
from souq.core.refusal import Refused
from souq.core.rules import HOUR_US, SECOND_US
from souq.sdk.errors import BadRequest
from souq.sdk.trader import Trader
from tests.serving import ADMIN, serving


def want(trader: Trader, title: str) -> str:
    posted = trader.client.post_listing(
        title, category="data", side="want", mechanisms=("call_for_proposals",)
    )
    return str(posted.events[0].listing.id)


def test_a_call_goes_over_http_from_the_need_to_the_fine(tmp_path: Path) -> None:
    with serving(tmp_path / "m") as served, Client(served.url, key=ADMIN) as market:
        bea, gil = market.join("bea", deposit="100"), market.join("gil", deposit="100")
        sub, eve = market.join("sub"), market.join("eve")
        criteria = Criteria(
            latency_weight=1, latency_max_us=60 * SECOND_US, latency_penalty_bps=2_500
        )
        opened = bea.client.call_for_proposals(
            want(bea, "Label 1,000 rows"),
            USD.parse("10"),
            HOUR_US,
            criteria=criteria,
            scoring="first_score",
            may_award_early=True,
        )
        run = opened.events[0].negotiation
        (shown,) = market.list_runs(mechanism="call_for_proposals").runs
        assert (shown.id, shown.opener, shown.notice["budget_units"]) == (run, bea.id, 10_000_000)

        gil.client.send_proposal(run, USD.parse("7.654321"), latency_us=30 * SECOND_US)
        with pytest.raises(Refused, match="not_yours"):
            eve.client.award_proposals(run)
        for other in (eve, bea):
            told = repr((other.client.get_negotiation(run), other.client.list_events(limit=200)))
            assert "units=7654321" not in told
        assert "units=7654321" in repr(gil.client.list_events(limit=200))
        bea.client.award_proposals(run)

        lower = gil.client.call_for_proposals(
            want(gil, "Label 500 rows"),
            USD.parse("5"),
            HOUR_US,
            may_award_early=True,
            under="C1",
        )
        second = lower.events[0].negotiation
        sub.client.send_proposal(second, USD.parse("3"))
        gil.client.award_proposals(second)
        assert sub.client.get_contract("C2").under == ("C1",)
        with pytest.raises(Refused, match="not_yours"):
            sub.client.get_contract("C1")

        with pytest.raises(Refused, match="invalid"):
            gil.client.submit_delivery("C1", measured={"speed": 1})
        gil.client.submit_delivery("C1", measured={"latency_us": 31 * SECOND_US})
        deal = bea.client.get_contract("C1")
        (promise,) = deal.promises
        assert (promise.attribute, promise.bound) == ("latency_us", "at_most")
        assert (promise.value, deal.penalty_bps) == (30 * SECOND_US, 2_500)
        bea.confirm("C1")
        assert bea.balance() == "94.259259"

        nonsense: list[Any] = [{"criteria": {"bribe": 1}}, {"criteria": []}, {"scoring": "third"}]
        for spoilt in nonsense:
            with pytest.raises((BadRequest, Refused), match=r"criteria|scoring"):
                bea.client.call_for_proposals("L1", USD.parse("1"), HOUR_US, **spoilt)
        assert market.list_runs().runs == ()
