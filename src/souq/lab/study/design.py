"""The parts of a study's page that say what was done: design, sample, how to do it again."""

from collections import Counter
from html import escape

from souq.lab.drawing import lettering
from souq.lab.experiment.schema import Design, Experiment
from souq.lab.markup import counted, table_of, words_of
from souq.lab.study.opening import Study
from souq.lab.study.settings import differing, unusual

CELLS_MAX = 1_000  # of the table of seeds; the plan has them all
METHODS = {
    "independent": "drawn for each person by itself",
    "blocked": "drawn in exact shares",
    "within": "every person has every kind in turn, and begins with one drawn",
}
# Told in sentences of their own, or no setting of the market.
ELSEWHERE = ("name", "question", "seed", "repetitions", "beside.", "stopping.", "population.fresh")


def design(study: Study) -> str:
    """Tell the arms and what tells them apart, who was assigned what, and all that was chosen."""
    rows = []
    chosen = differing(study.design)
    for arm in study.design.arms:
        told = "; ".join(
            f"<code>{words_of(name)} = {words_of(value)}</code>"
            for name, value in chosen[arm.name].items()
        )
        shares = _shares(arm.experiment)
        whole = sum(shares.values()) or 1.0
        drawn = "; ".join(
            f"{words_of(name)} {share / whole:.0%}" for name, share in shares.items() if share > 0
        )
        rows.append((words_of(arm.name), drawn, told or "nothing"))
    same = len(study.arms) > 1 and not any(chosen.values())
    heads = ("Arm", "Agents drawn", "What sets it apart")
    table = table_of(heads, rows, caption="The arms; each is compared with the first")
    note = "<p>All arms have the same settings: they differ by chance alone.</p>" if same else ""
    return f'{table}{note}<dl class="facts">{_facts(study)}</dl>{_chosen(study.design)}'


def _shares(asked: Experiment) -> dict[str, float]:
    if asked.mode == "swap":
        return {name: float(share) for name, share in asked.swap.kinds.items()}
    return {name: kind.share for name, kind in asked.agents.items()}


def _facts(study: Study) -> str:
    base = study.base
    facts = _of_swap(study) if base.mode == "swap" else _of_deal(study)
    facts |= {
        "Repetitions": f"{base.repetitions:,} of each arm",
        "Seed": f"{base.seed}; every cell’s seeds follow from it, and stood in the plan before"
        " the first cell was run",
    }
    if base.stopping is not None:
        rule = base.stopping
        facts["Stopping"] = (
            f"after every {rule.every} repetitions, once the 95 % interval of the last arm’s"
            f" difference in {words_of(rule.metric)} is at most ± {rule.half_width:g}"
        )
    if base.survey is not None:
        by = base.survey.by
        facts["Survey"] = f"answered by {'a script' if by == 'script' else words_of(by)}"
    return "".join(f"<dt>{name}</dt><dd>{fact}</dd>" for name, fact in facts.items())


def _of_swap(study: Study) -> dict[str, str]:
    people = sorted({arm.experiment.swap.people for arm in study.design.arms})
    return {
        "People": f"{', '.join(f'{count:,}' for count in people)} on a floor of barter, each with"
        " one book; drawn from a seed"
    }


def _of_deal(study: Study) -> dict[str, str]:
    base = study.base
    people, assignment = base.population, base.assignment
    models = {
        kind.model or "a script"
        for arm in study.design.arms
        for kind in arm.experiment.agents.values()
        if kind.share > 0 or kind.names
    }
    strata = f" within strata of {assignment.strata}" if assignment.strata else ""
    fresh = "the same people in every repetition"
    if people.fresh == "each_repetition" and not people.file:
        fresh = "new people for each repetition, the same ones in all arms of it"
    who = f"{people.people:,} in each market, drawn from a seed"
    if people.file:
        who = f"read from {words_of(people.file)}"
    elif people.sources:
        who += ", with goods from files"
    treatments = {name for arm in study.design.arms for name in arm.experiment.treatments}
    return {
        "People": f"{who}; {fresh}",
        "Kinds of agents": f"{METHODS[assignment.method]}{strata}",
        "They run on": words_of(", ".join(sorted(models))),
        "Treatments": words_of(", ".join(sorted(treatments)) or "none"),
    }


def _chosen(design: Design) -> str:
    told = {
        name: value
        for name, value in unusual(design).items()
        if not name.startswith(ELSEWHERE)
    }  # fmt: skip
    if not told:
        return "<p>Every other setting is as it comes.</p>"
    rows = [(f"<code>{words_of(name)}</code>", words_of(value)) for name, value in told.items()]
    table = table_of(("Setting", "Value"), rows, caption="What was chosen for all arms")
    return f"<details><summary>Settings of all arms</summary>{table}</details>"


