"""A page's stream says that its thing has changed, also when too much happened to look at all."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from souq.core.annotation import Annotate
from souq.core.rules import Rules
from souq.core.seal import OperatorText
from souq.sdk.client import Client
from souq.sdk.signing import new_key
from souq.surfaces.console import live
from souq.surfaces.console.live import BEHIND_MAX
from tests.console.visitor import Visitor
from tests.serving import ADMIN, Served, open_folder, serving

KEY = new_key("ed25519")
BEAS = new_key("ed25519")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("market") / "m"
    open_folder(folder, Rules(public_floor=True))
    with serving(folder) as found:
        with Client(found.url, key=ADMIN) as operator:
            operator.register_principal(name="bea")
            operator.add_key(owner="P1", kind=BEAS.kind, material=BEAS.material)
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


def test_guests_leave_room_for_who_is_signed_in_and_nobody_keeps_the_operator_out(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, most in (("GUESTS_MAX", 3), ("OWN_MAX", 2), ("STREAMS_MAX", 4)):
        monkeypatch.setattr(live, name, most)
    one, other, bea, operator = (Visitor(served.url) for _ in range(4))
    bea.sign_in(BEAS)
    operator.sign_in(KEY)
    pieces = []
    with ExitStack() as until:

        def look(who: Visitor) -> int:
            stream = until.enter_context(who.http.stream("GET", "/live"))
            if stream.status_code == 200:
                pieces.append(stream.iter_raw())  # which hangs up when it is let go
                assert next(pieces[-1])  # from now on it counts
            return int(stream.status_code)

        assert [look(one) for _ in range(3)] == [200, 200, 503]
        assert [look(other) for _ in range(2)] == [200, 503]
        assert [look(bea) for _ in range(2)] == [200, 503]
        assert [look(operator) for _ in range(3)] == [200, 200, 503]
    for who in (one, other, bea, operator):
        who.close()
