"""Many games, several at once in processes of their own, and what they come to together."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean

from msgspec import Struct

from souq.journal.sqlite import SqliteStore
from souq.lab.attack.commands import KINDS
from souq.lab.attack.game import Result, play
from souq.lab.attack.players import PLAYERS

ATTACKS = tuple(PLAYERS)
PER_GAME = 1_000


class Plan(Struct, frozen=True):
    """One game to play."""

    seed: int
    attack: str
    commands: int
    folder: str = ""


class Tally(Struct, frozen=True):
    """What the games of one attack came to; shares of the bound, where there was anything to lose.

    `deals_share` is of the honest deals that settle without an attacker those that still did.
    """

    attack: str
    games: int
    commands: int
    accepted: int
    lossless: int
    at_bound: int
    mean: float
    median: float
    p95: float
    most: float
    deals_share: float


class Report(Struct, frozen=True):
    """All that was found. `reach` is by kind of command: how many were accepted, and refused."""

    seed: int
    commands: int
    tallies: tuple[Tally, ...]
    reach: dict[str, tuple[int, int]]
    breached: tuple[Result, ...]


def plans(seed: int, commands: int, attacks: tuple[str, ...], out: Path | None) -> Iterator[Plan]:
    """Part so many commands into games, taking the attacks in turn."""
    number = 0
    while commands > 0:
        many, attack = min(PER_GAME, commands), attacks[number % len(attacks)]
        folder = "" if out is None else str(out / f"{attack}-{number:04}")
        yield Plan(seed * 1_000_000 + number, attack, many, folder)
        commands -= many
        number += 1


def run(plan: Plan) -> Result:
    """Play one game; its journal stays in its folder, where it has one."""
    if not plan.folder:
        return play(plan.seed, plan.attack, plan.commands)
    return play(plan.seed, plan.attack, plan.commands, SqliteStore(Path(plan.folder)))


def run_all(games: list[Plan], jobs: int, tell: Callable[[int], None]) -> list[Result]:
    """Play them all; `tell` hears how many commands each took as it ends."""
    if jobs < 2 or len(games) < 2:
        found = []
        for plan in games:
            found.append(run(plan))
            tell(plan.commands)
        return found
    results: list[Result] = []
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        futures = [pool.submit(run, plan) for plan in games]
        try:
            for done in as_completed(futures):
                results.append(done.result())
                tell(results[-1].commands)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return sorted(results, key=lambda one: one.seed)


def report(seed: int, results: list[Result]) -> Report:
    """Sum up."""
    accepted: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for one in results:
        accepted.update(one.accepted)
        refused.update(one.refused)
    attacks = dict.fromkeys(one.attack for one in results)
    return Report(
        seed,
        sum(one.commands for one in results),
        tuple(
            _tally(attack, [one for one in results if one.attack == attack]) for attack in attacks
        ),
        {kind.__name__: (accepted[kind.__name__], refused[kind.__name__]) for kind in KINDS},
        tuple(one for one in results if one.breaches),
    )


def share(one: Result) -> float:
    """Give what was lost of what could be; nothing where nothing could."""
    return one.loss / one.bound if one.bound else 0.0


def _tally(attack: str, results: list[Result]) -> Tally:
    shares = sorted(map(share, results))
    usual = sum(one.usual for one in results)
    return Tally(
        attack,
        len(results),
        sum(one.commands for one in results),
        sum(sum(one.accepted.values()) for one in results),
        sum(not one.loss for one in results),
        sum(one.loss == one.bound > 0 for one in results),
        fmean(shares),
        shares[len(shares) // 2],
        shares[len(shares) * 95 // 100],
        shares[-1],
        sum(one.settled for one in results) / usual if usual else 1.0,
    )
