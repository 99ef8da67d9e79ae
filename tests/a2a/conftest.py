"""One market for all tests of a module that leave nothing behind that another would trip over."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.a2a.people import Bazaar, bazaar


@pytest.fixture
def market(tmp_path: Path) -> Iterator[Bazaar]:
    """Give a market of one's own."""
    with bazaar(tmp_path) as one:
        yield one


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bazaar]:
    """Give a market that the tests of a module share."""
    with bazaar(tmp_path_factory.mktemp("market")) as one:
        yield one
