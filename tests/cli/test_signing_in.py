"""`souq login` over a real server: the code it prints signs a browser in, and what goes wrong."""

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from souq.cli import app
from souq.sdk.client import Client
from souq.sdk.signing import new_key_file
from tests.console.visitor import Visitor, free_port
from tests.serving import ADMIN, Served, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("market") / "m") as found:
        yield found


def login(url: str, key: str, *words: str) -> Any:
    return CliRunner().invoke(app, ["login", "--server", url, "--key", key, *words])


def test_the_code_it_prints_signs_a_browser_in(served: Served, tmp_path: Path) -> None:
    path = tmp_path / "bea.key"
    made = new_key_file(path, "es256", "P1")
    with Client(served.url, key=ADMIN) as operator:
        operator.register_principal(name="bea")
        operator.add_key(owner="P1", kind=made.kind, material=made.material)
    for key, actor in ((str(path), "P1"), (ADMIN, "operator")):
        done = login(f"{served.url}/", key)
        assert done.exit_code == 0, done.output
        code, told = done.stdout.splitlines()
        assert told == f"Type it within 2 minutes at {served.url}/sign-in"
        visitor = Visitor(served.url)
        assert visitor.post("/sign-in", code=code).status_code == 303
        assert visitor.actor == actor
        visitor.close()


def test_programs_read_it_as_json(served: Served) -> None:
    found = json.loads(login(served.url, ADMIN, "--json").stdout)
    assert (found["good_s"], found["url"]) == (120, f"{served.url}/sign-in")
    assert len(found["code"]) == 11


def test_a_browser_is_opened_on_asking_and_told_no_code(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def show(url: str) -> bool:
        opened.append(url)
        return True

    monkeypatch.setattr("webbrowser.open", show)
    assert login(served.url, ADMIN).exit_code == 0
    assert opened == []
    assert login(served.url, ADMIN, "--open").exit_code == 0
    assert opened == [f"{served.url}/sign-in"]  # a code in an address would stay in its history
    monkeypatch.setattr("webbrowser.open", lambda url: False)
    done = login(served.url, ADMIN, "--open")
    assert "no browser could be opened here" in str(done.exception)


def test_mistakes_are_one_line_that_says_what_to_do(served: Served, tmp_path: Path) -> None:
    stranger = tmp_path / "stranger.key"
    new_key_file(stranger, "ed25519")
    nowhere = f"http://127.0.0.1:{free_port()}"
    for url, key, words in (
        (served.url, "", "--key FILE or SECRET"),
        (served.url, "souq_wrong", "unknown, expired or revoked; if it is new"),
        (served.url, str(stranger), f"souq keys add {stranger} --owner P1"),
        (served.url, str(tmp_path / "none.key"), "there is no key file"),
        (nowhere, ADMIN, f"no market answers at {nowhere}"),
        ("market.example", ADMIN, "is no address of a market"),
    ):
        done = login(url, key)
        assert done.exit_code == 1, words
        assert words in str(done.exception), (words, done.exception)
        assert type(done.exception).__name__ in ("Mistake", "Unreachable"), words
        assert ADMIN not in str(done.exception)


def test_a_market_without_a_console_says_so(tmp_path: Path) -> None:
    with serving(tmp_path / "m", console=False) as plain:
        assert "has no console" in str(login(plain.url, ADMIN).exception)


def test_whoever_else_answers_there_is_no_market() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            there, _ = listening.accept()
            there.recv(4_096)
            there.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello")
            there.close()

        thread = threading.Thread(target=answer)
        thread.start()
        port = listening.getsockname()[1]
        done = login(f"http://127.0.0.1:{port}", "souq_x")
        thread.join()
    assert "is no market" in str(done.exception)
