"""The tree over all durable records, on disk: signed heads, and proofs of what is in them.

Each row holds the hashes of the whole subtrees that end with one record, from its leaf upwards, so
that appending never changes a row, and a proof reads one row for each of its hashes.
"""

import contextlib
import hashlib
from functools import reduce
from pathlib import Path

import msgspec
from msgspec import Struct

from souq.core.refusal import Reason, Refused
from souq.journal import merkle
from souq.journal.parts import CHAIN, cut, part_hashes, record_root
from souq.journal.record import GENESIS, Damaged, Entry, Record, chained, encode
from souq.journal.store import Store
from souq.views.derived import DerivedFile, Spoilt
from souq.views.evidence_key import EvidenceKey

VERSION = "evidence 1"  # raise it with any change to the table, or to how records are hashed
WAITING_MAX = 64  # records, before they are written
UNKEPT_MAX = 2_000  # records, before they are kept
CACHE_KIB = 4 * 1024
HEAD_TYPE = "souq-tree-head/1"

_SCHEMA = "CREATE TABLE subtrees (seq INTEGER PRIMARY KEY, hashes BLOB NOT NULL);"
_PUT = "INSERT INTO subtrees VALUES (?, ?)"
_GET = "SELECT hashes FROM subtrees WHERE seq = ?"


class TreeHead(Struct, frozen=True):
    """What the market's records came to, signed by the market.

    `size` records are in the tree, the last of them stamped `at`; `root` is the tree's. `chain`
    commits to the last record's place in the hash chain, which only the market can open. The
    signature is Ed25519's by `key`, over the canonical bytes of all the rest and `type`.
    """

    market: str
    size: int
    root: str
    at: int
    chain: str
    key: str
    signature: str
    type: str = HEAD_TYPE


class _Stamp(Struct, frozen=True):
    at: int


_stamp = msgspec.json.Decoder(_Stamp).decode


