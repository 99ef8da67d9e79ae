"""The auditor's own reading of mandates: what each allowed, and what it has been used for."""

from collections.abc import Callable
from typing import Any

from tests.laws.audit_money import Json, need, split_payment

DAY_US = 86_400_000_000


def pays(legs: list[Json], agent: str) -> int:
    """Sum what an agent pays."""
    return sum(leg["amount"][0] for leg in legs if leg["type"] == "cash" and leg["giver"] == agent)


def covers(category: str, one: str) -> bool:
    """Tell whether a category is another, or stands below it."""
    return (category + "/").startswith(one + "/")


class Mandate:
    """One grant: its limits, and every unit committed or set aside under it or what it is above."""

    def __init__(self, agent: str, limits: Json, above: "tuple[Mandate, ...]" = ()) -> None:
        self.agent = agent
        self.limits = limits
        self.above = above
        self.reserved: dict[tuple[str, str], int] = {}  # by agent and negotiation
        self.spent: dict[tuple[str, str], list[int]] = {}  # by agent and contract: [at, units]
        self.is_live = True

    @property
    def chain(self) -> "tuple[Mandate, ...]":
        """Give this one, and all that it is a part of."""
        return (self, *self.above)

    def sum(self, rule: str, at: int) -> int:
        """Sum what counts against a cap at an instant; the window is (at - window, at]."""
        since = at - self.limits.get("window_us", DAY_US) if rule == "window" else -1
        return sum(units for when, units in self.spent.values() if when > since)


