"""Waits for the last moment, so that nobody has time to answer, and then bids what it is worth."""


def wakes_at(closes_at: int, lead_us: int = 1) -> int:
    """Give the instant at which to bid, so much before the end."""
    return closes_at - lead_us


def maximum(value: int, minimum: int) -> int | None:
    """Give the bid, or None where the price has passed what the thing is worth."""
    return value if value >= minimum else None
