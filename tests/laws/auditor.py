"""An auditor who trusts nobody: it reads raw record bytes and keeps books of its own.

It shares no code with the market. Whatever it expects it computes from the agreements' legs, the
house rules and the limits in the payloads, and it compares that with what the market recorded.
"""

import hashlib
import json
import string
from collections.abc import Callable

from tests.laws.audit_cash import KINDS, Cash
from tests.laws.audit_channels import KINDS as CHANNEL_KINDS
from tests.laws.audit_channels import Channels
from tests.laws.audit_contracts import KINDS as CONTRACT_KINDS
from tests.laws.audit_contracts import Contracts
from tests.laws.audit_court import KINDS as COURT_KINDS
from tests.laws.audit_court import Court
from tests.laws.audit_goods import Goods
from tests.laws.audit_halt import KINDS as HALT_KINDS
from tests.laws.audit_halt import Halts
from tests.laws.audit_hooks import KINDS as HOOK_KINDS
from tests.laws.audit_hooks import Hooks
from tests.laws.audit_house import KINDS as HOUSE_KINDS
from tests.laws.audit_house import House
from tests.laws.audit_keys import KINDS as KEY_KINDS
from tests.laws.audit_keys import Keys
from tests.laws.audit_ladder import KINDS as LADDER_KINDS
from tests.laws.audit_ladder import Ladder
from tests.laws.audit_limits import Limits, pays
from tests.laws.audit_money import Books, Broken, Json, need
from tests.laws.audit_panels import Panels
from tests.laws.audit_policies import KINDS as POLICY_KINDS
from tests.laws.audit_policies import Policies
from tests.laws.audit_prices import Prices
from tests.laws.audit_reputation import KINDS as REPUTATION_KINDS
from tests.laws.audit_reputation import Reputation
from tests.laws.audit_runs import Runs
from tests.mechanisms.plays import OPEN, OPEN_EVENTS

__all__ = ["Auditor", "Broken"]

OPEN_NAMES = frozenset(one.NAME for one in OPEN)
PREPAID = frozenset(one.NAME for one in OPEN if one.IS_PREPAID)
RUN_KINDS = frozenset(kind.__name__ for kind in OPEN_EVENTS)
NAME_SIGNS = frozenset(string.ascii_letters + string.digits + "._:/@+-")
OWN_MONEY = {"RequestPayout", "PostBond", "OpenDispute", "AppealVerdict"}  # as a principal
QUIET = {"MessagePosted", "Annotated"}
OPERATORS = {  # what only the operator may do
    "OpenMarket",
    "AmendRules",
    "RegisterPrincipal",
    "RegisterOfficer",
    "OpenAccount",
    "TransferMany",
    "Annotate",
}


