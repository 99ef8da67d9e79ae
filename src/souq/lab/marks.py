"""Marks in the journal: what happened when, and who was treated how, for those who measure.

A note of the operator's, so that no agent reads it, and the measures need nothing but the journal.
"""

from typing import Any

import msgspec

from souq.core.annotation import Annotate
from souq.core.rules import OPERATOR
from souq.core.seal import OperatorText
from souq.lab.setup import Setup
from souq.lab.simulation import Simulation
from souq.views.history import History

ROUND = "round "  # and its number, from 2: when it began


def mark(simulation: Simulation, topic: str, value: Any) -> None:
    """Write a mark now."""
    text = msgspec.json.encode(value, order="sorted").decode()
    simulation.submit(OPERATOR, Annotate(topic, OperatorText(text))).need()


def mark_at_opening(setup: Setup, topic: str, value: Any) -> None:
    """Write a mark as soon as everybody has joined."""
    setup.prepare.append(lambda simulation, parts: mark(simulation, topic, value))


def read_mark(history: History, topic: str) -> Any:
    """Give what was marked last under a topic; None where nothing was."""
    note = history.notes.get(topic)
    return None if note is None else msgspec.json.decode(history.words(note))


def round_starts(history: History) -> list[int]:
    """Give when each round began; the first, with the market."""
    found, number = [0], 2
    while (began := read_mark(history, f"{ROUND}{number}")) is not None:
        found.append(began)
        number += 1
    return found
