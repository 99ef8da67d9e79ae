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


def test_an_outlying_market_is_named_where_there_are_enough_to_tell(study: Study) -> None:
    rows = study.frame("metrics")
    deals = rows[(rows["arm"] == "mixed") & (rows["metric"] == "deals")].iloc[:1]
    many = type(rows)(
        {
            "arm": ["mixed"] * 6,
            "repetition": range(1, 7),
            "metric": [deals.iloc[0]["metric"]] * 6,
            "value": [20.0, 5_000.0, 21.0, 22.0, 19.0, 20.0],
        }
    )
    (told,) = planted(study, "metrics", many)["outlying markets"]
    assert told.startswith("mixed/2: deals is 5,000, its arm’s median 20.50")
    assert "outlying markets" not in planted(study, "metrics", many[:4])


def test_metrics_that_only_some_markets_define_are_counted(study: Study) -> None:
    rows = study.frame("metrics").copy()
    mine = rows.index[(rows["arm"] == "all strong") & (rows["metric"] == "price_mean")]
    rows.loc[mine[:2], "value"] = None
    found = planted(study, "metrics", rows)["not defined"]
    assert "all strong/0: price_mean is not defined in 2 of 3 cells" in found
    rows.loc[mine, "value"] = None  # as of a treatment that this arm has not
    assert not any(
        "price_mean" in told for told in planted(study, "metrics", rows).get("not defined", [])
    )


def test_an_outcome_that_an_arm_has_nowhere_is_told(study: Study) -> None:
    rows = study.frame("metrics").copy()
    rows.loc[(rows["arm"] == "mixed") & (rows["metric"] == study.base.outcome), "value"] = None
    found = planted(study, "metrics", rows)["not defined"]
    assert "mixed/0: surplus_per_person is not defined in 3 of 3 cells" in found


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
