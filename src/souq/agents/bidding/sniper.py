"""Waits for the last moment, so that nobody has time to answer, and then bids as a proxy does."""


def wakes_at(closes_at: int, lead_us: int = 1) -> int:
    """Give the instant at which to bid, so much before the close."""
    return closes_at - lead_us
