"""Bids what the thing is worth: nothing beats it where the price is the highest losing bid."""


def bid(value: int) -> int:
    """Give the bid, or a proxy's maximum."""
    return value
