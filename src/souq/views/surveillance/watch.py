"""The watch follows a journal record by record, and lets the detectors look again now and then.

Each detector looks at the latest rows of its kinds, at most so many, whenever half as many are new;
and when somebody asks, if a hundredth is. At most one of them looks at a record, so that whoever
feeds a watch never waits for more than one. What was found stays found, with its latest evidence.
"""

from collections import deque
from collections.abc import Callable
from typing import Any, get_args

import msgspec

from souq.core.state import State
from souq.journal.record import Payload, Record
from souq.views.surveillance import DETECTORS
from souq.views.surveillance.breakers import Breakers, Folding
from souq.views.surveillance.reading import Reader
from souq.views.surveillance.rows import Alarm, Row

ROWS_MAX = 50_000  # of each kind
LOOKED_AT_MAX = {  # where more would take long, and old rows tell little
    "bid_rotation": 5_000,
    "message_alignment": 5_000,
    "price_parallelism": 5_000,
    "repricing_loop": 1_000,
    "spoofing": 10_000,
}
NEWS_SHARE = 100  # whoever asks all the time has one look for each hundredth that is new
ALARMS_MAX = 1_000  # the latest ones found


class Watch:
    """Feed every record to `take`, and ask for `alarms`. One thread at a time may call it."""

    def __init__(
        self,
        find: Callable[[str], Payload | None],
        state: Callable[[], State] | None = None,
    ) -> None:
        """Begin with nothing; `state` knows who is who where the watch begins late."""
        self.seq = 0
        self._reader = Reader(find, state)
        self._breakers = Folding()
        self._rows: dict[type, deque[Any]] = {
            kind: deque(maxlen=ROWS_MAX) for kind in get_args(Row)
        }
        self._fresh = dict.fromkeys((one.NAME for one in DETECTORS), 0)
        self._readers: dict[type, list[str]] = {kind: [] for kind in self._rows}
        for one in DETECTORS:
            for kind in one.READS:
                self._readers[kind].append(one.NAME)
        self._alarms: dict[tuple[str, tuple[str, ...]], Alarm] = {}

    def take(self, record: Record) -> None:
        """Read one record; those read before are passed over."""
        if record.seq <= self.seq:
            return
        self.seq = record.seq
        self._breakers.take(record)
        for row in self._reader.rows(record):
            kind = type(row)
            self._rows[kind].append(row)
            for name in self._readers[kind]:
                self._fresh[name] += 1
        for one in DETECTORS:
            if 2 * self._fresh[one.NAME] >= most_of(one):
                self._look(one)
                return

    def alarms(self) -> tuple[Alarm, ...]:
        """Let every detector look that has enough new to see; give all alarms, latest last."""
        for one in DETECTORS:
            fresh = self._fresh[one.NAME]
            held = sum(min(len(self._rows[kind]), most_of(one)) for kind in one.READS)
            if fresh and fresh * NEWS_SHARE >= held:
                self._look(one)
        return tuple(sorted(self._alarms.values(), key=lambda alarm: (alarm.until, alarm.since)))

    @property
    def breakers(self) -> Breakers:
        """Give how the market's breakers stand."""
        return self._breakers.now

    def _look(self, detector: Any) -> None:
        self._fresh[detector.NAME] = 0
        most = most_of(detector)
        for alarm in detector.find(*(list(self._rows[kind])[-most:] for kind in detector.READS)):
            key = (alarm.detector, alarm.parties)
            before = self._alarms.pop(key, None)
            if before is not None:
                alarm = msgspec.structs.replace(alarm, since=min(before.since, alarm.since))
            self._alarms[key] = alarm  # found last stands last
        while len(self._alarms) > ALARMS_MAX:
            del self._alarms[next(iter(self._alarms))]


def most_of(detector: Any) -> int:
    """Give how many rows of each kind a detector looks at."""
    return LOOKED_AT_MAX.get(detector.NAME, ROWS_MAX)