class Limits:
    """All mandates, and the events by which the market said that it counted them."""

    def __init__(self, payload: Callable[[str], bytes]) -> None:
        self._payload = payload
        self.mandates: dict[str, Mandate] = {}
        self.of_agent: dict[str, str] = {}
        self.claimed: dict[tuple[str, str], tuple[str, int]] = {}  # the market's own counts
        self.owed: dict[tuple[str, str], tuple[str, int]] = {}  # ours
        self._forfeited: list[list[int]] = []  # in this record, as spent

    def granted(self, event: Json, loads: Callable[[bytes], Any]) -> None:
        limits = loads(self._payload(event["limits"]))
        above: tuple[Mandate, ...] = ()
        if "parent" in event:
            above = self.mandates[event["parent"]].chain
            need(all(one.is_live for one in above), "delegation", f"{event} of what has ended")
            need(len(above) <= 3, "delegation", f"{event} stands too deep")
            need(event["agent"] not in {one.agent for one in above}, "delegation", "a ring")
            allow_part(limits, above[0].limits)
        self.mandates[event["mandate"]] = Mandate(event["agent"], limits, above)
        self.of_agent[event["agent"]] = event["mandate"]

    def revoked(self, event: Json) -> None:
        mandate = self.mandates[event["mandate"]]
        need(mandate.is_live, "mandates", f"{event['mandate']} is revoked twice")
        mandate.is_live = False
        del self.of_agent[mandate.agent]

    def chain(self, agent: str) -> tuple[Mandate, ...]:
        """Give the mandate an agent has, and all that it is a part of."""
        return self.mandates[self.of_agent[agent]].chain

    def lender(self, mandate: str) -> str:
        """Give whose mandate one is a part of."""
        above = self.mandates[mandate].above
        return above[0].agent if above else ""

    def claim(self, event: Json) -> None:
        """Write down what a Budget event says."""
        if event["type"] == "BudgetsSettled":
            for contract, agent, back in zip(
                event["contracts"], event["agents"], event["returned_units"], strict=True
            ):
                self._settled((agent, contract), back)
            return
        key = (event["agent"], event.get("negotiation") or event["contract"])
        kind = event["type"]
        if kind in ("BudgetReserved", "BudgetCommitted"):
            self.claimed[key] = (event["mandate"], event["units"])
            if kind == "BudgetCommitted" and key[1][0] == "N":  # a forfeit has no contract
                row = [0, event["units"]]
                self._forfeited.append(row)
                for one in self.mandates[event["mandate"]].chain:
                    one.spent[key] = row
            return
        need(key in self.claimed, "budget", f"{kind} of {key}, which was not counted")
        if kind == "BudgetReturned":
            mandate, units = self.claimed[key]
            need(mandate == event["mandate"], "budget", f"{key} is counted under {mandate}")
            self.claimed[key] = (mandate, units - event["units"])
            return
        mandate, units = self.claimed.pop(key)
        need(mandate == event["mandate"], "budget", f"{key} is counted under {mandate}")
        if kind == "BudgetSettled":
            self.claimed[key] = (mandate, units)
            self._settled(key, event["returned_units"])

    def _settled(self, key: tuple[str, str], back: int) -> None:
        need(key in self.claimed, "budget", f"{key} ends, which was not counted")
        mandate, units = self.claimed.pop(key)
        spent = self.mandates[mandate].spent[key][1]
        need(units - back == spent, "budget", f"{key}: {back} of {units} is said to be back")

    def reserve(self, agent: str, negotiation: str, units: int) -> None:
        """Set aside what an open offer binds; it takes the place of the agent's last one."""
        self.release(agent, negotiation)
        if units:
            mandate = self.of_agent[agent]
            for one in self.mandates[mandate].chain:
                one.reserved[agent, negotiation] = units
            self.owed[agent, negotiation] = (mandate, units)

    def release(self, agent: str, negotiation: str) -> None:
        mandate, _ = self.owed.pop((agent, negotiation), ("", 0))
        if mandate:
            for one in self.mandates[mandate].chain:
                del one.reserved[agent, negotiation]

    def commit(self, agent: str, contract: str, units: int, at: int) -> None:
        """Count a contract's price from now on, in all the mandates it was made under."""
        if units:
            mandate = self.of_agent[agent]
            row = [at, units]
            for one in self.mandates[mandate].chain:
                one.spent[agent, contract] = row
            self.owed[agent, contract] = (mandate, units)

    def still_spends(self, agent: str, contract: str, units: int) -> None:
        """Count no more of a contract that goes on than this."""
        if (agent, contract) in self.owed:
            mandate, _ = self.owed[agent, contract]
            self.owed[agent, contract] = (mandate, units)
            self.mandates[mandate].spent[agent, contract][1] = units

    def settle(self, agent: str, contract: str, returned: int) -> None:
        """Stop counting what came back."""
        mandate, _ = self.owed.pop((agent, contract), ("", 0))
        if mandate:
            self.mandates[mandate].spent[agent, contract][1] -= returned

    def check(self, at: int) -> None:
        """No cap is exceeded, and the market counted what we count."""
        for row in self._forfeited:
            row[0] = at
        self._forfeited.clear()
        need(
            self.claimed == self.owed,
            "budget",
            f"the market counts {self.claimed.items() - self.owed.items()},"
            f" we {self.owed.items() - self.claimed.items()}",
        )
        for id in self.of_agent.values():
            mandate = self.mandates[id]
            dead = [one.agent for one in mandate.above if not one.is_live]
            need(not dead, "delegation", f"{id} lives on without the mandates of {dead}")
            aside = sum(mandate.reserved.values())
            for rule in ("lifetime", "window"):
                cap = mandate.limits.get(f"{rule}_units")
                if cap is not None:
                    whole = aside + mandate.sum(rule, at)
                    need(whole <= cap, f"{rule} cap", f"{id} allows {cap}, {whole} is bound")

    def available(self, agent: str, rule: str, negotiation: str, at: int) -> int:
        """Give what a cap leaves for an offer in one negotiation."""
        mandate = self.mandates[self.of_agent[agent]]
        key = (agent, negotiation)
        aside = sum(units for other, units in mandate.reserved.items() if other != key)
        return max(0, mandate.limits[f"{rule}_units"] - aside - mandate.sum(rule, at))

    def live(self, agent: str, at: int) -> list[Json]:
        """Give all the limits that bind an agent now; it must have some."""
        need(agent in self.of_agent, "mandate", f"{agent} is bound without one")
        found = [one.limits for one in self.chain(agent)]
        for limits in found:
            expires = limits.get("expires_at")
            need(expires is None or at < expires, "mandate", f"{agent} is bound after it expired")
        return found

    def allow_listing(self, agent: str, listing: Json, at: int) -> None:
        """Check that an agent may list a thing at all."""
        for limits in self.live(agent, at):
            self._allow_listing(agent, listing, limits)

    def _allow_listing(self, agent: str, listing: Json, limits: Json) -> None:
        allowed, goods = limits.get("categories"), limits.get("goods")
        in_scope = allowed is None or any(covers(listing["category"], one) for one in allowed)
        need(in_scope, "categories", f"{agent} lists {listing['category']}")
        if listing.get("side", "sell") == "sell" and goods is not None:
            need(listing.get("ref", "") in goods, "goods", f"{agent} lists {listing}")

    def allow(
        self,
        agent: str,
        legs: list[Json],
        at: int,
        *,
        principals: dict[str, str],
        listings: dict[str, Json],
        fee_bps: int,
    ) -> bool:
        """Check that an agent may be bound by legs; tell whether its principal must approve."""
        asks = [
            self._allow(agent, legs, limits, principals, listings, fee_bps)
            for limits in self.live(agent, at)
        ]
        return any(asks)

    def _allow(
        self,
        agent: str,
        legs: list[Json],
        limits: Json,
        principals: dict[str, str],
        listings: dict[str, Json],
        fee_bps: int,
    ) -> bool:
        cash = [leg for leg in legs if leg["type"] == "cash"]
        asset = limits.get("asset", "USD")
        need(all(leg["amount"][1] == asset for leg in cash), "asset", f"{agent} deals in another")
        others = {principals[leg[end]] for leg in legs for end in ("giver", "taker")}
        others.discard(principals[agent])
        may = limits.get("counterparties")
        need(may is None or others <= set(may), "counterparties", f"{agent} deals with {others}")
        denied = others & set(limits.get("counterparties_denied", ()))
        need(not denied, "counterparties", f"{agent} deals with {denied}")
        units = pays(legs, agent)
        cap = limits.get("per_deal_units")
        need(cap is None or units <= cap, "per deal cap", f"{agent} pays {units}, may {cap}")
        self._allow_goods(agent, legs, limits, listings, fee_bps)
        above = limits.get("approval_above_units")
        return "approval_always" in limits or (above is not None and units > above)

    def _allow_goods(
        self, agent: str, legs: list[Json], limits: Json, listings: dict[str, Json], fee_bps: int
    ) -> None:
        coming = [leg for leg in legs if leg["type"] == "goods" and leg["taker"] == agent]
        going = [leg for leg in legs if leg["type"] == "goods" and leg["giver"] == agent]
        for leg in coming + going:
            category = listings[leg["listing"]]["category"]
            most, allowed = limits.get("quantity_max"), limits.get("categories")
            need(most is None or leg["quantity"] <= most, "quantity", f"{agent} deals in {leg}")
            in_scope = allowed is None or any(covers(category, one) for one in allowed)
            need(in_scope, "categories", f"{agent} deals in {category}")
        goods = limits.get("goods")
        if goods is not None:
            floor = 0
            for leg in going:
                listing = listings[leg["listing"]]
                ref = listing.get("ref", "")
                is_ours = listing.get("side", "sell") == "sell" and ref in goods
                need(is_ours, "goods", f"{agent} gives {ref!r} away")
                if not (coming and goods[ref].get("may_barter")):
                    floor += goods[ref].get("floor_units", 0) * leg["quantity"]
            got = [leg["amount"][0] for leg in legs if leg["type"] == "cash"]
            got = got if not pays(legs, agent) else []
            net = sum(split_payment(units, fee_bps)[0] for units in got)
            need(net >= floor, "floor", f"{agent} takes {net} where {floor} is least")
        ceilings = limits.get("ceilings")
        if ceilings is not None and pays(legs, agent):
            most = 0
            for leg in coming:
                names = [leg["listing"], *parents(listings[leg["listing"]]["category"])]
                named = [ceilings[name] for name in names if name in ceilings]
                need(named, "ceilings", f"{agent} buys {names}, which no ceiling names")
                most += named[0] * leg["quantity"]
            need(pays(legs, agent) <= most, "ceilings", f"{agent} pays more than {most}")


