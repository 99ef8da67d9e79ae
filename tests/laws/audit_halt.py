"""The auditor's own reading of the kill switch: what may not happen while something is halted.

It keeps no time but what the records show: which deadlines stood still, with how much left, and
when each must therefore come once the market goes on.
"""

from collections import defaultdict

from tests.laws.audit_limits import Limits
from tests.laws.audit_money import Books, Json, need

KINDS = frozenset({"HaltSet", "ClocksStopped", "ClocksStarted"})
RANKS = {"open": 0, "commitments": 1, "negotiations": 2, "settlements": 3}
HOUR_US = 3_600_000_000
FORBIDDEN = {
    **dict.fromkeys(("NegotiationOpened", "OfferAccepted", "SwapAccepted", "PriceTaken"), 1),
    **dict.fromkeys(("AgreementReached", "ContractApproved"), 1),
    **dict.fromkeys(("OfferMade", "SwapProposed"), 2),
    **dict.fromkeys(("PayoutRequested", "PayoutSent"), 3),
    "ChannelOpened": 1,
    "ChannelToppedUp": 2,
    "BondPosted": 1,
    **dict.fromkeys(("BondAsked", "EpochRevealed", "AuditEnded", "PanelAwaited"), 3),
    **dict.fromkeys(("VoteCommitted", "VoteShown", "VerdictReached", "RefundGranted"), 3),
    **dict.fromkeys(("VerificationReported", "SentBack", "NonDeliveryClaimed"), 3),
    **dict.fromkeys(("VoucherPresented", "CloseAsked", "CloseOffered", "ChannelsEnded"), 3),
}
MOVES_MONEY = {  # commands that may, whatever is halted: it comes in, comes back, or has left
    *("ReportDeposit", "ReportChargeback", "ConfirmReport"),
    *("CancelPayout", "ConfirmPayout", "FailPayout"),
}


class Halts:
    """Sees whole records, after everything else has seen them."""

    def __init__(
        self,
        books: Books,
        contracts: dict[str, Json],
        due: dict[str, int],
        principals: dict[str, str],
        limits: Limits,
    ) -> None:
        self._principals = principals
        self._limits = limits
        # By principal or agent, and whose switch it is.
        self.scoped: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self.books = books
        self.contracts = contracts
        self.due = due
        self.level = "open"
        self.left: dict[str, int] = {}

    def see(self, actor: str, command: Json, events: list[Json], at: int) -> None:
        """Read one accepted record."""
        rank = RANKS[self.level]
        for event in events:
            kind = event["type"]
            least = 3 if kind.startswith(("Contract", "Deliver", "Inspection", "Dispute")) else 4
            need(rank < FORBIDDEN.get(kind, least), "halt", f"{kind} while {self.level} are halted")
            if kind == "TransfersMade" and rank == 3:
                self._money(event["batch"], command)
        need(rank < 3 or command["type"] != "Rule", "halt", "a ruling in a standstill")
        if command["type"] == "SetHalt" and command.get("scope"):
            self._scoped(actor, command, events)
        elif command["type"] == "SetHalt":
            self._switch(actor, command, {event["type"]: event for event in events}, at)
        else:
            need(not {e["type"] for e in events} & KINDS, "halt", f"{command['type']} switches")

    def free(self, agent: str, what: str) -> None:
        """Nobody is bound who is halted, or whose principal or lender is."""
        lenders = self._limits.chain(agent) if agent in self._limits.of_agent else ()
        for scope in (agent, self._principals[agent], *(one.agent for one in lenders)):
            for level in self.scoped[scope].values():
                need(RANKS[level] < RANKS[what], "halt", f"{agent} is bound, {scope} is halted")

    def _scoped(self, actor: str, command: Json, events: list[Json]) -> None:
        scope, level = command["scope"], command["level"]
        owner = self._principals.get(scope, scope)
        need(actor in ("operator", owner), "authority", f"{actor} halts {scope}")
        before = self.scoped[scope].get(actor, "open")
        told = {"type": "HaltSet", "level": level, "before": before, "scope": scope, "by": actor}
        found = [{name: one[name] for name in one if name != "why"} for one in events]
        need(found == [told] and level not in (before, "settlements"), "halt", f"{found}")
        self.scoped[scope][actor] = level

    def _money(self, batch: Json, command: Json) -> None:
        need(command["type"] in MOVES_MONEY, "halt", f"{command['type']} moves money")
        kinds = batch.get("kind") or [0] * len(batch["id"])
        for id, credit, kind in zip(batch["id"], batch["credit"], kinds, strict=True):
            out = kind == 0 and credit.startswith("world:") and not id.startswith("#K")
            need(not out, "halt", f"money leaves by {command['type']}")

    def _switch(self, actor: str, command: Json, events: dict[str, Json], at: int) -> None:
        need(actor == "operator", "authority", f"{actor} throws the switch")
        told = events["HaltSet"]
        need(told["level"] == command["level"] != self.level == told["before"], "halt", str(told))
        self.level, stood = command["level"], self.level
        stopped: dict[str, int] = {}
        started: dict[str, int] = {}
        if self.level == "settlements":
            stopped = self._stop(at)
        elif stood == "settlements":
            started = self._start(at)
        for kind, expected, column in (
            ("ClocksStopped", stopped, "left_us"),
            ("ClocksStarted", started, "due"),
        ):
            event = events.get(kind, {"ids": [], column: []})
            found = dict(zip(event["ids"], event[column], strict=True))
            need(found == expected, "standstill", f"{kind} says {found}, due is {expected}")

    def _stop(self, at: int) -> dict[str, int]:
        for id in [id for id in self.due if not id.startswith(("N", "restriction:"))]:
            self.left[id] = self.due.pop(id) - at
            self.contracts.get(id, {})["has_stood"] = True  # its other clocks stand still as well
        for id in list(self.books.deadlines):
            self.left[f"hold:{id}"] = self.books.deadlines.pop(id) - at
        return dict(self.left)

    def _start(self, at: int) -> dict[str, int]:
        started = {id: at + max(left, HOUR_US) for id, left in self.left.items()}
        self.left.clear()
        for id, due in started.items():
            if id.startswith("hold:"):
                self.books.deadlines[id.removeprefix("hold:")] = due
            else:
                self.due[id] = due
                if id in self.contracts:
                    self.contracts[id]["due"] = due
        return started
