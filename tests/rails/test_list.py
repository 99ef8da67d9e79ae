"""The list of rails: how each is connected, and that no real money moves by default."""

import asyncio
import inspect

import pytest

from souq.core.rules import Rules
from souq.rails import RAILS, Rail, connect
from souq.rails.order import NoAnswer, Order, Paid

ORDER = Order("m-W1", 5, "USD", "")


def test_a_market_that_says_nothing_uses_play_money_alone() -> None:
    assert Rules().rails == ("credits",)
    assert list(connect(Rules().rails)) == ["credits"]


def test_play_money_is_paid_at_once_and_has_no_news() -> None:
    rail = connect(["credits"])["credits"]
    assert rail.is_automatic
    assert asyncio.run(rail.pay(ORDER)) == Paid()
    assert asyncio.run(rail.notices("7")).notices == ()
    asyncio.run(rail.close())


def test_money_by_hand_never_answers_for_itself() -> None:
    rail = connect(["manual"])["manual"]
    assert not rail.is_automatic
    with pytest.raises(NoAnswer):
        asyncio.run(rail.pay(ORDER))


@pytest.mark.parametrize(
    ("names", "settings", "complaint"),
    [
        (["card"], {}, "there is no rail 'card'"),
        (["sandbox"], {}, "needs a url"),
        (["sandbox"], {"sandbox": {"url": "file:///etc"}}, "needs a url"),
        (["sandbox"], {"sandbox": {"url": "http://127.0.0.1:1", "timeout_s": "soon"}}, "soon"),
    ],
)
def test_what_is_missing_is_said_before_a_market_opens(
    names: list[str], settings: dict[str, dict[str, str]], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        connect(names, settings)


def test_every_rail_on_the_list_keeps_the_protocol() -> None:
    settings = {"sandbox": {"url": "http://127.0.0.1:1"}}
    for name, rail in connect(RAILS, settings).items():
        assert type(rail.is_automatic) is bool, name
        for method in ("pay", "notices", "close"):
            assert inspect.iscoroutinefunction(getattr(rail, method)), (name, method)
    assert len(inspect.getsource(Rail).splitlines()) < 30
