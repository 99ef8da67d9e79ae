"""The pages: each module names its own routes, and asks the market what it shows.

NAME, PATH   what the menu says, and where that leads
KEY          the letter that leads there after `g`
KINDS        for whom the menu names it: kinds of viewers, as `who_am_i` tells them
ROUTES       handlers by path: a function from a Visit to an answer, which may raise Refused
"""

from typing import Protocol

from souq.surfaces.console.pages import (
    approvals,
    audit,
    deals,
    disputes,
    floor,
    ledger,
    listings,
    negotiations,
    people,
    watch,
)
from souq.surfaces.console.visit import Routes


class Page(Protocol):
    """What each module here is."""

    NAME: str
    PATH: str
    KEY: str
    KINDS: frozenset[str]
    ROUTES: Routes


# As the menu has them.
PAGES: tuple[Page, ...] = (
    floor,
    listings,
    negotiations,
    deals,
    people,
    approvals,
    disputes,
    ledger,
    watch,
    audit,
)