def sample(study: Study) -> str:
    """Count what there is to go by, arm by arm, and what is missing."""
    persons, listings = study.persons, study.frame("listings")
    count = "deals" if "deals" in persons.columns else "swaps"
    items, deals = study.frame("items"), study.frame("deals")
    rows = []
    for arm in study.arms:
        planned = sum(cell.arm == arm for cell in study.plan.cells)
        there = len(study.cells_of(arm))
        mine = persons[persons["arm"] == arm]
        kinds = Counter(mine["kind"].tolist())
        sold = listings[(listings["arm"] == arm) & (listings["side"] == "sell")]
        rows.append(
            (
                words_of(arm),
                f"{there:,} of {planned:,}",
                f"{len(mine):,}",
                ", ".join(f"{words_of(kind)} {n:,}" for kind, n in sorted(kinds.items())) or "–",
                f"{int((mine[count] == 0).sum()):,}",
                f"{len(sold):,}",
                f"{int((deals['arm'] == arm).sum()):,}",
                f"{int((items['arm'] == arm).sum()):,}",
            )
        )
    heads = ("Arm", "#Cells", "#Persons", "Kinds", "#Without a deal", "#Listings", "#Contracts")
    table = table_of((*heads, "#Items sold"), rows, caption="A person counts once in each market")
    left = len(study.left_out)
    told = (
        f"<p><b>{counted(left, 'cell')} of {len(study.plan.cells):,} left out</b>: not finished,"
        " damaged or of another plan; see the anomalies. This page is of the others.</p>"
        if left
        else "<p>Nothing was left out: all cells that were planned are counted.</p>"
    )
    notes = "".join(f"<p>{words_of(note)}</p>" for note in study.notes)
    return told + notes + table


def again(study: Study) -> str:
    """Say how to run the same once more, and how to check what is here."""
    plan = study.plan
    files = "".join(
        f"<dt>{words_of(name)}</dt><dd><code>{escape(digest)}</code></dd>"
        for name, digest in plan.inputs.items()
    )
    commit = lettering(plan.commit.rstrip("+"), 60)
    checkout = f"git checkout {commit}\n" if commit else ""
    dirty = (
        "<p>The code had changes that no commit holds, so a checkout is near to what ran here,"
        " and need not be the same.</p>"
        if plan.commit.endswith("+")
        else ""
    )
    has_models = any(manifest.models for manifest in study.manifests.values())
    promise = (
        "What models say is no simulation: their calls are recorded in each cell, and a new run"
        " asks them anew."
        if has_models
        else "The same code and file give the same cells, byte for byte."
    )
    first = study.cells[0].name
    # What the file names is looked for beside it.
    file = "again.toml" if plan.inputs else "DIR/experiment.toml"
    beside = "cp DIR/experiment.toml again.toml  # beside the files above\n" if plan.inputs else ""
    return (
        f'<dl class="facts"><dt>souq</dt><dd>{words_of(plan.souq)}, commit'
        f" <code>{words_of(plan.commit or 'not known')}</code></dd>"
        f"<dt>experiment.toml</dt><dd><code>{escape(plan.file_sha256)}</code> (SHA-256)</dd>"
        f"{files}{_models(study)}</dl>{dirty}<p>{promise} DIR is this page’s folder.</p>"
        f"<pre><code>{escape(checkout)}{beside}souq lab run {file} --out AGAIN\n"
        f"souq lab compare DIR AGAIN\nsouq verify DIR/cells/{first}\n"
        f"souq lab report DIR</code></pre>{_seeds(study)}"
    )


def _models(study: Study) -> str:
    told: dict[str, None] = {}
    for cell in study.cells:
        models = study.manifests[cell.name].models
        if models is not None:
            names = ", ".join(sorted(set(models.players.values())))
            told.setdefault(f"{names}; prompts {models.prompt_version} {models.prompt_sha256}")
    return "".join(f"<dt>Models</dt><dd>{words_of(one)}</dd>" for one in told)


def _seeds(study: Study) -> str:
    rows = [
        (
            f"<code>{cell.name}</code>",
            words_of(cell.arm),
            f"{cell.repetition}",
            f"{cell.people_seed}",
            f"{cell.draw_seed}",
            f"{cell.luck_seed}",
            f"{study.manifests[cell.name].records:,}",
            f"<code>{escape(study.manifests[cell.name].head[:12])}</code>",
        )
        for cell in study.cells[:CELLS_MAX]
    ]
    heads = ("Cell", "Arm", "#Repetition", "#Seed of people", "#Of kinds", "#Of luck", "#Records")
    table = table_of((*heads, "Head"), rows, caption="Head is the hash of a journal’s last record")
    more = len(study.cells) - CELLS_MAX
    note = f"<p>{more:,} more cells stand in plan.json.</p>" if more > 0 else ""
    return f"<details><summary>Seeds and heads of cells</summary>{table}{note}</details>"
