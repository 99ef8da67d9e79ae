"""A server turns epochs: it shows each secret after it closed, and it alone could have known it."""

import asyncio
from pathlib import Path
from typing import Any

from souq.app.epochs import Epochs
from souq.core.epoch import EPOCHS, CommitEpoch, of_secret, open_epoch
from souq.core.halt import SetHalt
from souq.core.rules import OPERATOR
from souq.engine import Answer
from souq.surfaces.signatures import MarketKey
from tests.core.stall import Stall


def epochs(stall: Stall, key: MarketKey) -> Epochs:
    async def submit(actor: str, id: str, command: Any) -> Answer:
        stall.now += 1
        return stall.engine.submit(actor, id, command)

    return Epochs(submit, lambda: stall.engine.state, key, every_s=0.01)


def shown(stall: Stall) -> list[bool]:
    return [bool(one.secret) for one in stall.engine.state.rows(EPOCHS).values()]


def test_each_turn_opens_one_epoch_and_shows_the_last(tmp_path: Path) -> None:
    stall, key = Stall(), MarketKey.load_or_make(tmp_path / "key.pem")
    worker = epochs(stall, key)
    for _ in range(3):
        asyncio.run(worker.turn())
    assert shown(stall) == [True, True, False]
    assert open_epoch(stall.engine.state) == "E3"
    for one in stall.engine.state.rows(EPOCHS).values():
        assert not one.secret or of_secret(one.secret) == one.commitment


def test_a_server_that_starts_again_shows_what_the_last_one_committed_to(tmp_path: Path) -> None:
    stall, path = Stall(), tmp_path / "key.pem"
    asyncio.run(epochs(stall, MarketKey.load_or_make(path)).turn())
    asyncio.run(epochs(stall, MarketKey.load_or_make(path)).turn())
    assert shown(stall) == [True, False]
    assert path.stat().st_mode & 0o077 == 0


def test_another_key_cannot_show_it_and_does_not_try(tmp_path: Path) -> None:
    stall = Stall()
    for name in "ab":
        asyncio.run(epochs(stall, MarketKey.load_or_make(tmp_path / f"{name}.pem")).turn())
    assert shown(stall) == [False, False]


def test_what_a_halt_kept_from_being_shown_is_shown_afterwards(tmp_path: Path) -> None:
    stall = Stall()
    worker = epochs(stall, MarketKey.load_or_make(tmp_path / "key.pem"))
    asyncio.run(worker.turn())
    stall.do(OPERATOR, SetHalt("settlements"))
    asyncio.run(worker.turn())
    assert shown(stall) == [False, False]
    stall.do(OPERATOR, SetHalt("open"))
    asyncio.run(worker.turn())
    assert shown(stall) == [True, True, False]


def test_an_operators_own_commitment_is_left_alone(tmp_path: Path) -> None:
    stall = Stall()
    stall.do(OPERATOR, CommitEpoch(of_secret("ab" * 16)))
    asyncio.run(epochs(stall, MarketKey.load_or_make(tmp_path / "key.pem")).turn())
    assert shown(stall) == [False, False]


def test_it_runs_by_itself(tmp_path: Path) -> None:
    stall = Stall()
    worker = epochs(stall, MarketKey.load_or_make(tmp_path / "key.pem"))

    async def run() -> None:
        task = asyncio.create_task(worker.run())
        while len(stall.engine.state.rows(EPOCHS)) < 3:
            await asyncio.sleep(0.005)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(asyncio.wait_for(run(), 30))
    assert shown(stall)[:2] == [True, True]
