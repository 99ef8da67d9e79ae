"""What commands of runs that are open to all can be called with; see `ready`."""

import time
from collections.abc import Callable
from typing import Any

from souq.core.mechanisms.batch_window.draw import commitment
from souq.core.mechanisms.commitment import of_bid, of_reserve
from souq.core.money import Money
from tests.http.market import FEW, Fields, Town

HOUR_US, SOON_US = 3_600_000_000, 200_000
NONCE = "5e" * 16
SEED = "a blue moon"
PRICE, LEAST = [FEW, "USD"], [1, "USD"]
ALL = (
    *("sealed_bid", "commit_reveal", "english_auction", "dutch_auction", "call_for_proposals"),
    *("call_market", "batch_window", "double_auction", "vcg", "compute_lane", "barter"),
)


def _thing(town: Town, role: str = "seller", **more: Any) -> str:
    return town.listing(role, mechanisms=[*ALL], **more)


def _open(town: Town, role: str, operation: str, fields: Fields) -> Fields:
    return {"negotiation": town.made(role, operation, "negotiation", **fields)}


def _sealed(town: Town) -> Fields:
    return {"listing": _thing(town), "reserve": LEAST, "bidding_us": HOUR_US}


def _over(
    town: Town, opened: Callable[[int], Fields], act: str, given: Callable[[Fields], Fields]
) -> Fields:
    """Open a run for a moment, have the buyer act in it, and give it when the moment is over.

    Where the buyer came too late, on a machine that has much else to do, the next one is longer.
    """
    for lasting_us in (SOON_US, 10 * SOON_US, 100 * SOON_US):
        run = opened(lasting_us)
        if town.call("buyer", act, run | given(run)).is_success:
            time.sleep(1.5 * lasting_us / 1e6)
            return run
    raise AssertionError(f"{act} always comes too late")


def _closed_sealed(town: Town) -> Fields:
    def opened(lasting_us: int) -> Fields:
        thing = _thing(town)
        secret = of_reserve(town.ids["seller"], thing, Money(FEW, "USD"), NONCE)
        asked = {"listing": thing, "reserve": LEAST, "bidding_us": lasting_us}
        asked |= {"secret_reserve": secret, "revealing_us": HOUR_US}
        return _open(town, "seller", "open_sealed_bid", asked)

    run = _over(town, opened, "place_sealed_bid", lambda _: {"price": [5 * FEW, "USD"]})
    return run | {"reserve": PRICE, "nonce": NONCE}


def _committing(town: Town, committing_us: int = HOUR_US) -> Fields:
    asked = {"listing": _thing(town), "reserve": LEAST, "deposit": LEAST, "secret": "ab" * 32}
    return asked | {"committing_us": committing_us, "revealing_us": HOUR_US}


def _commitment(town: Town, run: str) -> str:
    return of_bid(run, town.ids["buyer"], Money(FEW, "USD"), NONCE)


def _committed(town: Town) -> Fields:
    run = _open(town, "seller", "open_commit_reveal", _committing(town))
    return run | {"commitment": _commitment(town, run["negotiation"])}


def _shown(town: Town) -> Fields:
    def opened(lasting_us: int) -> Fields:
        return _open(town, "seller", "open_commit_reveal", _committing(town, lasting_us))

    def given(run: Fields) -> Fields:
        return {"commitment": _commitment(town, run["negotiation"])}

    return _over(town, opened, "commit_bid", given) | {"price": PRICE, "nonce": NONCE}


def _english(town: Town) -> Fields:
    asked = {"listing": _thing(town), "start": LEAST, "bidding_us": HOUR_US}
    return asked | {"increments": [{"from_units": 0, "by_units": 1}]}


