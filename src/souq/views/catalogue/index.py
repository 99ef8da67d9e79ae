"""The catalogue: records come in, searches and matches go out.

`take` only notes what happened to which listing. Before a search, or when enough has gathered,
each listing that changed is folded once and written once, whatever happened to it meanwhile.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from souq.core import ending, imported, rules, trust
from souq.core.agreement import Agreement, givers
from souq.core.case import PARTIES
from souq.core.listing import Attribute, ListingEdited, ListingPosted
from souq.core.money import USD, Money
from souq.journal.record import Record
from souq.journal.replay import reader
from souq.journal.store import Store
from souq.views.catalogue.card import ListingCard, Match, Search, SearchPage
from souq.views.catalogue.entry import ENTRY, NO_ATTRIBUTES, Entry, read, write
from souq.views.catalogue.folding import CHANGE, entry_of, said_anew
from souq.views.catalogue.query import COVERS, check, covered, statements, write_cursor
from souq.views.catalogue.ranking import ranked
from souq.views.catalogue.schema import SCHEMA, SCRUB, VERSION
from souq.views.catalogue.wants import Wants, offers_fitting
from souq.views.derived import DerivedFile, Place, Spoilt
from souq.views.history import ERASED, Find

WAITING_MAX = 64  # listings that changed, before they are written: a few milliseconds' work
UNKEPT_MAX = 2_000  # records taken, before they are kept: some ten milliseconds' work
MATCHES_KEPT = 200_000
# Of a category with fewer listings the newest are found among its own; of another, among all.
RARE = 2_000

_attributes = msgspec.json.Decoder(dict[str, Attribute])
_mechanisms = msgspec.json.Decoder(tuple[str, ...])


class Catalogue:
    """All open listings of one market, to be searched. One thread at a time may call it.

    Let it `catch_up` with the journal, then `take` each record in order, once it is durable. What
    it has read is kept in the file at `path` (None: in memory) with the number of the record it
    stands at: by every `flush`, and now and then in between.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._file = DerivedFile(path, SCHEMA, VERSION)
        try:
            self._load()
        except Spoilt:
            self.reset()

    def _load(self) -> None:
        facts = self._file.facts()
        self._place = Place(facts)
        self._asset = facts.get("asset", USD.code)
        self._is_to_scrub = "is_to_scrub" in facts
        self._waiting: dict[str, list[Any]] = {}
        self._has_wants_waiting = False
        self._told: list[Match] = []
        self._sellers: dict[str, tuple[int, int]] = {
            agent: (deals, rulings)
            for agent, deals, rulings in self._file.rows("SELECT * FROM sellers")
        }
        self._sellers_waiting: set[str] = set()
        self._unrated: set[str] = set()
        self._rated_day = -1
        self._wants = Wants()
        for row in self._file.rows(f"{ENTRY} WHERE side = 'want' ORDER BY number"):
            self._wants.put(Entry(*row))

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
        if not self._place.is_in(store):
            self.reset()
        read = reader(store).whole
        for entry in store.read(self.seq + 1, until):
            self.take(read(entry.seq, entry.body), store.payload)
        self.flush()

    def take(self, record: Record, find: Find) -> tuple[Match, ...]:
        """Fold the next record, and give the matches it made; words come with it or from `find`."""
        self._place.move_on(record)
        told: tuple[Match, ...] = ()
        for event in record.events:
            fold = _FOLD.get(type(event))
            if fold is not None:
                told += fold(self, record, event, find) or ()
        if self._place.seq - self._place.kept >= UNKEPT_MAX:
            self.flush()
        elif len(self._waiting) >= WAITING_MAX:
            self._write()
        return told

    def search(self, query: Search, *, day: int = 0) -> SearchPage:
        """Find listings as of the last record taken. Raises Refused(invalid), or Spoilt.

        `day` is what newcomers are drawn by, where the order is that of reputation.
        """
        check(query)
        self._write()
        if query.order == "reputation":
            rated = ranked(self._file.rows, query, asset=self._asset, day=day)
            cursor = "" if rated.is_last else write_cursor(query, rated.known, rated.fresh + 1)
            return SearchPage(self._cards(rated.numbers), cursor)
        is_rare = bool(query.category) and not query.text and self._is_rare(query.category)
        found: dict[int, int] = {}
        more = query.limit + 1
        for statement in statements(query, asset=self._asset, is_rare=is_rare):
            # So many rows are enough, even if all that was found already were among them.
            for number, key in self._file.rows(statement.sql, (*statement.values, more)):
                found.setdefault(number, key)
            if len(found) >= more:
                break
        numbers = list(found)[: query.limit]
        cursor = ""
        if len(found) > len(numbers):
            cursor = write_cursor(query, found[numbers[-1]], numbers[-1])
        return SearchPage(self._cards(numbers), cursor)

    def card(self, listing: str) -> ListingCard | None:
        """Give one listing as a search would show it, or None for one that is not open."""
        self._write()
        number = listing[1:]
        if not (number.isascii() and number.isdigit()):
            return None
        return next(iter(self._cards([int(number)])), None)

    def unrated(self, day: int) -> set[str] | None:
        """List agents whose score may have changed since `rate`; None is everybody's."""
        is_everybody = self._rated_day != day
        return None if is_everybody else self._unrated

    def rate(self, scores: Iterable[tuple[str, int, bool]], day: int) -> None:
        """Keep scores by which listings are ranked: principal, quantile, whether a newcomer."""
        self._file.begin()
        self._file.write_many(_PUT_SCORE, scores)
        self._unrated = set()
        self._rated_day = day

    def standing(self, agent: str) -> tuple[int, int]:
        """Give the contracts an agent fulfilled as a seller, and the rulings against it."""
        return self._sellers.get(agent, (0, 0))

    def matches(self, agent: str, after_seq: int = 0, limit: int = 100) -> tuple[Match, ...]:
        """List what an agent was told of by later records, oldest first.

        Matches of one record are never parted, so that the last one's `seq` continues the list;
        there may therefore be a few more than `limit`.
        """
        self._write()
        rows = self._file.rows(
            "SELECT seq, agent, listing, want FROM matches WHERE agent = ? AND seq > ?"
            " AND seq <= coalesce((SELECT seq FROM matches WHERE agent = ? AND seq > ?"
            " ORDER BY seq LIMIT 1 OFFSET ?), ?) ORDER BY seq, number",
            (agent, after_seq, agent, after_seq, max(limit, 1) - 1, self.seq),
        )
        return tuple(Match(*row) for row in rows)

    def forget(self, digest: str) -> None:
        """Take an erased text out, before its bytes are erased from the journal's store."""
        self._write()
        rows = self._file.rows(
            f"{ENTRY} WHERE title_digest = ? OR description_digest = ?", (digest, digest)
        )
        changes: list[tuple[Entry | None, Entry]] = []
        for row in rows:
            before, after = Entry(*row), Entry(*row)
            if before.title_digest == digest:
                after.title = None
            if before.description_digest == digest:
                after.description = None
            changes.append((before, after))
        self._is_to_scrub = True
        self._put(changes)
        self.flush()

    def flush(self) -> None:
        """Keep on disk what was taken, in one transaction with the number of the last record."""
        self._write()
        self._file.begin()
        facts = {**self._place.facts(), "asset": self._asset}
        if self._is_to_scrub:
            facts["is_to_scrub"] = "yes"
        self._file.note(facts)
        self._file.write_many(_DROP_MATCHES, [(MATCHES_KEPT,)])
        self._file.commit()
        self._place.kept = self._place.seq

    def scrub(self) -> None:
        """Rewrite the file so that forgotten words leave it altogether; this takes seconds."""
        self.flush()
        self._file.scrub(SCRUB)
        self._file.forget_fact("is_to_scrub")
        self._is_to_scrub = False

    def reset(self, *, in_memory: bool = False) -> None:
        """Throw away what was read; `catch_up` then reads it again."""
        self._file.reset(in_memory=in_memory)
        self._load()

    def close(self) -> None:
        """Keep what was taken, and let go of the file."""
        if not self._file.is_spoilt:
            if self._is_to_scrub:
                self.scrub()
            self.flush()
        self._file.close()

    def _write(self) -> None:
        """Fold what waits and write it; it is kept by the next commit, and seen at once."""
        if not (self._waiting or self._sellers_waiting or self._told):
            return
        self._file.begin()
        changes = []
        for id, happened in self._waiting.items():
            number = int(id[1:])
            if isinstance(happened[0], Entry):
                before, after, events = None, happened[0], happened[1:]
            else:
                before, events = read(self._file, number), happened
                after = msgspec.structs.replace(before)
            for event in events:
                CHANGE[type(event)](after, event)
            changes.append((before, after))
        self._waiting.clear()
        self._has_wants_waiting = False
        self._put(changes)
        sellers = [(agent, *self._sellers[agent]) for agent in sorted(self._sellers_waiting)]
        if sellers:
            self._file.write_many(_PUT_SELLER, sellers)
            self._sellers_waiting.clear()
        if self._told:
            rows = [(one.seq, one.agent, one.listing, one.want) for one in self._told]
            self._file.write_many(
                "INSERT INTO matches (seq, agent, listing, want) VALUES (?, ?, ?, ?)", rows
            )
            self._told.clear()

    def _put(self, changes: list[tuple[Entry | None, Entry]]) -> None:
        self._file.begin()
        write(self._file, changes)
        for _, after in changes:
            if after.side == "want":
                self._wants.put(after)

    def _is_rare(self, category: str) -> bool:
        rows = self._file.rows(
            f"SELECT count(*) FROM (SELECT 1 FROM listings WHERE {COVERS} LIMIT ?)",
            (*covered(category), RARE),
        )
        return bool(rows[0][0] < RARE)

    def _cards(self, numbers: list[int]) -> tuple[ListingCard, ...]:
        marks = ",".join("?" * len(numbers))
        rows = self._file.rows(f"{_CARDS} IN ({marks})", numbers) if numbers else []
        rows_by_number = {row[0]: row for row in rows}
        return tuple(self._card(rows_by_number[one]) for one in numbers if one in rows_by_number)

    def _card(self, row: Any) -> ListingCard:
        number, agent, principal, side, subject, title, description, category, asset = row[:9]
        price, available, unit, delivery, shipping_units, attributes, mechanisms, at = row[9:]
        deals, rulings = self._sellers.get(agent, (0, 0))
        return ListingCard(
            f"L{number}",
            agent,
            principal,
            side,
            subject,
            ERASED if title is None else title,
            ERASED if description is None else description,
            category,
            None if asset is None else Money(price, asset),
            available,
            unit,
            delivery,
            shipping_units,
            _attributes.decode(attributes) if attributes != NO_ATTRIBUTES else {},
            _mechanisms.decode(mechanisms),
            at,
            deals,
            rulings,
        )

    def _opened(self, record: Record, event: rules.MarketOpened, find: Find) -> None:
        self._asset = event.rules.assets[0].code

    def _posted(self, record: Record, event: ListingPosted, find: Find) -> tuple[Match, ...] | None:
        entry = entry_of(record, event.listing, find)
        # What waits may change the wants that stand, or be an offer that this want is to find.
        if entry.side == "want" or self._has_wants_waiting:
            self._write()
        self._waiting[event.listing.id] = [entry]
        if entry.side == "sell":
            pairs = self._wants.fitting(entry) if len(self._wants) else []
            matched = [(entry.number, entry.agent, want.number, want.agent) for want in pairs]
        else:
            self._has_wants_waiting = True
            offers = offers_fitting(self._file, entry)
            matched = [(one.number, one.agent, entry.number, entry.agent) for one in offers]
        if not matched:
            return None
        told = tuple(
            Match(record.seq, agent, f"L{listing}", f"L{want}")
            for listing, seller, want, buyer in matched
            for agent in dict.fromkeys((seller, buyer))
        )
        self._told += told
        return told

    def _edited(self, record: Record, event: ListingEdited, find: Find) -> None:
        self._changed(record, said_anew(record, event, find), find)

    def _changed(self, record: Record, event: Any, find: Find) -> None:
        happened = self._waiting.get(event.listing)
        if happened is None:
            self._waiting[event.listing] = [event]
        else:
            happened.append(event)
        # Whether it is a want is known where it is read; there are wants, so it may be one.
        self._has_wants_waiting = self._has_wants_waiting or int(event.listing[1:]) in self._wants

    def _fulfilled(self, record: Record, event: ending.ContractFulfilled, find: Find) -> None:
        self._count(event.agreement, deals=1, rulings=0)

    def _ruled(self, record: Record, event: ending.RulingMade, find: Find) -> None:
        is_against = event.payer_bps and event.by != PARTIES
        self._count(event.agreement, deals=0, rulings=1 if is_against else 0)

    def _cancelled(self, record: Record, event: ending.ContractCancelled, find: Find) -> None:
        self._unrated.update(event.at_fault)

    def _retrusted(self, record: Record, event: Any, find: Find) -> None:
        self._rated_day = -1

    def _count(self, agreement: Agreement, *, deals: int, rulings: int) -> None:
        self._unrated.update(givers(agreement.legs))
        for agent in givers(agreement.legs):
            before = self._sellers.get(agent, (0, 0))
            self._sellers[agent] = (before[0] + deals, before[1] + rulings)
            self._sellers_waiting.add(agent)


