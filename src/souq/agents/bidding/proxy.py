"""Names its maximum once and lets the auction bid for it; it never comes back."""


def maximum(value: int, minimum: int) -> int | None:
    """Give the one bid to place, or None where the price has passed what the thing is worth."""
    return value if value >= minimum else None
