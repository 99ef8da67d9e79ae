"""A counterfactual: a cell's market goes its way up to a record, and on under another rule.

Agents keep to themselves what they think, so a journal alone could not say what they would have
done next. But a run repeats from its seed: the market is run again, checked against the journal's
own hash at the fork, and there the rule is changed, by a command that stands in the new journal.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec

from souq.agents.llm.recording import FILE as CALLS
from souq.core.rules import AMENDABLE, OPERATOR, AmendRules, Rules
from souq.core.rules import rules as rules_of
from souq.journal.sqlite import FILE as JOURNAL
from souq.journal.sqlite import SqliteStore
from souq.lab.experiment import folder, reading
from souq.lab.experiment.folder import BadFolder, CellManifest, Forked
from souq.lab.experiment.one_cell import CellFailed, Order, run_cell
from souq.lab.provenance import commit
from souq.lab.simulation import Simulation


class BadChange(ValueError):
    """A change that no market can have, or none that can be made at that record."""


def fork(cell_folder: Path, *, at: int, changes: Sequence[str], out: Path) -> CellManifest:
    """Run a cell again, and change rules after record `at`; give the new cell's manifest.

    `changes` are NAME=VALUE, of the house's rules. Raises BadChange, BadFolder and what cells do.
    """
    chosen = _changes(changes)
    experiment = cell_folder.resolve().parent.parent
    plan = folder.read_plan(experiment)
    found = [cell for cell in plan.cells if cell.name == cell_folder.resolve().name]
    if not found or not (cell_folder / JOURNAL).is_file():
        where = experiment / folder.CELLS / "00001"
        raise BadFolder(f"{cell_folder} is no cell; name one, such as {where}")
    if out.exists() and any(out.iterdir()):
        raise BadFolder(f"{out} is there already; name another --out")
    before = folder.read_manifest(experiment, found[0])
    design = reading.parse((experiment / folder.FILE).read_text("utf-8-sig"), _origin(experiment))
    asked = {arm.name: arm.experiment for arm in design.arms}[found[0].arm]
    if asked.mode != "deal":
        raise BadChange("only markets of mode deal can be forked")
    if not 1 <= at < before.records:
        raise BadChange(f"--at {at}: the journal has {before.records} records")
    turn = _Fork(at, _hash_at(cell_folder, at), chosen, dict(one.split("=", 1) for one in changes))
    beside = str(_origin(experiment).parent)
    order = Order(found[0], asked, before.plan_sha256, commit(Path(__file__)), beside)
    begun = out.with_name(f".{out.name}")
    folder.clear(begun)
    try:
        if (cell_folder / CALLS).is_file():
            shutil.copy(cell_folder / CALLS, begun / CALLS)
        run_cell(order, begun, turn)
        if out.exists():
            out.rmdir()
        begun.rename(out)
    except BaseException:
        shutil.rmtree(begun, ignore_errors=True)
        raise
    manifest: CellManifest = msgspec.json.decode(
        (out / folder.MANIFEST).read_bytes(), type=CellManifest
    )
    return manifest


class _Fork:
    """Waits for a record, makes sure that the path is the same, and changes the rules."""

    def __init__(
        self, at: int, hash: bytes, rules: dict[str, object], said: dict[str, str]
    ) -> None:
        self._at = at
        self._hash = hash
        self._rules = rules
        self._said = said
        self._changed_at = 0

    def __call__(self, simulation: Simulation) -> None:
        if self._changed_at or simulation.engine.head[0] < self._at:
            return
        entry = next(iter(simulation.engine.store.read(self._at, self._at)))
        if entry.hash != self._hash:
            raise CellFailed(
                f"record {self._at} comes out otherwise than it did: this is another souq, or"
                " models answered that were not recorded"
            )
        now = rules_of(simulation.engine.state)
        asked = msgspec.structs.replace(now, **self._rules)
        simulation.submit(OPERATOR, AmendRules(asked)).need()
        self._changed_at = simulation.engine.head[0]

    def told(self) -> Forked:
        """Say where the path was left. Raises BadChange where it never was."""
        if not self._changed_at:
            raise BadChange(f"--at {self._at} lies after the last turn; nothing would change")
        return Forked(self._at, self._hash.hex(), self._changed_at, self._said)


def _changes(words: Sequence[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for word in words:
        name, sign, value = word.partition("=")
        name = name.strip().removeprefix("market.").removeprefix("rules.")
        if not sign or name not in AMENDABLE:
            raise BadChange(f"--set {word}: NAME=VALUE, and NAME one of {', '.join(AMENDABLE)}")
        try:
            raw = msgspec.json.decode(value.strip())
            found[name] = getattr(msgspec.convert({name: raw}, Rules), name)
        except msgspec.MsgspecError as error:
            why = str(error).partition(" - at ")[0]
            raise BadChange(f"--set {word}: {why[:1].lower()}{why[1:]}") from None
    if not found:
        raise BadChange("--set says what changes, such as --set fee_bps=500")
    return found


def _hash_at(cell_folder: Path, seq: int) -> bytes:
    store = SqliteStore(cell_folder, read_only=True)
    try:
        return next(iter(store.read(seq, seq))).hash
    finally:
        store.close()


def _origin(experiment: Path) -> Path:
    """Give where the experiment's file was, so that what it names is found."""
    return Path((experiment / folder.ORIGIN).read_text()) / folder.FILE
