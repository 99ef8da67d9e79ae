"""More bugs to plant: money that comes in or goes out as it must not."""

from typing import Any

import msgspec
import pytest

from souq.core import debt, deposit, funds, ledger, market, payout
from souq.core.payout import PAYOUTS, CancelPayout, Requested
from souq.core.state import Draft
from souq.core.transfer import CAPTURE, RELEASE
from tests.laws.bugs import _nothing, bug


@bug
def anybody_says_what_a_rail_did(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(payout, "need_cashier", _nothing)


@bug
def one_person_is_both_of_two(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(payout, "need_second", _nothing)


@bug
def a_report_is_confirmed_by_who_made_it(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(funds, "need_second", _nothing)


@bug
def one_word_is_enough_for_any_report(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(funds, "needs_two", lambda *_: False)


@bug
def a_batch_moves_what_two_must_see(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(funds, "_check_outside", _nothing)


@bug
def a_payout_is_not_set_aside(patch: pytest.MonkeyPatch) -> None:
    honest = ledger.move

    def move(draft: Draft, batch: Any) -> None:
        if not (batch.kind == (ledger.Kind.HOLD,) and batch.id[0].startswith("#W")):
            honest(draft, batch)

    patch.setattr(ledger, "move", move)


def _ends_as(patch: pytest.MonkeyPatch, kind: int, instead: int) -> None:
    end = payout._end

    def wrong(draft: Draft, id: str, order: Any, asked: int) -> None:
        end(draft, id, order, instead if asked == kind else asked)

    patch.setattr(payout, "_end", wrong)


@bug
def a_failed_payout_is_paid(patch: pytest.MonkeyPatch) -> None:
    _ends_as(patch, RELEASE, CAPTURE)


@bug
def a_paid_payout_comes_back(patch: pytest.MonkeyPatch) -> None:
    _ends_as(patch, CAPTURE, RELEASE)


@bug
def a_payout_may_end_again(patch: pytest.MonkeyPatch) -> None:
    over = payout._over

    def keep(view: Any, event: Any) -> None:
        before = view.get(PAYOUTS, event.payout)
        over(view, event)
        view.put(PAYOUTS, event.payout, before)

    patch.setitem(market._EVOLVE, payout.PayoutFailed, keep)


@bug
def a_payout_is_cancelled_on_its_way(patch: pytest.MonkeyPatch) -> None:
    cancel = payout._cancel

    def late(draft: Draft, actor: str, command: Any) -> None:
        found = payout.need_payout(draft, command.payout)
        draft.put(PAYOUTS, command.payout, Requested(found.order))
        cancel(draft, actor, command)

    patch.setitem(market._DECIDE, CancelPayout, late)


@bug
def a_deposit_told_twice_comes_twice(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(deposit, "check_brought", _nothing)


@bug
def a_chargeback_before_its_deposit_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    bring = deposit.bring
    patch.setattr(deposit, "bring", lambda *told: bring(*told) and 0)


@bug
def a_chargeback_of_more_than_was_brought(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(deposit, "_check_back", _nothing)


@bug
def who_owes_may_ask_for_money(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(payout, "need_no_debt", _nothing)


@bug
def who_owes_is_sent_money(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(payout, "_is_in_debt", lambda *_: False)


@bug
def later_money_repays_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(market.REACTIONS, ledger.TransfersMade, ())


@bug
def the_reserve_pays_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(debt, "_pay_claims", _nothing)


@bug
def the_house_forgets_a_debt(patch: pytest.MonkeyPatch) -> None:
    charge_back = debt.charge_back

    def kind(draft: Draft, *, account: str, outside: str, units: int) -> None:
        charge_back(draft, account="reserve/" + account[-3:], outside=outside, units=units)

    patch.setattr(debt, "charge_back", kind)


@bug
def a_debt_is_struck_off_without_money(patch: pytest.MonkeyPatch) -> None:
    honest = ledger.move

    def move(draft: Draft, batch: Any) -> None:
        if not batch.id[0].startswith("#D"):
            honest(draft, batch)

    patch.setattr(ledger, "move", move)


@bug
def more_leaves_by_a_rail_than_came_in(patch: pytest.MonkeyPatch) -> None:
    # Both guards: the rule that keeps the room, and the ledger's own limit.
    opened = ledger.open_account

    def open_account(draft: Draft, account: str, asset: str, **limits: bool) -> None:
        opened(draft, account, asset, **{**limits, "no_surplus": False})

    patch.setattr(ledger, "open_account", open_account)
    patch.setattr(debt, "_room", lambda draft, account: 10**9)


@bug
def who_owes_gets_a_share_first(patch: pytest.MonkeyPatch) -> None:
    incurred = debt._incurred
    patch.setitem(
        market._EVOLVE,
        debt.DebtIncurred,
        lambda view, event: incurred(
            view, msgspec.structs.replace(event, units=event.units - event.units // 2)
        ),
    )
