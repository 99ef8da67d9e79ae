"""The auditor's own shelves: what was listed, promised and sold, and who owns each title."""

from collections import Counter

from tests.laws.audit_money import Json, need


class Goods:
    """Listings as posted, and the stock that contracts took from them."""

    def __init__(self) -> None:
        self.listings: dict[str, Json] = {}
        self.listed: Counter[str] = Counter()
        self.promised: Counter[str] = Counter()  # by open contracts
        self.pledged: dict[tuple[str, str], Counter[str]] = {}  # by agent and open run
        self.sold: Counter[str] = Counter()  # by contracts that came to something
        self.claimed: Counter[str] = Counter()  # what the market says is reserved
        self.gone: Counter[str] = Counter()  # what the market says is sold
        self.due: list[tuple[str, str]] = []  # titles that must move within this record
        self.touched: set[str] = set()

    def has_stock(self, listing: str) -> bool:
        return bool(self.listings[listing].get("subject", "goods") != "data")

    def is_title_only(self, legs: list[Json]) -> bool:
        """Tell whether only ownership inside the market moves."""
        goods = [leg for leg in legs if leg["type"] == "goods"]
        return all(self.listings[leg["listing"]].get("delivery") == "title" for leg in goods)

    def see(self, event: Json) -> None:
        """Follow one event of a listing."""
        kind = event["type"]
        if kind == "ListingPosted":
            listing = dict(event["listing"])
            need(listing["id"] not in self.listings, "listings", f"{listing['id']} posted twice")
            self.listings[listing["id"]] = listing
            self.listed[listing["id"]] = listing.pop("available")
            return
        id = event["listing"]
        listing = self.listings[id]
        self.touched.add(id)
        match kind:
            case "ListingEdited":
                need(not listing.get("is_withdrawn"), "listings", f"{id} was withdrawn")
                need(not self.set_aside(id), "listings", f"{id} stands in a run")
                if "price" in event:
                    listing["price"] = event["price"]
                if "available" in event:
                    self.listed[id] = self.sold[id] + self.promised[id] + event["available"]
                whole = listing.get("delivery") != "title" or self.listed[id] == 1
                need(whole, "titles", f"{id} is one thing, listed {self.listed[id]} times")
            case "ListingPaused" | "ListingResumed":
                need(not listing.get("is_withdrawn"), "listings", f"{id} was withdrawn")
                need(not self.set_aside(id), "listings", f"{id} stands in a run")
                listing["is_paused"] = kind == "ListingPaused"
            case "ListingWithdrawn":
                need(not self.set_aside(id), "listings", f"{id} stands in a run")
                listing["is_withdrawn"] = True
            case "StockReserved":
                self.claimed[id] += event["quantity"]
            case "StockReturned":
                self.claimed[id] -= event["quantity"]
            case "StockSold":
                self.claimed[id] -= event["quantity"]
                self.gone[id] += event["quantity"]
            case "TitleMoved":
                move = (id, event["agent"])
                need(move in self.due, "titles", f"{move} moves without a contract")
                self.due.remove(move)
                listing["agent"] = event["agent"]
                listing |= {"ref": "", "is_paused": False, "is_withdrawn": False}
            case _:
                need(False, "events", f"the auditor does not know {kind}")

    def pledge(self, agent: str, run: str, goods: list[Json]) -> None:
        """Set goods aside for whatever a run may come to; they must be the agent's own."""
        before = self.pledged.pop((agent, run), Counter())
        found: Counter[str] = Counter()
        for item in goods:
            found[item["listing"]] += item.get("quantity", 1)
        for id in found:
            owner = self.listings[id]["agent"]
            need(owner == agent, "owner", f"{agent} pledges {owner}'s {id}")
        if found:
            self.pledged[agent, run] = found
        self.touched |= {*before, *found}

    def set_aside(self, id: str) -> int:
        """Sum what open runs set aside of a listing."""
        return sum(goods[id] for goods in self.pledged.values()) if self.has_stock(id) else 0

    def promise(self, legs: list[Json]) -> None:
        """Set goods aside for an agreement, which must be its givers' to give."""
        for leg in legs:
            if leg["type"] != "goods":
                continue
            id = leg["listing"]
            listing = self.listings[id]
            lister = leg["giver"] if listing.get("side", "sell") == "sell" else leg["taker"]
            need(
                listing["agent"] == lister, "owner", f"{id} is {listing['agent']}'s, not {lister}'s"
            )
            shut = listing.get("is_paused") or listing.get("is_withdrawn")
            need(not shut, "listings", f"{id} takes no agreements")
            need(leg["quantity"] > 0, "stock", f"{id} is promised {leg['quantity']} times")
            if self.has_stock(id):
                self.promised[id] += leg["quantity"]
                self.touched.add(id)

    def end(self, legs: list[Json], *, is_done: bool) -> None:
        """Let promised goods go: to their takers, or back on the shelf."""
        for leg in legs:
            if leg["type"] != "goods":
                continue
            id = leg["listing"]
            is_title = self.listings[id].get("delivery") == "title"
            if is_done and is_title:
                owner = self.listings[id]["agent"]
                need(owner == leg["giver"], "titles", f"{id} is {owner}'s, not {leg['giver']}'s")
                self.due.append((id, leg["taker"]))
            if self.has_stock(id):
                self.promised[id] -= leg["quantity"]
                self.sold[id] += leg["quantity"] if is_done and not is_title else 0
                self.touched.add(id)

    def check(self) -> None:
        """Nothing is sold twice, and the market's counts are ours."""
        need(not self.due, "titles", f"{self.due} never moved")
        for id in sorted(self.touched):
            aside = self.promised[id] + self.set_aside(id)
            used = self.sold[id] + aside
            need(used <= self.listed[id], "stock", f"{id}: {used} of {self.listed[id]} are taken")
            need(
                aside == self.claimed[id],
                "stock",
                f"{id}: {aside} promised or pledged, {self.claimed[id]} reserved",
            )
            need(
                self.sold[id] == self.gone[id],
                "stock",
                f"{id}: {self.sold[id]} sold, the market says {self.gone[id]}",
            )
        self.touched.clear()
