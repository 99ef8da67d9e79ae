"""The auditor's own reading of bonds, jurors, epochs and audits: what is at stake, who drew it."""

import hashlib
import json
from collections import Counter
from typing import Any

from tests.laws.audit_money import Books, Json, is_stake, need
from tests.laws.audit_reputation import Reputation

KINDS = frozenset(
    {"BondPosted", "BondAsked", "BondReturned", "BondForfeited", "JurorJoined", "JurorLeft"}
    | {"EpochCommitted", "EpochRevealed", "AuditAwaited", "AuditDrawn", "AuditEnded"}
)
DAY_US = 86_400_000_000
LOCK_US, DEALT_US, DRAWN_US = 14 * DAY_US, 30 * DAY_US, 8 * DAY_US
JUDGED = {"VotesCounted", "RulingMade", "RedoOrdered", "AuditEnded"}  # what may cost a bond


def digest(*body: Any) -> str:
    """Give the SHA-256 over canonical JSON."""
    words = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(words.encode()).hexdigest()


class Court:
    """Sees events one by one; at the end of each record it states what must be held."""

    def __init__(
        self,
        books: Books,
        principals: dict[str, str],
        due: dict[str, int],
        reputation: Reputation,
    ) -> None:
        self.books = books
        self.reputation = reputation
        self.principals = principals
        self.due = due
        self.rules: Json = {}
        self.bonds: dict[tuple[str, str], Json] = {}
        self.jurors: dict[str, str] = {}  # by principal: the agent that votes
        self.dealt: dict[frozenset[str], int] = {}
        self.epochs: dict[str, Json] = {}
        self.open = ""
        self.waiting: dict[str, str] = {}  # what is to be drawn, and with which epoch
        self.audits: dict[str, Json] = {}
        self.lost: Counter[str] = Counter()  # of bonds in this record, by principal
        self._gone: Counter[str] = Counter()
        self._to: Counter[tuple[str, str, str]] = Counter()

    def begin(self) -> None:
        """Begin a record."""
        for one in (self.lost, self._gone, self._to):
            one.clear()

    def agreed(self, parties: list[str], at: int) -> None:
        """Remember who dealt with whom, once there is somebody to judge."""
        owners = [self.principals[one] for one in parties] if self.jurors else []
        for n, one in enumerate(owners):
            for other in owners[n + 1 :]:
                self.dealt[frozenset((one, other))] = at

    def is_partial(self, principal: str, owners: set[str], at: int) -> bool:
        """Tell whether somebody is one of the parties, or dealt with one of them of late."""
        pairs = [frozenset((principal, one)) for one in owners]
        return principal in owners or any(
            pair in self.dealt and at - self.dealt[pair] < DEALT_US for pair in pairs
        )

    def standing(self, principal: str, asset: str) -> int:
        """Give what of a bond stands and has not been asked back."""
        found = self.bonds.get((principal, asset), {"units": 0, "is_asked": True})
        return 0 if found["is_asked"] else int(found["units"])

    def see(self, event: Json, actor: str, command: Json, at: int) -> None:
        """Read one event."""
        kind = event["type"]
        if kind.startswith("Bond"):
            self._bond(event, actor, command, at)
        elif kind.startswith("Audit"):
            self._audit(event, actor, command, at)
        elif kind == "JurorJoined":
            owner = event["principal"]
            need(
                actor == owner == self.principals[event["agent"]], "jury", f"{actor} joins {event}"
            )
            need(owner not in self.jurors, "jury", f"{owner} joins twice")
            backed = any(self.standing(owner, asset) for _, asset in self.bonds)
            need(backed, "jury", f"{owner} joins without a bond")
            self.jurors[owner] = event["agent"]
        elif kind == "JurorLeft":
            need(actor == event["principal"], "jury", f"{actor} takes {event['principal']} off")
            del self.jurors[actor]
        elif kind == "EpochCommitted":
            need(actor == "operator", "authority", f"{actor} opens an epoch")
            need(event["epoch"] not in self.epochs, "epochs", f"{event['epoch']} opens twice")
            self.epochs[event["epoch"]] = {"commitment": event["commitment"], "secret": ""}
            self.open = event["epoch"]
        else:
            need(actor == "operator", "authority", f"{actor} shows a secret")
            one = self.epochs[event["epoch"]]
            need(event["epoch"] != self.open and not one["secret"], "epochs", "shown too soon")
            shown = digest("souq.epoch.v1", event["secret"])
            need(shown == one["commitment"], "epochs", f"{event['epoch']} was another secret")
            one["secret"] = event["secret"]
            for id, epoch in list(self.waiting.items()):
                if epoch == event["epoch"]:
                    self.due[id] = at + 1
                    del self.waiting[id]

    def _bond(self, event: Json, actor: str, command: Json, at: int) -> None:
        who, asset = event["principal"], event["asset"]
        key, due = (who, asset), f"bond:{who}/{asset}"
        one = self.bonds.get(key, {"units": 0, "is_asked": False})
        match event["type"]:
            case "BondPosted":
                need(actor == who, "bonds", f"{actor} locks {who}'s money")
                need(not one["is_asked"], "bonds", f"{who} adds to what it asked back")
                added = event["units"] - one["units"]
                need([added, asset] == command["amount"] and added > 0, "bonds", f"{added} more")
                self.bonds[key] = {"units": event["units"], "is_asked": False}
            case "BondAsked":
                need(actor == who and one["units"], "bonds", f"{actor} asks {who}'s bond back")
                need(not one["is_asked"], "bonds", f"{who} asks twice")
                need(event["free_at"] == at + LOCK_US, "bonds", f"{event} is free too soon")
                one["is_asked"] = True
                self.due[due] = event["free_at"]
            case "BondReturned":
                need(actor == "system" and at >= self.due[due], "bonds", f"{who}'s is free early")
                del self.bonds[key], self.due[due]
            case _:
                units = event["units"]
                need(units + event["left_units"] == one["units"] and units, "bonds", f"{event}")
                one["units"] -= units
                self.lost[who] += units
                self._gone[f"#bond.{who}.{asset}"] += units
                if event["to"] != f"reserve/{asset}":
                    name = f"#bond.{who}.{asset}.{event['thing']}"
                    self._to[name, f"reserve/{asset}", event["to"]] += units
                if not one["units"]:
                    del self.bonds[key]
                    self.due.pop(due, None)

    def _audit(self, event: Json, actor: str, command: Json, at: int) -> None:
        id, due = event["contract"], f"U{event['contract'][1:]}"
        match event["type"]:
            case "AuditAwaited":
                need(event["epoch"] == self.open != "", "audits", f"{id} waits for {event}")
                need(id not in self.audits and 0 < event["ppm"] <= 10**6, "audits", f"{event}")
                self.audits[id] = {**event, "is_drawn": False}
                self.waiting[due], self.due[due] = event["epoch"], at + DRAWN_US
            case "AuditDrawn":
                one = self.audits[id]
                need(actor == "system" and at >= self.due[due], "audits", f"{id} is drawn early")
                secret = self.epochs[one["epoch"]]["secret"]
                names = (secret, "audit", id) if secret else ("", "audit", id, str(at))
                lot = digest("souq.draw.v1", *names)
                need(lot == event["lot"], "audits", f"{id} has the lot of another")
                is_hit = int(lot[:13], 16) / 16**13 < one["ppm"] / 10**6
                until = at + self.rules.get("audit_us", 3 * DAY_US) if is_hit else 0
                need(event["report_by"] == until, "audits", f"{event}, and not until {until}")
                self.waiting.pop(due, None)
                one["is_drawn"] = True
                if is_hit:
                    self.due[due] = until
                else:
                    del self.audits[id], self.due[due]
            case _:
                one = self.audits.pop(id)
                until = self.due.pop(due)
                sides = {self.principals[one[end]] for end in ("giver", "payer")}
                need(one["is_drawn"], "audits", f"{id} is reported on before it is drawn")
                need(event["by"] == actor and actor not in sides, "audits", f"{actor} audits {id}")
                if actor == "system":
                    need(event["passed"] and at >= until, "audits", f"{id}: silence is a pass")
                else:
                    is_so = actor == self.rules["auditor"] and event["passed"] == command["passed"]
                    need(is_so, "audits", f"{actor} says {event}")
                self.reputation.audited(event, one, at)
                lost, told = self.lost[event["principal"]], event.get("forfeited_units", 0)
                most = 0 if event["passed"] else 9 * one["units"]
                need(lost == told <= most, "audits", f"{lost} is lost, {told} told, of {most}")

    def check(self, kinds: set[str]) -> None:
        """State what must be held as bonds, and where the forfeited parts went."""
        books = self.books
        due = {
            f"#bond.{who}.{asset}": (f"wallet:{who}/{asset}", f"reserve/{asset}", one["units"])
            for (who, asset), one in self.bonds.items()
        }
        held = {id: row for id, row in books.holds.items() if id.startswith("#bond.")}
        need(held == due, "bonds", f"{held} is held, {due} is locked")
        need(not self.lost or kinds & JUDGED, "bonds", f"{dict(self.lost)} is lost by no judgement")
        gone = Counter({id: n for id, n in books.paid.items() if id.startswith("#bond.") and n})
        need(gone == self._gone, "bonds", f"{gone} went, {self._gone} was forfeited")
        moved = Counter({row: n for row, n in books.shared.items() if row[0].startswith("#bond.")})
        need(moved == self._to, "bonds", f"{moved} reached others, {self._to} should")
        fees = {id: n for id, n in books.paid.items() if is_stake(id) and id[:2] == "#C"}
        for id, units in fees.items():
            on = sum(n for row, n in books.shared.items() if row[0].startswith(f"{id}:"))
            need(on == units, "dispute fees", f"{id} took {units} and shared {on}")
        for id in [id for id in books.paid if is_stake(id)]:
            del books.paid[id]
        books.shared.clear()