def _falling(town: Town) -> Fields:
    half = [FEW // 2, "USD"]
    asked = {"listing": _thing(town), "start": PRICE, "floor": half, "step": half}
    return asked | {"interval_us": HOUR_US}


def _call(town: Town, **more: Any) -> Fields:
    want = _thing(town, "buyer", side="want")
    return {"listing": want, "budget": PRICE, "proposing_us": HOUR_US, **more}


def _answered(town: Town) -> Fields:
    run = _open(town, "buyer", "call_for_proposals", _call(town, may_award_early=True))
    town.do("stranger", "send_proposal", **run, price=PRICE)
    return run


def _call_market(town: Town) -> Fields:
    return {"category": "home", "asset": "USD", "interval_us": HOUR_US}


def _book(town: Town) -> Fields:
    return {"category": "home", "asset": "USD", "open_us": HOUR_US}


def _ordered(town: Town, opening: str, fields: Fields, order: str) -> Fields:
    run = _open(town, "seller", opening, fields) | {"listing": _thing(town), "price": PRICE}
    town.do("seller", order, **run)
    return {"negotiation": run["negotiation"], "order": 1}


def _batch(town: Town, **more: Any) -> Fields:
    want = _thing(town, "buyer", side="want")
    asked = {"listing": want, "window_us": HOUR_US, "rule": "best_attribute", "attribute": "size"}
    return asked | more


def _entry(town: Town) -> Fields:
    run = _open(town, "buyer", "open_batch_window", _batch(town))
    return run | {"listing": _thing(town, attributes={"size": 3})}


def _entered(town: Town) -> Fields:
    town.do("seller", "enter_batch", **(asked := _entry(town)))
    return {"negotiation": asked["negotiation"]}


def drawn(town: Town, seed: str = SEED) -> Fields:
    """Give a batch that is closed and waits for these words, which were committed to."""

    def opened(lasting_us: int) -> Fields:
        asked = {"listing": _thing(town), "window_us": lasting_us, "seed_hash": commitment(seed)}
        return _open(town, "seller", "open_batch_window", asked)

    return _over(town, opened, "enter_batch", lambda _: {}) | {"seed": seed}


def _packages(town: Town) -> Fields:
    thing = _thing(town)
    run = _open(town, "seller", "open_vcg", {"lots": [{"listing": thing}], "bidding_us": HOUR_US})
    return run | {"packages": [{"listings": [thing], "price": PRICE}]}


def _lane(town: Town) -> Fields:
    thing = _thing(town, subject="capacity")
    asked = {"listing": thing, "capacity": 2, "interval_us": 60_000_000, "intervals": 6}
    return asked | {"reserve": LEAST, "guaranteed": PRICE, "starts_in_us": 60_000_000}


def _lane_bid(town: Town) -> Fields:
    run = _open(town, "seller", "open_compute_lane", _lane(town))
    asked = {"tier": "standard", "quantity": 1, "intervals": 1, "cap": PRICE}
    return run | asked | {"within_us": 240_000_000}


def _lane_job(town: Town) -> Fields:
    town.do("buyer", "place_lane_bid", **(asked := _lane_bid(town)))
    return {"negotiation": asked["negotiation"], "job": 1}


def _barter(town: Town) -> Fields:
    return {"matching": "cycle_cover", "interval_us": HOUR_US}


def _bartering(town: Town) -> Fields:
    run = _open(town, "seller", "open_barter", _barter(town))
    return run | {"goods": [{"listing": _thing(town)}], "wishes": [{"category": "home"}]}


def _bartered(town: Town) -> Fields:
    town.do("seller", "enter_barter", **(asked := _bartering(town)))
    return {"negotiation": asked["negotiation"], "offer": 1}


def _run(role: str, opening: str, asked: Callable[[Town], Fields], **more: Any) -> Any:
    return lambda town: _open(town, role, opening, asked(town)) | more


def _order(opening: str, asked: Callable[[Town], Fields]) -> Any:
    def given(town: Town) -> Fields:
        run = _open(town, "seller", opening, asked(town))
        return run | {"listing": _thing(town), "price": PRICE}

    return given


RUNS: dict[str, tuple[str, Callable[[Town], Fields]]] = {
    "open_sealed_bid": ("seller", _sealed),
    "place_sealed_bid": ("buyer", _run("seller", "open_sealed_bid", _sealed, price=PRICE)),
    "reveal_reserve": ("seller", _closed_sealed),
    "open_commit_reveal": ("seller", _committing),
    "commit_bid": ("buyer", _committed),
    "reveal_bid": ("buyer", _shown),
    "open_english_auction": ("seller", _english),
    "place_proxy_bid": ("buyer", _run("seller", "open_english_auction", _english, maximum=PRICE)),
    "open_dutch_auction": ("seller", _falling),
    "take_falling_price": ("buyer", _run("seller", "open_dutch_auction", _falling, price=PRICE)),
    "call_for_proposals": ("buyer", _call),
    "send_proposal": ("stranger", _run("buyer", "call_for_proposals", _call, price=PRICE)),
    "award_proposals": ("buyer", _answered),
    "open_call_market": ("seller", _call_market),
    "place_call_order": ("seller", _order("open_call_market", _call_market)),
    "cancel_call_order": (
        "seller",
        lambda town: _ordered(town, "open_call_market", _call_market(town), "place_call_order"),
    ),
    "close_call_market": ("seller", _run("seller", "open_call_market", _call_market)),
    "open_batch_window": ("buyer", _batch),
    "enter_batch": ("seller", _entry),
    "leave_batch": ("seller", _entered),
    "reveal_batch_seed": ("seller", drawn),
    "withdraw_batch_window": ("buyer", _run("buyer", "open_batch_window", _batch)),
    "open_order_book": ("seller", _book),
    "place_order": ("seller", _order("open_order_book", _book)),
    "cancel_order": (
        "seller",
        lambda town: _ordered(town, "open_order_book", _book(town), "place_order"),
    ),
    "close_order_book": ("seller", _run("seller", "open_order_book", _book)),
    "open_vcg": (
        "seller",
        lambda town: {"lots": [{"listing": _thing(town)}], "bidding_us": HOUR_US},
    ),
    "bid_on_packages": ("buyer", _packages),
    "open_compute_lane": ("seller", _lane),
    "place_lane_bid": ("buyer", _lane_bid),
    "reserve_lane": (
        "buyer",
        _run("seller", "open_compute_lane", _lane, quantity=1, first=0),
    ),
    "release_lane_job": ("buyer", _lane_job),
    "close_lane": ("seller", _run("seller", "open_compute_lane", _lane)),
    "open_barter": ("seller", _barter),
    "enter_barter": ("seller", _bartering),
    "leave_barter": ("seller", _bartered),
}
