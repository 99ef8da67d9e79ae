"""What the market knows of a principal beside its deals: how far it was verified, and where it is.

None is said where nobody has vouched for it; rules that ask then deny.
"""

from souq.core.state import View


def level_of(view: View, principal: str) -> int | None:
    """Give how far a principal was verified."""
    return None  # CONNECT: the operator's word on a principal, once the market keeps one


def jurisdiction_of(view: View, principal: str) -> str | None:
    """Give the jurisdiction a principal is in."""
    return None  # CONNECT: as above
