"""What became of a goal, from the journal alone: who was hired, what happened, who was paid.

Money is summed from the ledger's transfers as they were posted, and set beside the accounts as they
stand at the end.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from souq.core import ledger, market
from souq.core.acceptance import VerificationReported
from souq.core.agreement import cash_paid, goods
from souq.core.bond import BONDS, BondForfeited
from souq.core.case import PANEL
from souq.core.dispute.records import DisputeOpened, PanelAwaited, PanelDrawn, VerdictReached
from souq.core.ending import ContractCancelled, ContractFulfilled, RulingMade
from souq.core.epoch import EpochRevealed
from souq.core.ledger import TransfersMade
from souq.core.mandate import MANDATES
from souq.core.money import BPS, USD
from souq.core.party import wallet
from souq.core.reputation import score_of
from souq.core.state import State
from souq.core.transfer import CAPTURE, HOLD, MOVE
from souq.journal.replay import records, replay
from souq.journal.store import Store
from souq.views.history import History, read

MARKET = "services"
GOAL = "goal"
CONTESTED = "contests it"


class Told(Struct, frozen=True):
    """What the record itself says of a run: whose goal it is, and what it may cost."""

    owner: str
    goal: str
    pieces: tuple[str, ...]
    budget_units: int
    seed: int


class Attempt(Struct, frozen=True):
    """One contractor hired for one piece of work, what happened, and what it was paid."""

    contract: str
    piece: str
    contractor: str
    price_units: int
    happened: tuple[str, ...]
    paid_units: int
    fee_units: int


class Part(Struct, frozen=True):
    """A mandate, and what is left of it."""

    agent: str
    cap_units: int
    spent_units: int
    left_units: int


class Person(Struct, frozen=True):
    """A principal as it stands in the end. Its bond is a locked part of its wallet.

    `standing_bps` is what its deals let expect of the next one; 10000 is the best.
    """

    name: str
    wallet_units: int
    bond_units: int
    forfeited_units: int
    evidence_milli: int
    standing_bps: int


class ServicesSummary(Struct, frozen=True):
    """A run's figures; money in units. What was budgeted is spent or left, to the unit."""

    market: str
    goal: str
    is_reached: bool
    budget_units: int
    spent_units: int
    fee_units: int
    back_units: int
    left_units: int
    attempts: tuple[Attempt, ...]
    mandates: tuple[Part, ...]
    people: tuple[Person, ...]
    records: int
    refusals: int
    state_hash: str


