"""Outcomes by declared model: counted by hand in a small market, and adding up in a large one."""

import json
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from souq import Client
from souq.cli import app
from souq.core.money import USD
from souq.core.party import DeclareModel
from souq.core.rules import OPERATOR
from souq.journal.memory import MemoryStore
from souq.journal.sqlite import SqliteStore
from souq.journal.store import Store
from souq.lab import goods, population
from souq.lab.deal import read_population, run_deal
from souq.lab.report import write_report
from souq.lab.sales import sales
from souq.lab.simulation import Simulation
from souq.lab.summary import DealSummary, summarise
from souq.lab.tiers import ModelAudit, audit
from souq.views.history import read

DOLLAR = 10**6
STRONG, WEAK = "anthropic:claude-opus-5", "local:smollm2"


def by_model(market: Client) -> ModelAudit:
    history = read(market.venue.engine.store)
    deals = [deal for deal in history.deals.values() if not deal.is_void]
    return audit(history, sales(history, deals, {}))


def test_a_small_market_is_counted_by_hand() -> None:
    with Client.local() as market:
        ann, bob, cid, dot = (market.join(name, deposit="500") for name in ("a", "b", "c", "d"))
        for trader, model in ((ann, STRONG), (bob, WEAK), (cid, WEAK)):
            trader.submit(DeclareModel(trader.id, model))
        lamp = ann.list("lamp", category="home", price="40")
        ann.list("vase", category="home", price="9")  # stays
        pot, pan = (bob.list(name, category="home", price="20") for name in ("pot", "pan"))
        bob.take(lamp, "40")
        sold_again = cid.list("mat", category="home", price="7")
        dot.take(sold_again, "7")
        talk = ann.offer((pot, pan), "30")
        bob.accept(talk)
        found = by_model(market)
    strong, weak, none = found.models
    assert (strong.model, weak.model, none.model) == (STRONG, WEAK, "")
    assert (strong.people, strong.listed, strong.sold, strong.share_sold) == (1, 2, 1, 0.5)
    assert (strong.deals, strong.deals_per_person, strong.bought) == (2, 2.0, 2)
    assert (strong.mean_price_selling, strong.mean_price_buying) == (40 * DOLLAR, 15 * DOLLAR)
    assert (weak.people, weak.listed, weak.sold, weak.share_sold) == (2, 3, 3, 1.0)
    assert (weak.deals, weak.deals_per_person, weak.bought) == (3, 1.5, 1)
    assert weak.mean_price_selling == 37 * DOLLAR // 3
    assert (none.people, none.listed, none.share_sold, none.deals) == (1, 0, 0.0, 1)
    pairs = [(one.seller, one.buyer, one.items, one.mean_price) for one in found.pairings]
    assert pairs == [
        (STRONG, WEAK, 1, 40 * DOLLAR),
        (WEAK, STRONG, 2, 15 * DOLLAR),
        (WEAK, "", 1, 7 * DOLLAR),
    ]
    assert found.compares
    assert found.changed == 0


def test_what_was_declared_last_counts_and_a_change_is_told() -> None:
    with Client.local() as market:
        ann, bob = market.join("a", deposit="500"), market.join("b")
        ann.submit(DeclareModel(ann.id, STRONG))
        ann.take(bob.list("pot", category="home", price="20"), "20")
        ann.submit(DeclareModel(ann.id, WEAK))
        bob.submit(DeclareModel(bob.id, STRONG))
        bob.submit(DeclareModel(bob.id, ""))
        bob.submit(DeclareModel(bob.id, STRONG))
        found = by_model(market)
        assert [(one.seller, one.buyer) for one in found.pairings] == [(STRONG, WEAK)]
        assert found.changed == 1
        bob.submit(DeclareModel(bob.id, ""))
        found = by_model(market)
        assert [one.model for one in found.models] == [WEAK, ""]
        assert not found.compares
        ann.submit(DeclareModel(ann.id, ""))
        assert by_model(market) == ModelAudit()


def test_a_deal_that_came_to_nothing_counts_for_nobody() -> None:
    with Client.local() as market:
        ann, bob = market.join("a", deposit="500"), market.join("b")
        ann.submit(DeclareModel(ann.id, STRONG))
        bob.submit(DeclareModel(bob.id, WEAK))
        deal = ann.take(bob.list("pot", category="home", price="20"), "20")
        bob.client.cancel_contract(deal)
        found = by_model(market)
        assert found.pairings == ()
        assert [(one.deals, one.sold, one.bought) for one in found.models] == [(0, 0, 0)] * 2


