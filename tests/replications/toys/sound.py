"""A coin that is fair: what a sound replication looks like, at its smallest."""

import random
from collections.abc import Iterator

from souq.lab.kernel import Trade
from souq.replications.replication import Finding, Scale

ID = "T1"
TITLE = "A fair coin"
SOURCE = "Bernoulli 1713"
TAPE = "d8bd263204691b00"


def run(scale: Scale) -> Iterator[Finding]:
    rng = random.Random(scale.seed)
    draws = scale.draws(400, 40_000)
    for chance, is_control in ((0.5, False), (0.9, True)):
        heads = sum(rng.random() < chance for _ in range(draws)) / draws
        error = (heads * (1 - heads) / draws) ** 0.5
        within = 4 * 0.5 / draws**0.5
        yield Finding(
            f"Heads of a coin of {chance}",
            "0.5",
            0.5,
            0.5 - within,
            0.5 + within,
            heads,
            draws,
            error,
            is_control=is_control,
        )


def tapes(seed: int) -> tuple[list[Trade], list[Trade]]:
    tape = [("A1", "A2", "L1", 1, seed)]
    return tape, list(tape)
