"""A second evaluator of policies, written from docs/policy.md alone: plain, slow, by list scans.

It shares no code with souq. What it knows of the past it reads from the journal's raw records; a
policy, and what an agent would be bound to, come as JSON would write them. It was written without
sight of `core/policy`, so that where the two disagree one of them, or the page, is wrong.
"""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

Json = dict[str, Any]
Verdict = tuple[str, int, str]  # layer, number of the rule from 1, HOLD or DENY
BPS = 10_000
KEPT_QUANTITIES, KEPT_PRICES, ENOUGH = 100, 50, 5
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Layer:
    """Whose rules these are, what they count, and since when.

    `agents` are those whose doings it counts; `mandate` names the one that a mandate's own rules
    count under; `since` is the instant of its first policy.
    """

    def __init__(
        self, name: str, rules: list[Json], agents: set[str], since: int, mandate: str = ""
    ) -> None:
        self.name, self.rules, self.agents = name, rules, agents
        self.since, self.mandate = since, mandate


class Past:
    """What raw records say of the past."""

    def __init__(
        self,
        records: list[Json],
        *,
        member_of: dict[str, str] | None = None,
        destinations: dict[str, str] | None = None,
        prices_since: int = 0,
    ) -> None:
        self.member_of = member_of or {}
        self.destinations = destinations or {}
        self.prices_since = prices_since
        self.fee_bps = 0
        self.principal: dict[str, str] = {}
        self.listings: dict[str, Json] = {}
        self.happened: list[tuple[int, Json]] = []
        for record in records:
            for event in record.get("events", ()):
                self.happened.append((record["at"], event))
                match event["type"]:
                    case "MarketOpened" | "RulesAmended":
                        self.fee_bps = event["rules"].get("fee_bps", 0)
                    case "AgentRegistered":
                        self.principal[event["agent"]] = event["principal"]
                    case "ListingPosted":
                        self.listings[event["listing"]["id"]] = dict(event["listing"])
                    case "ListingEdited" if event.get("price") is not None:
                        self.listings[event["listing"]]["price"] = event["price"]

    def mandate_at(self, agent: str, upto: int) -> str:
        """Give the mandate that an agent had when so many events had happened."""
        found = ""
        for _, event in self.happened[:upto]:
            if event["type"] == "MandateGranted" and event["agent"] == agent:
                found = event["mandate"]
            if event["type"] == "MandateRevoked" and event["mandate"] == found:
                found = ""
        return found

    def entries(self, layer: Layer) -> list[Json]:
        """List commitments of money: at, asset, units, and what came back, as refund or not."""
        found: list[Json] = []
        for n, (at, event) in enumerate(self.happened):
            if at < layer.since:
                continue
            match event["type"]:
                case "AgreementReached":
                    for agent in event["agreement"]["parties"]:
                        if not self._counts(layer, agent, n):
                            continue
                        for asset, units in _paid(event["agreement"]["legs"], agent).items():
                            found.append(_entry(at, asset, units, f"{event['contract']}/{agent}"))
                case "ChannelOpened" if self._counts(layer, event["payer"], n):
                    units, asset = event["deposit"]
                    found.append(_entry(at, asset, units, event["channel"]))
                case "ChannelToppedUp":
                    channel = self._channel(event["channel"])
                    if self._counts(layer, channel["payer"], n):
                        added = event["deposit"][0] - self._deposit(event["channel"], n)
                        entry = _entry(at, event["deposit"][1], added, event["channel"])
                        found.append(entry)
                case "BudgetCommitted" if event["contract"].startswith("N"):
                    if self._counts(layer, event["agent"], n):
                        asset = self._forfeit_asset(event["contract"])
                        found.append(_entry(at, asset, event["units"], event["contract"]))
                case "ContractCancelled":
                    for one in _of_deal(found, event["contract"]):
                        one["units"] = 0
                case "ContractFulfilled" | "RulingMade":
                    back_bps = _back_bps(event)
                    for one in _of_deal(found, event["contract"]):
                        agent = one["of"].partition("/")[2]
                        legs = event["agreement"]["legs"]
                        back = self._back(legs, agent, back_bps).get(one["asset"], 0)
                        if back == one["units"]:
                            one["units"] = 0  # what comes back whole was never spent
                        else:
                            one["refund"] += back
                case "ChannelsEnded":
                    for id, paid in zip(event["channels"], event["paid_units"], strict=True):
                        back = self._deposit(id, n) - paid
                        for one in reversed([one for one in found if one["of"] == id]):
                            part = min(back, one["units"])
                            one["units"] -= part
                            back -= part
                case _:
                    pass
        return found

    def deals(self, layer: Layer) -> list[Json]:
        """List deals: at, the other principals, and which of them were new."""
        found: list[Json] = []
        known: set[str] = set()
        for n, (at, event) in enumerate(self.happened):
            if event["type"] != "AgreementReached" or at < layer.since:
                continue
            parties = event["agreement"]["parties"]
            for agent in parties:
                if not self._counts(layer, agent, n):
                    continue
                others = {self.principal[one] for one in parties if one != agent}
                found.append({"at": at, "new": others - known})
                known |= others
        return found

    def known(self, layer: Layer) -> set[str]:
        """Name the principals that the layer has had a deal with."""
        found: set[str] = set()
        for one in self.deals(layer):
            found |= one["new"]
        return found

    def exposure(self, layer: Layer, principal: str, asset: str) -> int:
        """Sum what deals and channels that have not ended commit to be paid to a principal."""
        over = set()
        for _, event in self.happened:
            if event["type"] in ("ContractFulfilled", "ContractCancelled", "RulingMade"):
                over.add(event["contract"])
            elif event["type"] == "ChannelsEnded":
                over.update(event["channels"])
        total = 0
        for n, (at, event) in enumerate(self.happened):
            if at < layer.since:
                continue
            if event["type"] == "AgreementReached" and event["contract"] not in over:
                for leg in event["agreement"]["legs"]:
                    if (
                        leg["type"] == "cash"
                        and leg["amount"][1] == asset
                        and self._counts(layer, leg["giver"], n)
                        and self.principal[leg["taker"]] == principal
                    ):
                        total += leg["amount"][0]
            if event["type"] in ("ChannelOpened", "ChannelToppedUp"):
                channel = self._channel(event["channel"])
                if (
                    event["channel"] not in over
                    and event["deposit"][1] == asset
                    and self._counts(layer, channel["payer"], n)
                    and self.principal[channel["payee"]] == principal
                ):
                    before = 0
                    if event["type"] == "ChannelToppedUp":
                        before = self._deposit(event["channel"], n)
                    total += event["deposit"][0] - before
        return total

    def losses(self, layer: Layer, asset: str) -> list[tuple[int, int]]:
        """List (at, units lost) of each deal and channel that ended, and of each forfeit."""
        found: list[tuple[int, int]] = []
        for n, (at, event) in enumerate(self.happened):
            match event["type"]:
                case "ContractFulfilled" | "RulingMade" if at >= layer.since:
                    back_bps = _back_bps(event)
                    lost = 0
                    for leg in event["agreement"]["legs"]:
                        if leg["type"] != "cash" or leg["amount"][1] != asset:
                            continue
                        price, fee = self._parts(leg["amount"][0])
                        stays_price = price - price * back_bps // BPS
                        stays_fee = fee - fee * back_bps // BPS
                        if self._counts(layer, leg["giver"], n):
                            lost += stays_price + stays_fee
                        if self._counts(layer, leg["taker"], n):
                            lost -= stays_price
                    found.append((at, lost))
                case "ChannelsEnded" if at >= layer.since:
                    for id, paid in zip(event["channels"], event["paid_units"], strict=True):
                        channel = self._channel(id)
                        is_ours = self._counts(layer, channel["payer"], n)
                        if is_ours and channel["deposit"][1] == asset:
                            found.append((at, paid))
                case "BudgetCommitted" if event["contract"].startswith("N"):
                    is_ours = at >= layer.since and self._counts(layer, event["agent"], n)
                    if is_ours and self._forfeit_asset(event["contract"]) == asset:
                        found.append((at, event["units"]))
                case _:
                    pass
        return found

    def quantities(self, layer: Layer, category: str) -> list[int]:
        """List the quantities that were taken in deals fulfilled, of exactly this category."""
        found: list[int] = []
        for n, (at, event) in enumerate(self.happened):
            if event["type"] == "ContractFulfilled" and at >= layer.since:
                for agent in event["agreement"]["parties"]:
                    taken = sum(
                        leg["quantity"]
                        for leg in event["agreement"]["legs"]
                        if leg["type"] == "goods"
                        and leg["taker"] == agent
                        and self.listings[leg["listing"]]["category"] == category
                    )
                    if taken and self._counts(layer, agent, n):
                        found.append(taken)
        return found[-KEPT_QUANTITIES:]

    def prices(self, category: str, asset: str) -> list[int]:
        """List prices per unit of deals at arm's length that were fulfilled without a penalty."""
        found: list[int] = []
        for at, event in self.happened:
            if event["type"] != "ContractFulfilled" or event.get("penalty_bps", 0):
                continue
            legs = event["agreement"]["legs"]
            goods = [leg for leg in legs if leg["type"] == "goods"]
            cash = [leg for leg in legs if leg["type"] == "cash"]
            if at < self.prices_since or len({leg["listing"] for leg in goods}) != 1 or not cash:
                continue
            ways = {(leg["giver"], leg["taker"]) for leg in cash}
            back = {(leg["taker"], leg["giver"]) for leg in goods}
            if len(ways) != 1 or ways != back or len({leg["amount"][1] for leg in cash}) != 1:
                continue
            ((giver, taker),) = ways
            ours, theirs = self.principal[giver], self.principal[taker]
            houses = {self.member_of.get(ours, ours), ours} & {
                self.member_of.get(theirs, theirs),
                theirs,
            }
            is_here = self.listings[goods[0]["listing"]]["category"] == category
            if houses or not is_here or cash[0]["amount"][1] != asset:
                continue
            total = sum(leg["amount"][0] for leg in cash)
            found.append(total // sum(leg["quantity"] for leg in goods))
        return found[-KEPT_PRICES:]

    def first_set_aside(self, agent: str, negotiation: str) -> int | None:
        """Give what the agent's first offer or bid in a negotiation set aside."""
        for _, event in self.happened:
            if (
                event["type"] == "BudgetReserved"
                and event["agent"] == agent
                and event["negotiation"] == negotiation
            ):
                units: int = event["units"]
                return units
        return None

    def _counts(self, layer: Layer, agent: str, upto: int) -> bool:
        if agent not in layer.agents:
            return False
        return not layer.mandate or self.mandate_at(agent, upto) == layer.mandate

    def _parts(self, units: int) -> tuple[int, int]:
        fee = units * self.fee_bps // BPS
        return units - fee, fee

    def _back(self, legs: list[Json], agent: str, back_bps: int) -> dict[str, int]:
        found: dict[str, int] = {}
        for leg in legs:
            if leg["type"] == "cash" and leg["giver"] == agent:
                units, asset = leg["amount"]
                back = sum(part * back_bps // BPS for part in self._parts(units))
                found[asset] = found.get(asset, 0) + back
        return found

    def _channel(self, id: str) -> Json:
        return next(
            event
            for _, event in self.happened
            if event["type"] == "ChannelOpened" and event["channel"] == id
        )

    def _deposit(self, id: str, upto: int) -> int:
        units = 0
        for _, event in self.happened[:upto]:
            if event["type"] in ("ChannelOpened", "ChannelToppedUp") and event["channel"] == id:
                units = event["deposit"][0]
        return units

    def _forfeit_asset(self, claim: str) -> str:
        run, _, number = claim.partition(".")
        for _, event in self.happened:
            if event["type"] == "TransfersMade":
                batch = event["batch"]
                for id, debit in zip(batch["id"], batch["debit"], strict=True):
                    if id in (f"#{run}.forfeit.{number}", f"#{run}.forfeit.{number}.fee"):
                        return str(debit.rpartition("/")[2])
        raise AssertionError(f"a forfeit that was never paid: {claim}")


class Deal:
    """What an agent would be bound to, at an instant."""

    def __init__(
        self,
        past: Past,
        *,
        at: int,
        agent: str,
        legs: list[Json],
        negotiation: str,
        reserves: int,
        part_of: int,
        mandate_asset: str,
        conditions: Json,
        standings: dict[str, int],
    ) -> None:
        self.past, self.at, self.agent, self.legs = past, at, agent, legs
        self.negotiation, self.mandate_asset = negotiation, mandate_asset
        self.reserves, self.part_of, self.conditions = reserves, part_of, conditions
        self.standings = standings  # of agents: reputation has a reference of its own

    def pays(self, asset: str) -> int:
        return _paid(self.legs, self.agent).get(asset, 0)

    def outlay(self, asset: str) -> int:
        whole = self.part_of if asset == self.mandate_asset else 0
        return max(self.pays(asset), whole)

    def binds(self, asset: str) -> int:
        other = self.reserves if asset == self.mandate_asset else 0
        return max(self.pays(asset), other)

    def receives(self, asset: str, *, is_gross: bool = False) -> int:
        total = 0
        for leg in self.legs:
            if leg["type"] == "cash" and leg["taker"] == self.agent and leg["amount"][1] == asset:
                units = leg["amount"][0]
                total += units if is_gross else units - units * self.past.fee_bps // BPS
        return total

    def goods(self, side: str) -> list[Json]:
        end = "taker" if side == "buy" else "giver"
        return [leg for leg in self.legs if leg["type"] == "goods" and leg[end] == self.agent]

    def amounts(self, side: str) -> dict[str, int]:
        """Give the quantity of each listing on a side, its legs added up."""
        found: dict[str, int] = {}
        for leg in self.goods(side):
            found[leg["listing"]] = found.get(leg["listing"], 0) + leg["quantity"]
        return found

    def others(self) -> set[str]:
        """Name the counterparties; "" is one unknown."""
        ends = {leg[end] for leg in self.legs for end in ("giver", "taker")} - {self.agent}
        return {self.past.principal[one] if one else "" for one in ends}

    def category(self, listing: str) -> str:
        return str(self.past.listings[listing]["category"])

    def price_of_goods(self, side: str, asset: str) -> int | None:
        """Give what all the goods of one listing cost; None where that cannot be told."""
        listings = {leg["listing"] for leg in self.legs if leg["type"] == "goods"}
        other = any(leg["type"] == "cash" and leg["amount"][1] != asset for leg in self.legs)
        if len(listings) > 1 or other:
            return None
        net = self.pays(asset) - self.receives(asset, is_gross=True)
        return net if side == "buy" else -net


def verdicts(deal: Deal, layers: list[Layer]) -> list[Verdict]:
    """Ask every rule of every layer; give those that do not allow it."""
    found: list[Verdict] = []
    for layer in layers:
        for number, rule in enumerate(layer.rules, start=1):
            said = _RULES[rule["type"]](rule, deal, layer)
            if said != "ALLOW":
                found.append((layer.name, number, said))
    return found


def _deny(holds: bool) -> str:
    return "DENY" if holds else "ALLOW"


def _asset(rule: Json) -> str:
    return str(rule.get("asset", "USD"))


def _per_deal(rule: Json, deal: Deal, layer: Layer) -> str:
    return _deny(deal.outlay(_asset(rule)) > rule["cap_units"])


def _spent(rule: Json, deal: Deal, layer: Layer, *, after: int, first: int) -> int:
    """Sum entries later than `after`, from `first` on."""
    total = 0
    for one in deal.past.entries(layer):
        if one["asset"] == _asset(rule) and one["at"] > after and one["at"] >= first:
            total += one["units"]
            if rule.get("refund_credit", True):
                total -= one["refund"]
    return total


def _rolling(rule: Json, deal: Deal, layer: Layer) -> str:
    binds = deal.binds(_asset(rule))
    spent = _spent(rule, deal, layer, after=deal.at - rule["window_us"], first=0)
    return _deny(binds > 0 and spent + binds > rule["cap_units"])


def _lifetime(rule: Json, deal: Deal, layer: Layer) -> str:
    binds = deal.binds(_asset(rule))
    spent = _spent(rule, deal, layer, after=-1, first=0)
    return _deny(binds > 0 and spent + binds > rule["cap_units"])


def _calendar(rule: Json, deal: Deal, layer: Layer) -> str:
    binds = deal.binds(_asset(rule))
    if not binds:
        return "ALLOW"
    began = _period_start(rule, deal.at)
    if began is None:
        return "DENY"
    spent = _spent(rule, deal, layer, after=-1, first=began)
    return _deny(spent + binds > rule["cap_units"])


def _period_start(rule: Json, at: int) -> int | None:
    """Give the first instant at which local clocks showed the period's first midnight or later."""
    offsets = rule.get("offsets") or []
    if not offsets:
        if rule.get("zone", "UTC") != "UTC":
            return None
        offsets = [[-(1 << 62), 0], [1 << 62, 0]]
    if at < offsets[0][0] or at >= offsets[-1][0]:
        return None
    spans = [
        (start, end, seconds * 1_000_000)
        for (start, seconds), (end, _) in itertools.pairwise(offsets)
    ]
    local = next(at + shift for start, end, shift in spans if start <= at < end)
    day = EPOCH + timedelta(days=local // 86_400_000_000)
    match rule["period"]:
        case "week":
            day -= timedelta(days=day.weekday())
        case "month":
            day = day.replace(day=1)
        case "year":
            day = day.replace(month=1, day=1)
        case _:
            pass
    midnight = (day - EPOCH).days * 86_400_000_000
    for start, end, shift in spans:
        # Within a span local time runs on evenly, from start + shift to end + shift.
        if end + shift > midnight:
            return max(start, midnight - shift)
    return None


def _occurrences(rule: Json, deal: Deal, layer: Layer) -> str:
    return _deny(len(deal.past.deals(layer)) + 1 > rule["deals_max"])


def _approval(rule: Json, deal: Deal, layer: Layer) -> str:
    return "HOLD" if deal.outlay(_asset(rule)) > rule["above_units"] else "ALLOW"


def _cooling(rule: Json, deal: Deal, layer: Layer) -> str:
    is_above = deal.outlay(_asset(rule)) > rule["above_units"]
    cooling = deal.conditions.get("cooling_off_us") or 0
    return _deny(is_above and cooling < rule["cooling_us"])


def _loss_stop(rule: Json, deal: Deal, layer: Layer) -> str:
    since = deal.at - rule["window_us"]
    lost = sum(units for at, units in deal.past.losses(layer, _asset(rule)) if at > since)
    return _deny(lost > rule["loss_max_units"])


def _bidding(rule: Json, deal: Deal, layer: Layer) -> str:
    first = deal.past.first_set_aside(deal.agent, deal.negotiation)
    if first is None or not deal.binds(_asset(rule)):
        return "ALLOW"
    if _asset(rule) != deal.mandate_asset:
        return "DENY"
    return _deny(deal.binds(_asset(rule)) * BPS > first * (BPS + rule["rise_bps"]))


def _covers(name: str, category: str) -> bool:
    return not name or category == name or category.startswith(f"{name}/")


def _categories(rule: Json, deal: Deal, layer: Layer) -> str:
    named = [leg["listing"] for leg in deal.legs if leg["type"] == "goods"]
    covered = [
        any(_covers(name, deal.category(one)) for name in rule["allowed"] if name) for one in named
    ]
    return _deny(not named or not all(covered))


def _assets(rule: Json, deal: Deal, layer: Layer) -> str:
    used = {leg["amount"][1] for leg in deal.legs if leg["type"] == "cash"}
    return _deny(not used <= set(rule["allowed"]))


def _covered(rule: Json, deal: Deal, side: str) -> dict[str, int]:
    amounts = deal.amounts(side)
    name = rule.get("category", "")
    return {one: n for one, n in amounts.items() if _covers(name, deal.category(one))}


def _quantity(rule: Json, deal: Deal, layer: Layer) -> str:
    found = _covered(rule, deal, rule.get("side", "buy"))
    return _deny(any(quantity > rule["max"] for quantity in found.values()))


def _usual(rule: Json, deal: Deal, layer: Layer) -> str:
    worst = "ALLOW"
    for listing, quantity in _covered(rule, deal, "buy").items():
        usual = sorted(deal.past.quantities(layer, deal.category(listing)))
        if len(usual) < ENOUGH:
            worst = "HOLD" if worst == "ALLOW" else worst
            continue
        place = -(-95 * len(usual) // 100)
        if quantity * 100 > rule.get("percent", 300) * usual[place - 1]:
            worst = "DENY"
    return worst


def _nearest(named: dict[str, int], category: str) -> int | None:
    while True:
        if category in named:
            return named[category]
        if "/" not in category:
            return None
        category = category.rpartition("/")[0]


def _requested(rule: Json, deal: Deal, layer: Layer) -> str:
    named = rule["quantities"]
    for listing, quantity in deal.amounts("buy").items():
        asked = named.get(listing)
        if asked is None:
            asked = _nearest(named, deal.category(listing))
        if asked is not None and quantity >= rule.get("times", 10) * asked:
            return "DENY"
    return "ALLOW"


def _price(rule: Json, deal: Deal) -> tuple[int, int, str] | str | None:
    """Give (price, quantity, listing) of the goods; None where there are none, else DENY."""
    side = rule.get("side", "buy")
    found = _covered(rule, deal, side)
    if not found:
        return None
    price = deal.price_of_goods(side, _asset(rule))
    if price is None:
        return "DENY"
    ((listing, quantity),) = found.items()
    return price, quantity, listing


def _band(rule: Json, deal: Deal, layer: Layer) -> str:
    found = _price(rule, deal)
    if not isinstance(found, tuple):
        return "DENY" if found else "ALLOW"
    price, quantity, _ = found
    most = rule.get("most_units")
    is_below = price < rule.get("least_units", 0) * quantity
    return _deny(is_below or (most is not None and price > most * quantity))


def _reference(rule: Json, deal: Deal, layer: Layer) -> str:
    found = _price(rule, deal)
    if not isinstance(found, tuple):
        return "DENY" if found else "ALLOW"
    price, quantity, listing = found
    known = deal.past.prices(deal.category(listing), _asset(rule))[-rule.get("last", 50) :]
    if len(known) < ENOUGH:
        return "HOLD"
    median = sorted(known)[(len(known) - 1) // 2]
    usual = median * quantity
    return _deny(abs(price - usual) * BPS > rule["within_bps"] * usual)


def _floor(rule: Json, deal: Deal, layer: Layer) -> str:
    given = deal.amounts("sell")
    if not given:
        return "ALLOW"
    least, is_named = 0, False
    for listing, quantity in given.items():
        found = deal.past.listings[listing]
        is_own = found.get("side", "sell") == "sell" and found["agent"] in deal.past.principal
        is_own = is_own and deal.past.principal[found["agent"]] == deal.past.principal[deal.agent]
        ref = found.get("ref", "") if is_own else ""
        floor = rule["floors"].get(ref) if ref else None
        if floor is None:
            floor = _nearest(rule["floors"], deal.category(listing))
        least += (floor or 0) * quantity
        is_named = is_named or floor is not None
    net = deal.receives(_asset(rule)) - deal.pays(_asset(rule))
    return _deny(is_named and net < least)


def _counterparties(rule: Json, deal: Deal, layer: Layer) -> str:
    others, allowed = deal.others(), rule.get("allowed")
    is_denied = bool(others & set(rule.get("denied", ()))) or "" in others
    return _deny(is_denied or (allowed is not None and not others <= set(allowed)))


def _verification(rule: Json, deal: Deal, layer: Layer) -> str:
    others = deal.others()  # nobody is verified here, so their level is 0
    return _deny("" in others or (bool(others) and rule["level_min"] > 0))


def _jurisdictions(rule: Json, deal: Deal, layer: Layer) -> str:
    return _deny(bool(deal.others()))  # nobody has said where anybody is


def _reputation(rule: Json, deal: Deal, layer: Layer) -> str:
    ends = {leg[end] for leg in deal.legs for end in ("giver", "taker")} - {deal.agent}
    return _deny(any(not one or deal.standings[one] < rule["standing_min"] for one in ends))


def _exposure(rule: Json, deal: Deal, layer: Layer) -> str:
    asset = _asset(rule)
    paid: dict[str, int] = {}
    for leg in deal.legs:
        is_ours = leg["type"] == "cash" and leg["giver"] == deal.agent
        if is_ours and leg["amount"][1] == asset:
            to = deal.past.principal[leg["taker"]] if leg["taker"] else ""
            paid[to] = paid.get(to, 0) + leg["amount"][0]
    for principal in deal.others():
        before = deal.past.exposure(layer, principal, asset) if principal else 0
        more = paid.get(principal, 0)
        if more and before + more > rule["cap_units"]:
            return "DENY"
    return "ALLOW"


def _velocity(rule: Json, deal: Deal, layer: Layer) -> str:
    since = deal.at - rule["window_us"]
    recent = [one for one in deal.past.deals(layer) if one["at"] > since]
    most, newcomers_max = rule.get("deals_max"), rule.get("newcomers_max")
    if most is not None and len(recent) + 1 > most:
        return "DENY"
    new = (deal.others() - {""}) - deal.past.known(layer)
    before = sum(len(one["new"]) for one in recent)
    return _deny(newcomers_max is not None and bool(new) and before + len(new) > newcomers_max)


def _validity(rule: Json, deal: Deal, layer: Layer) -> str:
    until = rule.get("until_at")
    return _deny(deal.at < rule.get("from_at", 0) or (until is not None and deal.at >= until))


def _destinations(rule: Json, deal: Deal, layer: Layer) -> str:
    is_shipped = any(
        deal.past.listings[leg["listing"]].get("delivery", "meet") == "ship"
        for leg in deal.goods("buy")
    )
    place = deal.past.destinations.get(deal.agent)
    return _deny(is_shipped and place not in rule["allowed"])


def _entry(at: int, asset: str, units: int, of: str) -> Json:
    return {"at": at, "asset": asset, "units": units, "of": of, "refund": 0}


def _of_deal(entries: list[Json], contract: str) -> list[Json]:
    return [one for one in entries if one["of"].partition("/")[0] == contract and "/" in one["of"]]


def _back_bps(event: Json) -> int:
    name = "payer_bps" if event["type"] == "RulingMade" else "penalty_bps"
    share: int = event.get(name, 0)
    return share


def _paid(legs: list[Json], agent: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for leg in legs:
        if leg["type"] == "cash" and leg["giver"] == agent:
            units, asset = leg["amount"]
            found[asset] = found.get(asset, 0) + units
    return found


_RULES: dict[str, Any] = {
    "per_deal": _per_deal,
    "rolling_budget": _rolling,
    "calendar_budget": _calendar,
    "lifetime_budget": _lifetime,
    "occurrences": _occurrences,
    "approval": _approval,
    "cooling_off": _cooling,
    "loss_stop": _loss_stop,
    "bidding": _bidding,
    "categories": _categories,
    "assets": _assets,
    "quantity": _quantity,
    "usual_quantity": _usual,
    "requested": _requested,
    "price_band": _band,
    "price_reference": _reference,
    "floor": _floor,
    "counterparties": _counterparties,
    "verification": _verification,
    "jurisdictions": _jurisdictions,
    "reputation": _reputation,
    "exposure": _exposure,
    "velocity": _velocity,
    "validity": _validity,
    "destinations": _destinations,
}
