"""Which records mention whom and what: an index on disk, from which pages and stories are read.

A subject is somebody who may see something of a record (see `views.audience`; what everybody may
see stands under "public" alone), an object it is about ("L1", "N1", "wallet:P1/USD"), or a list:
"floor" of messages to all, "talks:A1" and "deals:A1" of what began with an agent in it. The index
only says where to look; what is shown is judged again from the record itself.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from operator import attrgetter
from pathlib import Path
from typing import Any, get_type_hints

from souq.core import (
    channel,
    credential,
    debt,
    deposit,
    dispute,
    listing,
    mandate,
    market,
    message,
    officer,
    party,
    standstill,
)
from souq.core.ledger import TransfersMade
from souq.core.mechanisms import alternating_offers, posted_price, swap
from souq.core.negotiation import AgreementReached
from souq.core.party import AGENTS, WALLET
from souq.core.rules import OPERATOR, RULES
from souq.core.stage import CONTRACTS
from souq.core.state import State
from souq.journal.record import Reader, Record
from souq.journal.replay import reader
from souq.journal.store import Store
from souq.views.audience import AUDIENCES
from souq.views.derived import DerivedFile, Place
from souq.views.whose import HELD, OWNERS, PUBLIC, UNNAMED, arbiter_id, deposit_id, holders

VERSION = "mentions 4"  # raise it with any change to the table, to audiences or to subjects
WAITING_MAX = 64  # records, before they are written: less than a millisecond's work
UNKEPT_MAX = 2_000  # records, before they are kept
KNOWN_MAX = 16_384
CACHE_KIB = 16 * 1024
FLOOR = "floor"

_SCHEMA = """
CREATE TABLE mentions (
    subject TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (subject, seq)) WITHOUT ROWID;
