"""What a thief, a flood and a clumsy user try at the console, and what they are told."""

import logging
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest

from souq.core.rules import Rules
from souq.lab.experiment.folder import PLAN
from souq.sdk.client import Client
from souq.sdk.signing import new_key
from souq.surfaces.console import live
from souq.surfaces.limits import Rates
from tests.console.looked_at import told
from tests.console.visitor import Visitor
from tests.serving import ADMIN, Served, granted_by_the_hour, open_folder, serving

BEA = new_key("ed25519")


def _with_bea(served: Served) -> None:
    with Client(served.url, key=ADMIN) as operator:
        operator.register_principal(name="bea")
        operator.add_key(owner="P1", kind=BEA.kind, material=BEA.material)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("market") / "m"
    open_folder(folder, Rules(public_floor=True))
    with serving(folder) as found:
        _with_bea(found)
        yield found


@pytest.fixture
def visitor(served: Served) -> Iterator[Visitor]:
    found = Visitor(served.url)
    yield found
    found.close()


@pytest.mark.parametrize(
    "origin", ["http://[", "http://[v1.x]", "null", "https://evil.example", "["]
)
def test_an_origin_that_is_none_is_another_sites(visitor: Visitor, origin: str) -> None:
    answer = visitor.http.post("/sign-in", data={"code": "x"}, headers={"origin": origin})
    assert (answer.status_code, answer.text) == (403, "This form was sent from another site.\n")


@pytest.mark.parametrize("seq", ["9" * 5_000, "99999999999999999", "-1", "x", "²", "0"])
def test_a_record_of_an_impossible_number_is_not_found(visitor: Visitor, seq: str) -> None:
    visitor.sign_in(BEA)
    assert visitor.get(f"/audit/{seq}").status_code == 404
    assert visitor.get(f"/audit/{seq}/proof").status_code == 404


@pytest.mark.parametrize("last", ["²", "9" * 4_000, "-1", "x"])
def test_a_stream_that_is_asked_to_go_on_from_nonsense_begins_now(
    visitor: Visitor, last: str
) -> None:
    visitor.sign_in(BEA)
    header = [(b"last-event-id", last.encode("latin-1"))]
    with visitor.http.stream("GET", "/live", headers=header) as stream:
        assert next(stream.iter_lines()) == "retry: 1000"


def test_who_is_too_fast_is_told_so_on_every_page(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.ERROR),
        granted_by_the_hour(),
        serving(tmp_path / "m", limits=Rates(queries_per_s=1, burst=4)) as slow,
    ):
        _with_bea(slow)
        visitor = Visitor(slow.url)
        visitor.sign_in(BEA)
        for path in ("/people", "/deals/C1", "/listings/L9", "/audit/1", "/people/nobody", "/live"):
            # Wherever in a page's questions the limit is met, the answer is the same.
            told = [_status(visitor, path) for _ in range(3)]
            assert {status for status, _ in told} <= {200, 404, 429}
        assert (429, "1") in told
        visitor.close()
    assert not [one for one in caplog.records if one.exc_info]


def _status(visitor: Visitor, path: str) -> tuple[int, str]:
    """Begin to read an answer; that of a stream, which a second later may be let pass, has no end.

    Give its status, and how long one is told to wait.
    """
    with visitor.http.stream("GET", path) as answer:
        return answer.status_code, answer.headers.get("retry-after", "")


def test_a_guests_stream_ends_when_the_house_lets_guests_look_no_more(served: Served) -> None:
    guest = httpx2.Client(base_url=served.url, trust_env=False, timeout=30)
    lines: list[str] = []
    begun = threading.Event()

    def look() -> None:
        with guest.stream("GET", "/live") as stream:
            for line in stream.iter_lines():
                lines.append(line)
                begun.set()

    looking = threading.Thread(target=look)
    looking.start()
    assert begun.wait(30)
    with Client(served.url, key=ADMIN) as operator:
        rules: Any = operator.get_market().rules
        operator.amend_rules(rules=msgspec.structs.replace(rules, public_floor=False))
        looking.join(30)
        assert not looking.is_alive()
        assert guest.get("/live").status_code == 403
        operator.amend_rules(rules=rules)
        assert guest.get("/").status_code == 200
    guest.close()


def test_a_folder_whose_name_no_browser_can_say_hides_no_other(tmp_path: Path) -> None:
    open_folder(tmp_path / "good")
    named = os.fsencode(tmp_path) + b"/bad\xff"
    os.mkdir(named)
    (Path(os.fsdecode(named)) / PLAN).write_text("{")
    (page,) = told(tmp_path, "/experiments")
    assert page.status_code == 200
    assert "/markets/good/" in page.text


@pytest.mark.parametrize("kind", ["pipe", "elsewhere", "loop", "folder"])
def test_a_report_that_is_no_file_of_its_folder_is_not_shown(tmp_path: Path, kind: str) -> None:
    shelf = tmp_path / "shelf"
    market = shelf / "m"
    open_folder(market)
    report, secret = market / "report.html", tmp_path / "secret.html"
    secret.write_text("a secret")
    match kind:
        case "pipe":
            os.mkfifo(report)  # to read it would be to wait for its writer for ever
        case "elsewhere":
            report.symlink_to(secret)
        case "loop":
            report.symlink_to(report)
        case _:
            report.mkdir()
    listed, page = told(shelf, "/experiments", "/experiments/m/report.html")
    assert (listed.status_code, page.status_code) == (200, 404)
    assert "a secret" not in page.text


def test_a_report_of_its_folder_is_shown(tmp_path: Path) -> None:
    open_folder(tmp_path / "m")
    (tmp_path / "m" / "report.html").write_text("a report")
    (page,) = told(tmp_path, "/experiments/m/report.html")
    assert (page.status_code, page.text) == (200, "a report")


def test_figures_drawn_for_viewers_who_left_are_forgotten() -> None:
    drawn: dict[tuple[str, str], live._Drawn] = {}
    for n in range(1_000):
        live._keep(drawn, (f"P{n}", "USD"), live._Drawn(n * live.FIGURES_S / 10, b"figures"))
        live._keep(drawn, ("P0", "USD"), live._Drawn(n * live.FIGURES_S / 10, b"figures"))
    assert len(drawn) == 11  # those of the last second, and P0's
    assert drawn["P0", "USD"].at_s == 999 * live.FIGURES_S / 10


@pytest.mark.parametrize("junk", [b"", b'{"seed": "\xff"}', b'{"a":' * 2_000, b"\xff\xfe", b"[]"])
def test_a_damaged_plan_is_told_of_beside_the_others(tmp_path: Path, junk: bytes) -> None:
    open_folder(tmp_path / "good")
    (tmp_path / "e").mkdir()
    (tmp_path / "e" / PLAN).write_bytes(junk)
    listed, shown = told(tmp_path, "/experiments", "/experiments/e")
    assert (listed.status_code, shown.status_code) == (200, 200)
    assert "/markets/good/" in listed.text
    assert "cannot be read" in shown.text
