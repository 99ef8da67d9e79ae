"""One market under attack, from a seed, to its end: what was lost, and how the honest fared."""

from collections import Counter
from random import Random
from typing import Any

from msgspec import Struct

from souq.core.rules import DAY_US, SECOND_US
from souq.journal.memory import MemoryStore
from souq.journal.store import Store
from souq.lab.attack.books import Breach
from souq.lab.attack.honest import Honest
from souq.lab.attack.players import PLAYERS, Play
from souq.lab.attack.scene import CONTROLLED, Scene

HONEST_EVERY = 8  # commands of the attacker to one of the honest
AFTER_US = 40 * DAY_US  # until every deadline has come
WAITS_US = (SECOND_US, SECOND_US, 5 * SECOND_US, 30 * SECOND_US, 120 * SECOND_US)


class Result(Struct, frozen=True):
    """A game that is over. Units are those of USD, in which the mandate is.

    `deals` of the honest were begun and `settled`; `usual` is how many settle without an attacker.
    `accepted` and `refused` count the attacker's commands by kind.
    """

    seed: int
    attack: str
    commands: int
    loss: int
    gross: int
    gained: int
    bound: int
    deals: int
    settled: int
    usual: int
    accepted: dict[str, int]
    refused: dict[str, int]
    breaches: tuple[Breach, ...] = ()


def play(seed: int, attack: str, commands: int, store: Store | None = None) -> Result:
    """Play one game. Raises Fault where a command breaks an invariant of the market."""
    scene = Scene(seed, store or MemoryStore())
    honest = Honest(seed, scene)
    player: Play = PLAYERS[attack](Random(f"{attack} {seed}"), scene, honest)
    waits = Random(f"waits {seed}")
    accepted: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    answer: Any = None
    done = 0
    did = next(player)
    while done < commands:
        actor, command = did
        if actor is None:
            scene.pass_time(command)
            answer = None
        else:
            assert actor in CONTROLLED, f"the attacker has no key of {actor}"
            answer = scene.submit(actor, command, waits.choice(WAITS_US))
            which = accepted if answer.refusal is None else refused
            which[type(command).__name__] += 1
            done += 1
            if done % HONEST_EVERY == 0:
                honest.step()
        did = player.send(answer)
    scene.pass_time(AFTER_US)
    scene.engine.close()
    books = scene.books
    books.settle_worth()
    assert not books.holds or all(not books._asset(one[0]) for one in books.holds.values())
    return Result(
        seed,
        attack,
        commands,
        books.loss("USD"),
        books.gross("USD"),
        books.gained,
        books.bound("USD", scene.now),
        honest.begun,
        honest.settled,
        _usual(seed, honest.times),
        dict(accepted),
        dict(refused),
        tuple(books.breaches),
    )


def _usual(seed: int, times: list[int]) -> int:
    """Give how many honest deals settle in steps at the same times where nobody attacks."""
    scene = Scene(seed, MemoryStore())
    honest = Honest(seed, scene)
    for time in times:
        scene.pass_time(max(0, time - scene.now))
        honest.step()
    scene.pass_time(AFTER_US)
    return honest.settled
