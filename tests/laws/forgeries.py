"""Bugs to plant in channels: what is proved, what is captured, and what comes back."""

from typing import Any

import msgspec
import pytest

from souq.core import authority, budget, channel, channel_deposit, signature, voucher
from souq.core.money import Money
from souq.core.voucher import Scope
from tests.laws.bugs import bug


@bug
def a_forged_voucher_is_paid(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(voucher, "is_signed", lambda *_: True)


@bug
def a_voucher_of_another_channel_is_paid(patch: pytest.MonkeyPatch) -> None:
    honest = signature.is_signed

    def is_signed(kind: str, key: str, signature: bytes, message: bytes) -> bool:
        head, _, rest = message.partition(b'"X')
        tail = rest.partition(b'"')[2]
        others = (b'%s"X%d"%s' % (head, n, tail) for n in range(1, 10))
        return any(honest(kind, key, signature, one) for one in (message, *others))

    patch.setattr(voucher, "is_signed", is_signed)


@bug
def a_word_is_worth_what_it_says(patch: pytest.MonkeyPatch) -> None:
    def check_proof(means: Any, scope: Scope, proof: Any, known: Any = None) -> int:
        return voucher.units_of(means, proof)

    patch.setattr(channel, "check_proof", check_proof)


@bug
def a_chain_is_hashed_once_too_little(patch: pytest.MonkeyPatch) -> None:
    honest = voucher.hashed

    def hashed(word: bytes, times: int) -> bytes:
        return honest(word, times - 1) if times > 1 else honest(word, times)

    patch.setattr(voucher, "hashed", hashed)


@bug
def the_whole_deposit_is_captured(patch: pytest.MonkeyPatch) -> None:
    honest = channel_deposit.pay_out

    def pay_out(draft: Any, ends: list[Any]) -> None:
        honest(draft, [one._replace(units=one.terms.deposit.units) for one in ends])

    patch.setattr(channel, "pay_out", pay_out)


@bug
def a_channel_keeps_its_deposit(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(channel, "pay_out", lambda draft, ends: None)


@bug
def what_was_not_redeemed_stays_spent(patch: pytest.MonkeyPatch) -> None:
    honest = budget.settle_many

    def settle_many(draft: Any, rows: list[tuple[str, str, int]]) -> None:
        honest(draft, [(contract, agent, 0) for contract, agent, _ in rows])

    patch.setattr(budget, "settle_many", settle_many)


@bug
def a_channel_costs_no_fee(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(channel_deposit, "fee_of", lambda view, price: Money(0, price.asset))


@bug
def a_payer_may_redeem_for_its_payee(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(channel, "_side", lambda view, actor, terms: terms.payee)


@bug
def a_channel_is_bound_by_no_mandate(patch: pytest.MonkeyPatch) -> None:
    honest = authority.check

    def check(view: Any, agent: Any, legs: Any, *, negotiation: str, **more: Any) -> Any:
        is_channel = negotiation.startswith("X")
        return () if is_channel else honest(view, agent, legs, negotiation=negotiation, **more)

    patch.setattr(authority, "check", check)


@bug
def a_payee_is_asked_for_no_mandate(patch: pytest.MonkeyPatch) -> None:
    honest = authority.check

    def check(view: Any, agent: Any, legs: Any, *, negotiation: str, **more: Any) -> Any:
        is_payee = legs[0].taker == agent.id and negotiation.startswith("X")
        return () if is_payee else honest(view, agent, legs, negotiation=negotiation, **more)

    patch.setattr(authority, "check", check)


@bug
def what_is_on_record_may_be_lowered(patch: pytest.MonkeyPatch) -> None:
    honest = channel._worth

    def worth(view: Any, id: str, state: Any, proof: Any) -> int:
        return honest(view, id, msgspec.structs.replace(state, best=None), proof)

    patch.setattr(channel, "_worth", worth)