"""
_PUT = "INSERT INTO mentions VALUES (?, ?)"
_AT_ONCE = 64  # rows in one statement: between statements others may take the interpreter's lock
_PUT_MANY = _PUT + ", (?, ?)" * (_AT_ONCE - 1)
_AFTER = "SELECT seq FROM mentions WHERE subject = ? AND seq > ? ORDER BY seq LIMIT ?"
_BEFORE = "SELECT seq FROM mentions WHERE subject = ? AND seq < ? ORDER BY seq DESC LIMIT ?"


class Mentions:
    """The index of one market's records. One thread at a time may call it.

    Let it `catch_up` with the journal, then `take` each record in order, once it is durable and
    folded into the live state, which `state` gives. Any call may raise Spoilt: `reset` it then,
    and let it catch up.
    """

    def __init__(self, path: Path | None, state: Callable[[], State]) -> None:
        self._file = DerivedFile(path, _SCHEMA, VERSION, cache_kib=CACHE_KIB)
        self._state = state
        self._store: Store | None = None
        self._reader: Reader | None = None
        self._load()

    def _load(self) -> None:
        self._place = Place(self._file.facts())
        self._waiting: list[tuple[str, int]] = []
        self._written = self._place.seq
        self._sides: dict[str, tuple[str, ...]] = {}
        self._principals: dict[str, str] = {}

    @property
    def is_spoilt(self) -> bool:
        """Tell whether a write has failed, so that it must be reset."""
        return self._file.is_spoilt

    @property
    def seq(self) -> int:
        """Give the number of the last record taken."""
        return self._place.seq

    def catch_up(self, store: Store, until: int | None = None) -> None:
        """Fold what a journal holds beyond `seq`; a file that has read another begins again."""
        self._store = store
        self._reader = reader(store)
        if not self._place.is_in(store):
            self.reset()
        for entry in store.read(self.seq + 1, until):
            self.take(self._reader.whole(entry.seq, entry.body))
        self.flush()

    def take(self, record: Record) -> None:
        """Note whom and what the next record mentions."""
        self._place.move_on(record)
        seq = record.seq
        self._waiting += [(subject, seq) for subject in subjects(record, self)]
        if seq - self._place.kept >= UNKEPT_MAX:
            self.flush()
        elif seq - self._written >= WAITING_MAX:
            self._write()

    def seqs(self, subjects: Iterable[str], after: int, limit: int) -> list[int]:
        """List the records beyond `after` that mention any of these, oldest first."""
        self._write()
        found = [self._column(_AFTER, subject, after, limit) for subject in set(subjects)]
        return list(islice(_distinct(heapq.merge(*found)), limit))

    def before(self, subjects: Iterable[str], seq: int, limit: int) -> list[int]:
        """List the records below `seq` that mention any of these, latest first."""
        self._write()
        found = [self._column(_BEFORE, subject, seq, limit) for subject in set(subjects)]
        return list(islice(_distinct(heapq.merge(*found, reverse=True)), limit))

    def first(self, subject: str) -> int | None:
        """Give the first record that mentions a subject."""
        return next(iter(self.seqs((subject,), 0, 1)), None)

    def flush(self) -> None:
        """Keep on disk what was taken, in one transaction with the number of the last record."""
        self._write()
        self._file.begin()
        self._file.note(self._place.facts())
        self._file.commit()
        self._place.kept = self._place.seq

    def reset(self, *, in_memory: bool = False) -> None:
        """Throw away what was read; `catch_up` then reads it again."""
        self._file.reset(in_memory=in_memory)
        self._load()

    def close(self) -> None:
        """Keep what was taken, and let go of the file."""
        if not self._file.is_spoilt:
            self.flush()
        self._file.close()

    def record(self, seq: int) -> Record:
        """Give a record that was taken."""
        assert self._store is not None, "the index has not caught up with a journal yet"
        assert self._reader is not None
        entry = next(iter(self._store.read(seq, seq)))
        return self._reader.whole(seq, entry.body)

    def principal(self, agent: str) -> str:
        """Give whom an agent speaks for, or "" for whoever is no agent."""
        principal = self._principals.get(agent)
        if principal is None:
            found = self._state().get(AGENTS, agent)
            if found is None:
                return ""  # it may register yet
            principal = self._principals[agent] = found.principal
            _forget_oldest(self._principals)
        return principal

    def arbiter(self) -> str:
        """Give who rules on disputes."""
        house = self._state().get(RULES, "market")
        return OPERATOR if house is None else house.arbiter

    def auditor(self) -> str:
        """Give who makes audits, or "" where nobody does."""
        house = self._state().get(RULES, "market")
        return "" if house is None else house.auditor

    def sides(self, id: str) -> tuple[str, ...]:
        """Give whose an object is, and their principals, by the record that first mentions it."""
        found = self._sides.get(id)
        if found is None:
            # Of what is running the live state tells: a halt may speak of all at once.
            running = self._state().get(CONTRACTS, id)
            if running is not None:
                return self._with_principals(running.agreement.parties)
            flowing = self._state().get(channel.CHANNELS, id)
            if flowing is not None:
                return self._with_principals((flowing.terms.payer, flowing.terms.payee))
            seq = self.first(id)
            if seq is not None:
                self.learn_owners(self.record(seq).events)
            found = self._sides.get(id, ())
        return found

    def learn(self, record: Record) -> None:
        """Have at hand what a record tells of owners, and which accounts are behind its holds.

        Those of a hold are of the last one before it: after a day its name may be another's.
        """
        self.learn_owners(record.events)
        for event in record.events:
            holds = UNNAMED.get(type(event))
            if holds is not None:
                for hold in holds(event):
                    self._learn_hold(hold, record)

    def learn_owners(self, events: tuple[Any, ...]) -> None:
        """Have at hand whose the objects are that events are the first to tell of."""
        for event in events:
            told = OWNERS.get(type(event))
            if told is not None:
                for id, parties in told(event):
                    # What has an owner keeps it, but for a hold: its name may be used again.
                    if id not in self._sides or id.startswith(HELD):
                        self._sides[id] = self._with_principals(parties)
        _forget_oldest(self._sides)

    def _with_principals(self, parties: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*parties, *filter(None, map(self.principal, parties)))))

    def _learn_hold(self, hold: str, record: Record) -> None:
        found = _accounts(hold, record)
        if not found:
            seq = self._begun(hold, record.seq)
            found = _accounts(hold, self.record(seq)) if seq else ()
        self._sides[hold] = found

    def _begun(self, hold: str, before: int) -> int | None:
        if hold.startswith(HELD + "#"):
            # The market's own are named after what they are for: "#C9.0.price" is contract C9's.
            return self.first(hold.removeprefix(HELD + "#").partition(".")[0])
        return next(iter(self.before((hold,), before, 1)), None)

    def _column(self, query: str, subject: str, seq: int, limit: int) -> list[int]:
        return [row[0] for row in self._file.rows(query, (subject, seq, limit))]

    def _write(self) -> None:
        if self._waiting:
            self._file.begin()
            # In order, so that neighbours share the way down the tree.
            rows = sorted(self._waiting)
            many = len(rows) - len(rows) % _AT_ONCE
            flat = list(chain.from_iterable(rows[:many]))
            size = 2 * _AT_ONCE
            self._file.write_many(
                _PUT_MANY, [flat[n : n + size] for n in range(0, len(flat), size)]
            )
            self._file.write_many(_PUT, rows[many:])
            self._waiting.clear()
        self._written = self._place.seq


def subjects(record: Record, mentions: Mentions) -> set[str]:
    """List who may see something of a record, and what it is about."""
    mentions.learn(record)
    found: set[str] = set()
    seers: set[str] = set()
    for event in record.events:
        seers.update(AUDIENCES[type(event)](event, mentions))
        _add_objects(event, found)
    if PUBLIC in seers:
        # Everybody looks there, so nobody needs a row of their own; wallets have statements.
        found.add(PUBLIC)
        found.update([subject for subject in seers if subject.startswith(WALLET)])
    else:
        found |= seers
        actor = record.actor
        if actor[:1] in "APO" and actor[1:].isdigit():  # a stranger may call itself "public"
            found.add(actor)
            found.add(mentions.principal(actor))
    found.discard("")
    return found


def objects_in(event: Any) -> set[str]:
    """List what an event is about."""
    found: set[str] = set()
    _add_objects(event, found)
    return found


def _add_objects(event: Any, found: set[str]) -> None:
    kind = type(event)
    object_in = _OBJECTS[kind]
    if object_in is not None:
        found.add(object_in(event))
    more = _MORE.get(kind)
    if more is not None:
        found.update(more(event))


def _forget_oldest(known: dict[str, Any]) -> None:
    while len(known) > KNOWN_MAX:
        del known[next(iter(known))]


def _distinct(seqs: Iterable[int]) -> Iterator[int]:
    before = None
    for seq in seqs:
        if seq != before:
            yield seq
        before = seq


def _accounts(hold: str, record: Record) -> tuple[str, ...]:
    for event in record.events:
        if isinstance(event, TransfersMade):
            for id, accounts in holders(event):
                if id == hold:
                    return accounts
    return ()


def _begun(event: Any) -> tuple[str, ...]:
    """List whose talks grow by one, at the first terms of a negotiation."""
    match event:
        case alternating_offers.OfferMade(version=1, opener=opener, responder=responder):
            return (f"talks:{opener}", f"talks:{responder}")
        case posted_price.PriceTaken(agreement=agreement):
            return tuple([f"talks:{party}" for party in agreement.parties])
        case swap.SwapProposed(parties=parties):
            return tuple([f"talks:{party}" for party in parties])
        case _:
            return ()


def _agreed(event: AgreementReached) -> tuple[str, ...]:
    return (event.negotiation, *[f"deals:{party}" for party in event.agreement.parties])


def _held(event: TransfersMade) -> tuple[str, ...]:
    return tuple(id for id, _ in holders(event)) if event.from_caller else ()


def _contracts(event: Any) -> tuple[str, ...]:
    # Not the holds: a hold is looked up by the last record that began one of its name.
    return tuple(id for id in event.ids if not id.startswith(HELD))


# What an event is about stands in the first of these fields that it has; what else it is about
# is said below.
_FIELDS = ("channel", "contract", "negotiation", "listing", "payout", "report", "webhook")
_MORE: dict[type, Callable[[Any], Iterable[str]]] = {
    alternating_offers.OfferMade: _begun,
    posted_price.PriceTaken: _begun,
    swap.SwapProposed: _begun,
    AgreementReached: _agreed,
    dispute.DisputeOpened: lambda of: (arbiter_id(of.contract),),
    listing.ListingPosted: lambda of: (of.listing.id,),
    message.MessagePosted: lambda of: (FLOOR,),
    party.PrincipalRegistered: lambda of: (of.principal,),
    party.AgentRegistered: lambda of: (of.agent, of.principal),
    party.ModelDeclared: lambda of: (of.agent,),
    officer.OfficerRegistered: lambda of: (of.officer,),
    mandate.MandateGranted: lambda of: (of.mandate,),
    mandate.MandateRevoked: lambda of: (of.mandate,),
    credential.KeyAdded: lambda of: (of.key,),
    credential.KeyRevoked: lambda of: (of.key,),
    deposit.DepositBrought: lambda of: (deposit_id(of.rail, of.reference),),
    debt.DebtIncurred: lambda of: (of.account,),
    channel.ChannelsEnded: lambda of: of.channels,
    standstill.ClocksStopped: _contracts,
    standstill.ClocksStarted: _contracts,
    TransfersMade: _held,
}


def _object_in(event: type) -> Callable[[Any], str] | None:
    hints = get_type_hints(event)
    return next((attrgetter(name) for name in _FIELDS if hints.get(name) is str), None)


_OBJECTS = {event: _object_in(event) for event in market.EVENTS}
