"""A ledger so plain that it can be checked by reading: one row at a time, copies to go back to."""

from copy import deepcopy
from typing import Any

from souq.core.transfer import Outcome

Row = tuple[str, int, str, str, int, str, int]
DIFFERS = [Outcome(n) for n in range(Outcome.EXISTS_WITH_DIFFERENT_KIND, Outcome.ID_FAILED_BEFORE)]
TRANSIENT = {Outcome.EXCEEDS_CREDITS, Outcome.EXCEEDS_DEBITS, Outcome.HOLD_UNKNOWN}
YEAR_US = 366 * 86_400_000_000


class NaiveLedger:
    """`sums` are [posted, held, incoming] by account; `limits` is debit, credit or neither."""

    def __init__(self) -> None:
        self.assets: dict[str, str] = {}
        self.limits: dict[str, str] = {}
        self.sums: dict[str, list[int]] = {}
        self.holds: dict[str, tuple[str, str, int]] = {}
        self.seen: dict[str, Row | None] = {}  # None: the id failed and stays burnt

    def batch(self, rows: list[Row], links: list[int]) -> list[Outcome]:
        """Judge chains in order; a chain that fails leaves nothing but its burnt ids."""
        outcomes: list[Outcome] = []
        while len(outcomes) < len(rows):
            start = len(outcomes)
            end = next((n for n in range(start, len(rows)) if not links[n]), len(rows))
            before = self.copy() if links[start] else {}
            found = [self.row(row) for row in rows[start : end + 1]]
            failed = Outcome.CHAIN_LEFT_OPEN if end == len(rows) else Outcome.LINKED_TRANSFER_FAILED
            if links[start] and (end == len(rows) or any(found)):
                burnt = [id for id, row in self.seen.items() if row is None]
                self.__dict__ |= before
                self.seen |= dict.fromkeys(burnt)
                found = [outcome or failed for outcome in found]
            outcomes += found
        return outcomes

    def copy(self) -> dict[str, Any]:
        """Copy what a failing chain must leave as it was."""
        return {"sums": deepcopy(self.sums), "holds": dict(self.holds), "seen": dict(self.seen)}

    def row(self, row: Row) -> Outcome:
        """Judge one row, and apply it where it succeeds."""
        id = row[0]
        if not 0 < len(id) <= 64 or id.startswith("#"):
            return Outcome.ID_INVALID
        if id in self.seen:
            before = self.seen[id]
            if before is None:
                return Outcome.ID_FAILED_BEFORE
            unlike = [n for n in range(6) if before[n + 1] != row[n + 1]]
            return DIFFERS[unlike[0]] if unlike else Outcome.EXISTS
        outcome = self.end(*row) if row[1] in (2, 3) else self.begin(*row)
        if outcome == Outcome.OK:
            self.seen[id] = row
        elif outcome in TRANSIENT:
            self.seen[id] = None
        return outcome

    def begin(
        self, id: str, kind: int, debit: str, credit: str, amount: int, hold: str, wait: int
    ) -> Outcome:
        for is_wrong, outcome in (
            (kind not in (0, 1), Outcome.KIND_INVALID),
            (not 0 < amount < 2**53, Outcome.AMOUNT_INVALID),
            (hold, Outcome.HOLD_DIFFERS),
            (wait and (kind == 0 or not 0 < wait <= YEAR_US), Outcome.INTERVAL_INVALID),
            (debit not in self.assets, Outcome.DEBIT_UNKNOWN),
            (credit not in self.assets, Outcome.CREDIT_UNKNOWN),
            (debit == credit, Outcome.SAME_ACCOUNT),
            (self.assets.get(debit) != self.assets.get(credit), Outcome.ASSETS_DIFFER),
        ):
            if is_wrong:
                return outcome
        posted, held, _ = self.sums[debit]
        if self.limits[debit] == "debit" and posted - held < amount:
            return Outcome.EXCEEDS_CREDITS
        posted, _, incoming = self.sums[credit]
        if self.limits[credit] == "credit" and posted + incoming + amount > 0:
            return Outcome.EXCEEDS_DEBITS
        if kind == 0:
            self.post(debit, credit, amount)
        else:
            self.sums[debit][1] += amount
            self.sums[credit][2] += amount
            self.holds[id] = (debit, credit, amount)
        return Outcome.OK

    def end(
        self, id: str, kind: int, debit: str, credit: str, amount: int, hold: str, wait: int
    ) -> Outcome:
        if hold not in self.holds or hold.startswith("#"):
            return Outcome.HOLD_UNKNOWN
        payer, payee, held = self.holds[hold]
        for is_wrong, outcome in (
            (wait, Outcome.INTERVAL_INVALID),
            (debit not in ("", payer) or credit not in ("", payee), Outcome.HOLD_DIFFERS),
            (amount < 0 or (kind == 3 and amount), Outcome.AMOUNT_INVALID),
            (amount > held, Outcome.EXCEEDS_HOLD),
        ):
            if is_wrong:
                return outcome
        self.release(hold)
        if kind == 2:
            self.post(payer, payee, amount or held)
        return Outcome.OK

    def release(self, hold: str) -> None:
        debit, credit, amount = self.holds.pop(hold)
        self.sums[debit][1] -= amount
        self.sums[credit][2] -= amount

    def post(self, debit: str, credit: str, amount: int) -> None:
        self.sums[debit][0] -= amount
        self.sums[credit][0] += amount
