"""What most tests of pages begin with."""

from collections.abc import Iterator

import pytest

from tests.http.market import Town, populated


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with populated(tmp_path_factory.mktemp("market") / "m") as found:
        yield found
