"""What a deal comes to, in plain sentences made from its typed fields, and who was shown them.

A person who can correct an error before it binds has had the opportunity that UETA 10(b) asks for.
Above the house's threshold a deal waits for its principal, who must first confirm the very
sentences below, by their digest: that record is the proof that they were shown. No stranger's words
are among them.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from souq.core import conditions
from souq.core.agreement import Agreement, CashLeg, Leg, cash_given
from souq.core.conditions import Conditions
from souq.core.duration import spelled
from souq.core.ending import ContractCancelled, ContractFulfilled, RulingMade
from souq.core.party import need_other_agent
from souq.core.promise import Promise
from souq.core.refusal import Reason, Refused
from souq.core.rules import Rules, fee_of, rules
from souq.core.stage import need_contract, speaks_for
from souq.core.state import Draft, Table, View


class ConfirmSummary(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Say that one has read what a deal comes to: the summary of this digest.

    By a party's agent or principal; `get_summary` gives both. Where the house asks for it, a
    principal confirms so before it approves.
    """

    contract: str
    summary: str


class SummaryConfirmed(Struct, frozen=True, tag=True):
    contract: str
    by: str
    summary: str


CONFIRMED: Table[tuple[str, ...]] = Table("confirmed", tuple[str, ...])  # by contract: who did
TABLES: tuple[Table[Any], ...] = (CONFIRMED,)


def sentences(view: View, id: str, agreement: Agreement) -> tuple[str, ...]:
    """Tell what everybody gives and gets."""
    said = [f"Deal {id}."]
    said += [_leg(view, leg) for leg in agreement.legs]
    said.append(timing(rules(view), agreement.conditions))
    said += [_promise(one) for one in agreement.promises]
    return (*said, *clauses(agreement.conditions))


def digest_of(said: tuple[str, ...]) -> str:
    """Name a summary by its bytes: the sentences, a line each, in UTF-8."""
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def needs_confirming(view: View, units: int) -> bool:
    """Tell whether the house lets somebody pay so much only after a second look."""
    above = rules(view).confirm_above_units
    return above is not None and units > above


def need_confirmed(view: View, id: str, principal: str, agreement: Agreement) -> None:
    """Raise Refused(wrong_state) where this principal was to confirm the summary, and has not."""
    agents = (need_other_agent(view, party) for party in agreement.parties)
    own = (cash_given(agreement.legs, one.id) for one in agents if one.principal == principal)
    pays = max(own, default=0)  # who approves for an organisation or the house pays nothing
    if needs_confirming(view, pays) and principal not in (view.get(CONFIRMED, id) or ()):
        raise Refused(Reason.WRONG_STATE, state="Unconfirmed")


def _leg(view: View, leg: Leg) -> str:
    giver, taker = _who(view, leg.giver), _who(view, leg.taker)
    if isinstance(leg, CashLeg):
        price, fee = _money(view, leg.amount), _money(view, fee_of(view, leg.amount))
        return f"{giver} pays {price} to {taker}; {fee} of it are the house's fee."
    return f"{giver} gives {leg.quantity} of {leg.listing} to {taker}."


def _promise(one: Promise) -> str:
    bound = one.bound.replace("_", " ")
    return f"{one.attribute} is {bound} {one.value}, or {_share(one.penalty_bps)} goes back."


def timing(house: Rules, given: Conditions) -> str:
    """Tell how long each side has, and what silence means."""
    deliver = spelled(conditions.deliver_us(house, given))
    inspect = spelled(conditions.inspect_us(house, given))
    return (
        f"All is handed over within {deliver}, or the money goes back; silence for {inspect} after"
        " that accepts it."
    )


def clauses(given: Conditions) -> Iterator[str]:
    """Tell where a deal runs otherwise than the house's rules say."""
    if given.hand_over == "both":
        yield "Both sides must say that it changed hands; silence is a dispute."
    if given.hand_over == "code":
        yield "It changed hands when both sides say so, or by a code told in person."
    if given.late_us:
        each, most = _share(given.late_day_bps), _share(given.late_max_bps)
        yield (
            f"The last {spelled(given.late_us)} of the time to hand over count as late: each day"
            f" begun gives {each} back, up to {most}."
        )
    if given.criteria:
        named = ", ".join(str(type(one).__struct_config__.tag) for one in given.criteria)
        judge = f"the report of {given.verifier} counts" if given.verifier else "the taker looks"
        yield f"It is checked by {named}; {judge}."
    if given.returns_us:
        yield f"It may be sent back for {spelled(given.returns_us)} after acceptance."
    if given.cooling_off_us:
        yield f"A taker's principal may revoke it for {spelled(given.cooling_off_us)}."
    if given.undo_us is not None:
        can = f"Either principal may undo it for {spelled(given.undo_us)}."
        yield can if given.undo_us else "Neither principal may undo it."
    if given.template:
        yield f"Losses fall as the template {given.template} says."
    if given.arbiter:
        yield f"Disputes are ruled on by {given.arbiter}, unless that is a party."
    if given.procedure is not None:
        yield "Disputes follow a procedure of the listing's own."


def _share(bps: int) -> str:
    return f"{bps // 100}.{bps % 100:02} %"


def _who(view: View, party: str) -> str:
    return f"{party} for {need_other_agent(view, party).principal}"


def _money(view: View, amount: Any) -> str:
    asset = next(one for one in rules(view).assets if one.code == amount.asset)
    return f"{asset.format(amount.units)} {asset.code}"


def _confirm(draft: Draft, actor: str, command: ConfirmSummary) -> None:
    state = need_contract(draft, command.contract)
    speaks_for(draft, actor, state.agreement)
    found = digest_of(sentences(draft, command.contract, state.agreement))
    if command.summary != found:
        raise Refused(Reason.TERMS_CHANGED, summary=found)
    if actor in (draft.get(CONFIRMED, command.contract) or ()):
        raise Refused(Reason.WRONG_STATE, state="Confirmed")
    draft.emit(SummaryConfirmed(command.contract, actor, found))


def _confirmed(view: View, event: SummaryConfirmed) -> None:
    before = view.get(CONFIRMED, event.contract) or ()
    view.put(CONFIRMED, event.contract, (*before, event.by))


def _ended(view: View, event: ContractFulfilled | ContractCancelled | RulingMade) -> None:
    if view.get(CONFIRMED, event.contract) is not None:
        view.drop(CONFIRMED, event.contract)


DECIDE: dict[type, Any] = {ConfirmSummary: _confirm}
EVOLVE: dict[type, Any] = {
    SummaryConfirmed: _confirmed,
    ContractFulfilled: _ended,
    ContractCancelled: _ended,
    RulingMade: _ended,
}
