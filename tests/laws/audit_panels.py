"""The auditor's own reading of a dispute by a procedure: who judges, how votes become a verdict."""

from statistics import median_low
from typing import Any

from tests.laws.audit_court import DAY_US, Court, digest
from tests.laws.audit_limits import Limits
from tests.laws.audit_money import Books, Json, need

REDO, BPS = -1, 10_000
PHASES = {  # what a case may go through, and where that leads
    "DisputeOpened": ({""}, "pleading"),
    **dict.fromkeys(
        ("DisputeAnswered", "EvidenceAdded", "SplitProposed"), ({"pleading"}, "pleading")
    ),
    "PanelAwaited": ({"pleading", "decided"}, "drawing"),
    "PanelDrawn": ({"drawing"}, "committing"),
    "VoteCommitted": ({"committing"}, "committing"),
    "VotingClosed": ({"committing"}, "revealing"),
    "VoteShown": ({"revealing"}, "revealing"),
    "VotesCounted": ({"committing", "revealing"}, "counted"),
    "PanelDismissed": ({"counted"}, "dismissed"),
    "ArbiterCalled": ({"pleading", "drawing", "dismissed"}, "arbitration"),
    "VerdictReached": ({"pleading", "arbitration", "dismissed"}, "decided"),
    "DisputeDecided": ({"pleading", "arbitration", "dismissed", "decided", "drawing"}, "over"),
}
KINDS = frozenset(PHASES)
USUAL = {"jury": 3, "seat_units": 1_000_000, "loss_bps": 2_000}
TIMES = {"panel_us": DAY_US // 12, "appeal_us": DAY_US, "verdict_us": DAY_US // 96}
FRAUD_FREE = ("parties", "system")


class Panels:
    """Sees each event of a dispute, with its contract's row; the case is kept in that row."""

    def __init__(
        self, books: Books, court: Court, principals: dict[str, str], limits: Limits
    ) -> None:
        self.books = books
        self.limits = limits
        self.court = court
        self.principals = principals
        self.due = court.due

    def see(self, event: Json, actor: str, command: Json, at: int, one: Json) -> None:
        """Read one event."""
        kind, id = event["type"], event["contract"]
        if kind == "DisputeOpened":
            one["case"] = self._case(event, one)
        case = one["case"]
        before, after = PHASES[kind]
        need(case["phase"] in before, "case", f"{kind} in {id}, which is {case['phase']}")
        is_appeal = kind == "PanelAwaited" and case["phase"] == "decided"
        case["phase"] = after
        match kind:
            case "DisputeOpened":
                fee = self._fee(case) if command["type"] == "OpenDispute" else 0
                if case["claimant"] not in {leg["giver"] for leg in self._cash(one)}:
                    fee = 0
                case["fee"] = fee
                self._held(id, "filing", case["claimant"], case["asset"], fee)
                if actor == case["claimant"]:
                    self.limits.commit(actor, f"{id}.filing", fee, at)
            case "PanelAwaited":
                court = self.court
                need(event["epoch"] == court.open != "", "case", f"{id} waits for {event['epoch']}")
                need(event["due"] == at + DAY_US, "case", f"{id} waits until {event['due']}")
                if is_appeal:
                    may = {agent for agent in one["parties"] if actor in (agent, self._own(agent))}
                    need(event.get("appellant") in may, "appeals", f"{actor} appeals in {id}")
                    need(case["level"] == 0, "appeals", f"{id} is appealed twice")
                    case |= {"level": 1, "first": case["stand"], "agreeing": ()}
                    fee = self._fee(case) * event["size"]
                    self._held(id, "appeal", event["appellant"], case["asset"], fee)
                    if actor == event["appellant"]:
                        self.limits.commit(actor, f"{id}.appeal", fee, at)
                case |= {"size": event["size"], "votes": {}, "sealed": {}, "counted": None}
                self.due.pop(id, None)
                court.waiting[f"D{id[1:]}"] = event["epoch"]
                self.due[f"D{id[1:]}"] = event["due"]
            case "PanelDrawn":
                self._drawn(event, actor, at, one)
            case "VoteCommitted":
                juror = event["juror"]
                ours = juror in case["jurors"] and actor in (juror, self._own(juror))
                need(ours and juror not in case["sealed"], "votes", f"{actor} votes as {juror}")
                need(event["commitment"] == command["commitment"], "votes", f"{juror} is changed")
                case["sealed"][juror] = event["commitment"]
            case "VotingClosed":
                done = len(case["sealed"]) == len(case["jurors"]) or self._is_late(id, actor, at)
                need(done and case["sealed"], "votes", f"{id} closes early")
            case "VoteShown":
                juror, vote = event["juror"], event["vote"]
                need(actor in (juror, self._own(juror)), "votes", f"{actor} shows {juror}'s vote")
                body = (id, case["level"], juror, vote, command["nonce"])
                same = digest("souq.vote.v1", *body) == case["sealed"][juror]
                need(same and juror not in case["votes"], "votes", f"{juror} shows another vote")
                case["votes"][juror] = vote
            case "VotesCounted":
                votes = case["votes"]
                done = votes and len(votes) == len(case["sealed"])
                need(done or self._is_late(id, actor, at), "votes", f"{id} is counted early")
                need(event["votes"] == sorted(votes.values()), "votes", f"{event} of {votes}")
                case["counted"] = verdict_of(list(votes.values()))
                need(event.get("verdict") == case["counted"], "votes", f"{event} of {votes}")
            case "PanelDismissed":
                self._dismissed(event, case)
            case "ArbiterCalled":
                need(event["arbiter"] == case["arbiter"], "case", f"{event['arbiter']} is called")
                self._drop(id)
            case "VerdictReached":
                case["stand"] = (event["by"], event["payer_bps"])
                need(case["stand"] in self._verdicts(case, actor, command), "verdict", f"{event}")
                until = at + case["procedure"].get("appeal_us", TIMES["appeal_us"])
                need(event["appeal_by"] == until, "verdict", f"{id} is open to appeal for long")
            case "DisputeDecided":
                owners = {self._own(agent) for agent in one["parties"]}
                need({event["claimant"], event["respondent"]} <= owners, "verdict", f"{event}")
                need(event["claimant"] == self._own(case["claimant"]), "verdict", f"{event}")
                case["upheld"] = event["is_claim_upheld"]
            case _:
                pass

    def end(self, event: Json, actor: str, command: Json, at: int, one: Json) -> None:
        """Read how a dispute ends, by a ruling or by a second try; the case must bear it out."""
        id, case, by = event["contract"], one["case"], event["by"]
        bps = event.get("payer_bps", REDO)
        found = self._verdicts(case, actor, command)
        stand = case.get("first") or case.get("stand")
        if stand is not None and (actor == "system" or case["phase"] in ("dismissed", "over")):
            found.add(stand)
        if one.get("redone"):
            found = {(who, BPS if share == REDO else share) for who, share in found}
        if "reserve_units" in event or event.get("clause", "").endswith("/platform_fault"):
            found = {(who, 0) for who, _ in found}
            good = sum(n for row, n in self.books.shared.items() if row[0].endswith(".good"))
            need(good == event.get("reserve_units", 0), "reserve", f"{good} is made good: {event}")
        if by not in FRAUD_FREE:
            need((by, bps) in found, "ruling", f"{by} gives {bps} back, of {found}")
            owners = {self._own(agent) for agent in one["parties"]}
            need(by == "panel" or self._own(by) not in owners, "ruling", f"{by} rules its own")
        if by == "system":
            need(self._is_late(id, actor, at) and stand is None, "ruling", f"{id}: nobody judged")
        upheld = case.get("upheld")
        if upheld is not None and by not in FRAUD_FREE:
            is_so = bps == REDO or (bps > 0 and 2 * bps >= case["asked"])
            if "reserve_units" not in event and not event.get("clause", "").endswith("_fault"):
                need(upheld == is_so, "verdict", f"{id}: {bps} of {case['asked']} is {upheld}")
            is_lost = case.get("fee", 0) > 0 and upheld is False
            paid = self.books.paid[f"#{id}.filing"] > 0
            need(paid == is_lost, "dispute fees", f"{id}: {is_lost} to lose, {paid} to pay")
        self._drop(id)
        held = [name for name in ("filing", "appeal") if f"#{id}.{name}" in self.books.holds]
        held += [claim for _, claim in self.limits.owed if claim.startswith(f"{id}.")]
        need(not held, "dispute fees", f"{id} is over and still holds {held}")

    def ended(self, event: Json) -> None:
        """Read what a budget says of a fee that is over: only what came back may be spent again."""
        claim: str = event.get("contract", "")
        if event["type"] == "BudgetSettled" and claim.endswith((".filing", ".appeal")):
            _, units = self.limits.owed.get((event["agent"], claim), ("", 0))
            back = 0 if self.books.paid[f"#{claim}"] else units
            self.limits.settle(event["agent"], claim, back)

    def _case(self, event: Json, one: Json) -> Json:
        named, house = one["conditions"].get("procedure"), self.court.rules.get("procedure")
        procedure = house if named is None else named
        need(event.get("procedure") == procedure, "case", f"{event['contract']} has its own ways")
        asked = event.get("asked_bps", BPS)
        need(asked == REDO or 0 < asked <= BPS, "case", f"{asked} is asked back")
        cash = self._cash(one)
        asset = cash[0]["amount"][1] if cash else self.court.rules["assets"][0]["code"]
        return {
            "phase": "",
            "procedure": procedure,
            "claimant": event["by"],
            "asked": asked,
            "arbiter": event.get("arbiter") or self.court.rules.get("arbiter", "operator"),
            "asset": asset,
            "price": sum(leg["amount"][0] for leg in cash if leg["amount"][1] == asset),
            "level": 0,
            "sat": set(),
            "counted": None,
        }

    def _verdicts(self, case: Json, actor: str, command: Json) -> set[tuple[str, int]]:
        """List who may have said what just now: the panel by its votes, or the arbiter."""
        found: set[tuple[str, int]] = set()
        if case["counted"] is not None:
            found.add(("panel", case["counted"]))
        if command["type"] == "Rule" and actor == case["arbiter"]:
            found.add((actor, REDO if command.get("redo") else command["payer_bps"]))
        return found

    def _drawn(self, event: Json, actor: str, at: int, one: Json) -> None:
        id, case, court = event["contract"], one["case"], self.court
        jurors, late = event["jurors"], self._is_late(f"D{id[1:]}", actor, at)
        need(late, "panels", f"{id} is drawn early")
        need(
            len(set(jurors)) == len(jurors) == case["size"], "panels", f"{id} is judged by {event}"
        )
        owners = {self._own(agent) for agent in one["parties"]}
        seat = case["procedure"].get("seat_units", USUAL["seat_units"])
        for agent in jurors:
            who = self._own(agent)
            need(court.jurors.get(who) == agent, "panels", f"{agent} is no juror")
            need(court.standing(who, case["asset"]) >= seat, "panels", f"{who} has no such bond")
            is_partial = court.is_partial(who, owners, at) or who == case["arbiter"]
            need(not is_partial and agent not in case["sat"], "panels", f"{who} is partial")
        half = case["procedure"].get("panel_us", TIMES["panel_us"]) // 2
        need(event["commit_by"] == at + half, "panels", f"{event['commit_by']} to commit")
        case |= {"jurors": jurors, "sat": case["sat"] | set(jurors), "sealed": {}, "votes": {}}
        self._drop(id)

    def _dismissed(self, event: Json, case: Json) -> None:
        found, votes = case["counted"], case["votes"]
        near = [one for one, vote in votes.items() if found is not None and agrees(vote, found)]
        need(event["agreeing"] == near, "votes", f"{event['agreeing']} agree, and not {near}")
        seat = case["procedure"].get("seat_units", USUAL["seat_units"])
        loss = seat * case["procedure"].get("loss_bps", USUAL["loss_bps"]) // BPS
        for juror in case["jurors"]:
            is_wrong = juror not in near and (bool(near) or juror not in votes)
            lost = self.court.lost[self._own(juror)]
            need(lost <= loss * is_wrong, "stakes", f"{juror} loses {lost} of {loss}, {is_wrong}")
            left = self.court.bonds.get((self._own(juror), case["asset"]))
            whole = lost == loss or left is None
            need(not is_wrong or whole, "stakes", f"{juror} loses {lost} of {loss}")

    def _fee(self, case: Json) -> int:
        procedure = case["procedure"] or {}
        by_price = case["price"] * procedure.get("filing_bps", 0) // BPS
        return int(procedure.get("filing_units", 0) + by_price)

    def _held(self, id: str, what: str, agent: str, asset: str, units: int) -> None:
        account, fees = f"wallet:{self._own(agent)}/{asset}", f"fees/{asset}"
        found = self.books.holds.get(f"#{id}.{what}")
        due = (account, fees, units) if units else None
        need(found == due, "dispute fees", f"{id} holds {found}, should {due}")

    def _drop(self, id: str) -> None:
        self.court.waiting.pop(f"D{id[1:]}", None)
        self.due.pop(f"D{id[1:]}", None)

    def _is_late(self, id: str, actor: str, at: int) -> bool:
        return actor == "system" and at >= self.due.get(id, self.due.get(f"D{id[1:]}", 0))

    def _own(self, agent: str) -> str:
        return self.principals.get(agent, agent)

    def _cash(self, one: Json) -> list[Any]:
        return [leg for leg in one["legs"] if leg["type"] == "cash"]


def verdict_of(votes: list[int]) -> int | None:
    """Give the middle vote, or the mean of two; REDO where more than half say so."""
    shares = [vote for vote in votes if vote != REDO]
    if not votes:
        return None
    if len(votes) - len(shares) > len(shares):
        return REDO
    return (median_low(shares) - median_low([-one for one in shares])) // 2


def agrees(vote: int, verdict: int) -> bool:
    """Tell whether a vote is a quarter of the price or less away from the verdict."""
    return vote == verdict if REDO in (vote, verdict) else abs(vote - verdict) <= 2_500
