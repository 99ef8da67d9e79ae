"""Metrics: one figure each of one finished market, read from what its journal says.

To add one, write it into a module's `METRICS`; to add a module, list it here.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from msgspec import Struct

from souq.lab.metrics import (
    asking,
    coherence,
    conduct,
    dividing,
    entering,
    harm,
    leakage,
    learning,
    prices,
    racing,
    rebalancing,
    welfare,
    wording,
)
from souq.lab.tables import MetricRow
from souq.lab.tidying import Told


class Metric(Struct, frozen=True):
    """`about` is a sentence; `unit` "" is a plain number, "$" dollars, "share" a part of 1."""

    about: str
    unit: str
    of: Callable[[Told], float | None]


class Module(Protocol):
    """By name: what it is, its unit, and how it is read; None where it is not defined."""

    METRICS: Mapping[str, tuple[str, str, Callable[[Told], float | None]]]


_MODULES: tuple[Any, ...] = (
    welfare,
    prices,
    dividing,
    harm,
    conduct,
    coherence,
    leakage,
    racing,
    rebalancing,
    learning,
    asking,
    wording,
    entering,
)
METRICS: dict[str, Metric] = {
    name: Metric(*parts) for module in _MODULES for name, parts in module.METRICS.items()
}


def measure(told: Told) -> list[Struct]:
    """Give every metric of a market."""
    return [
        MetricRow(told.arm, told.repetition, name, metric.of(told))
        for name, metric in METRICS.items()
    ]
