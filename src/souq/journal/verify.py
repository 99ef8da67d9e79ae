"""The check of everything: chain, columns, payloads, folding, each decision judged again, the sums.

It trusts nothing it can work out anew, and stops at the first record that is off.
"""

from collections import defaultdict

import msgspec
from msgspec import Struct

from souq.core import market
from souq.core.account import ACCOUNTS
from souq.core.act import Act
from souq.core.act import check as check_act
from souq.core.ledger import AccountOpened, TransfersMade
from souq.core.refusal import Refused
from souq.core.rules import SYSTEM
from souq.core.seal import SALT_BYTES
from souq.core.state import DEADLINES, Draft, State
from souq.core.transfer import CAPTURE, HOLD, MOVE
from souq.journal.record import GENESIS, Damaged, Entry, Payload, Record, Refusal, encode
from souq.journal.replay import chain, reader
from souq.journal.sealing import audience, opened, sealed_values
from souq.journal.store import Store


class Checked(Struct, frozen=True):
    """What was checked, and where the journal stands."""

    records: int
    refused: int
    judged_again: int
    transfers: int
    payloads: int
    erased: int
    head: str
    state_hash: str


def verify(store: Store) -> Checked:
    """Check a whole journal from its first record. Raises Damaged at the first bad one."""
    # Listed before the records, so that what a living market adds meanwhile is no stranger.
    strangers = set(store.digests())
    check = _Check(store)
    head = GENESIS
    for entry in chain(store):
        check.record(entry)
        head = entry.hash
    strangers -= check.known
    _need(check.seq, not strangers, f"payloads stand in no record: {sorted(strangers)[:3]}")
    check.books.compare(check.state, check.seq)
    return Checked(
        records=check.seq,
        refused=check.refused,
        judged_again=check.judged,
        transfers=check.books.transfers,
        payloads=check.payloads,
        erased=check.erased,
        head=head.hex(),
        state_hash=market.state_hash(check.state),
    )


class _Check:
    def __init__(self, store: Store) -> None:
        self.state: State = market.new()
        self.books = _Books()
        self.seq = self.refused = self.judged = self.payloads = self.erased = 0
        self._store = store
        self._whole = reader(store).whole
        self.known: set[str] = set()

    def record(self, entry: Entry) -> None:
        """Check one record, then fold it."""
        record = self._whole(entry.seq, entry.body)
        self.seq = entry.seq
        stored_id = record.command_id or None
        is_fit = (entry.actor, entry.command_id) == (record.actor, stored_id)
        _need(entry.seq, is_fit, "its actor or id differs from the body's")
        if stored_id is not None:
            found = self._store.find(record.actor, stored_id)
            _need(entry.seq, found == entry.seq, f"its id leads to record {found}")
        _need(entry.seq, record.at > self.state.at, "its stamp is not later than the one before")
        self._check_deadline(record)
        self._check_payloads(record)
        again = self._judged_again(record)
        _need(entry.seq, encode(again) == entry.body, "judged again, it comes out differently")
        try:
            self.books.add(record)
            market.fold(self.state, at=record.at, events=record.events)
        except Exception as error:
            raise Damaged(entry.seq, f"its events do not fit the state: {error!r}") from error
        self.refused += record.refusal is not None

    def _check_deadline(self, record: Record) -> None:
        is_tick = isinstance(record.command, market.Tick)
        is_engine = (record.actor, record.command_id) == (SYSTEM, "")
        _need(record.seq, is_tick == is_engine, "the engine's own ticks, and nothing else, are its")
        next_due = self.state.next_due()
        has_come = next_due is not None and next_due[0] <= record.at
        if is_tick:
            due = self.state.get(DEADLINES, record.command.due)
            _need(record.seq, due is not None and due <= record.at, "its deadline had not come")
        else:
            _need(record.seq, not has_come, f"it passes over a deadline: {next_due}")

    def _check_payloads(self, record: Record) -> None:
        for value in sealed_values(record.command):
            payload = self._store.payload(value.digest)
            self.known.add(value.digest)
            if payload is None:
                is_erased = self._store.is_erased(value.digest)
                _need(record.seq, is_erased, f"{value.digest} is not what was sealed")
                self.erased += 1
                continue
            self.payloads += 1
            _need(record.seq, _is_sound(payload), f"{value.digest} is not what was sealed")
            told = payload.audience == audience(record.command, value)
            _need(record.seq, told, f"the payload {value.digest} has another audience")

    def _judged_again(self, record: Record) -> Record:
        command, is_whole = opened(record.command, self._store.payload)
        act = Act(record.command_id, record.act) if record.act else None
        if not is_whole:
            if act is not None and record.refusal is None:
                self._check_act(record, act)
            return record  # erased words cannot be judged again; their effects are still folded
        self.judged += 1
        try:
            draft = market.decide(
                self.state, at=record.at, actor=record.actor, command=command, act=act
            )
        except Refused as refused:
            refusal = Refusal(refused.reason.value, refused.facts)
            return msgspec.structs.replace(record, command=command, events=(), refusal=refusal)
        except Exception as error:
            raise Damaged(record.seq, f"it cannot be judged again: {error!r}") from error
        events = tuple(draft.events)
        return msgspec.structs.replace(record, command=command, events=events, refusal=None)

    def _check_act(self, record: Record, act: Act) -> None:
        """Check a signature whose command's words are gone: it was over their digests."""
        draft = Draft(self.state, record.at, market.evolve)
        try:
            check_act(draft, record.actor, record.command, act)
        except Refused as refused:
            raise Damaged(record.seq, f"its signature does not hold: {refused}") from refused


