"""Money is a whole number of an asset's smallest unit, so nothing is ever rounded away."""

import re
from typing import Self

from msgspec import Struct

UNITS_MAX = 2**53 - 1  # the largest integer a browser's JSON parser keeps exact
BPS = 10_000  # basis points to one


class Asset(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What is counted, and how many decimal places its smallest unit stands at."""

    code: str
    exponent: int

    def parse(self, text: str) -> "Money":
        """Read a decimal amount such as "12.50".

        Raises ValueError where the text is no amount, or finer than the asset's smallest unit.
        """
        match = re.fullmatch(r"(-?)(\d{1,12})(?:\.(\d+))?", text.strip())
        if match is None:
            raise ValueError(f"{text!r} is not an amount of {self.code}; write it like 12.50")
        sign, whole, fraction = match[1], match[2], (match[3] or "").rstrip("0")
        if len(fraction) > self.exponent:
            raise ValueError(f"{text!r} is finer than the smallest unit of {self.code}")
        units = int(whole + fraction.ljust(self.exponent, "0"))
        return Money(-units if sign else units, self.code)

    def format(self, units: int) -> str:
        """Write units as a decimal with at least two places where the asset has them."""
        sign, digits = "-" if units < 0 else "", str(abs(units)).rjust(self.exponent + 1, "0")
        if self.exponent == 0:
            return sign + digits
        whole, fraction = digits[: -self.exponent], digits[-self.exponent :].rstrip("0")
        return f"{sign}{whole}.{fraction.ljust(min(2, self.exponent), '0')}"


# Six places: a millionth of a dollar is the smallest price machines charge each other.
USD = Asset("USD", 6)


class Money(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """An amount of one asset. Two assets never mix: arithmetic across them raises ValueError."""

    units: int
    asset: str

    def _same(self, other: "Money") -> None:
        if self.asset != other.asset:
            raise ValueError(f"{self.asset} and {other.asset} do not mix")

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.units + other.units, self.asset)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.units - other.units, self.asset)

    def __mul__(self, quantity: int) -> "Money":
        return Money(self.units * quantity, self.asset)

    def __lt__(self, other: "Money") -> bool:
        self._same(other)
        return self.units < other.units

    def __le__(self, other: "Money") -> bool:
        self._same(other)
        return self.units <= other.units

    def split(self, numerator: int, denominator: int) -> tuple[Self, Self]:
        """Part this amount into a share, rounded down, and everything else.

        Raises ValueError unless 0 <= numerator <= denominator and denominator > 0.
        """
        if not 0 <= numerator <= denominator or denominator == 0:
            raise ValueError(f"{numerator}/{denominator} is not a share between 0 and 1")
        share = self.units * numerator // denominator
        cls = type(self)
        return cls(share, self.asset), cls(self.units - share, self.asset)
