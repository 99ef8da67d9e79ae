"""The market: every rule wired together. `decide` judges, `evolve` folds, reactions follow at once.

state = market.new()
draft = market.decide(state, at=at, actor="A1", command=MakeOffer(...))   # may raise Refused
draft.merge()
"""

from functools import reduce
from operator import or_
from typing import Any

from msgspec import Struct

from souq.core import (
    acceptance,
    agent_facts,
    annotation,
    approval,
    attestation,
    audit,
    bond,
    budget,
    channel,
    channel_batch,
    commitments,
    contract,
    cooling_off,
    credential,
    debt,
    delegation,
    deny_list,
    deposit,
    dispute,
    ending,
    epoch,
    erasure,
    feedback,
    funds,
    halt,
    jury,
    ledger,
    listing,
    mandate,
    message,
    negotiation,
    officer,
    owing,
    pace,
    party,
    payout,
    performance,
    pledge,
    reputation,
    restriction,
    review,
    rules,
    settlement,
    standstill,
    stock,
    summary,
    terms,
    undo,
    webhook,
)
from souq.core import act as acts
from souq.core.act import Act
from souq.core.mechanisms import MECHANISMS
from souq.core.policy import remembering, setting
from souq.core.refusal import Reason, Refused
from souq.core.seal import canonical
from souq.core.state import DEADLINES, Draft, State, View

# A command causes a handful of events, and an auction's close one or two for each who took part;
# more means that reactions feed each other.
EVENTS_MAX = 250_000


class Tick(Struct, frozen=True, tag=True):
    """One deadline has come. The engine's own; it cannot be refused."""

    due: str


_MODULES: tuple[Any, ...] = (
    rules,
    halt,
    party,
    officer,
    funds,
    payout,
    remembering,
    setting,
    mandate,
    delegation,
    listing,
    message,
    annotation,
    approval,
    contract,
    cooling_off,
    dispute,
    channel,
    channel_batch,
    credential,
    webhook,
    epoch,
    bond,
    performance,
    acceptance,
    audit,
    jury,
    undo,
    reputation,
    feedback,
    restriction,
    attestation,
    agent_facts,
    deny_list,
    terms,
    summary,
    erasure,
    review,
)
_OTHERS: tuple[Any, ...] = (  # they answer to no command
    ledger,
    debt,
    deposit,
    stock,
    budget,
    pledge,
    negotiation,
    ending,
    owing,
    standstill,
    pace,
)

TABLES = (
    *ledger.TABLES,
    *rules.TABLES,
    *halt.TABLES,
    *standstill.TABLES,
    *party.TABLES,
    *officer.TABLES,
    *debt.TABLES,
    *deposit.TABLES,
    *funds.TABLES,
    *payout.TABLES,
    *mandate.TABLES,
    *budget.TABLES,
    *listing.TABLES,
    *pledge.TABLES,
    *negotiation.TABLES,
    *contract.TABLES,
    *ending.TABLES,
    *cooling_off.TABLES,
    *setting.TABLES,
    *remembering.TABLES,
    *channel.TABLES,
    *credential.TABLES,
    *webhook.TABLES,
    *epoch.TABLES,
    *bond.TABLES,
    *performance.TABLES,
    *audit.TABLES,
    *dispute.TABLES,
    *jury.TABLES,
    *undo.TABLES,
    *reputation.TABLES,
    *owing.TABLES,
    *feedback.TABLES,
    *restriction.TABLES,
    *attestation.TABLES,
    *agent_facts.TABLES,
    *commitments.TABLES,
    *deny_list.TABLES,
    *terms.TABLES,
    *summary.TABLES,
    *erasure.TABLES,
    *review.TABLES,
    *(table for mechanism in MECHANISMS for table in mechanism.TABLES),
)

_DECIDE: dict[type, Any] = {
    **{command: decide for module in _MODULES for command, decide in module.DECIDE.items()},
    **{
        command: negotiation.open_or_move
        for mechanism in MECHANISMS
        for command in (*mechanism.OPENS, *mechanism.MOVES)
    },
}


def _folds() -> dict[type, Any]:
    """Give by event what folds it. Several modules may remember one: they do so in their order."""
    found: dict[type, list[Any]] = {}
    for module in (*_MODULES, *_OTHERS, *MECHANISMS):
        for event, evolve in module.EVOLVE.items():
            found.setdefault(event, []).append(evolve)
    return {event: each[0] if len(each) == 1 else _each(*each) for event, each in found.items()}


