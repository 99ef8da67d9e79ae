"""The auditor's own reading of contracts: the order of their states, who moved them, how they end.

What is held for each is kept leg by leg, so that a share given back on the way counts once.
"""

from typing import Any

from tests.laws.audit_goods import Goods
from tests.laws.audit_halt import Halts
from tests.laws.audit_limits import Limits
from tests.laws.audit_money import Books, Json, need
from tests.laws.audit_panels import KINDS as CASE_KINDS
from tests.laws.audit_panels import Panels
from tests.laws.audit_reputation import Reputation

ANYTIME = ("RefundGranted",)  # once it has begun
GRAPH = {
    "agreed": {"ContractHeld": "held", "ContractFormed": "formed"},
    "held": {"ContractApproved": "held", "ContractFormed": "formed", "ContractCancelled": "ended"},
    "formed": {
        **dict.fromkeys(("DeliverySubmitted", "DeliveryCommitted", "CodeCommitted"), "formed"),
        **dict.fromkeys(("CodeMissed", "ArtefactShown", "LatenessCounted"), "formed"),
        **dict.fromkeys(("NonDeliveryClaimed", "ContractUndone", *ANYTIME), "formed"),
        "InspectionBegan": "delivered",
        "ContractFulfilled": "ended",  # only where titles alone move
        "ContractCancelled": "ended",
    },
    "delivered": {
        **dict.fromkeys(("DeliveryAccepted", "VerificationAsked", *ANYTIME), "delivered"),
        "ContractUndone": "delivered",
        "VerificationReported": "delivered",  # or failed
        "ReturnsBegan": "returnable",
        "ContractCancelled": "ended",  # only while it cools off, or may be undone
        "ContractFulfilled": "ended",
        "DisputeOpened": "disputed",
    },
    "failed": {
        **dict.fromkeys(ANYTIME, "failed"),
        "ContractCancelled": "ended",
        "DisputeOpened": "disputed",
    },
    "returnable": {
        **dict.fromkeys(ANYTIME, "returnable"),
        "SentBack": "returning",
        "ContractFulfilled": "ended",
    },
    "returning": {
        **dict.fromkeys(ANYTIME, "returning"),
        "ContractCancelled": "ended",
        "DisputeOpened": "disputed",
    },
    "disputed": {
        **dict.fromkeys((*CASE_KINDS - {"DisputeOpened"}, *ANYTIME), "disputed"),
        "RedoOrdered": "formed",
        "ContractCancelled": "ended",  # only while it cools off
        "RulingMade": "ended",
    },
    "ended": {},
}
KINDS = frozenset(kind for moves in GRAPH.values() for kind in moves)
DUE = (
    *("decide_by", "deliver_by", "accept_by", "rule_by", "contest_by", "return_by"),
    *("commit_by", "reveal_by", "appeal_by"),
)
DAY_US = 86_400_000_000
UNDO_US = {"consumer": DAY_US, "forgiving": DAY_US // 24}
GIVERS = ("DeliverySubmitted", "DeliveryCommitted", "CodeMissed", "ArtefactShown")


class Contracts:
    """Every contract ever, by id."""

    def __init__(
        self,
        books: Books,
        goods: Goods,
        limits: Limits,
        halts: Halts,
        reputation: Reputation,
        panels: Panels,
    ) -> None:
        self.books = books
        self.goods = goods
        self.limits = limits
        self.halts = halts
        self.reputation = reputation
        self.panels = panels
        self.rows = halts.contracts
        self.principals = panels.principals
        self.due = panels.due
        self.rules: Json = {}
        self.command: Json = {}

    def begin(self, id: str, agreement: Json, waiting: list[str]) -> None:
        """Write a new agreement down."""
        need(id not in self.rows, "contract graph", f"{id} is agreed twice")
        self.rows[id] = {
            "state": "agreed",
            "parties": agreement["parties"],
            "legs": agreement["legs"],
            "conditions": agreement.get("conditions", {}),
            "waiting": set(waiting),
            "delivered": set(),
            "accepted": set(),
            "promises": agreement.get("promises", []),
            "measured": {},
            "due": 0,
            "late_bps": 0,
            "cut_us": 0,
            "kept_bps": {},
        }

    def see(self, event: Json, actor: str, command: Json, at: int) -> None:
        """Read one event of a contract."""
        id, kind = event["contract"], event["type"]
        self.command = command
        one = self.rows[id]
        before, after = one["state"], GRAPH[one["state"]].get(kind)
        need(after is not None, "contract graph", f"{kind} in {id}, which is {before}")
        if actor == "system":
            is_due = at >= one["due"] or f"D{id[1:]}" in self.due or kind in CASE_KINDS
            need(before == "agreed" or is_due, "deadlines", f"{id} ends early")
        one["state"] = after
        if kind in CASE_KINDS:
            self.panels.see(event, actor, command, at, one)
        if kind == "LatenessCounted":
            one["late_bps"] = event["late_bps"]
        if kind == "InspectionBegan":
            bps = self._late_bps(at, one)  # what was late before a second try stays so
            is_so = one["late_bps"] == bps or (one.get("redone") and not bps)
            need(is_so, "lateness", f"{id} costs {one['late_bps']} for being late, not {bps}")
        if kind == "NonDeliveryClaimed":
            one["cut_us"] = one["due"] - event["deliver_by"]
        asked = next((event[name] for name in DUE if name in event), 0)
        if asked:
            one["due"] = self.due[id] = asked
        self._who(event, actor, at, one, before)

    def _who(self, event: Json, actor: str, at: int, one: Json, before: str) -> None:
        id, kind = event["contract"], event["type"]
        mine = actor if actor in self.principals else ""
        stands_for = {a for a in one["parties"] if actor in (a, self.principals[a])}
        legs = [leg for leg in one["legs"] if leg["type"] == "goods"]
        givers, takers = ({leg[end] for leg in legs} for end in ("giver", "taker"))
        if kind in GIVERS:
            need(event["by"] in stands_for & givers, "delivery", f"{actor} as {event['by']}")
        match kind:
            case "ContractHeld":
                need(one["waiting"], "approval", f"{id} waits for nobody")
            case "ContractApproved":
                need(actor in one["waiting"], "approval", f"{actor} cannot approve {id}")
                self._free(id, one, at)
                one["waiting"].remove(actor)
            case "ContractFormed":
                need(not one["waiting"], "approval", f"{id} begins without {one['waiting']}")
                one |= {"formed_at": at, "has_stood": False}
            case "DeliverySubmitted":
                need(event["by"] not in one["delivered"], "delivery", f"{event['by']} twice")
                one["delivered"].add(event["by"])
                one["measured"] |= event.get("measured", {})
            case "InspectionBegan":
                slept_on = (
                    self.goods.is_title_only(one["legs"]) and "cooling_off_us" in one["conditions"]
                )
                need(one["delivered"] == givers or slept_on, "delivery", "not all")
            case "CodeCommitted" | "NonDeliveryClaimed" | "SentBack":
                need(event["by"] in stands_for & takers, "delivery", f"{actor} as {event['by']}")
            case "RefundGranted":
                need(event["by"] in stands_for, "refunds", f"{actor} as {event['by']}")
                self._refund(event, one)
            case "VerificationReported":
                named = one["conditions"]["verifier"]
                need(actor in (named, self.principals[named]), "verifying", f"{actor} reports")
                need(self._independent(named, one), "verifying", f"{named} verifies its own")
                one["measured"] |= event.get("measured", {})
                if event["passed"]:
                    one["accepted"] = takers
                else:
                    one["state"] = "failed"
            case "ContractUndone":
                self._undone(event, actor, at, one)
            case "RedoOrdered":
                need(not one.get("redone"), "redo", f"{id} is done again twice")
                self.panels.end(event, actor, self.command, at, one)
                one |= {"redone": True, "delivered": set(), "accepted": set(), "measured": {}}
            case "DisputeAnswered" | "EvidenceAdded" | "SplitProposed":
                need(event["by"] in stands_for, "dispute", f"{actor} speaks as {event['by']}")
            case "DeliveryAccepted" if actor == "system":
                one["accepted"] = takers
            case "DisputeOpened" if before in ("failed", "returning") or actor == "system":
                need(event["by"] in takers, "dispute", f"{event['by']} takes nothing")
            case "DeliveryAccepted" | "DisputeOpened":
                takes = event["by"] in takers - one["accepted"]
                need(event["by"] in stands_for and takes, "inspection", f"{actor} judges {id}")
                need(not mine or mine == event["by"], "inspection", f"{mine} as {event['by']}")
                one["accepted"].add(event["by"])
            case "ContractFulfilled" | "ContractCancelled" | "RulingMade":
                self._end(event, actor, at, before)
            case _:
                pass

    def _late_bps(self, at: int, one: Json) -> int:
        """Say what a delivery that is whole now costs for being late."""
        asked = one["conditions"]
        late = at - (one["due"] + one["cut_us"] - asked.get("late_us", 0))
        if "late_us" not in asked or late <= 0:
            return 0
        return int(min(-(-late // DAY_US) * asked["late_day_bps"], asked["late_max_bps"]))

    def _refund(self, event: Json, one: Json) -> None:
        by, bps, id = event["by"], event["bps"], event["contract"]
        back = self.books.refund(id, self.principals[by], bps)
        need(0 < bps <= 10_000 and back == event["units"] > 0, "refunds", f"{event}: {back}")
        one["kept_bps"][by] = one["kept_bps"].get(by, 10_000) * (10_000 - bps) // 10_000
        for agent in one["parties"]:
            self.limits.still_spends(agent, id, sum(part[3] for part in self._parts(id, agent)))

    def _parts(self, id: str, agent: str) -> list[Any]:
        whose = f"wallet:{self.principals[agent]}/"
        return [part for part in self.books.escrow[id].parts if part[1].startswith(whose)]

    def _undone(self, event: Json, actor: str, at: int, one: Json) -> None:
        owners = {self.principals[agent] for agent in one["parties"]}
        need(event["by"] == actor in owners, "undoing", f"{actor} undoes {event['contract']}")
        need(not one["delivered"], "undoing", f"{event['contract']} was delivered in part")
        asked = one["conditions"]
        allowed = asked.get("undo_us", UNDO_US.get(asked.get("template", ""), 0))
        in_time = at < one["formed_at"] + allowed or (allowed and one["has_stood"])
        need(in_time, "undoing", f"{event['contract']} is undone too late")

    def _independent(self, agent: str, one: Json) -> bool:
        return self.principals[agent] not in {self.principals[other] for other in one["parties"]}

    def _free(self, id: str, one: Json, at: int) -> None:
        """Whoever an approval binds has the mandate of the agreement still, and no halt."""
        for agent in one["parties"]:
            self.limits.live(agent, at)
            self.halts.free(agent, "commitments")
            mandate, _ = self.limits.owed.get((agent, id), (self.limits.of_agent[agent], 0))
            need(mandate == self.limits.of_agent[agent], "approval", f"{agent} had {mandate}")

    def _end(self, event: Json, actor: str, at: int, before: str) -> None:
        id, one = event["contract"], self.rows[event["contract"]]
        legs = one["legs"]
        kept = {agent: bps for agent, bps in one["kept_bps"].items() if bps < 10_000}
        told = {agent: bps for agent, bps in event.get("kept_bps", {}).items() if bps < 10_000}
        need(event["type"] == "ContractCancelled" or told == kept, "refunds", f"{told} of {kept}")
        counted = {} if event["type"] == "ContractCancelled" else kept
        self.reputation.finished(event, event["agreement"], at, counted)
        missed = [p["penalty_bps"] for p in one["promises"] if is_missed(p, one["measured"])]
        owed = min(10_000, min(10_000, sum(missed)) + one["late_bps"])
        if event["type"] == "ContractFulfilled":
            takers = {leg["taker"] for leg in legs if leg["type"] == "goods"}
            at_once = self.goods.is_title_only(legs) and before == "formed"
            done = at_once or (before != "formed" and one["accepted"] == takers)
            need(done, "graph", id)
            back_bps = event.get("penalty_bps", 0)
            need(back_bps == owed, "penalties", f"{id} gives {back_bps} back, owes {owed}")
        elif event["type"] == "ContractCancelled":
            back_bps = 10_000
        else:
            back_bps = event["payer_bps"]
            owners = {self.principals[agent] for agent in one["parties"]}
            if event["by"] == "parties":
                is_theirs = actor in owners or actor in one["parties"]
                need(is_theirs and len(one["parties"]) == 2, "settling", f"{actor} settles")
            elif event["by"] == "system":
                silent = self.rules.get("silent_ruling_bps", 5_000)
                need(back_bps == max(silent, owed), "ruling", f"{id}: silence gives {back_bps}")
            self.panels.end(event, actor, self.command, at, one)
        self.due.pop(id, None)  # while a panel is awaited, its draw is due instead
        self.goods.end(legs, is_done=event["type"] != "ContractCancelled")
        self.books.end_contract(id, back_bps)
        for agent in one["parties"]:
            units = [part[3] for part in self._parts(id, agent)]
            self.limits.settle(agent, id, sum(n * back_bps // 10_000 for n in units))


def is_missed(promise: Json, measured: Json) -> bool:
    """Tell whether a report misses a promise, or says nothing of it."""
    found = measured.get(promise["attribute"])
    above = found is not None and found - promise["value"]
    return found is None or (above > 0 if promise["bound"] == "at_most" else above < 0)
