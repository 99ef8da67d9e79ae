"""The auditor's notes on runs that are open to all: who is in, what is set aside, what comes of it.

It knows no mechanism. Whatever the rules of a run are, these hold: only its parties deal; nobody
pays more than was held for them; what is set aside covers what is promised; and at the end nothing
stays behind.
"""

from collections import Counter

from tests.laws.audit_goods import Goods
from tests.laws.audit_limits import Limits, pays
from tests.laws.audit_money import Books, Json, need

HOUR_US = 3_600_000_000


class Runs:
    """Open runs by id. Feed it the events of theirs, and ask `check` after each record."""

    def __init__(self, books: Books, goods: Goods, limits: Limits, due: dict[str, int]) -> None:
        self._books, self._goods, self._limits, self._due = books, goods, limits, due
        self.parties: dict[str, list[str]] = {}
        self.closed: dict[str, str] = {}
        self.agreed: Counter[str] = Counter()  # by mechanism
        self._mechanism: dict[str, str] = {}
        self._most_held: dict[str, int] = {}  # by hold, within this record
        self._paid: Counter[str] = Counter()  # by hold, within this record
        self._forfeited: Counter[str] = Counter()
        self._most_pledged: dict[tuple[str, str, str], int] = {}  # agent, run, listing
        self._given: Counter[tuple[str, str, str]] = Counter()
        self._most_reserved: dict[tuple[str, str], int] = {}  # since nothing was
        self._released: set[tuple[str, str]] = set()  # within this record
        self._touched: set[str] = set()

    def begin(self) -> None:
        """Begin a record."""
        self._paid.clear()
        self._forfeited.clear()
        self._given.clear()
        for key in self._released:
            del self._most_reserved[key]
        self._released.clear()
        self._most_pledged = {
            (agent, run, listing): quantity
            for (agent, run), goods in self._goods.pledged.items()
            for listing, quantity in goods.items()
        }
        self._most_held = {
            id: row[2] for id, row in self._books.holds.items() if id.startswith("#N")
        }

    def opened(self, event: Json) -> None:
        self.parties[event["negotiation"]] = []
        self._mechanism[event["negotiation"]] = event["mechanism"]

    def has(self, id: str) -> bool:
        """Tell whether a negotiation is such a run, open or over."""
        return id in self._mechanism

    def see(self, event: Json, actor: str, at: int) -> None:
        """Follow an event of a run."""
        id = event["negotiation"]
        need(id in self.parties, "runs", f"{event['type']} in {id}, which is over")
        self._touched.add(id)
        match event["type"]:
            case "PartyJoined":
                need(event["agent"] == actor, "runs", f"{actor} lets {event['agent']} join")
                need(actor not in self.parties[id], "runs", f"{actor} joins {id} twice")
                self.parties[id].append(actor)
            case "GoodsPledged":
                self._goods.pledge(event["agent"], id, event["goods"])
                for listing, quantity in self._goods.pledged.get((event["agent"], id), {}).items():
                    key = (event["agent"], id, listing)
                    self._most_pledged[key] = max(self._most_pledged.get(key, 0), quantity)
            case "ClockSet":
                need(event["due"] > at, "runs", f"{id} is due before now")
            case "NegotiationClosed":
                need(event["parties"] == self.parties[id], "runs", f"{id} ends among others")
                self.closed[id] = event["why"]
                del self.parties[id]
            case _:
                known = event.get("agent", "") in ("", *self.parties[id])
                need(known, "runs", f"{event['type']} of a stranger to {id}")

    def transfers(self, event: Json) -> None:
        """Note the most that is held for each party within this record, and what is forfeited."""
        batch = event["batch"]
        for n, id in enumerate(batch["id"]):
            if not id.startswith("#N"):
                continue
            kind = (batch.get("kind") or [0] * len(batch["id"]))[n]
            run = id[1:].partition(".")[0]
            self._touched.add(run)
            if kind == 1:
                agent = id.partition(".")[2]
                need(agent in self.parties.get(run, ()), "runs", f"{id} is held for a stranger")
                self._most_held[id] = max(self._most_held.get(id, 0), batch["amount"][n])
            elif kind == 0:
                self._forfeited[batch["debit"][n]] += batch["amount"][n]
            else:
                need(kind == 3, "runs", f"{id} takes what was only set aside")

    def reserved(self, event: Json) -> None:
        """Note the most budget that is reserved at a time, since none was."""
        key = (event["agent"], event["negotiation"])
        before = 0 if key in self._released else self._most_reserved.get(key, 0)
        self._released.discard(key)
        self._most_reserved[key] = max(before, event["units"])

    def released(self, event: Json) -> None:
        """Forget it with this record's end: what it made a deal of may follow in it."""
        self._released.add((event["agent"], event["negotiation"]))

    def may_wait(self, agent: str, run: str) -> bool:
        """Tell whether a deal may wait for approval since all that was bound asks for it."""
        most = self._most_reserved.get((agent, run), 0)
        caps = [one.limits.get("approval_above_units") for one in self._limits.chain(agent)]
        return any(cap is not None and most > cap for cap in caps)

    def agreement(self, event: Json, prepaid: frozenset[str]) -> None:
        """Check who deals, and that what they pay had been held."""
        id, agreement = event["negotiation"], event["agreement"]
        inside = self.parties.get(id, [])
        need(set(agreement["parties"]) <= set(inside), "runs", f"a stranger deals in {id}")
        mechanism = self._mechanism[id]
        self.agreed[mechanism] += 1
        for leg in agreement["legs"]:
            if leg["type"] == "goods":
                key = (self._goods.listings[leg["listing"]]["agent"], id, leg["listing"])
                self._given[key] += leg["quantity"]
                most = self._most_pledged.get(key, 0)
                need(self._given[key] <= most, "pledges", f"{key}: {most} were set aside")
        if mechanism in prepaid:
            for agent in agreement["parties"]:
                hold = f"#{id}.{agent}"
                self._paid[hold] += pays(agreement["legs"], agent)
                most = self._most_held.get(hold, 0)
                paid = self._paid[hold]
                need(paid <= most, "prepaid", f"{agent} pays {paid} in {id}, {most} were held")

    def check(self, principals: dict[str, str]) -> None:
        """Nothing of a run that is over stays behind; what is forfeited had been held."""
        for id in sorted(self._touched - set(self.parties)):
            left = [hold for hold in self._books.holds if hold.startswith(f"#{id}.")]
            need(not left, "runs", f"{id} is over and {left} are held")
            goods = [key for key in self._goods.pledged if key[1] == id]
            need(not goods, "runs", f"{id} is over and {goods} are set aside")
            budget = [key for key in self._limits.owed if key[1] == id]
            need(not budget, "runs", f"{id} is over and {budget} are reserved")
        for wallet, units in self._forfeited.items():
            held = sum(
                most
                for hold, most in self._most_held.items()
                if wallet.startswith(f"wallet:{principals[hold.partition('.')[2]]}/")
            )
            need(units <= held, "forfeits", f"{wallet} forfeits {units} of {held} held")
        for id in self._touched & set(self.parties):
            for agent in self.parties[id]:
                hold = self._books.holds.get(f"#{id}.{agent}")
                _, budget_units = self._limits.owed.get((agent, id), ("", 0))
                is_covered = hold is None or hold[2] <= budget_units
                need(is_covered, "runs", f"{agent} has more held in {id} than budget reserved")
        self._touched.clear()
