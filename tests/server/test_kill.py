"""`kill -9` of a real server under load: nothing acknowledged is lost, nothing happens twice.

The clients are processes of their own, each with a list of what it was answered; they try again
with the same ids when the server is back, and go on.
"""

import json
import os
import random
import time
from pathlib import Path

import pytest

from tests.server import auditing
from tests.server.process import Server
from tests.server.stage import Crowd, check_at_once, check_at_the_end

IS_FULL = os.environ.get("SOUQ_FULL") == "1"
# In full 100 and 30, each market killed so often; a market a seed, so that each takes a minute.
KILLS_SQLITE, SEEDS_SQLITE = (25, range(4)) if IS_FULL else (5, range(1))
KILLS_POSTGRES, SEEDS_POSTGRES = (15, range(2)) if IS_FULL else (3, range(1))


def kill_again_and_again(store: str | Path, folder: Path, kills: int, seed: int) -> None:
    rng = random.Random(seed)
    data = store if isinstance(store, Path) else folder / "data"
    with Server(store, data) as server:
        server.start()
        crowd = Crowd(folder / "clients", server)
        crowd.start()
        try:
            for n in range(kills):
                crowd.wait_until_served(1)
                time.sleep(rng.uniform(0, 0.8))
                server.kill()
                server.start()
                if n % 10 == 0 or n == kills - 1:
                    check_at_once(store, crowd, server, rng)
            books = check_at_the_end(store, crowd, server)
        finally:
            crowd.kill()
        assert server.stop() == 0
    retried = sum(ack["is_replay"] for ack in books.acks)
    deals = sum(ack["command"]["type"] == "AcceptDelivery" for ack in books.acks)
    under_way = sum(cut["sent_at"] > 0 for cut in books.cuts)
    print(
        f"\n{kills} kills: {len(books.acks)} commands of {deals} deals acknowledged, 0 lost,"
        f" 0 doubled; {under_way} cut off under way, {retried} of them had been recorded"
    )
    assert deals > kills
    assert under_way > kills, "the kills did not meet the load"


@pytest.mark.parametrize("seed", SEEDS_SQLITE)
def test_no_acknowledged_command_is_lost_when_the_server_is_killed(
    tmp_path: Path, seed: int
) -> None:
    kill_again_and_again(tmp_path / "market", tmp_path, KILLS_SQLITE, seed)


@pytest.mark.parametrize("seed", SEEDS_POSTGRES)
def test_no_acknowledged_command_is_lost_when_a_server_over_postgres_is_killed(
    tmp_path: Path, database: str, seed: int
) -> None:
    kill_again_and_again(database, tmp_path, KILLS_POSTGRES, seed)


def test_an_invented_acknowledgement_is_noticed(tmp_path: Path) -> None:
    store = tmp_path / "market"
    with Server(store, store) as server:
        server.start()
        crowd = Crowd(tmp_path / "clients", server, processes=1, pairs=1)
        crowd.start()
        crowd.wait_until_served()
        books = check_at_the_end(store, crowd, server)
        opened = auditing.open_to_read(store)
        journal = auditing.read_journal(opened)
        opened.close()
    ack = next(one for one in books.acks if one["command"]["type"] == "MakeOffer")
    text = json.dumps(ack)
    for planted, what in (
        (json.loads(text) | {"id": "never"}, "lost"),
        (json.loads(text.replace(f'"seq": {ack["answer"]["seq"]}', '"seq": 1')), "otherwise"),
        (json.loads(text.replace("OfferMade", "OfferAccepted")), "otherwise"),
    ):
        with pytest.raises(AssertionError, match=what):
            auditing.check_acknowledged([*books.acks, planted], journal)
    doubled = journal.by_id[ack["actor"], ack["id"]]
    doubled.append(doubled[0])
    with pytest.raises(AssertionError, match="twice"):
        auditing.check_acknowledged(books.acks, journal)
    with pytest.raises(AssertionError, match="is gone"):
        auditing.check_seen([{"seq": 1, "at": 7, "from": "c0"}], journal)
    with pytest.raises(AssertionError, match="was never told"):
        auditing.check_seen([*books.seen[:2], *books.seen[3:]], journal)


def test_a_server_that_answers_before_the_record_is_durable_is_noticed(tmp_path: Path) -> None:
    """The planted bug: `tests.server.hasty` waits for nothing, over a disk that takes its time."""
    store = tmp_path / "market"
    with Server(store, store, program=("-m", "tests.server.hasty")) as server:
        server.start()
        crowd = Crowd(tmp_path / "clients", server, processes=1)
        crowd.start()
        try:
            crowd.wait_until_served()
            server.kill()
            server.start()
            with pytest.raises(AssertionError, match=r"lost|otherwise"):
                check_at_once(store, crowd, server, random.Random(1))
        finally:
            crowd.kill()