class Evidence:
    """The tree of one market's records. One thread at a time may call it.

    Let it `catch_up` with the journal, then `take` each record in order, once it is durable. Any
    call may raise Spoilt: `reset` it then, and let it catch up.
    """

    def __init__(self, path: Path | None, key: EvidenceKey) -> None:
        self.key = key
        self._file = DerivedFile(path, _SCHEMA, VERSION, cache_kib=CACHE_KIB)
        self._store: Store | None = None
        self._load()

    def _load(self) -> None:
        facts = self._file.facts()
        self._secret = hashlib.sha256(self.key.blinding).hexdigest()
        self._is_fit = facts.get("secret", self._secret) == self._secret
        self._seq = self._kept = self._written = int(facts.get("seq", "0"))
        self._hash = bytes.fromhex(facts.get("hash", GENESIS.hex()))
        self._waiting: list[tuple[int, bytes]] = []
        self._peaks: list[bytes] = []  # largest first
        self._is_wrong = False
        if self._is_fit:
            # A file that lost a bit must never be signed for: it is built again.
            try:
                self._peaks = [self._find(*peak) for peak in merkle.peaks(self._seq)]
                self._is_fit = facts.get("root", merkle.EMPTY.hex()) == self._top().hex()
            except Spoilt:
                self._is_fit = False

    @property
    def is_spoilt(self) -> bool:
        """Tell whether a write has failed or a hash is wrong, so that it must be reset."""
        return self._is_wrong or self._file.is_spoilt

    @property
    def seq(self) -> int:
        """Give the number of the last record taken."""
        return self._seq

    def catch_up(self, store: Store, until: int | None = None) -> None:
        """Hash what a journal holds beyond `seq`; a file of another journal begins again.

        Raises Damaged where a record is not what the chain knows.
        """
        self._store = store
        if not self._is_fit or not self._is_in(store):
            self.reset()
        for entry in store.read(self._seq + 1, until):
            if chained(self._hash, entry.body) != entry.hash:
                raise Damaged(entry.seq, "its bytes do not fit its hash and the hash before it")
            self._append(entry.body, entry.hash)
        self.flush()

    def take(self, record: Record) -> None:
        """Hash the next record."""
        assert record.seq == self._seq + 1, f"record {record.seq} after {self._seq}"
        body = encode(record)
        self._append(body, chained(self._hash, body))

    def head(self, market: str, size: int = 0) -> TreeHead:
        """Give the signed head over the first `size` records, or over all that were taken."""
        size = size or self._seq
        self._need(size)
        entry = self.entry(size)
        chain = part_hashes(cut(entry.body, entry.hash).parts[: CHAIN + 1], self.key.blinding, size)
        said = {
            "market": market,
            "size": size,
            "root": self.root(size).hex(),
            "at": _stamp(entry.body).at,
            "chain": chain[CHAIN].hex(),
            "key": self.key.material,
            "type": HEAD_TYPE,
        }
        return msgspec.convert({**said, "signature": self.key.sign(said)}, TreeHead)

    def root(self, size: int) -> bytes:
        """Give the root over the first `size` records."""
        if size == self._seq:
            return self._top()
        found = merkle.root(size, self._find)
        path = merkle.consistency(size, self._seq, self._find)
        self._need_right(merkle.is_consistent(size, found, self._seq, self._top(), path))
        return found

    def leaf(self, seq: int) -> bytes:
        """Give a record's leaf hash."""
        self._need(seq)
        return self._find(0, seq - 1)

    def inclusion(self, seq: int, size: int = 0) -> tuple[bytes, ...]:
        """Give the hashes that lead from a record's leaf to the root over `size` records."""
        size = size or self._seq
        self._need(size)
        if not 0 < seq <= size:
            raise Refused(Reason.NOT_FOUND, seq=seq)
        path = merkle.inclusion(seq - 1, size, self._find)
        found = merkle.included(self._find(0, seq - 1), seq - 1, size, path)
        self._need_right(found == self.root(size))
        return path

    def consistency(self, first: int, second: int = 0) -> tuple[bytes, ...]:
        """Give the hashes that show the tree of `first` records to begin that of `second`."""
        second = second or self._seq
        self._need(first)
        self._need(second)
        if first > second:
            raise Refused(Reason.NOT_FOUND, seq=first)
        path = merkle.consistency(first, second, self._find)
        roots = self.root(first), self.root(second)
        self._need_right(merkle.is_consistent(first, roots[0], second, roots[1], path))
        return path

    def entry(self, seq: int) -> Entry:
        """Give a record that was taken, as the journal holds it."""
        assert self._store is not None, "the tree has not caught up with a journal yet"
        return next(iter(self._store.read(seq, seq)))

    def flush(self) -> None:
        """Keep on disk what was taken, in one transaction with the number of the last record."""
        self._write()
        self._file.begin()
        self._file.note(
            {
                "seq": str(self._seq),
                "hash": self._hash.hex(),
                "secret": self._secret,
                "root": self._top().hex(),
            }
        )
        self._file.commit()
        self._kept = self._seq

    def reset(self, *, in_memory: bool = False) -> None:
        """Throw away what was read; `catch_up` then reads it again."""
        self._file.reset(in_memory=in_memory)
        self._load()

    def close(self) -> None:
        """Keep what was taken, and let go of the file; what cannot be kept is hashed again."""
        if not self.is_spoilt:
            with contextlib.suppress(Spoilt):
                self.flush()
        self._file.close()

    def _append(self, body: bytes, hash: bytes) -> None:
        seq = self._seq + 1
        found = merkle.leaf_hash(record_root(body, hash, self.key.blinding, seq))
        hashes = [found]
        number = seq - 1
        while number & 1:  # whatever ends here has its other half just before it
            found = merkle.node_hash(self._peaks.pop(), found)
            hashes.append(found)
            number >>= 1
        self._peaks.append(found)
        self._waiting.append((seq, b"".join(hashes)))
        self._seq, self._hash = seq, hash
        if seq - self._kept >= UNKEPT_MAX:
            self.flush()
        elif seq - self._written >= WAITING_MAX:
            self._write()

    def _find(self, height: int, number: int) -> bytes:
        self._write()
        seq = (number + 1) << height
        rows = self._file.rows(_GET, (seq,))
        hashes: bytes = rows[0][0] if rows else b""
        found = hashes[height * merkle.HASH_BYTES :][: merkle.HASH_BYTES]
        self._need_right(len(found) == merkle.HASH_BYTES)
        return found

    def _top(self) -> bytes:
        """Give the root over all records, from what is in memory."""
        if not self._peaks:
            return merkle.EMPTY
        return reduce(lambda right, left: merkle.node_hash(left, right), reversed(self._peaks))

    def _need_right(self, is_right: bool) -> None:
        """Raise Spoilt where the file does not hold what was put into it."""
        if not is_right:
            self._is_wrong = True
            raise Spoilt("the file of the tree holds a wrong hash")

    def _need(self, size: int) -> None:
        if not 0 < size <= self._seq:
            raise Refused(Reason.NOT_FOUND, seq=size)

    def _is_in(self, store: Store) -> bool:
        """Tell whether what was read is the beginning of this journal."""
        if self._seq == 0:
            return True
        if store.head()[0] < self._seq:
            return False
        return next(iter(store.read(self._seq, self._seq))).hash == self._hash

    def _write(self) -> None:
        if self._waiting:
            self._file.begin()
            self._file.write_many(_PUT, self._waiting)
            self._waiting.clear()
        self._written = self._seq
