"""Package auctions and batch exchanges through a real server, for its own people and for others."""

from pathlib import Path

import pytest

from souq import Client
from souq.core.mechanisms.barter.records import Wish
from souq.core.mechanisms.moves import Item
from souq.core.mechanisms.vcg import Lot, Package
from souq.core.money import Money
from souq.core.refusal import Reason, Refused
from souq.core.rules import HOUR_US
from souq.sdk.errors import NotProven
from tests.serving import ADMIN, serving


def usd(units: int) -> Money:
    return Money(units, "USD")


def test_packages_are_bid_on_and_nobody_else_is_shown_what(tmp_path: Path) -> None:
    with serving(tmp_path / "m") as served, Client(served.url, key=ADMIN) as market:
        sol, bea = market.join("sol"), market.join("bea", deposit="1000")
        lamp = sol.list("Lamp", category="home", price="1", mechanisms=("vcg",))
        opened = sol.client.open_vcg((Lot(lamp, reserve_units=10),), HOUR_US)
        run = opened.events[0].negotiation
        offer = (Package((lamp,), usd(7_654_321)),)
        bea.client.bid_on_packages(run, offer)
        with pytest.raises(Refused) as refused:
            sol.client.bid_on_packages(run, offer)
        assert refused.value.reason is Reason.SAME_PRINCIPAL
        with Client(served.url) as anybody:
            found = anybody.list_runs("vcg").runs[0]
            assert (found.id, found.notice["bidders"], found.notice["reserves"]) == (run, 1, "10")
            with pytest.raises(NotProven):
                anybody.bid_on_packages(run, offer)
        for other in (sol.client, market):
            said = repr(other.get_negotiation(run))
            assert "7654321" not in said
        assert bea.balance() == "992.345679"
        with pytest.raises(Refused) as refused:
            bea.client.bid_on_packages(run, ({"listings": [lamp], "price": "free"},))  # type: ignore[arg-type]
        assert refused.value.reason is Reason.INVALID


def test_only_whoever_entered_may_leave(tmp_path: Path) -> None:
    with serving(tmp_path / "m") as served, Client(served.url, key=ADMIN) as market:
        ann, bea = market.join("ann", deposit="10"), market.join("bea")
        lamp = ann.list("Lamp", category="home", price="1", mechanisms=("barter",))
        vase = bea.list("Vase", category="home", price="1", mechanisms=("barter",))
        run = bea.client.open_barter("cycle_cover", HOUR_US).events[0].negotiation
        wishes = (Wish((Item(vase),), cash_units=7_654_321), Wish(category="home"))
        ann.client.enter_barter(run, (Item(lamp),), wishes)
        assert ann.balance() == "2.345679"
        with pytest.raises(Refused) as refused:
            bea.client.leave_barter(run, 1)
        assert refused.value.reason is Reason.NOT_YOURS
        assert "7654321" not in repr(bea.client.get_negotiation(run))
        assert bea.client.list_runs("barter").runs[0].notice["offers"] == 1
        ann.client.leave_barter(run, 1)
        assert ann.balance() == "10.00"
