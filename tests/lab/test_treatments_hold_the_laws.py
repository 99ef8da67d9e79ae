"""Whatever a treatment does to a market, money adds up, budgets hold, and a seed repeats a run."""

from collections import Counter
from pathlib import Path

import pytest

from souq.core import market
from souq.core.agreement import CashLeg
from souq.core.ledger import ACCOUNTS
from souq.journal.replay import replay
from souq.lab import tidying
from souq.lab.experiment.reading import read
from souq.lab.marks import round_starts
from souq.lab.metrics import METRICS
from souq.lab.treatments import TREATMENTS
from tests.lab.trials import Treatments, run, run_anew, start

SETTINGS: dict[str, Treatments] = {
    "information": {
        "information": {"floors": True, "worths": True, "going_rate": True, "records": True}
    },
    "instruction_style": {"instruction_style": {"gentle": 0.3}},
    "deadline": {"deadline": {"turns": 20, "days": 2, "offer_hours": 6, "patience": 3}},
    "batch_window, first come": {"batch_window": {"rule": "first_come"}},
    "batch_window, lot": {"batch_window": {"rule": "lot"}},
    "batch_window, best price": {"batch_window": {"rule": "best_price"}},
    "seller_messages": {"seller_messages": {}},
    "newcomers": {"newcomers": {"bond": "50"}},
    "repricing": {"repricing": {"factor": 1.1}},
    "elastic_supply": {"elastic_supply": {}},
    "shipping": {"shipping": {}},
    "refunds": {"refunds": {"policy": "returns"}},
    "listing_quality": {"listing_quality": {"vague": 0.2, "incomplete": 0.2, "misleading": 0.2}},
    "range_of_goods": {"range_of_goods": {"categories": 3, "likeness": 0.5, "copies": 2}},
    "rounds": {"rounds": {"rounds": 3, "records": True, "cheats": 0.3}},
    "several at once": {
        "rounds": {"rounds": 2, "cheats": 0.2},
        "newcomers": {},
        "information": {"records": True},
        "instruction_style": {},
        "seller_messages": {},
        "repricing": {},
        "shipping": {},
        "refunds": {"policy": "returns"},
        "listing_quality": {"misleading": 0.3},
    },
}
FILES = sorted((Path(__file__).parents[2] / "experiments" / "treatments").glob("*.toml"))
every = pytest.mark.parametrize("name", SETTINGS)


def test_every_treatment_is_among_these_or_in_a_test_of_its_own() -> None:
    here = {name for settings in SETTINGS.values() for name in settings}
    assert here <= TREATMENTS.keys()
    assert len(here) >= 13


@every
def test_money_adds_up(name: str) -> None:
    ran = run(SETTINGS[name])
    accounts = ran.simulation.engine.state.rows(ACCOUNTS)
    assert sum(one.posted for one in accounts.values()) == 0
    assert all(one.posted >= 0 for id, one in accounts.items() if not id.startswith("world"))
    assert len(ran.told.deals) > 3


@every
def test_nobody_pays_more_than_its_person_gave(name: str) -> None:
    ran = run(SETTINGS[name])
    rounds = len(round_starts(ran.simulation.history))
    paid = Counter[str]()
    for deal in ran.simulation.history.deals.values():
        for leg in deal.agreement.legs:
            if isinstance(leg, CashLeg):
                paid[leg.giver] += leg.amount.units
    for agent, person in ran.told.people.items():
        assert paid[agent] <= rounds * person.budget_units


@every
def test_nothing_is_held_but_bonds_when_all_is_over(name: str) -> None:
    ran = run(SETTINGS[name])
    held = sum(one.held for one in ran.simulation.engine.state.rows(ACCOUNTS).values())
    assert held == sum(part.bond_units for part in ran.setup.parts)


@every
def test_the_same_cell_twice_is_the_same_to_the_byte(name: str) -> None:
    treatments = SETTINGS[name]
    first, second = run(treatments), run_anew(treatments)
    assert first.store is not second.store
    assert first.simulation.engine.head == second.simulation.engine.head
    rows = [tidying.rows_of(one.told, {}, frozenset()) for one in (first, second)]
    assert rows[0] == rows[1]


@every
def test_a_journal_replays_to_the_state_it_ended_in(name: str) -> None:
    ran = run(SETTINGS[name])
    live = market.state_hash(ran.simulation.engine.state)
    assert market.state_hash(replay(ran.store).state) == live


@every
def test_every_metric_is_a_number_or_not_defined(name: str) -> None:
    ran = run(SETTINGS[name])
    for metric in METRICS:
        value = ran.metric(metric)
        assert value is None or abs(value) < 10**9, metric


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_example_is_an_experiment_without_mistakes(path: Path) -> None:
    assert len(read(path).arms) >= 2


def test_each_treatment_has_an_example() -> None:
    shown = {
        name for path in FILES for arm in read(path).arms for name in arm.experiment.treatments
    }
    assert {name for settings in SETTINGS.values() for name in settings} <= shown


def test_settings_out_of_their_bounds_are_explained() -> None:
    with pytest.raises(Exception, match="cheats is a share, from 0 to 1"):
        start({"rounds": {"cheats": 2}})
    with pytest.raises(ValueError, match=r"name treatments\.rounds before"):
        start({"newcomers": {}, "rounds": {}})
    with pytest.raises(ValueError, match=r"range_of_goods\.categories is 500"):
        start({"range_of_goods": {"categories": 500}})
