"""A page's stream says that its thing has changed, also when too much happened to look at all."""

from collections.abc import Iterator

import pytest

from souq.core.annotation import Annotate
from souq.core.seal import OperatorText
from souq.sdk.client import Client
from souq.sdk.signing import new_key
from souq.surfaces.console.live import BEHIND_MAX
from tests.console.visitor import Visitor
from tests.serving import ADMIN, Served, serving

KEY = new_key("ed25519")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("market") / "m") as found:
        with Client(found.url, key=ADMIN) as operator:
            operator.register_principal(name="bea")
            operator.add_key(owner="operator", kind=KEY.kind, material=KEY.material)
        yield found


def first_event(served: Served, **asked: str | int) -> str:
    visitor = Visitor(served.url)
    visitor.sign_in(KEY)
    try:
        with visitor.http.stream("GET", "/live", params=asked, timeout=30) as stream:
            return next(line for line in stream.iter_lines() if line.startswith(("event", "id")))
    finally:
        visitor.close()


def test_what_was_left_out_may_have_told_of_it(served: Served) -> None:
    with Client(served.url, key=ADMIN) as operator:
        before = operator.get_market().seq
        assert first_event(served, about="P1", after=before - 1).startswith("id")  # of another
        for n in range(BEHIND_MAX + 1):
            operator.submit(Annotate("flood", OperatorText(f"{n}")))
    assert first_event(served, about="P1", after=before) == "event: changed"
