"""Which command ids were answered before: the recent ones exactly, all others by a sketch.

A look into the store for every new id would cost more than judging its command. A Bloom filter
(Bloom 1970) says of nearly all of them, for certain, that the store does not know them; only where
it cannot tell is the store asked. It takes two bytes an id.
"""

import threading
from collections import deque

from souq.core.rules import DAY_US
from souq.journal.store import Store

RECENT_MAX = 262_144
_BITS_PER_ID = 16
_PROBES = 4
_ROOM_MIN = 1 << 16  # ids

Key = tuple[str, str]


class Sketch:
    """A set that forgets nothing, and is wrong about three in a thousand of what it never saw.

    It grows by layers, each with room for twice as many as the one before.
    """

    def __init__(self, room: int) -> None:
        self._layers: list[bytearray] = []
        self._room = self._left = 0
        self._grow(max(room, _ROOM_MIN))

    def _grow(self, room: int) -> None:
        bits = 1 << (room * _BITS_PER_ID - 1).bit_length()
        self._layers.append(bytearray(bits >> 3))
        self._room = self._left = bits // _BITS_PER_ID

    def add(self, key: Key) -> None:
        """Note a key."""
        if self._left == 0:
            self._grow(2 * self._room)
        self._left -= 1
        layer = self._layers[-1]
        mask = (len(layer) << 3) - 1
        place = hash(key)
        step = (place >> 32) | 1
        for _ in range(_PROBES):
            bit = place & mask
            layer[bit >> 3] |= 1 << (bit & 7)
            place += step

    def __contains__(self, key: Key) -> bool:
        """Tell whether a key may have been noted."""
        first = hash(key)
        step = (first >> 32) | 1
        for layer in self._layers:
            mask = (len(layer) << 3) - 1
            place = first
            for _ in range(_PROBES):
                bit = place & mask
                if not layer[bit >> 3] >> (bit & 7) & 1:
                    break
                place += step
            else:
                return True
        return False


class KnownIds:
    """The ids of one journal's commands. Only `_read` runs in a thread of its own."""

    def __init__(self, store: Store, last: int) -> None:
        """`last` is the journal's last record; the ids up to it are read in the background."""
        self._store = store
        self._recent: dict[Key, int] = {}
        self._by_age: deque[tuple[int, Key]] = deque()
        self._forgotten: list[Key] = []  # by `_recent`, while the older ones are still being read
        self._older: Sketch | None = Sketch(0) if last == 0 else None
        self._has_older = last > 0
        self._is_closing = False
        self._reading = threading.Thread(
            target=self._read, args=(last,), name="souq-ids", daemon=True
        )
        if last:
            self._reading.start()

    def __len__(self) -> int:
        """Count the ids that are kept exactly."""
        return len(self._recent)

    def find(self, key: Key) -> int | None:
        """Give the record that answered a command, or None."""
        found = self._recent.get(key)
        if found is not None or not self._has_older:
            return found
        if self._older is not None:
            if self._forgotten:
                self._catch_up(self._older)
            if key not in self._older:
                return None
        return self._store.find(*key)

    def add(self, at: int, key: Key, seq: int, durable: int) -> None:
        """Note who answered; forget exactly what is a day old, once the store knows it."""
        self._recent[key] = seq
        by_age = self._by_age
        by_age.append((at, key))
        while len(by_age) > RECENT_MAX or by_age[0][0] <= at - DAY_US:
            oldest = by_age[0][1]
            if self._recent[oldest] > durable:
                break  # not in the store yet, so nobody else could answer for it
            del self._recent[by_age.popleft()[1]]
            self._has_older = True
            if self._older is None:
                self._forgotten.append(oldest)
            else:
                self._older.add(oldest)

    def close(self) -> None:
        """Stop reading."""
        self._is_closing = True
        if self._reading.is_alive():
            self._reading.join()

    def _catch_up(self, older: Sketch) -> None:
        for key in self._forgotten:
            older.add(key)
        self._forgotten = []

    def _read(self, last: int) -> None:
        sketch = Sketch(last)
        for key in self._store.ids():
            sketch.add(key)
            if self._is_closing:
                return
        self._older = sketch  # from here on it is the engine's thread that changes it
