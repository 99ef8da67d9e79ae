"""An order book as one would write it on a blackboard: a list, gone through for every order.

It shares no code with the mechanism, and knows no price band.
"""

from dataclasses import dataclass


@dataclass
class Line:
    number: int
    agent: str
    principal: str
    is_bid: bool
    units: int
    quantity: int


class NaiveBook:
    """Orders in a list; a trade is (bid's number, ask's number, quantity, price)."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.trades: list[tuple[int, int, int, int]] = []
        self.placed = 0

    def place(
        self,
        agent: str,
        principal: str,
        units: int,
        quantity: int,
        *,
        is_bid: bool,
        is_immediate: bool,
    ) -> None:
        self.placed += 1
        line = Line(self.placed, agent, principal, is_bid, units, quantity)
        while line.quantity:
            others = [one for one in self.lines if one.is_bid is not is_bid]
            good = [one for one in others if (one.units <= units if is_bid else one.units >= units)]
            if not good:
                break
            sign = 1 if is_bid else -1
            best = min(good, key=lambda one: (sign * one.units, one.number))
            if best.principal == principal:
                return  # the newer of the two goes
            taken = min(best.quantity, line.quantity)
            pair = (line.number, best.number) if is_bid else (best.number, line.number)
            self.trades.append((*pair, taken, best.units))
            best.quantity -= taken
            line.quantity -= taken
            if not best.quantity:
                self.lines.remove(best)
        if line.quantity and not is_immediate:
            self.lines.append(line)

    def cancel(self, number: int) -> None:
        self.lines = [one for one in self.lines if one.number != number]
