"""A populated market for each module, and a watch that nothing was recorded."""

from collections.abc import Iterator

import pytest

from tests.http.market import Town, populated
from tests.http.raw import head_of


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with populated(tmp_path_factory.mktemp("market") / "m") as found:
        yield found


@pytest.fixture
def nothing_recorded(town: Town) -> Iterator[None]:
    before = head_of(town)
    yield
    assert head_of(town) == before
