"""Bugs to plant: each breaks one rule of the core, as a careless edit would."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from souq.core import (
    agreement,
    authority,
    backing,
    budget,
    ending,
    escrow,
    ledger,
    limits,
    mandate,
    market,
    message,
    negotiation,
    rules,
    settlement,
    stock,
)
from souq.core.agreement import goods
from souq.core.dispute import sides
from souq.core.ledger import HOLDS
from souq.core.listing import LISTINGS
from souq.core.mechanisms import alternating_offers, moves, posted_price, swap
from souq.core.money import BPS, Money
from souq.core.state import Draft, State, row_of
from souq.engine import Engine
from souq.journal.known import KnownIds

Plant = Callable[[pytest.MonkeyPatch], None]
BUGS: dict[str, Plant] = {}


def bug(plant: Plant) -> Plant:
    """Put a bug on the list, under its function's name."""
    BUGS[plant.__name__] = plant
    return plant


def _nothing(*_: Any, **__: Any) -> None:
    return None


@bug
def funds_are_not_checked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(backing, "check_deal", _nothing)


@bug
def wallets_may_be_overdrawn(patch: pytest.MonkeyPatch) -> None:
    # Both guards at once: without the ledger's own, the books alone must notice.
    opened = ledger.open_account

    def open_account(draft: Draft, account: str, asset: str, **_: bool) -> None:
        opened(draft, account, asset)

    patch.setattr(backing, "check_deal", _nothing)
    patch.setattr(ledger, "open_account", open_account)


@bug
def an_escrow_is_released_twice(patch: pytest.MonkeyPatch) -> None:
    made = market._EVOLVE[ledger.TransfersMade]

    def keep(view: Any, event: Any) -> None:
        before = {id: view.get(HOLDS, id) for id in event.batch.hold}
        made(view, event)
        view.put_many(HOLDS, {id: hold for id, hold in before.items() if hold})

    patch.setitem(market._EVOLVE, ledger.TransfersMade, keep)
    twice = (
        settlement.fulfil,
        lambda draft, event: settlement._end_money(
            draft, event.contract, event.agreement, back_bps=0
        ),
    )
    patch.setitem(market.REACTIONS, ending.ContractFulfilled, twice)


