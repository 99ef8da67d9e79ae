"""A task is a negotiation and the contract that comes of it, as one of its parties sees them.

Nothing of it is kept here: it is made anew from the market's answers, so it survives a restart and
shows what was done through any other door. Its id is the negotiation's.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec
from a2a.types import Artifact, Message, Role, Task, TaskState, TaskStatus
from google.protobuf.timestamp_pb2 import Timestamp

from souq.core.agreement import CashLeg, Leg
from souq.core.rules import Rules
from souq.operations import queries as ask
from souq.surfaces.a2a.signing import digest, sign
from souq.surfaces.a2a.vocabulary import NEGOTIATION
from souq.surfaces.a2a.wording import data_part, message, money, text_part
from souq.surfaces.signatures import MarketKey

AGREEMENT = "agreement-v1"
WORKING = TaskState.TASK_STATE_WORKING
NEEDED = TaskState.TASK_STATE_INPUT_REQUIRED
APPROVAL = TaskState.TASK_STATE_AUTH_REQUIRED
DONE = TaskState.TASK_STATE_COMPLETED
SUBMITTED = TaskState.TASK_STATE_SUBMITTED
FAILED = TaskState.TASK_STATE_FAILED
CANCELED = TaskState.TASK_STATE_CANCELED
REJECTED = TaskState.TASK_STATE_REJECTED
TERMINAL = frozenset({DONE, FAILED, CANCELED, REJECTED})
INTERRUPTED = frozenset({NEEDED, APPROVAL})

_ENDS = {
    "rejected": REJECTED,
    "withdrawn": CANCELED,
    "lapsed": FAILED,
    "goods_moved": FAILED,
    "fulfilled": DONE,
    "ruled": DONE,
    "cancelled": CANCELED,
    "declined": CANCELED,
    "undone": CANCELED,
    "not_approved": FAILED,
    "not_delivered": FAILED,
    "not_verified": FAILED,
    "returned": CANCELED,
}
_MAY = {"formed": ("deliver",), "delivered": ("confirm", "dispute")}
_SECOND_US = 1_000_000


class Viewer(NamedTuple):
    """Who looks: an agent or a principal, and the principal behind it."""

    actor: str
    principal: str

    @property
    def context(self) -> str:
        """Name the one context in which somebody and this market speak."""
        return f"souq-{self.actor or 'anybody'}"


class Affair(NamedTuple):
    """All that is asked of the market for a task."""

    talk: ask.Negotiation
    contract: ask.Contract | None
    said: tuple[ask.Message, ...] = ()  # oldest first


def state_of(affair: Affair, viewer: Viewer) -> TaskState:
    """Tell how a task stands for somebody: INPUT_REQUIRED where it is their turn."""
    talk, contract = affair.talk, affair.contract
    if talk.state == "open":
        return NEEDED if viewer.actor in talk.is_waiting_for else WORKING
    if contract is None:
        return _ENDS.get(talk.state, WORKING)
    if contract.state == "held" and viewer.principal in contract.is_waiting_for:
        return APPROVAL
    if viewer.actor in contract.is_waiting_for:
        return NEEDED
    return _ENDS.get(contract.state, WORKING)


def agreement_of(contract: ask.Contract) -> dict[str, Any]:
    """Give what was agreed on, with its digest; it stays the same while it is performed."""
    agreement = {
        "schema": NEGOTIATION,
        "type": "agreement",
        "contract": contract.id,
        "negotiation": contract.negotiation,
        "parties": list(contract.parties),
        "legs": _legs(contract.legs),
        "agreed_at": contract.agreed_at,
    }
    if contract.promises:
        agreement["promises"] = msgspec.to_builtins(contract.promises)
    if contract.under:
        agreement["under"] = list(contract.under)
    return {**agreement, "digest": digest(agreement)}


class Tasks:
    """Renders tasks."""

    def __init__(self, market_key: MarketKey, url: str) -> None:
        self._market_key = market_key
        self._jku = f"{url.rstrip('/')}/.well-known/jwks.json"

    def task(
        self, affair: Affair, viewer: Viewer, rules: Rules, history_length: int | None = None
    ) -> Task:
        """Give a task; `history_length` keeps that many of the last messages, None all."""
        history = _history(affair, viewer, rules)
        if history_length is not None:
            history = history[len(history) - min(history_length, len(history)) :]
        return Task(
            id=affair.talk.id,
            context_id=viewer.context,
            status=status_of(affair, viewer, rules),
            artifacts=self.artifacts(affair),
            history=history,
        )

    def unseen(self, id: str, context: str) -> Task:
        """Give a task in which something was done just now, and that may not be looked at yet."""
        told = text_part("It is done, but how it stands cannot be told now. Get the task later.")
        said = message(f"{id}-unseen", told, task=id, context=context)
        return Task(id=id, context_id=context, status=TaskStatus(state=SUBMITTED, message=said))

    def artifacts(self, affair: Affair) -> list[Artifact]:
        """Give the agreement, signed by the market, once there is one."""
        if affair.contract is None:
            return []
        agreement = agreement_of(affair.contract)
        signature = sign(self._market_key, agreement, typ=AGREEMENT, jku=self._jku)
        return [
            Artifact(
                artifact_id=affair.contract.id,
                name="agreement",
                description="What was agreed on, and the market's signature over it",
                parts=[data_part({**agreement, "signature": signature})],
                extensions=[NEGOTIATION],
            )
        ]


def status_of(affair: Affair, viewer: Viewer, rules: Rules) -> TaskStatus:
    """Give how it stands, in a state, in words, and in typed fields with the acts that may come."""
    talk, contract = affair.talk, affair.contract
    state = state_of(affair, viewer)
    standing = _standing(affair, viewer, state)
    parts = [text_part(_told(affair, state, rules)), data_part(standing)]
    last = affair.said[-1] if affair.said else None
    if last is not None and last.agent != viewer.actor and last.at >= _moved_at(talk, contract):
        parts.append(text_part(last.text, is_strange=True))
    number = len(talk.steps) + len(affair.said)
    id = f"{talk.id}-status-{number}-{standing['state']}"
    said = message(id, *parts, task=talk.id, context=viewer.context)
    return TaskStatus(state=state, message=said, timestamp=_time(_changed_at(affair)))


def _standing(affair: Affair, viewer: Viewer, state: TaskState) -> dict[str, Any]:
    talk, contract = affair.talk, affair.contract
    waits = contract.is_waiting_for if contract else talk.is_waiting_for
    standing: dict[str, Any] = {
        "schema": NEGOTIATION,
        "type": "standing",
        "negotiation": talk.id,
        "parties": list(talk.parties),
        "state": contract.state if contract else talk.state,
        "waiting_for": list(waits),
        "legs": _legs(talk.legs),
    }
    if contract is not None:
        standing["contract"] = contract.id
        standing["due_at"] = contract.due_at
        previous = agreement_of(contract)["digest"]
        verbs = _MAY.get(contract.state, ()) if state == NEEDED else ()
    else:
        standing["terms"] = talk.terms
        standing["due_at"] = talk.expires_at
        previous = talk.terms
        verbs = ()
        if talk.state == "open" and viewer.actor in talk.parties:
            verbs = ("accept", "counter", "reject") if state == NEEDED else ("withdraw",)
    acts: list[dict[str, Any]] = []
    for verb in verbs:
        act: dict[str, Any] = {"schema": NEGOTIATION, "verb": verb, "previous": previous}
        if verb == "counter" and (paid := _paid(talk.legs)):
            act["price"] = paid
        if verb == "dispute":
            act["ground"] = "not_as_described"
        acts.append(act)
    return {**{key: value for key, value in standing.items() if value is not None}, "next": acts}


def _told(affair: Affair, state: TaskState, rules: Rules) -> str:
    talk, contract = affair.talk, affair.contract
    paid = _paid(talk.legs)
    price = money(rules, paid["units"], paid["asset"]) if paid else "no money"
    if contract is not None:
        waits = ", ".join(contract.is_waiting_for)
        return f"{contract.id} is {contract.state}, for {price}" + (
            f"; it waits for {waits}." if waits else "."
        )
    if talk.state != "open":
        return f"The negotiation is over: {talk.state or 'ending'}."
    whose = (
        "It is your turn" if state == NEEDED else f"It waits for {', '.join(talk.is_waiting_for)}"
    )
    return f"{price} is on the table. {whose}."


def _history(affair: Affair, viewer: Viewer, rules: Rules) -> list[Message]:
    talk = affair.talk
    paid = _paid(talk.legs)
    asset = paid["asset"] if paid else rules.assets[0].code
    found: list[tuple[int, Message]] = []
    for number, step in enumerate(talk.steps, 1):
        data: dict[str, Any] = {"schema": NEGOTIATION, "type": "step", "by": step.by}
        data["what"] = step.what
        words = f"{step.by} {step.what}"
        if step.units is not None:
            data["price"] = {"units": step.units, "asset": asset}
            words += f" {money(rules, step.units, asset)}"
        role = _role(step.by, viewer)
        parts = (text_part(words), data_part(data))
        one = message(f"{talk.id}-{number}", *parts, context=viewer.context, role=role)
        found.append((step.at, one))
    for said in affair.said:
        part = text_part(said.text, is_strange=said.agent != viewer.actor)
        role = _role(said.agent, viewer)
        one = message(f"{talk.id}-said-{said.seq}", part, context=viewer.context, role=role)
        found.append((said.at, one))
    for _, one in found:
        one.task_id = talk.id
    return [one for _, one in sorted(found, key=lambda pair: pair[0])]


def _role(by: str, viewer: Viewer) -> Role:
    return Role.ROLE_USER if by == viewer.actor else Role.ROLE_AGENT


def _paid(legs: Iterable[Leg]) -> dict[str, Any] | None:
    paid = [leg.amount for leg in legs if isinstance(leg, CashLeg)]
    return {"units": sum(one.units for one in paid), "asset": paid[0].asset} if paid else None


def _legs(legs: Iterable[Leg]) -> list[dict[str, Any]]:
    told = []
    for leg in legs:
        one = msgspec.to_builtins(leg)
        if isinstance(leg, CashLeg):
            one["amount"] = {"units": leg.amount.units, "asset": leg.amount.asset}
        told.append(one)
    return told


def _moved_at(talk: ask.Negotiation, contract: ask.Contract | None) -> int:
    at = talk.steps[-1].at if talk.steps else 0
    return max(at, contract.agreed_at) if contract else at


def _changed_at(affair: Affair) -> int:
    last = affair.said[-1].at if affair.said else 0
    return max(_moved_at(affair.talk, affair.contract), last)


def _time(at: int) -> Timestamp:
    return Timestamp(seconds=at // _SECOND_US, nanos=at % _SECOND_US * 1_000)
