"""A bank process and a market for each test of the rails."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from souq.engine import Engine
from tests.rails.town import BankProcess, bank_at, open_market


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[BankProcess]:
    with bank_at(tmp_path) as found:
        found.tell("money", [2_000])  # what the market already knows of
        yield found


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_market(tmp_path) as found:
        yield found