@bug
def an_escrow_is_never_released(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(settlement, "_end_money", _nothing)


@bug
def a_price_is_not_held(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(escrow, "hold_money", _nothing)


@bug
def an_agent_accepts_its_own_offer(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        alternating_offers,
        "_others_turn",
        lambda d, a, id: row_of(d, alternating_offers.HAGGLES, id),
    )


def _with_terms_of(table: Any) -> Any:
    def swallow(accept: Any) -> Any:
        def judge(draft: Draft, agent: Any, command: Any, id: str) -> Any:
            found = draft.get(table, id)
            assert found is not None
            return accept(draft, agent, msgspec.structs.replace(command, terms=found.terms), id)

        return judge

    return swallow


@bug
def stale_terms_are_accepted(patch: pytest.MonkeyPatch) -> None:
    careless = _with_terms_of(alternating_offers.HAGGLES)(alternating_offers._accept)
    patch.setitem(alternating_offers.MOVES, moves.Accept, careless)


@bug
def stale_swaps_are_accepted(patch: pytest.MonkeyPatch) -> None:
    careless = _with_terms_of(swap.PROPOSALS)(swap._accept)
    patch.setitem(swap.MOVES, moves.Accept, careless)


@bug
def an_expired_offer_is_accepted(patch: pytest.MonkeyPatch) -> None:
    # Two guards again: the engine ends what is due, and the decider looks at the stamp.
    def accept(draft: Draft, agent: Any, command: Any, id: str) -> Any:
        haggle = alternating_offers._others_turn(draft, agent, id)
        if command.terms == haggle.terms:
            draft.emit(alternating_offers.OfferAccepted(id, agent.id, haggle.terms))
            return (haggle.opener, haggle.responder)
        return alternating_offers._accept(draft, agent, command, id)

    patch.setitem(alternating_offers.MOVES, moves.Accept, accept)
    patch.setattr(Engine, "_tick", lambda self, now: 0)


@bug
def a_deadline_comes_too_early(patch: pytest.MonkeyPatch) -> None:
    next_due = State.next_due

    def sooner(self: State) -> tuple[int, str] | None:
        found = next_due(self)
        return found and (found[0] - rules.HOUR_US, found[1])

    patch.setattr(State, "next_due", sooner)


@bug
def a_deadline_comes_too_late(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(State, "next_due", _later(State.next_due))


def _later(next_due: Any) -> Any:
    def later(self: State) -> tuple[int, str] | None:
        found = next_due(self)
        return found and (found[0] + rules.HOUR_US, found[1])

    return later


@bug
def two_offers_share_one_digest(patch: pytest.MonkeyPatch) -> None:
    honest = agreement.digest_of
    patch.setattr(
        alternating_offers,
        "digest_of",
        lambda legs, *, negotiation, version: honest(legs, negotiation="", version=0),
    )


@bug
def a_swap_executes_before_all_accepted(patch: pytest.MonkeyPatch) -> None:
    whole = swap.outcome

    def outcome(view: Any, id: str) -> Any:
        proposal = row_of(view, swap.PROPOSALS, id)
        if len(proposal.accepted) == 2 and not proposal.ended:
            return moves.Outcome("agreed", (agreement.Agreement(proposal.parties, proposal.legs),))
        return whole(view, id)

    patch.setattr(swap, "outcome", outcome)


@bug
def budget_is_not_reserved(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(budget, "reserve", _nothing)


@bug
def budget_is_not_committed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(budget, "commit", _nothing)


@bug
def budget_is_not_given_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(budget, "settle", _nothing)


@bug
def reserved_budget_does_not_count(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(budget, "_add_reserved", _nothing)


def _patch_entries(patch: pytest.MonkeyPatch, entries: Any) -> None:
    patch.setattr(budget, "expired_entries", entries)
    patch.setattr(limits, "expired_entries", entries)


@bug
def a_window_never_forgets(patch: pytest.MonkeyPatch) -> None:
    _patch_entries(patch, lambda view, mandate, limits: [])


@bug
def a_window_forgets_too_early(patch: pytest.MonkeyPatch) -> None:
    honest = budget.expired_entries

    def entries(view: Any, found: Any, limits: Any) -> Any:
        half = msgspec.structs.replace(limits, window_us=max(1, limits.window_us // 2))
        return honest(view, found, half)

    _patch_entries(patch, entries)


@bug
def a_per_deal_cap_is_ignored(patch: pytest.MonkeyPatch) -> None:
    honest = limits.object_to

    def object_to(view: Any, binding: Any, house: Any) -> Any:
        return (one for one in honest(view, binding, house) if one.rule != "per_deal")

    patch.setattr(authority, "GUARDS", (object_to,))


@bug
def approval_is_not_asked_for(patch: pytest.MonkeyPatch) -> None:
    honest = authority.asks

    def asks(*arguments: Any, **named: Any) -> tuple[Any, ...]:
        honest(*arguments, **named)
        return ()

    patch.setattr(authority, "asks", asks)


@bug
def a_mandate_does_not_expire(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(mandate, "live_limits", lambda view, found: found.limits.value)


@bug
def stock_is_not_reserved(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(stock, "reserve_stock", _nothing)


@bug
def reserved_stock_may_be_promised_again(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(
        market._EVOLVE,
        stock.StockReserved,
        lambda view, event: stock._stock(view, event.listing, 0, event.quantity),
    )


@bug
def goods_are_not_looked_for(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(negotiation, "are_goods_here", lambda view, legs: True)


@bug
def a_fee_is_lost(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(escrow, "fee_of", lambda view, price: Money(0, price.asset))


@bug
def a_fee_is_rounded_up(patch: pytest.MonkeyPatch) -> None:
    def fee(view: Any, price: Money) -> Money:
        bps = rules.rules(view).fee_bps
        return Money(-(-price.units * bps // 10_000), price.asset)

    patch.setattr(escrow, "fee_of", fee)


@bug
def a_refund_keeps_the_money(patch: pytest.MonkeyPatch) -> None:
    def cancel(draft: Draft, event: Any) -> None:
        stock.return_stock(draft, event.agreement.legs)
        settlement._end_money(draft, event.contract, event.agreement, back_bps=0)

    patch.setitem(market.REACTIONS, ending.ContractCancelled, (cancel,))


@bug
def a_ruling_is_turned_round(patch: pytest.MonkeyPatch) -> None:
    def carry_out(draft: Draft, event: Any) -> None:
        stock.hand_over(draft, event.agreement.legs)
        back = BPS - event.payer_bps
        settlement._end_money(draft, event.contract, event.agreement, back_bps=back)

    patch.setitem(market.REACTIONS, ending.RulingMade, (carry_out,))


@bug
def a_cancelled_contract_keeps_its_goods(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(stock, "return_stock", _nothing)


@bug
def people_deal_with_themselves(patch: pytest.MonkeyPatch) -> None:
    for module in (alternating_offers, posted_price, swap):
        patch.setattr(module, "need_strangers", _nothing)


@bug
def an_arbiter_rules_its_own_case(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sides, "arbiter_of", lambda view, agreement: rules.rules(view).arbiter)


@bug
def a_price_that_changed_is_taken(patch: pytest.MonkeyPatch) -> None:
    def take(draft: Draft, agent: Any, command: Any, id: str) -> Any:
        listing = moves.need_listed(draft, moves.Item(command.listing), posted_price.NAME)
        named = msgspec.structs.replace(command, price=listing.price or command.price)
        return posted_price._take(draft, agent, named, id)

    patch.setitem(posted_price.OPENS, posted_price.TakePrice, take)


@bug
def a_command_id_is_judged_twice(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(KnownIds, "find", lambda self, key: None)


@bug
def a_refused_command_leaves_its_changes(patch: pytest.MonkeyPatch) -> None:
    def put(self: Draft, table: Any, key: str, row: Any) -> None:
        self.state.put(table, key, row)

    patch.setattr(Draft, "put", put)


@bug
def replay_passes_an_event_over(patch: pytest.MonkeyPatch) -> None:
    fold = market.fold

    def forgetful(state: State, *, at: int, events: tuple[Any, ...]) -> None:
        kept = tuple(one for one in events if type(one) is not budget.BudgetReleased)
        fold(state, at=at, events=kept)

    patch.setattr(market, "fold", forgetful)


@bug
def one_unit_is_minted_by_rounding(patch: pytest.MonkeyPatch) -> None:
    end = escrow.end_holds

    def end_holds(*arguments: Any, **named: Any) -> dict[str, int]:
        return {agent: units + 1 for agent, units in end(*arguments, **named).items()}

    patch.setattr(escrow, "end_holds", end_holds)


@bug
def strangers_speak_in_a_negotiation(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(message, "parties_of", lambda view, id: ["A1", "A2", "A3"])


@bug
def a_title_stays_where_it_was(patch: pytest.MonkeyPatch) -> None:
    hand_over = stock.hand_over
    patch.setattr(
        stock,
        "hand_over",
        lambda draft, legs: hand_over(
            draft,
            tuple(
                leg
                for leg in goods(legs)
                if getattr(draft.get(LISTINGS, leg.listing), "delivery", "") != "title"
            ),
        ),
    )


@bug
def somebody_elses_money_is_told_of(patch: pytest.MonkeyPatch) -> None:
    def tell(*_: Any) -> None:
        raise  # just what the other side was refused for

    for mechanism in (alternating_offers, posted_price, swap):
        patch.setattr(mechanism, "unable", tell)
