"""Bids less than the thing is worth, as far as the number of rivals allows (Vickrey 1961).

With values drawn evenly from 0 up, this is the equilibrium of the sealed first-price auction, and
of the Dutch one, where it is the price to take at.
"""


def bid(value: int, bidders: int, reserve: int = 0) -> int:
    """Give the equilibrium bid in whole units, rounded down; below the reserve it is 0.

    It is what the highest rival is worth on average, given that it is worth less: `value` times
    (n - 1) / n, and more where a reserve cuts off the low rivals.
    """
    if value < reserve or value == 0:
        return 0
    n = bidders
    top = (n - 1) * value**n + reserve**n
    return int(top // (n * value ** (n - 1)))
