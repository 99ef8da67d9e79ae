"""An attacker with an agent's key loses its principal no more than the bound; bugs are found."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from souq.cli import app
from souq.core import authority, budget, channel_deposit, escrow, limits, mandate, market
from souq.core.agreement import CashLeg
from souq.journal.sqlite import SqliteStore
from souq.journal.verify import verify
from souq.lab.attack import games
from souq.lab.attack.commands import KINDS, Maker
from souq.lab.attack.game import Result, play
from souq.lab.attack.scene import CONTROLLED, Scene

SEEDS, COMMANDS = range(1, 13), 500  # what a planted bug must be found within


@pytest.mark.parametrize("attack", games.ATTACKS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_attacker_takes_more_than_the_bound(attack: str, seed: int) -> None:
    found = play(seed, attack, 500)
    assert not found.breaches
    assert found.loss <= found.gross <= found.bound


def test_greed_takes_all_of_the_bound_so_that_the_bound_is_no_idle_one() -> None:
    found = [play(seed, "greedy", 500) for seed in range(1, 6)]
    assert sum(one.gross >= one.bound * 9 // 10 for one in found) >= 3


def test_honest_people_still_trade_beside_an_attacker() -> None:
    found = [play(seed, attack, 600) for seed in (3,) for attack in games.ATTACKS]
    settled, usual = (sum(getattr(one, name) for one in found) for name in ("settled", "usual"))
    assert usual > 30
    assert settled >= usual * 9 // 10


def test_a_game_repeats_from_its_seed() -> None:
    assert play(7, "mutated", 300) == play(7, "mutated", 300)


def test_a_new_command_would_be_attacked_without_a_line_here(monkeypatch: Any) -> None:
    from random import Random

    from souq.journal.memory import MemoryStore

    assert set(KINDS) == set(market.COMMANDS)
    maker = Maker(Random(1), Scene(1, MemoryStore()))
    for kind in KINDS:
        for sensible in (True, False):
            assert type(maker.make(kind, CONTROLLED[0], sensible=sensible)) is kind


Plant = Callable[[pytest.MonkeyPatch], None]
BUGS: dict[str, tuple[str, Plant]] = {}


def bug(attack: str) -> Callable[[Plant], Plant]:
    """Put a bug on the list, and say who should find it."""

    def keep(plant: Plant) -> Plant:
        BUGS[plant.__name__] = (attack, plant)
        return plant

    return keep


@bug("greedy")
def caps_of_a_budget_are_not_checked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(limits, "_budget", lambda *_: iter(()))


@bug("mutated")
def caps_are_checked_against_nothing_spent(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(budget, "_count", lambda view, mandate, units: 0)


@bug("greedy")
def nothing_is_reserved_nor_committed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(budget, "reserve", lambda *_: None)
    patch.setattr(budget, "commit", lambda *_: None)
    # A channel's end and a contract's look for what was committed; nothing was.
    patch.setattr(channel_deposit, "_returned", lambda *_: iter(()))
    patch.setattr(budget, "settle_many", lambda *_: None)


@bug("greedy")
def a_fee_on_top_is_not_counted(patch: pytest.MonkeyPatch) -> None:
    honest = budget.commit

    def commit(draft: Any, agents: Any, legs: Any, contract: str) -> None:
        if contract[0] == "C":
            legs = tuple(_without_fee(leg) for leg in legs)
        honest(draft, agents, legs, contract)

    patch.setattr(budget, "commit", commit)


@bug("greedy")
def a_part_is_not_counted_in_the_whole(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(budget, "lineage", lambda view, mandate: (mandate,))
    patch.setattr(
        mandate,
        "chain",
        lambda view, agent: (mandate.need_mandate(view, agent),),
    )
    patch.setattr(limits, "chain", mandate.chain)


@bug("greedy")
def nobody_is_asked_at_the_deal(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(authority, "asks", lambda *_, **__: ())


@bug("greedy")
def a_single_deal_may_be_any(patch: pytest.MonkeyPatch) -> None:
    honest = limits._object

    def object_to(view: Any, binding: Any, one: Any) -> Any:
        return (found for found in honest(view, binding, one) if found.rule != "per_deal")

    patch.setattr(limits, "_object", object_to)


@bug("greedy")
def goods_go_for_any_price(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(limits, "_brings_enough", lambda *_: True)


@bug("mutated")
def anybody_may_be_dealt_with(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(limits, "_may_deal_with", lambda *_: True)


@bug("greedy")
def more_returns_to_the_budget_than_came_back(patch: pytest.MonkeyPatch) -> None:
    honest = escrow.end_holds
    patch.setattr(
        escrow,
        "end_holds",
        lambda draft, contract, agreement, *, back_bps: _doubled(
            honest(draft, contract, agreement, back_bps=back_bps)
        ),
    )


def _without_fee(leg: Any) -> Any:
    if not isinstance(leg, CashLeg):
        return leg
    return msgspec.structs.replace(leg, amount=leg.amount.split(19, 20)[0])


def _doubled(returned: dict[str, int]) -> dict[str, int]:
    """Say that more came back to the budget than did."""
    return {agent: units + 50 for agent, units in returned.items()}


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    attack, plant = BUGS[name]
    plant(monkeypatch)
    found: Result | None = None
    for seed in SEEDS:
        found = play(seed, attack, COMMANDS)
        if found.breaches:
            break
    assert found is not None
    assert found.breaches, f"{attack} does not notice that {name.replace('_', ' ')}"


def test_the_command_prints_what_it_found_and_keeps_journals(tmp_path: Path) -> None:
    out = tmp_path / "games"
    words = ["attack", "--commands", "450", "--seed", "2", "-j", "1", "--json", "--out", str(out)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["commands"] == 450
    assert not told["breached"]
    (folder,) = out.iterdir()
    store = SqliteStore(folder, read_only=True)
    assert verify(store).records > 450
    store.close()


def test_the_command_exits_with_1_where_the_bound_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    caps_of_a_budget_are_not_checked(monkeypatch)
    words = ["attack", "--commands", "400", "--by", "greedy", "-j", "1"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 1
    assert "BROKEN" in done.stdout


def test_what_cannot_be_attacked_is_said_in_one_line(tmp_path: Path) -> None:
    for words in (["--by", "magic"], ["--out", str(tmp_path)]):
        done = CliRunner().invoke(app, ["attack", *words])
        assert done.exit_code == 1
        assert type(done.exception).__name__ == "Mistake"
