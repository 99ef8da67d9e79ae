"""Both ends of a channel by the SDK: what a payee takes, what it turns away, what each can lose."""

from typing import Any

import pytest

from souq.core.channel import OpenChannel
from souq.core.refusal import Refused
from souq.core.rules import DAY_US, HOUR_US, SECOND_US
from souq.core.voucher import BadProof, HashChain, Payword, Voucher
from souq.sdk.channels import ChainPayer, NotSafe, Payee, SigningPayer, Spent
from souq.sdk.client import Client
from souq.sdk.trader import Trader
from tests.core.stall import usd

DEPOSIT = 1_000
PAYERS: dict[str, Any] = {
    "signing": SigningPayer,
    "chain": lambda: ChainPayer(unit=10, length=100),
}


class Shop:
    """A market in memory where bea may pay sol by a channel."""

    def __init__(self, payer: Any, **more: Any) -> None:
        self.market = Client.local()
        self.bea = self.market.join("bea", deposit="10")
        self.sol = self.market.join("sol")
        self.payer = payer
        opening = OpenChannel(self.sol.id, usd(DEPOSIT), payer.means, **more)
        self.id = self.bea.submit(opening).events[0].channel
        payer.enter(self.told())
        self.payee = Payee(self.told(self.sol))

    def told(self, who: Trader | None = None) -> Any:
        return (who or self.bea).client.get_channel(self.id)


@pytest.fixture(params=PAYERS)
def shop(request: pytest.FixtureRequest) -> Shop:
    return Shop(PAYERS[request.param]())


def test_payments_add_up_and_the_market_sees_the_last_alone(shop: Shop) -> None:
    head = shop.market.venue.engine.head
    assert [shop.payee.take(shop.payer.pay(units)) for units in (10, 20, 400)] == [10, 20, 400]
    assert shop.market.venue.engine.head == head
    shop.sol.submit(shop.payee.close())
    found = shop.told()
    assert (found.state, found.paid_units) == ("redeemed", 430)


def test_a_payment_that_was_lost_is_in_the_next_one(shop: Shop) -> None:
    shop.payer.pay(50)
    assert shop.payee.take(shop.payer.pay(10)) == 60


def test_a_payer_can_lose_no_more_than_the_deposit(shop: Shop) -> None:
    shop.payee.take(shop.payer.pay(DEPOSIT))
    with pytest.raises(Spent):
        shop.payer.pay(10)
    assert shop.payer.paid == DEPOSIT
    shop.sol.submit(shop.payee.close())
    assert shop.bea.balance() == "9.999"


def test_a_payee_takes_no_proof_twice_and_none_that_is_less(shop: Shop) -> None:
    first, second = shop.payer.pay(100), shop.payer.pay(100)
    shop.payee.take(second)
    for old in (second, first):
        with pytest.raises(BadProof, match="paid before"):
            shop.payee.take(old)
    assert shop.payee.units == 200


def test_a_payee_turns_away_what_the_market_would(shop: Shop) -> None:
    shop.payee.take(shop.payer.pay(20))
    best = shop.payer.pay(20)
    if isinstance(best, Voucher):
        forged: list[Any] = [Voucher(50, best.signature), Voucher(DEPOSIT + 10, best.signature)]
        other: Any = Payword(7, "ab" * 32)
    else:
        forged = [Payword(5, best.word), Payword(4, "ab" * 32), Payword(101, best.word)]
        other = Voucher(50, "ab" * 64)
    for proof in (*forged, other):
        with pytest.raises(BadProof):
            shop.payee.take(proof)
        with pytest.raises(Refused):
            shop.sol.client.close_channel(shop.id, proof)
    assert shop.payee.units == 20


def test_what_a_payee_loses_by_silence_is_what_it_did_not_bring(shop: Shop) -> None:
    shop.payee.take(shop.payer.pay(100))
    shop.sol.submit(shop.payee.present())
    shop.payee.take(shop.payer.pay(30))
    shop.bea.client.agree_close(shop.id, shop.told().known_units)
    shop.sol.client.agree_close(shop.id, 100)
    assert shop.told().paid_units == 100


def test_both_ends_go_on_after_a_restart(shop: Shop) -> None:
    shop.payee.take(shop.payer.pay(70))
    options = {"unit": 10, "length": 100} if isinstance(shop.payer, ChainPayer) else {}
    payer: Any = type(shop.payer)(shop.payer.secret, paid=shop.payer.paid, **options)
    payer.enter(shop.told())
    payee = Payee(shop.told(), shop.payee.best)
    assert payee.units == 70
    assert payee.take(payer.pay(30)) == 30
    with pytest.raises(BadProof):
        Payee(shop.told(), Voucher(70, "ab" * 64))


