"""Every check finds what was planted for it, and nothing where nothing was."""

import msgspec

from souq.agents.llm.spending import Spent
from souq.lab.experiment.schema import Models
from souq.lab.study.anomalies import anomalies
from souq.lab.study.opening import LeftOut, Study


def checks(study: Study) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in anomalies(study):
        found.setdefault(one.check, []).append(f"{one.arm}/{one.repetition}: {one.told}")
    return found


def planted(study: Study, name: str, frame: object) -> dict[str, list[str]]:
    frames = {**study.frames, name: frame}
    return checks(msgspec.structs.replace(study, frames=frames))


def test_a_sound_run_has_no_gaps(study: Study) -> None:
    told = checks(study)
    for check in ("left out", "stopped early", "contracts left open", "survey"):
        assert check not in told


def test_an_outlying_market_is_named(study: Study) -> None:
    rows = study.frame("metrics").copy()
    (n,) = rows.index[
        (rows["arm"] == "mixed") & (rows["repetition"] == 2) & (rows["metric"] == "deals")
    ]
    rows.loc[n, "value"] = 5_000.0
    found = planted(study, "metrics", rows)["outlying markets"]
    assert any(told.startswith("mixed/2: deals is 5,000") for told in found)


def test_metrics_without_a_value_are_counted(study: Study) -> None:
    rows = study.frame("metrics").copy()
    rows.loc[(rows["arm"] == "all strong") & (rows["metric"] == "price_mean"), "value"] = None
    before, after = checks(study).get("not defined", []), planted(study, "metrics", rows)
    (told,) = [one for one in after["not defined"] if one not in before]
    assert told == "all strong/0: price_mean is not defined in 3 of 3 cells"


def test_a_metric_of_a_treatment_that_nobody_used_is_no_anomaly(study: Study) -> None:
    rows = study.frame("metrics").copy()
    rows.loc[rows["metric"] == "price_mean", "value"] = None
    found = planted(study, "metrics", rows).get("not defined", [])
    assert not any("price_mean" in told for told in found)


def test_open_contracts_losses_and_empty_markets_are_named(study: Study) -> None:
    deals = study.frame("deals").copy()
    first = deals.index[(deals["arm"] == "mixed") & (deals["repetition"] == 1)]
    deals.loc[first[:2], "stage"] = "disputed"
    (told,) = planted(study, "deals", deals)["contracts left open"]
    assert told == "mixed/1: 2 contracts were still disputed when the market closed"
    (told,) = planted(study, "deals", deals.drop(first))["empty markets"]
    assert told.startswith("mixed/1")
    persons = study.frame("persons").copy()
    persons.loc[persons["arm"] == "mixed", "surplus_units"] = 1
    persons.loc[persons.index[persons["arm"] == "mixed"][0], "surplus_units"] = -7_000_000
    found = planted(study, "persons", persons)["losses"]
    assert "mixed/0: 1 of 30 persons ended below zero, the worst at −$7.00" in found


def test_refusals_out_of_line_are_named_with_their_reason(study: Study) -> None:
    rows = study.frame("refusals").copy()
    usual = [
        {"arm": cell.arm, "repetition": cell.repetition, "person": "Ada", "kind": "weak"}
        | {"command": "Counter", "reason": "not_your_turn", "count": 1 + cell.number % 3}
        for cell in study.cells
    ]
    usual[4]["count"] = 900
    (told,) = planted(study, "refusals", type(rows)(usual))["refusals"]
    cell = study.cells[4]
    assert told.startswith(f"{cell.arm}/{cell.repetition}: ")
    assert told.endswith("mostly not_your_turn")


def test_models_that_stopped_or_ran_out_are_named(study: Study) -> None:
    cell = study.cells[0]
    manifest = msgspec.structs.replace(
        study.manifests[cell.name],
        stop="the run's budget is spent",
        spent=Spent(calls=90, failed=10, unpriced=3, cost_units=990_000),
    )
    base = msgspec.structs.replace(study.base, models=Models(cell_max_cost="1"))
    told = checks(
        msgspec.structs.replace(
            study,
            manifests={**study.manifests, cell.name: manifest},
            design=msgspec.structs.replace(study.design, base=base),
        )
    )
    assert told["stopped early"] == ["mixed/1: the run's budget is spent"]
    assert told["models’ budgets"] == ["mixed/1: models spent $0.99 of $1"]
    assert told["models"] == [
        "mixed/1: 10 of 100 calls of models failed",
        "mixed/1: the price of 3 calls of models is not known",
    ]


def test_missing_cells_and_answers_are_counted(study: Study) -> None:
    left = tuple(LeftOut(cell, "was not run") for cell in study.cells[:2])
    told = checks(msgspec.structs.replace(study, left_out=left))
    assert told["left out"] == ["mixed/1: was not run", "mixed and dear/1: was not run"]
    said = study.frame("survey")
    (silent,) = planted(study, "survey", said.drop(said.index[said["arm"] == "mixed"][:4]))[
        "survey"
    ]
    assert silent == "mixed/0: 26 of 30 people answered the survey"
