"""What a model says is held back where it names a limit that its person keeps private.

A screen for amounts, not for meaning: “sixty” passes, and so does a hint. The limits themselves are
safe without it, for the mandate holds; what leaks only costs in bargaining.
"""

import re
from collections.abc import Iterable

from souq.agents.trader import Thing
from souq.core.money import Asset

_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_THOUSANDS = re.compile(r"(?<=\d)[ .,'\u00a0\u202f](?=\d{3}(?!\d))")


class Discretion:
    """The private amounts of one brief."""

    def __init__(self, things: Iterable[Thing], mosts: Iterable[int], asset: Asset) -> None:
        """`mosts` are what the person would pay at most, for one thing or in all, in units."""
        self._asset = asset
        self._private = {one.floor_units for one in things if one.floor_units < one.ask_units}
        self._private |= set(mosts)
        self._private.discard(0)

    def allows(self, message: str, known: Iterable[int]) -> bool:
        """Tell whether a message names no private amount but those that are known anyway."""
        named = set()
        for number in _NUMBER.findall(message) + _NUMBER.findall(_THOUSANDS.sub("", message)):
            try:
                named.add(self._asset.parse(number.replace(",", ".")).units)
            except ValueError:
                continue
        return not (named & self._private) - set(known)
