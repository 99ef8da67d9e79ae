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
    """One grant: its limits, and every unit committed or set aside under it."""

    def __init__(self, agent: str, limits: Json) -> None:
        self.agent = agent
        self.limits = limits
        self.reserved: dict[str, int] = {}  # by negotiation
        self.spent: dict[str, list[int]] = {}  # by contract: [at, units]
        self.is_live = True

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

    def granted(self, event: Json, loads: Callable[[bytes], Any]) -> None:
        limits = loads(self._payload(event["limits"]))
        self.mandates[event["mandate"]] = Mandate(event["agent"], limits)
        self.of_agent[event["agent"]] = event["mandate"]

    def revoked(self, event: Json) -> None:
        mandate = self.mandates[event["mandate"]]
        need(mandate.is_live, "mandates", f"{event['mandate']} is revoked twice")
        mandate.is_live = False
        del self.of_agent[mandate.agent]

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
            return
        need(key in self.claimed, "budget", f"{kind} of {key}, which was not counted")
        mandate, units = self.claimed.pop(key)
        need(mandate == event["mandate"], "budget", f"{key} is counted under {mandate}")
        if kind == "BudgetSettled":
            self.claimed[key] = (mandate, units)
            self._settled(key, event["returned_units"])

    def _settled(self, key: tuple[str, str], back: int) -> None:
        need(key in self.claimed, "budget", f"{key} ends, which was not counted")
        mandate, units = self.claimed.pop(key)
        spent = self.mandates[mandate].spent[key[1]][1]
        need(units - back == spent, "budget", f"{key}: {back} of {units} is said to be back")

    def reserve(self, agent: str, negotiation: str, units: int) -> None:
        """Set aside what an open offer binds; it takes the place of the agent's last one."""
        self.release(agent, negotiation)
        if units:
            mandate = self.of_agent[agent]
            self.mandates[mandate].reserved[negotiation] = units
            self.owed[agent, negotiation] = (mandate, units)

    def release(self, agent: str, negotiation: str) -> None:
        mandate, _ = self.owed.pop((agent, negotiation), ("", 0))
        if mandate:
            del self.mandates[mandate].reserved[negotiation]

    def commit(self, agent: str, contract: str, units: int, at: int) -> None:
        """Count a contract's price from now on."""
        if units:
            mandate = self.of_agent[agent]
            self.mandates[mandate].spent[contract] = [at, units]
            self.owed[agent, contract] = (mandate, units)

    def settle(self, agent: str, contract: str, returned: int) -> None:
        """Stop counting what came back."""
        mandate, _ = self.owed.pop((agent, contract), ("", 0))
        if mandate:
            self.mandates[mandate].spent[contract][1] -= returned

    def check(self, at: int) -> None:
        """No cap is exceeded, and the market counted what we count."""
        need(
            self.claimed == self.owed,
            "budget",
            f"the market counts {self.claimed.items() - self.owed.items()},"
            f" we {self.owed.items() - self.claimed.items()}",
        )
        for id in self.of_agent.values():
            mandate = self.mandates[id]
            aside = sum(mandate.reserved.values())
            for rule in ("lifetime", "window"):
                cap = mandate.limits.get(f"{rule}_units")
                if cap is not None:
                    whole = aside + mandate.sum(rule, at)
                    need(whole <= cap, f"{rule} cap", f"{id} allows {cap}, {whole} is bound")

    def available(self, agent: str, rule: str, negotiation: str, at: int) -> int:
        """Give what a cap leaves for an offer in one negotiation."""
        mandate = self.mandates[self.of_agent[agent]]
        aside = sum(units for id, units in mandate.reserved.items() if id != negotiation)
        return max(0, mandate.limits[f"{rule}_units"] - aside - mandate.sum(rule, at))

    def live(self, agent: str, at: int) -> Json:
        """Give the limits that bind an agent now; it must have some."""
        need(agent in self.of_agent, "mandate", f"{agent} is bound without one")
        limits: Json = self.mandates[self.of_agent[agent]].limits
        expires = limits.get("expires_at")
        need(expires is None or at < expires, "mandate", f"{agent} is bound after it expired")
        return limits

    def allow_listing(self, agent: str, listing: Json, at: int) -> None:
        """Check that an agent may list a thing at all."""
        limits = self.live(agent, at)
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
        limits = self.live(agent, at)
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


def parents(category: str) -> list[str]:
    """List a category, then those above it."""
    parts = category.split("/")
    return ["/".join(parts[:n]) for n in range(len(parts), 0, -1)]
