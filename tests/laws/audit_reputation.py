"""The auditor's own book of reputation: all evidence kept whole, and added up in fractions.

It shares nothing with the market's: every piece of evidence keeps its own age, and whoever is asked
for is worked out from all of them.
"""

from math import sqrt
from typing import Any

from tests.laws.audit_money import Json, need

KINDS = frozenset(
    {"TrustSet", "ReputationImported", "FeedbackGiven", "FeedbackReleased", "FeedbackShown"}
)
WINDOW_US = 14 * 24 * 3_600 * 1_000_000
HALF_LIFE_US = 90 * 24 * 3_600 * 1_000_000
VALUE_MAX, PAIR_MAX, DEALS_MAX = 1_000_000_000, 10.0, 10.0
ENDS = ("ContractFulfilled", "ContractCancelled", "RulingMade")
NEAR = 1e-3  # deals: what may be rounded away


class Reputation:
    """Sees events of contracts' ends, of trust, and of feedback."""

    def __init__(self, principals: dict[str, str], due: dict[str, int]) -> None:
        self.principals = principals
        self.due = due
        self.rules: Json = {}
        self.pairs: dict[tuple[str, str], list[list[float]]] = {}  # good, bad, at
        self.trust: dict[str, float] | None = None
        self.rings: dict[str, int] = {}
        self.roots: set[str] = set()
        self.ended: dict[str, tuple[int, list[str], list[Json]]] = {}
        self.said: dict[str, dict[str, Json]] = {}
        self.to_show: list[Json] = []
        self.owed: dict[tuple[str, str], int] = {}

    def see(self, event: Json, actor: str, command: Json, at: int) -> None:
        """Read one event of reputation."""
        match event["type"]:
            case "TrustSet":
                need(actor == "operator", "authority", f"{actor} says who is trusted")
                named = event["principals"]
                self.trust = dict(zip(named, (one / 10_000 for one in event["bps"]), strict=True))
                rings = event.get("rings", [0] * len(named))
                self.rings = {one: ring for one, ring in zip(named, rings, strict=True) if ring}
            case "ReputationImported":
                need(actor == "operator" or actor[0] == "O", "authority", f"{actor} imports")
                need(event["evidence_root"] not in self.roots, "imports", "evidence counts twice")
                self.roots.add(event["evidence_root"])
                worth = (event["good"] + event["bad"]) / 1e6
                need(worth <= DEALS_MAX, "imports", f"what was brought is worth {worth} deals")
            case "FeedbackGiven":
                self._given(event, actor, at)
            case "FeedbackReleased":
                self._released(event["contract"], actor, at)
            case _:
                need(bool(self.to_show), "feedback", "something is shown that nobody said")
                shown = {name: value for name, value in event.items() if name != "type"}
                said = [{k: v for k, v in one.items() if k != "by"} for one in self.to_show]
                need(shown in said, "feedback", f"{event} is shown, {said} was said")
                del self.to_show[said.index(shown)]

    def agreed(self, agreement: Json) -> None:
        """Add to what suppliers owe."""
        self._owe(agreement, 1)

    def audited(self, event: Json, one: Json, at: int) -> None:
        """Read that a contract which counted as good was found bad."""
        if not event["passed"] and one["asset"] == self.rules["assets"][0]["code"]:
            weight = sqrt(min(one["units"], VALUE_MAX) / self.rules["reputation_one_units"])
            fee_bps = self.rules.get("fee_bps", 0)
            if not fee_bps or one["units"] * fee_bps >= 10_000:
                good = weight * one.get("outcome_bps", 10_000) / 10_000
                self._count(one["giver"], one["payer"], -good, good, at)

    def finished(self, event: Json, agreement: Json, at: int, kept: dict[str, int]) -> None:
        """Read a contract's end; `kept` is what payees had not given back before."""
        self._owe(agreement, -1)
        kind, share = event["type"], 1.0
        if kind == "ContractCancelled":
            if event["why"] not in ("cancelled", "not_delivered", "not_verified"):
                return
            share = 0.0
        elif kind == "ContractFulfilled":
            share = 1 - event.get("penalty_bps", 0) / 10_000
        else:
            share = 1 - event["payer_bps"] / 10_000
        self.ended[event["contract"]] = at, agreement["parties"], agreement["legs"]
        self.said.pop(event["contract"], None)
        is_settled = kind == "RulingMade" and event["by"] == "parties"
        if is_settled or (kind == "ContractCancelled" and event["why"] == "cancelled"):
            return
        for (supplier, payer), units in self._payments(agreement).items():
            if kind == "ContractCancelled" and supplier not in event["at_fault"]:
                continue
            units = units * kept.get(supplier, 10_000) // 10_000
            fee_bps = self.rules.get("fee_bps", 0)
            if units == 0 or (fee_bps and units * fee_bps < 10_000):
                continue
            weight = sqrt(min(units, VALUE_MAX) / self.rules["reputation_one_units"])
            self._count(supplier, payer, weight * share, weight * (1 - share), at)

    def check(self, records: dict[str, Any], exposures: dict[str, int], at: int) -> None:
        """Compare the market's records and exposures with one's own."""
        owed = {f"{one}/{asset}": units for (one, asset), units in self.owed.items() if units}
        need(owed == exposures, "exposure", f"{owed} is owed, not {exposures}")
        subjects = {subject for subject, _ in self.pairs}
        need(subjects >= records.keys(), "reputation", "a record without evidence")
        for subject, found in records.items():
            good, bad = self.record(subject, at)
            left = 0.5 ** ((at - found.at) / HALF_LIFE_US) / 1e6
            near = abs(found.good * left - good) + abs(found.bad * left - bad)
            need(near < NEAR, "reputation", f"{subject} has shown {good, bad}, not {found}")

    def record(self, subject: str, at: int) -> tuple[float, float]:
        """Add up all evidence of a subject as of now."""
        whose = self.principals.get(subject, subject)
        sums = [0.0, 0.0]
        for (one, counterparty), rows in self.pairs.items():
            if one != subject:
                continue
            counts = 1.0 if self.trust is None else self.trust.get(counterparty, 0.0)
            ring = self.rings.get(counterparty, 0)
            if ring and ring == self.rings.get(whose):
                counts = 0.0
            for good, bad, since in rows:
                left = counts * 0.5 ** ((at - since) / HALF_LIFE_US)
                sums[0] += good * left
                sums[1] += bad * left
        return sums[0], sums[1]

    def _count(self, supplier: str, payer: str, good: float, bad: float, at: int) -> None:
        subject, counterparty = self.principals[supplier], self.principals[payer]
        if subject == counterparty:
            return
        for one in (subject, supplier):
            rows = self.pairs.setdefault((one, counterparty), [])
            left = sum(g * 0.5 ** ((at - t) / HALF_LIFE_US) for g, _, t in rows)
            rows.append([max(good, -left), bad, at])  # an audit takes no more than is left
            whole = sum((g + b) * 0.5 ** ((at - t) / HALF_LIFE_US) for g, b, t in rows)
            if whole > PAIR_MAX:
                for row in rows:
                    row[0] *= PAIR_MAX / whole
                    row[1] *= PAIR_MAX / whole

    def _payments(self, agreement: Json) -> dict[tuple[str, str], int]:
        suppliers = {leg["giver"] for leg in agreement["legs"] if leg["type"] == "goods"}
        asset = self.rules.get("assets", [{"code": "USD"}])[0]["code"]
        found: dict[tuple[str, str], int] = {}
        for leg in agreement["legs"]:
            if leg["type"] == "cash" and leg["taker"] in suppliers and leg["amount"][1] == asset:
                ends = leg["taker"], leg["giver"]
                found[ends] = found.get(ends, 0) + leg["amount"][0]
        return found

    def _owe(self, agreement: Json, sign: int) -> None:
        suppliers = {leg["giver"] for leg in agreement["legs"] if leg["type"] == "goods"}
        for leg in agreement["legs"]:
            if leg["type"] == "cash" and leg["taker"] in suppliers:
                key = self.principals[leg["taker"]], leg["amount"][1]
                self.owed[key] = self.owed.get(key, 0) + sign * leg["amount"][0]

    def _given(self, event: Json, actor: str, at: int) -> None:
        id, by = event["contract"], event["by"]
        need(id in self.ended, "feedback", f"{id} is not over")
        ended_at, parties, _ = self.ended[id]
        need(by in parties, "feedback", f"{by} was no party to {id}")
        need(actor in (by, self.principals[by]), "authority", f"{actor} speaks for {by}")
        need(at < ended_at + WINDOW_US, "feedback", f"{id} ended too long ago")
        said = self.said.setdefault(id, {})
        need(by not in said, "feedback", f"{by} speaks twice of {id}")
        said[by] = event["said"]
        self.due[f"feedback:{id}"] = ended_at + WINDOW_US

    def _released(self, id: str, actor: str, at: int) -> None:
        said, (_, parties, legs) = self.said.pop(id), self.ended.pop(id)
        due = self.due.pop(f"feedback:{id}")
        need(len(said) == len(parties) or at >= due, "feedback", f"{id} is shown too early")
        for by, one in said.items():
            spoken_of = {leg["giver"] for leg in legs if leg["taker"] == by}
            self.to_show += [{**one, "about": about} for about in spoken_of]
