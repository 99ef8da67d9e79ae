"""The console answers whatever it is asked: a no is said, and nothing a browser sends breaks it."""

from collections.abc import Iterator

import pytest

from souq.sdk.client import Client
from souq.sdk.signing import new_key
from souq.surfaces.limits import Rates
from tests.console.visitor import Visitor
from tests.serving import ADMIN, Served, granted_by_the_hour, serving

KEYS = [new_key("ed25519") for _ in range(4)]
BURST = 4  # questions at once; each page asks who looks, then what it shows, then the house's name


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    rates = Rates(queries_per_s=1, burst=BURST)
    folder = tmp_path_factory.mktemp("market") / "m"
    with granted_by_the_hour(), serving(folder, limits=rates) as found:
        with Client(found.url, key=ADMIN) as operator:
            for key in KEYS:
                owner = operator.register_principal(name="bea").events[0].principal
                operator.add_key(owner=owner, kind=key.kind, material=key.material)
        yield found


@pytest.mark.parametrize("after", ["²", "9" * 17])
def test_a_stream_after_what_is_no_record_begins_at_the_end(served: Served, after: str) -> None:
    visitor = Visitor(served.url)
    visitor.sign_in(KEYS[0])
    with visitor.http.stream("GET", "/live", params={"after": after}, timeout=30) as stream:
        assert (stream.status_code, next(stream.iter_lines())) == (200, "retry: 1000")
    visitor.close()


# The second page is stopped at its second question, and at its third; the lost one at its second.
@pytest.mark.parametrize(
    ("number", "paths"),
    [
        (1, ("/deals/C1", "/deals/C1")),
        (2, ("/deals/C1/nowhere", "/deals/C1")),
        (3, ("/deals/C1", "/deals/C1/nowhere")),
    ],
)
def test_whoever_is_too_fast_is_told_to_wait_at_whatever_question(
    served: Served, number: int, paths: tuple[str, str]
) -> None:
    visitor = Visitor(served.url)
    visitor.sign_in(KEYS[number])
    first, second = (visitor.get(path) for path in paths)
    assert (first.status_code, second.status_code) == (404, 429)
    assert int(second.headers["retry-after"]) > 0
    visitor.close()
