"""The auditor's own reading of money in and out: who said what, what it moved, and what is owed.

It follows payouts, reports by hand, deposits by their references, debts and claims from raw
records, and compares every account of the world with what the commands should have moved there.
"""

from collections import Counter
from typing import Any

from tests.laws.audit_money import Books, Json, need

OUTCOMES = {"PayoutConfirmed": 1, "PayoutFailed": 0, "PayoutCancelled": 0}
MOVED = {"DebtsRepaid": "#D", "ClaimsPaid": "#K"}
REPORTS = ("ReportDeposit", "ReportPayout", "ReportChargeback")
KINDS = frozenset(
    {"OfficerRegistered", "ReportProposed", "ReportConfirmed", "ReportRejected"}
    | {"DepositBrought", "ChargebackAwaited", "DepositTakenBack", "DebtIncurred", "ClaimRaised"}
    | {"PayoutRequested", "PayoutSent", *OUTCOMES, *MOVED}
)


class Cash:
    """Sees whole records, after the books have seen their transfers."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.officers: set[str] = set()
        self.payouts: dict[str, Json] = {}
        self.reports: dict[str, Json] = {}  # proposed and not confirmed yet
        self.deposits: dict[tuple[str, str], Json] = {}
        self.early: dict[tuple[str, str], int] = {}  # taken back before they came
        self.debts: Counter[str] = Counter()
        self.claims: Counter[str] = Counter()
        self.paid: dict[str, int] = {}  # by payout that is over
        self.outside: Counter[str] = Counter()  # what stood on the world's accounts
        self.expected: Counter[str] = Counter()  # how this record should move them
        self.owing: Counter[tuple[str, str]] = Counter()

    def see(self, actor: str, command: Json, events: list[Json], rules: Json) -> None:
        """Read one accepted record."""
        self.expected.clear()
        self.owing.clear()
        self.limit = rules.get("four_eyes_units", 0)
        for event in events:
            self._event(event, actor, command)
        kinds = [event["type"] for event in events]
        if command["type"] in REPORTS and "ReportProposed" not in kinds:
            self._cashier(actor, command["rail"])
            two = command["rail"] == "manual" and command["amount"][0] > self.limit
            need(not two, "four eyes", f"{actor} alone makes {command}")
            self._carried_out(command, kinds)
        self._compare(command, events)

    def owner(self, command: Json) -> str:
        """Say whose money a refused confirmation was about."""
        return str(self.reports[command["report"]]["what"]["principal"])

    def check(self) -> None:
        """State what must hold after every record."""
        books = self.books
        open_ = {f"#{id}": one for id, one in self.payouts.items()}
        held = {id: row for id, row in books.holds.items() if id.startswith("#W")}
        due = {id: (one["from"], one["to"], one["units"]) for id, one in open_.items()}
        need(held == due, "payouts", f"{held} is held, {due} is on its way")
        for id, units in self.paid.items():
            found = books.paid[f"#{id}"]
            need(found == units, "payouts", f"{id} moved {found}, should {units}")
        self.paid.clear()
        for account, units in self.debts.items():
            free = books.posted[account] - books.held[account]
            need(units >= 0, "debts", f"{account} paid more than it owed")
            need(not units or not free, "debts", f"{account} owes {units} and has {free} free")
        for account, units in self.claims.items():
            reserve = "reserve/" + account.rpartition("/")[2]
            free = books.posted[reserve] - books.held[reserve]
            room = -(books.posted[account] + books.incoming[account])
            need(units >= 0, "claims", f"{account} got more than it claimed")
            need(not units or not free or room <= 0, "claims", f"{account} waits for {units}")

    def _cashier(self, actor: str, rail: str) -> None:
        may = actor == "operator" or (rail == "manual" and actor in self.officers)
        need(may, "authority", f"{actor} speaks for rail {rail}")

    def _two(self, rail: str, units: int, first: str, second: str) -> None:
        both = rail == "manual" and units > self.limit
        need(not both or first != second, "four eyes", f"{first} confirms what {second} began")

    def _event(self, event: Json, actor: str, command: Json) -> None:
        match event["type"]:
            case "OfficerRegistered":
                need(actor == "operator", "authority", f"{actor} makes officers")
                self.officers.add(event["officer"])
            case "ReportProposed":
                self._cashier(actor, command["rail"])
                need(event["by"] == actor and event["what"] == command, "reports", f"{event}")
                self.reports[event["report"]] = event
            case "ReportConfirmed":
                made = self.reports.pop(event["report"])
                what = made["what"]
                self._cashier(actor, "manual")
                self._two(what["rail"], what["amount"][0], made["by"], actor)
                self._carried_out(what, ["ReportConfirmed"])
            case "ReportRejected":
                self._cashier(actor, "manual")
                del self.reports[event["report"]]
            case "DebtsRepaid" | "ClaimsPaid" as kind:
                owed = self.debts if kind == "DebtsRepaid" else self.claims
                for account, units in zip(event["accounts"], event["units"], strict=True):
                    need(units > 0, "debts", f"{account} pays {units}")
                    owed[account] -= units
                    if kind == "ClaimsPaid":
                        self.expected[account] += units
            case "DebtIncurred" | "ClaimRaised" as kind:
                self.owing[kind, event["account"]] -= event["units"]
            case kind if kind.startswith("Payout"):
                self._payout(kind, event, actor, command)
            case _:
                pass

    def _payout(self, kind: str, event: Json, actor: str, command: Json) -> None:
        id = event["payout"]
        if kind == "PayoutRequested":
            units, asset = event["amount"]
            rail = command.get("rail", "credits")
            need(event["principal"] == actor, "authority", f"{actor} pays out others' money")
            need(event["amount"] == command["amount"] and event["rail"] == rail, "payouts", id)
            owes = [name for name in self._wallets(actor) if self.debts[name]]
            need(not owes, "debts", f"{actor} asks for money and owes on {owes}")
            need(id not in self.payouts, "payouts", f"{id} begins twice")
            ends = {"from": f"wallet:{actor}/{asset}", "to": f"world:{rail}/{asset}"}
            self.payouts[id] = {**ends, "rail": rail, "units": units, "who": actor, "by": ""}
            return
        need(id in self.payouts, "payouts", f"{id} goes on after its end")
        one = self.payouts[id]
        if kind == "PayoutCancelled":
            need(actor == one["who"], "authority", f"{actor} takes {id} back")
            need(not one["by"], "payouts", f"{id} is taken back though it was sent")
        else:
            self._cashier(actor, one["rail"])
        if kind == "PayoutSent":
            owes = [name for name in self._wallets(one["who"]) if self.debts[name]]
            need(not owes and not one["by"], "payouts", f"{id} is sent; owing: {owes}")
            one["by"] = actor
            return
        if kind == "PayoutConfirmed":
            need(one["by"], "payouts", f"{id} is paid and was never sent")
        if one["by"]:
            self._two(one["rail"], one["units"], one["by"], actor)
        del self.payouts[id]
        self.paid[id] = one["units"] * OUTCOMES[kind]
        self.expected[one["to"]] += self.paid[id]

    def _wallets(self, principal: str) -> list[str]:
        return [name for name in self.debts if name.startswith(f"wallet:{principal}/")]

    def _carried_out(self, what: Json, kinds: list[str]) -> None:
        """Expect what a report must move, and make it owe."""
        rail, (units, asset) = what["rail"], what["amount"]
        outside, key = f"world:{rail}/{asset}", (rail, what.get("reference", ""))
        match what["type"]:
            case "ReportPayout":
                self.expected[outside] += units
            case "ReportDeposit":
                self.expected[outside] -= units
                need(key not in self.deposits, "one effect", f"deposit {key} comes in twice")
                if key[1]:
                    self.deposits[key] = {**what, "back": 0}
                    if key in self.early:
                        self._taken_back(key, self.early.pop(key))
            case "ReportChargeback" if key in self.deposits:
                self._taken_back(key, units)
            case "ReportChargeback":
                need(key not in self.early, "one effect", f"{key} is taken back twice")
                self.early[key] = units
            case _:
                need(False, "reports", f"the auditor does not know {what}")

    def _taken_back(self, key: tuple[str, str], units: int) -> None:
        one = self.deposits[key]
        brought, asset = one["amount"]
        need(one["back"] == 0, "one effect", f"deposit {key} goes back twice")
        need(0 < units <= brought, "amounts", f"{units} of {brought} go back")
        one["back"] = units
        outside = f"world:{key[0]}/{asset}"
        self.claims[outside] += units
        self.owing["ClaimRaised", outside] += units
        if one["principal"] != "reserve":
            account = f"wallet:{one['principal']}/{asset}"
            self.debts[account] += units
            self.owing["DebtIncurred", account] += units

    def _compare(self, command: Json, events: list[Json]) -> None:
        """Compare what was recorded as owed, repaid and moved outside with what was due."""
        off = {key: units for key, units in self.owing.items() if units}
        need(not off, "debts", f"{off} is not entered as owed")
        told: Counter[tuple[str, str]] = Counter()
        for event in events:
            if event["type"] in MOVED:
                for account, units in zip(event["accounts"], event["units"], strict=True):
                    told[MOVED[event["type"]], account] += units
            elif event["type"] == "TransfersMade":
                for id, *ends, units in self._rows(event["batch"]):
                    if id[:2] in MOVED.values():
                        told[id[:2], ends[id[:2] == "#K"]] -= units
        off = {key: units for key, units in told.items() if units}
        need(not off, "debts", f"{off} is said to be paid, and is not")
        for account in [name for name in self.books.accounts if name.startswith("world:")]:
            moved = self.books.posted[account] - self.outside[account]
            self.outside[account] += moved
            if command["type"] != "TransferMany" or account.startswith("world:manual/"):
                due = self.expected[account]
                need(moved == due, "outside", f"{account} moved {moved}, should {due}")

    def _rows(self, batch: Json) -> Any:
        return zip(batch["id"], batch["debit"], batch["credit"], batch["amount"], strict=True)
