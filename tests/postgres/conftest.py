"""Each test has a market of its own on one server."""

import itertools
import os
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from souq.journal.postgres import PostgresStore
from tests.postgres.cluster import NoServer, running

Open = Callable[..., PostgresStore]
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    """Give a server's URL; skip aloud, or fail where PostgreSQL is required."""
    try:
        with running() as cluster:
            yield cluster.url
    except NoServer as error:
        if os.environ.get("SOUQ_POSTGRES") == "required":
            pytest.fail(f"PostgreSQL is required here: {error}")
        pytest.skip(f"no PostgreSQL to test with: {error}")


@pytest.fixture
def market() -> str:
    return f"m{next(_numbers)}"


@pytest.fixture
def opened(url: str, market: str) -> Iterator[Open]:
    """Give a function that opens the test's market; whatever was opened is closed in the end.

    Unless a test is about time, its leases outlast any standstill of this machine.
    """
    stores: list[PostgresStore] = []

    def open_(**options: object) -> PostgresStore:
        store = partial(PostgresStore, url, market=market, ttl_s=60.0)(**options)  # type: ignore[arg-type]
        stores.append(store)
        return store

    yield open_
    for store in stores:
        store.close()
