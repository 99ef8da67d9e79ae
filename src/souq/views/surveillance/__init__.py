"""Surveillance: what looks like cheating in what happened, with the evidence beside it.

A detector reads rows and yields alarms; it decides nothing, and nothing follows by itself. To add
one, write it and list it here. It has NAME, READS (the types of rows that `find` takes, in their
order), and `find`.
"""

from collections.abc import Iterator
from typing import Any, Protocol

from souq.views.surveillance import (
    bid_rotation,
    closed_club,
    message_alignment,
    price_parallelism,
    repricing_loop,
    reputation_ring,
    shill_bidding,
    spoofing,
    wash_trading,
)
from souq.views.surveillance.rows import Action, Alarm, Edge

__all__ = ["DETECTORS", "Action", "Alarm", "Detector", "Edge"]


class Detector(Protocol):
    """What one way of cheating looks like."""

    NAME: str
    READS: tuple[type, ...]

    @staticmethod
    def find(*rows: Any) -> Iterator[Alarm]: ...


DETECTORS: tuple[Any, ...] = (
    wash_trading,
    reputation_ring,
    closed_club,
    price_parallelism,
    bid_rotation,
    message_alignment,
    spoofing,
    shill_bidding,
    repricing_loop,
)
