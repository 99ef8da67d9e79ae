"""One buyer and one seller who do not know each other's value, both drawn evenly from 0 to `one`.

By splitting the difference the linear strategies of Chatterjee and Samuelson (1983) are best
answers to each other; no protocol that balances its budget gets more out of the two (Myerson and
Satterthwaite 1983).
"""

from collections.abc import Callable, Sequence


def linear_bid(value: int, one: int) -> int:
    """Give what the buyer bids; below a quarter it will not trade anyway, and tells the truth."""
    return 2 * value // 3 + one // 12 if 4 * value >= one else value


def linear_ask(cost: int, one: int) -> int:
    """Give what the seller asks; above three quarters it will not trade, and tells the truth."""
    return 2 * cost // 3 + one // 4 if 4 * cost <= 3 * one else cost


def ultimatum(cost: int, one: int) -> int:
    """Give the price that a seller asks who may ask but once."""
    return (cost + one) // 2


def greatest_gain(
    values: Sequence[int], reports: Sequence[int], payoff: Callable[[int, int], float]
) -> float:
    """Tell how much anybody gains at most by another report than its own, on a grid.

    The n-th report is that of whoever has the n-th value; there may be more reports than values.
    """
    return max(
        max(payoff(value, other) for other in reports) - payoff(value, reports[n])
        for n, value in enumerate(values)
    )