def run_into(store: Store, models: tuple[str, ...]) -> Simulation:
    drawn = population.draw(
        goods.bundled(), people=16, seed=5, per_person=6, budget_units=100 * DOLLAR
    )
    simulation = run_deal(drawn, store, turns_per_person=40)
    for n, agent in enumerate(simulation.history.principal_of):
        if model := models[n % len(models)]:
            simulation.submit(OPERATOR, DeclareModel(agent, model)).need()
    return simulation


@cache
def run(*models: str) -> tuple[Simulation, DealSummary]:
    simulation = run_into(MemoryStore(), models)
    return simulation, summarise(simulation.history, simulation.engine.state)


def test_every_item_person_and_gain_is_counted_once() -> None:
    _, found = run(STRONG, WEAK, "")
    models, pairings = found.by_model.models, found.by_model.pairings
    assert found.items_sold > 20
    assert sum(one.people for one in models) == found.people
    assert sum(one.listed for one in models) == found.listings
    assert sum(one.sold for one in models) == round(found.share_sold * found.listings)
    assert sum(one.deals for one in models) == 2 * found.deals
    assert sum(one.items for one in pairings) == sum(one.bought for one in models)
    assert sum(one.items for one in pairings) == found.items_sold
    assert sum(one.surplus_buying for one in models) == found.surplus_buyers
    assert sum(one.surplus_selling for one in models) == found.surplus_sellers
    value = sum(one.items * one.mean_price for one in pairings)
    assert found.value - found.items_sold < value <= found.value


def test_a_declaration_changes_no_figure_of_the_market() -> None:
    (_, without), (_, with_models) = run(""), run(STRONG, WEAK)
    for name in ("deals", "value", "items_sold", "surplus_realised", "persons", "styles"):
        assert getattr(without, name) == getattr(with_models, name)
    assert without.by_model == ModelAudit()


def page(folder: Path, *models: str, knows: bool = True) -> str:
    pytest.importorskip("altair", reason="the report's charts need the extra lab")
    simulation, found = run(*models)
    people = read_population(simulation.history) if knows else None
    write_report(folder / "report.html", simulation.history, found, people)
    return (folder / "report.html").read_text("utf-8")


def test_a_report_sets_models_side_by_side_where_there_are_several(tmp_path: Path) -> None:
    _, found = run(STRONG, WEAK)
    text = page(tmp_path, STRONG, WEAK)
    assert "nobody has checked them" in text
    for pair in found.by_model.pairings:
        price = USD.format((pair.mean_price + 5_000) // 10_000 * 10_000)
        row = f"<td ><bdi>{pair.seller}</bdi></td><td ><bdi>{pair.buyer}</bdi></td>"
        assert f'{row}<td class="n">${price}</td><td class="n">{pair.items}</td>' in text
    assert "Surplus a person" in text
    assert "Surplus a person" not in page(tmp_path, STRONG, WEAK, knows=False)


@pytest.mark.parametrize("models", [("",), (STRONG,), (STRONG, "")])
def test_a_report_says_nothing_of_models_where_there_is_one_or_none(
    models: tuple[str, ...], tmp_path: Path
) -> None:
    assert "By model" not in page(tmp_path, *models)


def shown(folder: Path, *more: str) -> str:
    done = CliRunner().invoke(app, ["show", str(folder), *more])
    assert done.exit_code == 0, done.output
    return done.output


def test_show_prints_models_where_there_are_several(tmp_path: Path) -> None:
    for name, models in (("several", (STRONG, WEAK)), ("one", (STRONG,))):
        simulation = run_into(SqliteStore(tmp_path / name), models)
        simulation.engine.close()
    assert "by declared model" in shown(tmp_path / "several")
    assert "by declared model" not in shown(tmp_path / "one")
    told = json.loads(shown(tmp_path / "several", "--json"))["by_model"]
    assert [one["model"] for one in told["models"]] == [STRONG, WEAK]
    assert {(one["seller"], one["buyer"]) for one in told["pairings"]} == {
        (seller, buyer) for seller in (STRONG, WEAK) for buyer in (STRONG, WEAK)
    }