class _Books:
    """Every account added up from raw transfers, by none of the ledger's code."""

    def __init__(self) -> None:
        self.transfers = 0
        self._posted: dict[str, int] = defaultdict(int)
        self._assets: dict[str, str] = {}
        self._held: dict[str, tuple[str, str, int]] = {}

    def add(self, record: Record) -> None:
        """Add up a record; in each asset it must come to zero."""
        sums: dict[str, int] = defaultdict(int)
        for event in record.events:
            if isinstance(event, AccountOpened):
                self._assets[event.account] = event.terms.asset
            elif isinstance(event, TransfersMade):
                for debit, credit, units in self._posts(event):
                    self._posted[debit] -= units
                    self._posted[credit] += units
                    sums[self._assets[debit]] -= units
                    sums[self._assets[credit]] += units
        _need(record.seq, not any(sums.values()), "its transfers do not add up to zero")

    def _posts(self, event: TransfersMade) -> list[tuple[str, str, int]]:
        posts = []
        for id, kind, debit, credit, amount, hold, _ in event.batch.rows():
            self.transfers += 1
            if kind == MOVE:
                posts.append((debit, credit, amount))
            elif kind == HOLD:
                self._held[id] = (debit, credit, amount)
            else:
                payer, payee, held = self._held.pop(hold)
                if kind == CAPTURE:
                    assert 0 <= amount <= held, f"more captured than held: {hold}"
                    posts.append((payer, payee, amount or held))
        return posts

    def compare(self, state: State, seq: int) -> None:
        """Compare every account's sum with the folded state's."""
        held: dict[str, int] = defaultdict(int)
        for payer, _, units in self._held.values():
            held[payer] += units
        for id, account in state.rows(ACCOUNTS).items():
            _need(seq, account.posted == self._posted[id], f"{id} has not what its transfers give")
            _need(seq, account.held == held[id], f"{id} holds not what its transfers hold")


def _is_sound(payload: Payload) -> bool:
    # The salt's length is fixed, or bytes could wander between it and the content.
    is_bytes = type(payload.salt) is bytes and type(payload.content) is bytes
    return is_bytes and len(payload.salt) == SALT_BYTES and payload.fits()


def _need(seq: int, holds: bool, why: str) -> None:
    if not holds:
        raise Damaged(seq, why)