class Auditor:
    """Sees records one by one, and raises Broken after the first that breaks a law."""

    def __init__(self, payload: Callable[[str], bytes]) -> None:
        self.books = Books()
        self.cash = Cash(self.books)
        self.goods = Goods()
        self.prices = Prices()
        self.limits = Limits(payload)
        self.rules: Json = {}
        self.seq = 0
        self.at = 0
        self.hash = bytes(32)
        self.commands: set[tuple[str, str]] = set()
        self.principals: dict[str, str] = {}
        self.tables: dict[str, Json] = {}  # negotiation to what stands on its table
        self.terms: set[str] = set()
        self.contracts: dict[str, Json] = {}
        self.due: dict[str, int] = {}  # negotiations and contracts that time will end
        self.channels = Channels(self.books, self.limits, self.principals, self.due)
        self.halts = Halts(self.books, self.contracts, self.due, self.principals, self.limits)
        self.runs = Runs(self.books, self.goods, self.limits, self.due)
        self.keys = Keys(self.principals)
        self.policies = Policies(payload, self.principals)
        self.hooks = Hooks(self.principals)
        self.reputation = Reputation(self.principals, self.due)
        self.ladder = Ladder(self.principals, self.due)
        self.house = House(self.principals)
        self.court = Court(self.books, self.principals, self.due, self.reputation)
        self.panels = Panels(self.books, self.court, self.principals, self.limits)
        self.bargains = Contracts(
            self.books, self.goods, self.limits, self.halts, self.reputation, self.panels
        )
        self.models: dict[str, str] = {}  # by agent
        self.seen: set[str] = set()  # types of events, and reasons
        self.deals = 0

    def see(self, body: bytes, hash: bytes) -> None:
        """Read one record."""
        record = json.loads(body)
        try:
            self.hash = hashlib.sha256(self.hash + body).digest()
            need(self.hash == hash, "chain", "the hash is not of these bytes")
            self.runs.begin()
            self.court.begin()
            self._record(record)
            self.court.check({event["type"] for event in record.get("events", [])})
            self.runs.check(self.principals)
            self.books.check()
            self.cash.check()
            self.channels.check(self.rules)
            self.goods.check()
            self.limits.check(self.at)
        except Broken as broken:
            raise Broken(record["seq"], broken.law, broken.detail) from None

    def _record(self, record: Json) -> None:
        need(record["seq"] == self.seq + 1, "order", f"{record['seq']} follows {self.seq}")
        need(record["at"] > self.at, "stamps", f"{record['at']} follows {self.at}")
        self.seq, self.at = record["seq"], record["at"]
        actor, command, events = record["actor"], record["command"], record.get("events", [])
        if actor != "system":
            late = [id for id, due in self.due.items() if due <= self.at]
            need(not late, "deadlines", f"a command is judged while {late} are due")
            key = (actor, record["command_id"])
            need(key not in self.commands, "one effect", f"{key} was judged twice")
            self.commands.add(key)
        if "refusal" in record:
            need(not events, "refusals", "a refused command has events")
            self._refused(actor, command, record["refusal"])
        may = not events or actor == "operator" or command["type"] not in OPERATORS
        need(may, "authority", f"{actor} does what only the operator may")
        for event in events:
            self.seen.add(event["type"])
            self._event(event, actor, command)
        if "refusal" not in record:
            self.cash.see(actor, command, events, self.rules)
            self.halts.see(actor, command, events, self.at)
            self.keys.see(actor, command, events, self.at)
            self.hooks.see(actor, command, events)
            self.ladder.see(actor, command, events, self.at)
            self.policies.see(actor, events, self.at)
            self.house.see(actor, command, events)
        for id in [event["contract"] for event in events if event["type"] == "AgreementReached"]:
            need(self.contracts[id]["state"] != "agreed", "contract graph", f"{id} never began")

    def _event(self, event: Json, actor: str, command: Json) -> None:
        kind = event["type"]
        if kind in RUN_KINDS or self.runs.has(event.get("negotiation", "")):
            self._run(event, actor)
        elif kind.startswith(("Offer", "Swap")) or kind in ("PriceTaken", "NegotiationClosed"):
            self._negotiation(event, actor, command)
        elif kind == "AgreementReached":
            self._agreement(event)
        elif kind in CONTRACT_KINDS:
            self.bargains.see(event, actor, command, self.at)
        elif kind in COURT_KINDS:
            self.court.see(event, actor, command, self.at)
        elif kind.startswith(("Listing", "Stock", "Title")):
            self.goods.see(event)
            self.prices.see(event, self.at)
            if kind.startswith("Listing"):
                id = (
                    event["listing"]
                    if isinstance(event["listing"], str)
                    else event["listing"]["id"]
                )
                owner = self.goods.listings[id]["agent"]
                owner = self.principals[owner] if event.get("is_confirmed") else owner
                need(actor == owner, "authority", f"{actor} changes {owner}'s {id}")
                if kind == "ListingPosted":
                    self.limits.allow_listing(actor, self.goods.listings[id], self.at)
        elif kind in CHANNEL_KINDS:
            self.channels.see(event, actor, command, self.at, self.rules)
        elif kind in REPUTATION_KINDS:
            self.reputation.see(event, actor, command, self.at)
        elif kind.startswith("Budget"):
            self.panels.ended(event)
            self.limits.claim(event)
        elif kind == "TransfersMade":
            self.books.transfers(event, self.at)
            self.runs.transfers(event)
        elif kind == "AccountOpened":
            self.books.opened(event)
        elif kind == "MandateGranted":
            owner = self.principals[event["agent"]]
            lends = {owner, "operator"}
            self.limits.granted(event, json.loads)
            if "parent" in event:
                lender = self.limits.lender(event["mandate"])
                need(self.principals[lender] == owner, "authority", f"{event} is {lender}'s")
                lends.add(lender)
            need(actor in lends, "authority", f"{actor} lends {owner}'s money")
        elif kind == "MandateRevoked":
            self._takes_back(event["mandate"], actor)
            self.limits.revoked(event)
        elif kind == "AgentRegistered":
            owner = event["principal"]
            need(actor in (owner, "operator"), "authority", f"{actor} speaks for {owner}")
            self.principals[event["agent"]] = owner
        elif kind == "ModelDeclared":
            self._model(event, actor, command)
        elif kind in ("MarketOpened", "RulesAmended"):
            self.rules = self.prices.rules = self.reputation.rules = event["rules"]
            self.court.rules = self.bargains.rules = event["rules"]
        elif kind == "NegotiationOpened" and event["mechanism"] in OPEN_NAMES:
            self.runs.opened(event)
        elif kind == "NegotiationOpened":
            self.tables[event["negotiation"]] = {"state": "opened", "by": actor}
        elif kind == "MessageSent":
            table = self.tables[event["negotiation"]]
            inside = table["state"] == "open" and actor == event["agent"] in table["parties"]
            need(inside, "messages", f"{actor} speaks in {event['negotiation']}")
        else:
            need(
                kind in QUIET | KINDS | HALT_KINDS | KEY_KINDS | LADDER_KINDS
                or kind in POLICY_KINDS | HOUSE_KINDS
                or kind in (*HOOK_KINDS.values(), "PrincipalRegistered"),
                "events",
                f"unknown: {kind}",
            )

    def _run(self, event: Json, actor: str) -> None:
        if event["type"] == "AgreementReached":
            self.runs.agreement(event, PREPAID)
            self._agree(event)
        elif event["type"].startswith("Budget"):
            self.limits.claim(event)
            if event["type"] == "BudgetReserved":
                self.limits.reserve(event["agent"], event["negotiation"], event["units"])
                self.runs.reserved(event)
            elif event["type"] == "BudgetReleased":
                self.limits.release(event["agent"], event["negotiation"])
                self.runs.released(event)
        else:
            self.runs.see(event, actor, self.at)

    def _takes_back(self, id: str, actor: str) -> None:
        one = self.limits.mandates[id]
        may = {self.principals[one.agent], "operator", *(above.agent for above in one.above)}
        need(actor in may, "authority", f"{actor} takes {id} back")

    def _model(self, event: Json, actor: str, command: Json) -> None:
        agent, model = event["agent"], event["model"]
        may = {agent, self.principals[agent], "operator"}
        need(actor in may, "authority", f"{actor} says what {agent} runs on")
        asked = (command["agent"], command["model"])
        need(asked == (agent, model), "models", f"{asked} was declared, not {(agent, model)}")
        need(model != self.models.get(agent, ""), "models", f"{model} is declared twice")
        is_name = len(model) <= 80 and all(sign in NAME_SIGNS for sign in model)
        need(is_name, "models", f"{model!r} is no name")
        self.models[agent] = model

    def _negotiation(self, event: Json, actor: str, command: Json) -> None:
        id, table = event["negotiation"], self.tables[event["negotiation"]]
        match event["type"]:
            case "OfferMade" | "SwapProposed":
                pair = event.get("parties") or [event["opener"], event["responder"]]
                need(event["by"] == actor and actor in pair, "offers", f"{actor} offers for others")
                twice = table["state"] == "open" and table["by"] == actor
                need(not twice, "offers", f"{actor} answers itself")
                need(event["terms"] not in self.terms, "terms", "two offers share one digest")
                self.terms.add(event["terms"])
                for agent in pair:
                    self.limits.release(agent, id)
                self._allow(actor, event["legs"])
                self.limits.reserve(actor, id, pays(event["legs"], actor))
                self.tables[id] = {**event, "state": "open", "parties": pair, "yes": {actor}}
                self.due[id] = event["expires_at"]
            case "OfferAccepted" | "SwapAccepted":
                need(event["by"] == actor, "acceptance", f"{actor} accepts for {event['by']}")
                need(actor in table["parties"], "acceptance", f"{actor} is a stranger to {id}")
                need(actor not in table["yes"], "acceptance", f"{actor} accepts its own offer")
                named = {command.get("terms"), event.get("terms", table["terms"]), table["terms"]}
                need(len(named) == 1, "acceptance", f"{named} are not the terms on the table")
                need(self.at < table["expires_at"], "acceptance", f"{id} had expired")
                need(table["state"] == "open", "acceptance", f"{id} is {table['state']}")
                table["yes"].add(actor)
            case "PriceTaken":
                agreement = event["agreement"]
                listing = self.goods.listings[command["listing"]]
                total = listing["price"][0] * command.get("quantity", 1)
                if listing.get("side", "sell") == "sell":
                    total += listing.get("shipping_units", 0)
                paid = sum(leg["amount"][0] for leg in agreement["legs"] if leg["type"] == "cash")
                need(command["price"] == listing["price"], "price", "another price was named")
                need(paid == total, "price", f"{paid} is paid for what costs {total}")
                both = {actor, listing["agent"]}
                need(set(agreement["parties"]) == both, "price", f"{both} should deal")
                self.tables[id] = {**agreement, "state": "open", "yes": set(agreement["parties"])}
            case "OfferEnded" | "SwapEnded":
                if event["why"] == "lapsed":
                    due = command.get("due") == id and self.at >= table["expires_at"]
                    need(due, "deadlines", f"{id} lapses early")
            case "NegotiationClosed":
                need(table["state"] == "open", "negotiations", f"{id} is {table['state']}")
                table["state"] = event["why"]
                self.due.pop(id, None)
                for agent in table["parties"]:
                    self.limits.release(agent, id)
            case other:
                need(False, "events", f"the auditor does not know {other}")

    def _allow(self, agent: str, legs: list[Json]) -> bool:
        self.halts.free(agent, "commitments")
        return self.limits.allow(
            agent,
            legs,
            self.at,
            principals=self.principals,
            listings=self.goods.listings,
            fee_bps=self.rules.get("fee_bps", 0),
        )

    def _agreement(self, event: Json) -> None:
        agreement, table = event["agreement"], self.tables[event["negotiation"]]
        parties, legs = agreement["parties"], agreement["legs"]
        need(table["state"] == "agreed", "agreements", f"the negotiation is {table['state']}")
        need(table["yes"] == set(table["parties"]), "agreements", f"only {table['yes']} said yes")
        need(table["parties"] == parties and table["legs"] == legs, "agreements", "other legs")
        self._agree(event)

    def _agree(self, event: Json) -> None:
        id, agreement = event["contract"], event["agreement"]
        parties, legs = agreement["parties"], agreement["legs"]
        self.reputation.agreed(agreement)
        self.court.agreed(parties, self.at)
        owners = [self.principals[agent] for agent in parties]
        need(len(set(owners)) == len(owners), "same principal", f"{parties} stand for {owners}")
        self.goods.promise(legs)
        cash = [leg for leg in legs if leg["type"] == "cash"]
        payments = [
            (
                self.principals[leg["giver"]],
                self.principals[leg["taker"]],
                leg["amount"][1],
                leg["amount"][0],
            )
            for leg in cash
        ]
        run = event["negotiation"]
        waiting = [
            self.principals[agent]
            for agent in parties
            if self._allow(agent, legs) or (self.runs.has(run) and self.runs.may_wait(agent, run))
        ]
        asked = event.get("waiting", [])
        need(waiting == asked, "approval", f"{waiting} must approve, {asked} were asked")
        self.books.begin_contract(id, payments, self.rules.get("fee_bps", 0))
        for agent in parties:
            self.limits.commit(agent, id, pays(legs, agent), self.at)
        self.bargains.begin(id, agreement, waiting)
        self.deals += 1

    def _refused(self, actor: str, command: Json, refusal: Json) -> None:
        reason, facts = refusal["reason"], refusal.get("facts", {})
        self.seen.add(reason)
        if reason == "counterparty_unable":
            need(not facts, "privacy", f"{facts} about somebody else are told")
        if reason == "halted":
            level = self.halts.level
            if "scope" in facts:
                scoped = self.halts.scoped[facts["scope"]].values()
                need(facts["level"] in scoped, "refusals", f"{facts} at {scoped}")
            else:
                need(facts == {"level": level} != {"level": "open"}, "refusals", f"{facts}")
        if reason == "budget_exceeded" and "of" in facts:
            above = self.limits.chain(actor)[1:]
            need(set(facts) <= {"rule", "of", "also"}, "privacy", f"{facts} of another's mandate")
            need(self.limits.mandates[facts["of"]] in above, "refusals", f"{facts} is a stranger's")
        elif reason == "budget_exceeded":
            run = command.get("negotiation", "")
            left = self.limits.available(actor, facts["rule"], run, self.at)
            need(facts["available"] == left, "refusals", f"{facts}, though {left} is left")
            need(facts["needed"] > left, "refusals", f"{facts} is no reason")
        if reason == "insufficient_funds":
            own = command["type"] in OWN_MONEY
            asked = actor if own else command.get("principal")
            owner = self.principals.get(actor) or asked or self.cash.owner(command)
            wallets = [name for name in self.books.accounts if name.startswith(f"wallet:{owner}/")]
            there = {self.books.posted[name] - self.books.held[name] for name in wallets}
            held = self.books.holds.get(f"#{command.get('negotiation')}.{actor}")
            there |= {units + held[2] for units in there} if held else set()
            told = facts["available"] in there and facts["needed"] > facts["available"]
            need(told, "refusals", f"{facts}, though {there} is there")
