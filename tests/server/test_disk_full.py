"""A server whose disk is full: it stops writing, says so, and shows what is durable and no more."""

import asyncio
import os
import resource
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server import auditing
from tests.server.process import Server
from tests.server.stage import Crowd, check_at_the_end
from tests.server.wire import Connection, Reply

STOP_S = 60.0
FILE_MAX = 3_000_000  # bytes; the first to meet it is the log of the journal, or of a view


def ask(url: str, target: str, key: str = "") -> Reply:
    """Send one question."""
    return asyncio.run(Connection(url, 60.0).request("GET", target, key))


def say(url: str, key: str, id: str, command: dict[str, Any]) -> Reply:
    """Send one command."""
    return asyncio.run(Connection(url, 60.0).command(key, id, command))


def wait_until_stopped(server: Server) -> None:
    """Return once the server says that it is not ready."""
    until = time.monotonic() + STOP_S
    while ask(server.url, "/readyz").status == 200:
        assert time.monotonic() < until, "the disk is never full"
        time.sleep(0.05)


def check_stopped(server: Server, crowd: Crowd) -> None:
    """Check all that a server must say that cannot write."""
    ready = ask(server.url, "/readyz")
    assert ready.status == 503
    assert b"the journal cannot be written" in ready.body
    assert ask(server.url, "/healthz").status == 200, "started again at once, it finds no room"
    buyer = crowd.pairs[0].buyer
    before = crowd.books()
    for n in range(3):
        reply = say(server.url, buyer.key, f"full-{n}", {"type": "PostMessage", "text": "hello"})
        assert reply.status == 503
        assert reply.read()["reason"] == "stopped"
        assert reply.headers["retry-after"]
    opened = auditing.open_to_read(server.folder)
    try:
        journal = auditing.read_journal(opened)
        state = auditing.check_state(opened)
    finally:
        opened.close()
    auditing.check_acknowledged(before.acks, journal)
    # What is shown is what is durable: the whole of it, and nothing of what was only judged.
    market = ask(server.url, "/v1/market", crowd.admin_key).read()
    assert (market["seq"], market["at"]) == (journal.last, journal.at[journal.last])
    auditing.check_search(server.url, crowd.admin_key, state)
    page = ask(server.url, f"/v1/records?after={journal.last - 5}", crowd.admin_key)
    assert page.status == 200, page.body
    told = [one["seq"] for one in page.read()["records"]]
    assert told == list(range(journal.last - 4, journal.last + 1))
    for pair in crowd.pairs:
        for person in (pair.buyer, pair.seller):
            wallets = ask(server.url, "/v1/balance", person.key)
            assert wallets.status == 200, wallets.body


def fill_and_go_on(server: Server, crowd: Crowd, make_room: Any) -> None:
    crowd.start()
    try:
        wait_until_stopped(server)
        check_stopped(server, crowd)
        assert server.is_running
        server.stop()
        make_room()
        server.start()
        crowd.wait_until_served(200_000)
        books = check_at_the_end(server.folder, crowd, server)
        assert books.acks
        print(f"\ndisk full: {len(books.acks)} commands acknowledged before and after, 0 lost")
    finally:
        crowd.kill()
    assert server.stop() == 0


def test_a_server_whose_files_may_not_grow_stops_writing_and_goes_on_with_room(
    tmp_path: Path,
) -> None:
    limit = FILE_MAX

    def limit_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

    def make_room() -> None:
        nonlocal limit
        limit = resource.RLIM_INFINITY

    with Server(tmp_path / "market", tmp_path / "market", before=limit_files) as server:
        server.start()
        crowd = Crowd(tmp_path / "clients", server)
        fill_and_go_on(server, crowd, make_room)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 16 MB in memory."""
    folder = tmp_path / "disk"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=16m", "souq-test", str(folder)]
    if not shutil.which("mount") or subprocess.run(words, capture_output=True).returncode:
        pytest.skip("may not mount a small disk here; the other test limits files instead")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_server_on_a_disk_that_is_really_full_stops_writing_and_goes_on_with_room(
    tmp_path: Path, small_disk: Path
) -> None:
    ballast = small_disk / "ballast"
    with Server(small_disk / "market", small_disk / "market") as server:
        server.start()
        crowd = Crowd(tmp_path / "clients", server)
        room = os.statvfs(small_disk)
        ballast.write_bytes(bytes(room.f_bavail * room.f_frsize - FILE_MAX))
        fill_and_go_on(server, crowd, ballast.unlink)
