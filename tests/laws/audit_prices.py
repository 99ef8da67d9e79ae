"""The auditor's own list of prices: all that stood on a listing, and how far each step went."""

from tests.laws.audit_money import Json, need

HOUR_US = 3_600 * 1_000_000


class Prices:
    """Every price by the instant it came, from its last confirmation on."""

    def __init__(self) -> None:
        self.stood: dict[str, list[tuple[int, int, str]]] = {}  # since, units, asset
        self.rules: Json = {}

    def see(self, event: Json, at: int) -> None:
        """Follow one event of a listing."""
        if event["type"] == "ListingPosted":
            listing = event["listing"]
            if "price" in listing:
                self.stood[listing["id"]] = [(at, *listing["price"])]
        elif event["type"] == "ListingEdited" and "price" in event:
            new = (at, *event["price"])
            if event.get("is_confirmed"):
                self.stood[event["listing"]] = [new]
                return
            stood = self.stood.setdefault(event["listing"], [])
            if stood:
                self._check(stood, *new)
            stood.append(new)

    def _check(self, stood: list[tuple[int, int, str]], at: int, new: int, asset: str) -> None:
        is_bounded = any(name.startswith("price_") for name in self.rules)
        need(not is_bounded or asset == stood[-1][2], "prices", "an agent changes the asset")
        # A price stood until the next one came.
        ends = [since for since, _, _ in stood[1:]] + [at]
        for (_, old, _), end in zip(stood, ends, strict=True):
            for name, within_us in (("price_update_bps", 0), ("price_hour_bps", HOUR_US)):
                share = self.rules.get(name)
                if share and end >= at - within_us:
                    is_in = abs(new - old) * 10_000 <= share * old
                    need(is_in, "prices", f"{old} to {new}, beyond {name}")
            times = self.rules.get("price_day_times")
            if times and end >= at - 24 * HOUR_US:
                need(old <= new * times and new <= old * times, "prices", f"{old} to {new} a day")
