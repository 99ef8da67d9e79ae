"""The auditor's own reading of policies: what each scope's rules allow, from raw records alone."""

import json
from collections.abc import Callable

from tests.laws.audit_money import Json, need

KINDS = {"PolicySet", "OrganisationSet", "DestinationSet", "PolicyApplied", "DestinationBound"}
KINDS |= {"CoolingOffBegan"}


class Policies:
    """Whose rules are in force, and what was done since they began to count."""

    def __init__(self, payload: Callable[[str], bytes], principals: dict[str, str]) -> None:
        self._payload = payload
        self._principals = principals
        self.rules: dict[str, list[Json]] = {}
        self.kept: set[str] = set()
        self.member: dict[str, str] = {}
        self.place: dict[str, str] = {}
        self.deals: dict[str, list[int]] = {}  # by key: when
        self.spent: dict[str, dict[tuple[str, str], list[int]]] = {}  # by key and claim
        self.listings: dict[str, Json] = {}
        self.asset: dict[str, str] = {}  # by mandate
        self.cooling: dict[str, int] = {}

    def see(self, actor: str, events: list[Json], at: int) -> None:
        """Read a record's events, in their order."""
        applied = {(one["contract"], one["agent"]) for one in events if _is(one, "PolicyApplied")}
        bound = {
            (one["contract"], one["agent"]): one["destination"]
            for one in events
            if _is(one, "DestinationBound")
        }
        expected: set[tuple[str, str]] = set()
        sent: dict[tuple[str, str], str] = {}
        for event in events:
            match event["type"]:
                case "PolicySet":
                    self._set(event, actor)
                case "OrganisationSet":
                    need(actor == "operator", "authority", f"{actor} forms an organisation")
                    self.member[event["principal"]] = event["organisation"]
                case "DestinationSet":
                    owner = self._principals[event["agent"]]
                    need(actor in (owner, event["agent"]), "authority", f"{actor} names a place")
                    need(" " not in event["destination"], "places", event["destination"])
                    self.place[event["agent"]] = event["destination"]
                case "ListingPosted":
                    self.listings[event["listing"]["id"]] = event["listing"]
                case "AgreementReached":
                    self._agreed(event, at, expected, sent)
                case "MandateGranted":
                    limits = json.loads(self._payload(event["limits"]))
                    self.asset[event["mandate"]] = limits.get("asset", "USD")
                case "BudgetCommitted" if self.asset[event["mandate"]] == "USD":
                    self._committed(event, at)
                case "BudgetSettled":
                    self._back(event["contract"], event["agent"], event["returned_units"])
                case "BudgetReturned":
                    self._back(event["contract"], event["agent"], event["units"])
                case "BudgetsSettled":
                    for row in zip(
                        event["contracts"], event["agents"], event["returned_units"], strict=True
                    ):
                        self._back(*row)
                case "CoolingOffBegan":
                    self.cooling[event["contract"]] = event["until"]
                case "ContractFulfilled":
                    until = self.cooling.pop(event["contract"], 0)
                    need(at >= until, "cooling off", f"{event['contract']} is paid out before")
                case "ContractCancelled" if event["why"] == "revoked":
                    until = self.cooling.pop(event["contract"], 0)
                    need(at < until, "cooling off", f"{event['contract']} is revoked too late")
                    taking = {
                        self._principals[leg["taker"]]
                        for leg in event["agreement"]["legs"]
                        if leg["type"] == "goods"
                    }
                    need(actor in taking, "cooling off", f"{actor} takes nothing back")
                case _:
                    pass
        need(applied == expected, "policies", f"{applied} are told, not {expected}")
        need(bound == sent, "places", f"{bound} are told, not {sent}")

    def _set(self, event: Json, actor: str) -> None:
        scope = event["scope"]
        owner = scope.removeprefix("organisation/")
        owner = self._principals.get(owner, "operator" if owner == "market" else owner)
        need(actor in (owner, "operator"), "authority", f"{actor} sets the rules of {scope}")
        rules = json.loads(self._payload(event["policy"])).get("rules", [])
        self.rules[scope] = rules
        if rules:
            self.kept.add(scope)

    def _scopes(self, agent: str) -> list[tuple[str, str]]:
        """List the scopes that speak for an agent, and under which key each counts."""
        principal = self._principals[agent]
        organisation = f"organisation/{self.member.get(principal)}"
        return [
            (agent, agent),
            (principal, principal),
            (organisation, organisation),
            ("market", principal),
        ]

    def _keys(self, agent: str) -> set[str]:
        return {key for scope, key in self._scopes(agent) if scope in self.kept}

    def _agreed(
        self,
        event: Json,
        at: int,
        expected: set[tuple[str, str]],
        sent: dict[tuple[str, str], str],
    ) -> None:
        legs, contract = event["agreement"]["legs"], event["contract"]
        for agent in event["agreement"]["parties"]:
            taken = [leg for leg in legs if leg["type"] == "goods" and leg["taker"] == agent]
            is_shipped = any(self._of(leg).get("delivery") == "ship" for leg in taken)
            place = self.place.get(agent, "")
            if place and is_shipped:
                sent[contract, agent] = place
            for scope, key in self._scopes(agent):
                for rule in self.rules.get(scope, []):
                    expected.add((contract, agent))
                    self._check(rule, key, agent, event, at, is_shipped)
        for agent in event["agreement"]["parties"]:
            for key in self._keys(agent):
                self.deals.setdefault(key, []).append(at)

    def _of(self, leg: Json) -> Json:
        return self.listings[leg["listing"]]

    def _check(
        self, rule: Json, key: str, agent: str, event: Json, at: int, is_shipped: bool
    ) -> None:
        legs = event["agreement"]["legs"]
        own = [leg for leg in legs if agent in (leg["giver"], leg["taker"])]
        things = [leg for leg in own if leg["type"] == "goods"]
        cash = [leg["amount"] for leg in own if leg["type"] == "cash" and leg["giver"] == agent]
        costs = sum(units for units, asset in cash if asset == "USD")  # sending it is a leg too
        told = f"{agent} deals past {rule} in {event['contract']}"
        match rule["type"]:
            case "per_deal":
                need(costs <= rule["cap_units"], "policies", told)
            case "velocity":
                since = at - rule["window_us"]
                count = sum(when > since for when in self.deals.get(key, []))
                need(count < rule["deals_max"], "policies", told)
            case "categories":
                for leg in things:
                    inside = [
                        (self._of(leg)["category"] + "/").startswith(one + "/")
                        for one in rule["allowed"]
                    ]
                    need(any(inside), "policies", told)
            case "destinations":
                is_known = self.place.get(agent, "") in rule["allowed"]
                need(is_known or not is_shipped, "policies", told)
            case "cooling_off":
                slow = event["agreement"].get("conditions", {}).get("cooling_off_us", 0)
                is_slow = slow >= rule["cooling_us"]
                need(costs <= rule["above_units"] or is_slow, "policies", told)
            case "rolling_budget":
                pass  # as its money is committed
            case kind:
                raise AssertionError(f"the auditor has no opinion of {kind}")

    def _committed(self, event: Json, at: int) -> None:
        agent, claim = event["agent"], (event["contract"], event["agent"])
        for key in self._keys(agent):
            rows = self.spent.setdefault(key, {})
            assert claim not in rows, f"{claim} is committed twice"
            rows[claim] = [at, event["units"]]
        if claim[0].startswith("N"):
            return  # a forfeit was agreed to before
        for scope, key in self._scopes(agent):
            for rule in self.rules.get(scope, []):
                if rule["type"] == "rolling_budget":
                    since = at - rule["window_us"]
                    sums = [units for when, units in self.spent[key].values() if when > since]
                    told = f"{agent} spends {sum(sums)} past {rule}"
                    need(sum(sums) <= rule["cap_units"], "policies", told)

    def _back(self, contract: str, agent: str, units: int) -> None:
        for rows in self.spent.values():
            if (contract, agent) in rows:
                rows[contract, agent][1] -= units


def _is(event: Json, kind: str) -> bool:
    return bool(event["type"] == kind)