def test_a_top_up_is_paid_from_once_both_know_of_it(shop: Shop) -> None:
    shop.bea.client.top_up_channel(shop.id, usd(500))
    options: Any = isinstance(shop.payer, ChainPayer)
    shop.payer.enter(shop.told())
    paid = shop.payer.pay(DEPOSIT if options else DEPOSIT + 500)
    if not options:
        with pytest.raises(BadProof, match="above the deposit"):
            shop.payee.take(paid)
    shop.payee.top_up(shop.told())
    assert shop.payee.deposit == DEPOSIT + 500
    assert shop.payee.take(paid) >= DEPOSIT


def test_words_come_one_by_one_in_bytes() -> None:
    shop = Shop(ChainPayer(unit=10, length=100))
    words = [shop.payer.pay_word() for _ in range(30)]
    assert shop.payee.take_words(words[:10]) == 10
    assert shop.payee.take_words([words[11], words[10]]) == 0
    assert shop.payee.take_words([*words[10:20], b"x" * 32, *words[20:]]) == 10
    assert shop.payee.take_words(words[20:]) == 10
    assert shop.payee.units == 300
    shop.sol.submit(shop.payee.close())
    assert shop.told().paid_units == 300


def test_words_are_taken_up_to_the_deposit_and_of_the_right_length() -> None:
    payer = ChainPayer(unit=100, length=100)
    shop = Shop(payer)
    words = payer._words[1:13]
    assert shop.payee.take_words(words) == 10
    long_word = ChainPayer("ab" * 40, unit=1, length=1)  # its last word is longer than a word
    other = Shop(long_word)
    assert other.payee.take_words([bytes.fromhex("ab" * 40)]) == 0


def test_signed_channels_take_no_words() -> None:
    with pytest.raises(BadProof, match="not paid by words"):
        Shop(SigningPayer()).payee.take_words([])


def test_a_payee_serves_no_channel_it_could_lose_by() -> None:
    shop = Shop(SigningPayer(), valid_us=2 * DAY_US, window_us=HOUR_US)
    now, payee = shop.told().opened_at, shop.payee
    payee.check(shop.sol.id, now, left_us=DAY_US, window_us=HOUR_US)
    for told, found in (
        ("pays", ("A9", now, 0, 0)),
        ("ends too soon", (shop.sol.id, now, 3 * DAY_US, 0)),
        ("too little time", (shop.sol.id, now, 0, HOUR_US + SECOND_US)),
    ):
        who, at, left_us, window_us = found
        with pytest.raises(NotSafe, match=told):
            payee.check(who, at, left_us=left_us, window_us=window_us)
    shop.bea.client.close_channel(shop.id)
    with pytest.raises(NotSafe, match="is closing"):
        Payee(shop.told()).check(shop.sol.id, now)


def test_a_payer_pays_only_on_the_channel_it_opened() -> None:
    shop = Shop(SigningPayer())
    for stranger in (SigningPayer(), ChainPayer(length=3)):
        with pytest.raises(ValueError, match="other means"):
            stranger.enter(shop.told())
    with pytest.raises(ValueError, match="enter a channel"):
        SigningPayer().pay(0)
    with pytest.raises(NotSafe, match="another channel"):
        shop.payee.top_up(Shop(SigningPayer()).told())


def test_a_chain_pays_in_whole_words() -> None:
    payer = ChainPayer(unit=10, length=3)
    shop = Shop(payer)
    for units in (5, -10):
        with pytest.raises(ValueError, match="pays 10"):
            shop.payer.pay(units)
    assert isinstance(payer.means, HashChain)
    assert shop.payee.take(payer.pay(30)) == 30
    with pytest.raises(Spent):
        payer.pay(10)


def test_nobody_else_is_told_of_a_channel(shop: Shop) -> None:
    eve = shop.market.join("eve")
    with pytest.raises(Refused, match="not_yours"):
        eve.client.get_channel(shop.id)
    assert eve.client.list_channels().channels == ()
    assert [one.id for one in shop.sol.client.list_channels().channels] == [shop.id]
    shop.sol.submit(shop.payee.close())
    assert shop.bea.client.list_channels().channels == ()
    with pytest.raises(Refused, match="not_yours"):
        eve.client.get_channel(shop.id)