_CARDS = (
    "SELECT number, agent, principal, side, subject, title, description, category, asset, price,"
    " available, unit, delivery, shipping_units, attributes, mechanisms, posted_at"
    " FROM listings JOIN cards USING (number) WHERE number"
)
_PUT_SELLER = (
    "INSERT INTO sellers VALUES (?, ?, ?) ON CONFLICT (agent)"
    " DO UPDATE SET deals = excluded.deals, rulings = excluded.rulings"
)
_PUT_SCORE = (
    "INSERT INTO scores VALUES (?, ?, ?) ON CONFLICT (principal)"
    " DO UPDATE SET quantile = excluded.quantile, is_newcomer = excluded.is_newcomer"
)
_DROP_MATCHES = "DELETE FROM matches WHERE number <= (SELECT max(number) FROM matches) - ?"
_FOLD: dict[type, Callable[[Catalogue, Record, Any, Find], tuple[Match, ...] | None]] = {
    rules.MarketOpened: Catalogue._opened,
    ListingPosted: Catalogue._posted,
    ListingEdited: Catalogue._edited,
    ending.ContractFulfilled: Catalogue._fulfilled,
    ending.RulingMade: Catalogue._ruled,
    ending.ContractCancelled: Catalogue._cancelled,
    trust.TrustSet: Catalogue._retrusted,
    imported.ReputationImported: Catalogue._retrusted,
    **dict.fromkeys(CHANGE, Catalogue._changed),
}
