"""A PostgreSQL of a test's own, where the machine has one."""

import os
from collections.abc import Iterator

import pytest

from tests.postgres.cluster import NoServer, running


@pytest.fixture
def database() -> Iterator[str]:
    """Give a new database's URL; skip aloud, or fail where PostgreSQL is required."""
    try:
        with running() as cluster:
            yield cluster.url
    except NoServer as error:
        if os.environ.get("SOUQ_POSTGRES") == "required":
            pytest.fail(f"PostgreSQL is required here: {error}")
        pytest.skip(f"no PostgreSQL to test with: {error}")