class _Story:
    """Folds records into what happened to each contract, and what was posted to whom."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._holds: dict[str, int] = {}
        self._secret = ""
        self.happened: dict[str, list[str]] = defaultdict(list)
        self.paid: dict[tuple[str, str], int] = defaultdict(int)  # by contract and part
        self.into: dict[str, int] = defaultdict(int)
        self.out_of: dict[str, int] = defaultdict(int)
        self.forfeited: dict[str, int] = defaultdict(int)

    def take(self, event: Any) -> None:
        """Fold one event."""
        tell = _TELLING.get(type(event))
        if tell is not None:
            words = tell(self, event)
            self.happened[event.contract] += [words] if words else []
        elif isinstance(event, TransfersMade):
            self._post(event)
        elif isinstance(event, BondForfeited):
            who = self._history.names[event.principal]
            self.forfeited[event.principal] += event.units
            said = f"{who} loses {USD.format(event.units)} of its bond"
            self.happened[event.thing].append(said)
        elif isinstance(event, EpochRevealed):
            self._secret = event.epoch

    def name(self, agent: str) -> str:
        """Name the principal behind an agent, or whoever else it is."""
        history = self._history
        return history.names.get(history.principal_of.get(agent, agent), agent)

    def drawn(self, event: PanelDrawn) -> str:
        names = ", ".join(map(self.name, event.jurors))
        return f"{names} are drawn by {self._secret}'s secret"

    def _post(self, event: TransfersMade) -> None:
        for id, kind, debit, credit, amount, hold, _ in event.batch.rows():
            if kind == HOLD:
                self._holds[id] = amount
            elif kind in (CAPTURE, MOVE):
                units = amount or self._holds.get(hold, 0)
                self.out_of[debit] += units
                self.into[credit] += units
                contract, _, part = hold.removeprefix("#").partition(".")
                self.paid[contract, part.rpartition(".")[2]] += units


def summarise(store: Store) -> ServicesSummary:
    """Tell a run from its journal. Raises Damaged."""
    history, found = read(store), replay(store)
    told = _told(history)
    story = _Story(history)
    for record in records(store):
        for event in record.events:
            story.take(event)
    attempts = tuple(
        _attempt(story, history, contract)
        for contract in sorted(history.deals, key=lambda id: int(id[1:]))
    )
    mine = wallet(told.owner, USD.code)
    return ServicesSummary(
        market=history.name,
        goal=told.goal,
        is_reached=set(told.pieces) == {one.piece for one in attempts if one.paid_units},
        budget_units=told.budget_units,
        spent_units=sum(one.paid_units + one.fee_units for one in attempts),
        fee_units=sum(one.fee_units for one in attempts),
        back_units=story.into[mine] - told.budget_units,
        left_units=ledger.need_account(found.state, mine).posted,
        attempts=attempts,
        mandates=_mandates(history, found.state, told.owner),
        people=_people(story, history, found.state, told.owner),
        records=history.records,
        refusals=sum(history.refusals.values()),
        state_hash=market.state_hash(found.state),
    )


def _told(history: History) -> Told:
    return msgspec.json.decode(history.words(history.notes[GOAL]), type=Told)


def _attempt(story: _Story, history: History, contract: str) -> Attempt:
    agreement = history.deals[contract].agreement
    thing = goods(agreement.legs)[0]
    return Attempt(
        contract=contract,
        piece=history.listings[thing.listing].title,
        contractor=story.name(thing.giver),
        price_units=cash_paid(agreement.legs),
        happened=tuple(story.happened[contract]),
        paid_units=story.paid[contract, "price"],
        fee_units=story.paid[contract, "fee"],
    )


def _mandates(history: History, state: State, owner: str) -> tuple[Part, ...]:
    found = []
    for _, one in sorted(state.rows(MANDATES).items(), key=lambda row: int(row[0][1:])):
        cap = one.limits.value.lifetime_units
        if one.principal == owner and cap is not None:
            spent = one.lifetime_units
            found.append(Part(history.names[one.agent], cap, spent, cap - spent))
    return tuple(found)


def _people(story: _Story, history: History, state: State, owner: str) -> tuple[Person, ...]:
    found = []
    for principal in dict.fromkeys(history.principal_of.values()):
        if principal == owner:
            continue
        bond = state.get(BONDS, f"{principal}/{USD.code}")
        score = score_of(state, principal)
        found.append(
            Person(
                name=history.names[principal],
                wallet_units=ledger.need_account(state, wallet(principal, USD.code)).posted,
                bond_units=bond.units if bond else 0,
                forfeited_units=story.forfeited[principal],
                evidence_milli=score.evidence_milli,
                standing_bps=score.mean_bps,
            )
        )
    return tuple(found)


def _verified(story: _Story, event: VerificationReported) -> str:
    return f"{story.name(event.by)}'s sandbox {'passes' if event.passed else 'fails'} it"


def _verdict(story: _Story, event: VerdictReached) -> str:
    return f"{story.name(event.by)} rules {_share(event.payer_bps)}"


def _ruled(story: _Story, event: RulingMade) -> str:
    by = "the panel decides" if event.by == PANEL else "nobody appeals"
    return f"{by}: {_share(event.payer_bps)}"


def _share(payer_bps: int) -> str:
    if payer_bps in (0, BPS):
        return "the money goes back" if payer_bps else "it is paid"
    return f"{payer_bps / 100:g} % go back"


_TELLING: dict[type, Callable[[_Story, Any], str]] = {
    VerificationReported: _verified,
    DisputeOpened: lambda story, event: CONTESTED,
    VerdictReached: _verdict,
    PanelAwaited: lambda story, event: f"appeals to a panel of {event.size}",
    PanelDrawn: _Story.drawn,
    RulingMade: _ruled,
    ContractCancelled: lambda story, event: "the money goes back",
    ContractFulfilled: lambda story, event: "paid",
}