def _each(*folds: Any) -> Any:
    if len(folds) == 2:
        first, second = folds

        def fold_both(view: View, event: Any) -> None:
            first(view, event)
            second(view, event)

        return fold_both

    def fold_all(view: View, event: Any) -> None:
        for one in folds:
            one(view, event)

    return fold_all


_EVOLVE: dict[type, Any] = _folds()

# What must follow at once from an event. It is recorded with it, or neither is.
REACTIONS: dict[type, tuple[Any, ...]] = {
    party.PrincipalRegistered: (credential.admit_registered,),
    party.AgentRegistered: (credential.admit_registered,),
    halt.HaltSet: (standstill.follow,),
    negotiation.NegotiationClosed: (negotiation.release_budgets,),
    negotiation.AgreementReached: (remembering.record, contract.form),
    ledger.TransfersMade: (debt.collect_after,),
    approval.ContractApproved: (contract.begin_approved,),
    ending.ContractFulfilled: (settlement.fulfil, audit.consider),
    ending.ContractCancelled: (settlement.cancel,),
    ending.RulingMade: (settlement.carry_out,),
}

# What a deadline means, by the first letter of whose it is. None of them can be refused.
_LAPSE: dict[str, Any] = {
    "N": negotiation.lapse,
    "C": contract.lapse,
    "D": lambda draft, due: contract.lapse(draft, f"C{due[1:]}"),  # its panel is to be drawn
    "X": channel.lapse,
    "b": bond.lapse,
    "U": audit.lapse,
    "f": feedback.lapse,
    "r": restriction.lapse,
    "Q": review.lapse,
    "h": lambda draft, due: ledger.expire(draft, due.removeprefix("hold:")),
}

COMMANDS: tuple[type, ...] = tuple(_DECIDE)
EVENTS: tuple[type, ...] = tuple(_EVOLVE)
# Built from the tables above, so that a new command or event is decoded without another line.
Command: Any = reduce(or_, (*COMMANDS, Tick))
Event: Any = reduce(or_, EVENTS)


def new() -> State:
    """Give the state before the first record."""
    return State(TABLES)


def evolve(view: View, event: Any) -> None:
    """Fold one event. It is history: it cannot be refused, and an unknown one is corruption."""
    _EVOLVE[type(event)](view, event)


def decide(state: State, *, at: int, actor: str, command: Any, act: Act | None = None) -> Draft:
    """Judge a command and give its changes, not yet merged. Raises Refused, having changed nothing.

    `at` is microseconds UTC, later than every stamp before it; `act` is its actor's signature.
    """
    draft = Draft(state, at, evolve)
    if act is not None:
        acts.check(draft, actor, command, act)
    elif negotiation.binds(type(command)):
        acts.need(draft)
    _judge(draft, actor, command)
    return draft


def try_out(draft: Draft, *, actor: str, command: Any) -> Refused | None:
    """Judge a command on a draft that nobody will merge; give the refusal, where it is one.

    No signature is asked for. `draft.weighed` then tells what every guard said on the way.
    """
    try:
        _judge(draft, actor, command)
    except Refused as refused:
        return refused
    return None


def _judge(draft: Draft, actor: str, command: Any) -> None:
    assert draft.at > draft.state.at, f"time went backwards: {draft.state.at} to {draft.at}"
    if type(command) is Tick:
        assert actor == rules.SYSTEM, "only the engine ticks"
        _tick(draft, command.due)
    else:
        judge = _DECIDE.get(type(command))
        if judge is None:
            raise TypeError(f"not a command: {type(command).__name__}")
        judge(draft, actor, command)
    _react(draft)


def _react(draft: Draft) -> None:
    for seen, event in enumerate(draft.events):  # grows as reactions emit
        assert seen < EVENTS_MAX, f"reactions do not end: {type(event).__name__}"
        if type(event) in REACTIONS:
            for reaction in REACTIONS[type(event)]:
                reaction(draft, event)


def _tick(draft: Draft, due: str) -> None:
    assert draft.get(DEADLINES, due) is not None, f"a tick without a deadline: {due}"
    _LAPSE[due[0]](draft, due)


def fold(state: State, *, at: int, events: tuple[Any, ...]) -> None:
    """Fold one record into the state."""
    state.at = at
    for event in events:
        _EVOLVE[type(event)](state, event)


def state_hash(state: State) -> str:
    """Give SHA-256 over the canonical bytes of all live tables in key order, as hex."""
    return state.digest(canonical.encode)


__all__ = ["COMMANDS", "EVENTS", "Reason", "Refused", "Tick", "decide", "evolve", "fold", "new"]
