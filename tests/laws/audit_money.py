"""The auditor's own double-entry books, kept from the columns of raw `TransfersMade` events."""

from collections import Counter
from typing import Any

Json = dict[str, Any]
MOVE, HOLD, CAPTURE, RELEASE, EXPIRE = range(5)


class Broken(Exception):
    """A law does not hold after a record."""

    def __init__(self, seq: int, law: str, detail: str) -> None:
        super().__init__(f"record {seq} breaks {law}: {detail}")
        self.seq = seq
        self.law = law
        self.detail = detail


def need(truth: object, law: str, detail: str) -> None:
    """Raise Broken unless true; the auditor adds the record's number."""
    if not truth:
        raise Broken(0, law, detail)


def split_payment(units: int, fee_bps: int) -> tuple[int, int]:
    """Part a payment into what the payee gets and the fee, which is rounded down."""
    fee = units * fee_bps // 10_000
    return units - fee, fee


def is_stake(id: str) -> bool:
    """Tell whether a transfer is of a bond, or of a fee that a dispute costs."""
    return id.startswith("#bond.") or id.partition(".")[2].startswith(("filing", "appeal"))


class Escrow:
    """What one contract's payments must be held as, and what must become of them."""

    def __init__(self) -> None:
        self.parts: list[tuple[str, str, str, int]] = []  # whose pay it is, payer, payee, units
        self.posted: Counter[tuple[str, str, int]] = Counter()

    @property
    def holds(self) -> Counter[tuple[str, str, int]]:
        """Count what must be held, by payer, payee and units."""
        return Counter(part[1:] for part in self.parts if part[3])

    def expect(self, earner: str, payer: str, payee: str, units: int) -> None:
        self.parts.append((earner, payer, payee, units))

    def refund(self, earner: str, bps: int) -> int:
        """Give a share of what somebody was to earn back, rounded down hold by hold."""
        back = 0
        for n, (whose, payer, payee, units) in enumerate(self.parts):
            if whose == earner:
                back += units * bps // 10_000
                self.parts[n] = (whose, payer, payee, units - units * bps // 10_000)
        return back

    def expected_posted(self, back_bps: int) -> Counter[tuple[str, str, int]]:
        """Give every hold less the share that returns, rounded down hold by hold."""
        found: Counter[tuple[str, str, int]] = Counter()
        for (payer, payee, units), count in self.holds.items():
            kept = units - units * back_bps // 10_000
            if kept:
                found[payer, payee, kept] += count
        return found


class Books:
    """Accounts, balances and holds, as a bookkeeper writes them down."""

    def __init__(self) -> None:
        self.accounts: dict[str, Json] = {}
        self.posted: Counter[str] = Counter()
        self.held: Counter[str] = Counter()
        self.incoming: Counter[str] = Counter()
        self.holds: dict[str, tuple[str, str, int]] = {}
        self.deadlines: dict[str, int] = {}
        self.escrow: dict[str, Escrow] = {}  # every contract ever
        self.open: dict[str, Escrow] = {}
        self.ended: dict[str, int] = {}  # contract to the share that went back, in basis points
        self.fees_due: Counter[str] = Counter()
        self.fees_moved: Counter[str] = Counter()  # by the operator's own transfers
        self.touched: set[str] = set()
        self.paid: Counter[str] = Counter()  # what went out of each hold that is not for a contract
        self.shared: Counter[tuple[str, str, str]] = Counter()  # moved on: for what, from, to

    def opened(self, event: Json) -> None:
        account = event["account"]
        need(account not in self.accounts, "accounts", f"{account} is opened twice")
        self.accounts[account] = event["terms"]

    def transfers(self, event: Json, at: int) -> None:
        batch, size = event["batch"], len(event["batch"]["id"])
        is_caller = event.get("from_caller", False)
        kinds = batch.get("kind") or [MOVE] * size
        ended = batch.get("hold") or [""] * size
        intervals = batch.get("interval_us") or [0] * size
        for row in zip(
            batch["id"],
            kinds,
            batch["debit"],
            batch["credit"],
            batch["amount"],
            ended,
            intervals,
            strict=True,
        ):
            id, kind, debit, credit, amount, hold, interval = row
            own = id.startswith("#")
            need(own != is_caller or kind == EXPIRE, "names", f"{id} is not its maker's to use")
            if kind == MOVE:
                self._begin(id, debit, credit, amount)
                self._post(id, debit, credit, amount)
                if is_stake(id) or id.endswith(".good"):
                    self.shared[id, debit, credit] += amount
            elif kind == HOLD:
                self._begin(id, debit, credit, amount)
                need(id not in self.holds, "escrow", f"hold {id} begins while it is held")
                self.holds[id] = (debit, credit, amount)
                self.held[debit] += amount
                self.incoming[credit] += amount
                if interval:
                    self.deadlines[id] = at + interval
                self._belongs(id)
            else:
                self._end(id, kind, amount, hold, at)

    def _begin(self, id: str, debit: str, credit: str, amount: int) -> None:
        need(amount > 0, "amounts", f"{id} moves {amount}")
        for account in (debit, credit):
            need(account in self.accounts, "accounts", f"{id} names {account}, which nobody opened")

    def _post(self, id: str, debit: str, credit: str, amount: int) -> None:
        self.posted[debit] -= amount
        self.posted[credit] += amount
        if not id.startswith(("#C", "#X")) or is_stake(id):
            self.fees_moved[debit] -= amount
            self.fees_moved[credit] += amount

    def _end(self, id: str, kind: int, amount: int, hold: str, at: int) -> None:
        need(hold in self.holds, "escrow", f"{id} ends {hold}, which is not held")
        debit, credit, units = self.holds.pop(hold)
        self.held[debit] -= units
        self.incoming[credit] -= units
        due = self.deadlines.pop(hold, None)
        if kind == EXPIRE:
            need(due is not None and at >= due, "deadlines", f"{hold} expires early")
        posted = (amount or units) if kind == CAPTURE else 0
        need(0 <= posted <= units, "escrow", f"{id} posts {posted} of {units}")
        if posted:
            self._post(hold, debit, credit, posted)
        if hold.startswith(("#W", "#X")) or is_stake(hold):
            self.paid[hold] += posted
        elif hold.startswith("#N"):
            need(not posted, "escrow", f"{hold} was only set aside, and {posted} is taken")
        elif hold.startswith("#"):
            contract = self._belongs(hold)
            need(id.startswith("#"), "escrow", f"{id} ends the market's own hold {hold}")
            if posted:
                self.escrow[contract].posted[debit, credit, posted] += 1

    def _belongs(self, hold: str) -> str:
        contract = hold[1:].partition(".")[0]
        if hold.startswith("#") and not hold.startswith(("#W", "#N", "#X")) and not is_stake(hold):
            need(contract in self.escrow, "escrow", f"{hold} belongs to no contract")
            self.touched.add(contract)
        return contract

    def begin_contract(
        self, contract: str, payments: list[tuple[str, str, str, int]], bps: int
    ) -> None:
        """Expect (payer, payee, asset, units), with principals for both, to be held."""
        escrow = Escrow()
        for payer, payee, asset, units in payments:
            price, fee = split_payment(units, bps)
            account = f"wallet:{payer}/{asset}"
            escrow.expect(payee, account, f"wallet:{payee}/{asset}", price)
            escrow.expect(payee, account, f"fees/{asset}", fee)
        self.escrow[contract] = self.open[contract] = escrow
        self.touched.add(contract)

    def refund(self, contract: str, earner: str, bps: int) -> int:
        """Expect a share of what is held for somebody to go back at once; tell how much."""
        self.touched.add(contract)
        return self.open[contract].refund(earner, bps)

    def end_contract(self, contract: str, back_bps: int) -> None:
        """Expect everything held for a contract to end, a share of it going back."""
        escrow = self.open.pop(contract)
        self.ended[contract] = back_bps
        self.touched.add(contract)
        for (_, payee, units), count in escrow.expected_posted(back_bps).items():
            if payee.startswith("fees/"):
                self.fees_due[payee] += units * count

    def check(self) -> None:
        """State every law of money on the books as they stand after a record."""
        sums: Counter[str] = Counter()
        held: Counter[str] = Counter()
        incoming: Counter[str] = Counter()
        for debit, credit, units in self.holds.values():
            held[debit] += units
            incoming[credit] += units
        for account, terms in self.accounts.items():
            posted = self.posted[account]
            sums[terms["asset"]] += posted
            need(held[account] == self.held[account], "escrow", f"{account} holds stray money")
            need(
                incoming[account] == self.incoming[account], "escrow", f"{account} awaits too much"
            )
            if account.startswith(("wallet:", "fees/", "reserve/")) or terms.get("no_overdraft"):
                need(posted >= 0, "overdraft", f"{account} stands at {posted}")
                need(held[account] <= posted, "overdraft", f"{account} holds more than it has")
            if account.startswith("world:") or terms.get("no_surplus"):
                most = posted + incoming[account]
                need(most <= 0, "surplus", f"{account} stands at {most}")
            if account.startswith("fees/"):
                due = self.fees_due[account] + self.fees_moved[account]
                need(posted == due, "fees", f"{account} has {posted}, contracts brought {due}")
        for asset, total in sums.items():
            need(total == 0, "zero sum", f"{asset} adds up to {total}")
        self._check_escrow()

    def _check_escrow(self) -> None:
        escrows = {id: row for id, row in self.holds.items() if id[:2] == "#C" and not is_stake(id)}
        held = sum(row[2] for row in escrows.values())
        owed = sum(
            units * count
            for escrow in self.open.values()
            for (_, _, units), count in escrow.holds.items()
        )
        need(held == owed, "escrow", f"{held} is held for contracts that owe {owed}")
        by_contract: dict[str, Counter[tuple[str, str, int]]] = {}
        for id, row in escrows.items():
            by_contract.setdefault(id[1:].partition(".")[0], Counter())[row] += 1
        for contract in sorted(self.touched):
            found = by_contract.get(contract, Counter())
            if contract in self.open:
                expected = self.open[contract].holds
                need(found == expected, "escrow", f"{contract} holds {found}, owes {expected}")
            else:
                need(not found, "escrow", f"{contract} is over and still holds {found}")
                posted = self.escrow[contract].posted
                due = self.escrow[contract].expected_posted(self.ended[contract])
                need(posted == due, "settlement", f"{contract} posted {posted}, should {due}")
        self.touched.clear()
