"""R9: the whole market reaches published welfare, and what anybody works out from any folder."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec.structs import replace

from souq.lab.sources import magentic
from souq.lab.sources.magentic import Business, Customer, Town
from souq.lab.sources.shelf import shelf
from souq.replications import r09_welfare
from souq.replications.dining import Dining, Taste, best, cheapest
from souq.replications.replication import Scale, digest
from souq.replications.towns import PUBLISHED, Published, made_up

NO = Decimal(0)
TASTES = {"best": best, "cheapest": cheapest}


def worked_out(folder: Path) -> dict[str, int]:
    """Work out both welfares from the files alone, as the paper defines them; in units.

    Of those who tie for cheapest, the one whose file comes first sells.
    """
    customers, businesses = (
        [yaml.load(path.read_text(), yaml.BaseLoader) for path in sorted(folder.glob(f"{kind}/*"))]
        for kind in ("customers", "businesses")
    )
    welfare = dict.fromkeys(TASTES, NO)
    for customer in customers:
        utilities: list[tuple[Decimal, Decimal]] = []  # price, utility
        for one in businesses:
            if not set(customer["menu_features"]) <= set(one["menu_features"]):
                continue
            price = sum((Decimal(one["menu_features"][x]) for x in customer["menu_features"]), NO)
            worth = sum(map(Decimal, customer["menu_features"].values()), NO)
            suits = all(one["amenity_features"][a] == "true" for a in customer["amenity_features"])
            utilities.append((price, (2 * worth if suits else NO) - price))
        if utilities:
            welfare["best"] += max(utility for _, utility in utilities)
            welfare["cheapest"] += min(utilities, key=lambda one: one[0])[1]
    return {name: int(found * 1_000_000) for name, found in welfare.items()}


def reached(town: Town, taste: Taste, **how: Any) -> int:
    with Dining(town, taste, **how) as market:
        settled = market.trade().settled()
        assert settled.paid_units == settled.got_units
        return settled.welfare_units


@pytest.mark.parametrize("published", PUBLISHED, ids=lambda one: one.name)
def test_the_published_constants_are_reached_exactly_through_the_whole_market(
    published: Published,
) -> None:
    folder = shelf() / "magentic" / published.name
    if not folder.is_dir():
        pytest.skip(f"no towns at {folder.resolve()}")
    town = magentic.read(folder)
    found = {name: reached(town, taste) for name, taste in TASTES.items()}
    assert found == worked_out(folder)
    assert found["best"] / 1_000_000 == published.best_usd
    assert found["cheapest"] / 1_000_000 == published.cheapest_usd
    assert town.baselines is not None
    assert town.baselines.optimal_units == found["best"]
    assert town.baselines.cheapest_units == found["cheapest"]


@pytest.mark.parametrize("seed", range(12))
def test_in_any_folder_of_that_format_the_market_gives_what_its_files_say(
    tmp_path: Path, seed: int
) -> None:
    town = made_up(seed, "folder", customers=3 + seed, businesses=1 + 2 * seed)
    magentic.write(town, tmp_path)
    expected = worked_out(tmp_path)
    assert {
        name: reached(magentic.read(tmp_path), taste) for name, taste in TASTES.items()
    } == expected


def test_made_up_towns_have_losses_ties_apart_and_customers_whom_nobody_can_serve(
    tmp_path: Path,
) -> None:
    """Otherwise the test above would show little."""
    differ = lost = unserved = 0
    for seed in range(12):
        magentic.write(town := made_up(seed, "folder", customers=3 + seed), tmp_path / str(seed))
        found = worked_out(tmp_path / str(seed))
        differ += found["best"] > found["cheapest"]
        lost += found["cheapest"] < 0
        menus = [set(one.menu) for one in town.businesses]
        unserved += any(
            not any(set(guest.values) <= menu for menu in menus) for guest in town.customers
        )
    assert min(differ, lost, unserved) > 0


HOUSE = Business("b1", "One", "", {"Soup": 3_000_000, "Tea": 1_000_000}, {"Garden": True})
GUEST = Customer("c1", "Bea", "", {"Soup": 5_000_000}, ("Garden",))


def test_of_equals_the_first_in_the_town_sells() -> None:
    town = Town((GUEST,), tuple(replace(HOUSE, id=f"b{n}") for n in range(3)))
    for taste in TASTES.values():
        with Dining(town, taste) as market:
            assert market.trade().trades == [("A1", "A2", "L1", 1, 3_000_000)]


def test_the_best_may_be_a_cheap_place_without_a_garden() -> None:
    """Where the garden costs more than all is worth, a customer that must eat does without."""
    dear = replace(HOUSE, menu={"Soup": 30_000_000})
    plain = replace(HOUSE, id="b2", menu={"Soup": 2_000_000}, amenities={})
    assert reached(Town((GUEST,), (dear, plain)), best) == -2_000_000


def test_a_customer_that_nobody_can_serve_buys_nothing() -> None:
    hungry = replace(GUEST, values={"Soup": 5_000_000, "Cake": 5_000_000})
    with Dining(Town((hungry,), (HOUSE,)), best) as market:
        assert market.trade().settled() == (0, 0, 0)
        assert market.trades == []


def test_names_that_a_condition_cannot_say_and_many_amenities_are_found_all_the_same() -> None:
    odd = ["Wine >= 12%", "=", "a" * 300, " Tea ", "L'été <b>", "x=true", "dish"]
    amenities = [f"{name} {n}" for n in range(3) for name in odd]
    has_all = dict.fromkeys(amenities, True)
    house = replace(HOUSE, menu=dict.fromkeys(odd, 1_000_000), amenities=has_all)
    lacking = replace(house, id="b2", amenities=has_all | {amenities[-1]: False})
    guest = Customer("c1", "Bea", "", dict.fromkeys(odd, 2_000_000), tuple(amenities))
    assert reached(Town((guest,), (lacking, house)), best) == (2 * 2 - 1) * len(odd) * 1_000_000
    assert reached(Town((guest,), (lacking, house)), cheapest) == -len(odd) * 1_000_000


def test_a_market_whose_search_misses_a_seller_is_noticed() -> None:
    found = list(r09_welfare.run(Scale(is_quick=True, data="no such shelf")))
    assert [one.claim for one in found if not one.is_as_it_should_be] == []
    assert [one.is_control for one in found] == [False, False, True, True]


def test_kernel_and_market_sell_alike_and_as_ever() -> None:
    by_kernel, by_market = r09_welfare.tapes(1)
    assert by_kernel == by_market
    assert digest(by_kernel) == r09_welfare.TAPE
    assert r09_welfare.tapes(2)[0] != by_kernel


def test_any_one_folder_may_be_named_and_is_measured(tmp_path: Path) -> None:
    magentic.write(made_up(5, "mine"), tmp_path / "mine")
    found = list(r09_welfare.run(Scale(is_quick=True, data=str(tmp_path / "mine"))))
    mine = [one for one in found if one.claim.startswith("mine: welfare of 4 customers among 8")]
    assert len(mine) == 5
    assert all(one.is_as_it_should_be for one in mine)