def allow_part(part: Json, whole: Json) -> None:
    """Check that what is lent on is narrower, by looking at each limit as a buyer or seller would.

    Ceilings are left out: what a listing costs at most is checked at the deal, for the whole chain.
    """

    def within(name: str) -> bool:
        return name not in whole or (name in part and part[name] <= whole[name])

    caps = ("per_deal_units", "window_units", "lifetime_units", "quantity_max", "expires_at")
    need(all(map(within, caps)), "delegation", f"{part} of {whole}")
    need(part.get("asset", "USD") == whole.get("asset", "USD"), "delegation", "another asset")
    longer = part.get("window_us", DAY_US) >= whole.get("window_us", DAY_US)
    need("window_units" not in whole or longer, "delegation", "a shorter window")
    for name in ("counterparties", "goods", "ceilings"):
        need(name not in whole or name in part, "delegation", f"{name} are open")
    for name in ("counterparties", "goods"):
        if name in whole:
            need(set(part[name]) <= set(whole[name]), "delegation", f"more {name}")
    for ref, limit in part.get("goods", {}).items() if "goods" in whole else ():
        least = whole["goods"][ref].get("floor_units", 0)
        need(limit.get("floor_units", 0) >= least, "delegation", f"a lower floor of {ref}")
    denied = [set(one.get("counterparties_denied", ())) for one in (part, whole)]
    need(denied[0] >= denied[1], "delegation", "somebody is allowed again")
    for one in part.get("categories", ()) if "categories" in whole else ():
        inside = any(covers(one, above) for above in whole["categories"])
        need(inside, "delegation", f"{one} is outside")
    need("categories" not in whole or "categories" in part, "delegation", "any category")
    asks = "approval_always" in part or within("approval_above_units")
    need(
        asks and not ("approval_always" in whole and "approval_always" not in part),
        "delegation",
        "asks nobody",
    )


def parents(category: str) -> list[str]:
    """List a category, then those above it."""
    parts = category.split("/")
    return ["/".join(parts[:n]) for n in range(len(parts), 0, -1)]
