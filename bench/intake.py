"""How well the intake understands synthetic people: `python -m bench.intake`.

No clock is involved: the same seed prints the same table.
"""

import argparse
import json

import msgspec
from rich.console import Console
from rich.table import Table

from souq.lab.understanding import CHANCE, FLOORS, PEOPLE, Understood, measure

HEADS = {
    "words": "words typed",
    "among_named": "books named",
    "whole_floor": "whole floor",
    "with_popularity": "and popularity",
    "popularity": "popularity alone",
    "test": "test agrees",
    "waits": "deals wait",
}


def main() -> None:
    """Interview everybody and print how far the extracted ranking is the true one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--floors", type=int, default=FLOORS)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    rows = measure(people=asked.people, floors=asked.floors, seed=asked.seed)
    coin = measure(people=asked.people, floors=asked.floors, seed=asked.seed, answers_by_coin=True)
    by_coin = sum(row.waits for row in coin) / len(coin)
    if asked.json:
        told = [msgspec.to_builtins(row) for row in rows]
        print(json.dumps({"rows": told, "chance": CHANCE, "coin_waits": by_coin}, indent=2))
        return
    _print(rows, by_coin)


def _print(rows: list[Understood], by_coin: float) -> None:
    table = Table(title=f"Pairwise agreement with the true ranking ({rows[0].readers} readers)")
    for head in ("manner", "slips", *HEADS.values()):
        table.add_column(head, justify="left" if head == "manner" else "right")
    for row in rows:
        shares = [f"{100 * getattr(row, name):.1f} %" for name in HEADS if name != "words"]
        table.add_row(row.wordiness, f"{row.noise:.2f}", f"{row.words:.0f}", *shares)
    console = Console(width=120)
    console.print(table)
    console.print(
        f"Chance is {100 * CHANCE:.0f} %. Of those who answer the test by tossing a coin, "
        f"{100 * by_coin:.0f} % wait for approval."
    )


if __name__ == "__main__":
    main()
