"""What adversaries took: who lost by them, and what honest people were left with."""

from collections import Counter
from statistics import fmean

from souq.lab.metrics.welfare import USD
from souq.lab.tidying import Told


def _gains(told: Told) -> Counter[str]:
    found: Counter[str] = Counter(dict.fromkeys(told.people, 0))
    for sale in told.sold:
        found[sale.buyer] += sale.buyer_gain
        found[sale.seller] += sale.seller_gain
    return found


def _mean(told: Told, *, adversaries: bool) -> float | None:
    gains = _gains(told)
    found = [gains[who] for who in told.people if told.is_adversary(who) == adversaries]
    return fmean(found) / USD if found else None


def _of_honest(told: Told) -> float | None:
    return _mean(told, adversaries=False)


def _of_adversaries(told: Told) -> float | None:
    return _mean(told, adversaries=True)


def _mixed(told: Told) -> dict[str, tuple[int, int]]:
    """Give, by contract between an honest person and an adversary, what each of them gained."""
    found: dict[str, tuple[int, int]] = {}
    for sale in told.sold:
        sides = told.is_adversary(sale.buyer), told.is_adversary(sale.seller)
        if sides[0] == sides[1]:
            continue
        gains = sale.buyer_gain, sale.seller_gain
        theirs, ours = gains if sides[0] else gains[::-1]
        honest, adverse = found.get(sale.contract, (0, 0))
        found[sale.contract] = honest + ours, adverse + theirs
    return found


def _loss(told: Told) -> float | None:
    if not told.population.adversaries:
        return None
    return sum(max(0, -honest) for honest, _ in _mixed(told).values()) / USD


def _taken(told: Told) -> float | None:
    if not told.population.adversaries:
        return None
    return sum(adverse for _, adverse in _mixed(told).values()) / USD


METRICS = {
    "surplus_per_honest_person": ("what an honest person gained, on average", "$", _of_honest),
    "surplus_per_adversary": ("what an adversary gained, on average", "$", _of_adversaries),
    "honest_loss": (
        "what honest people lost in those deals with adversaries by which they lost",
        "$",
        _loss,
    ),
    "adversary_gain": ("what adversaries gained in deals with honest people", "$", _taken),
}
