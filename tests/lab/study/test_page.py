"""What a study's page promises: it needs nothing, obeys nobody, and is the same each time."""

import base64
import hashlib
import re
import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import msgspec
import pytest

from souq.lab.experiment.schema import Arm
from souq.lab.study import page
from souq.lab.study.design import sample
from souq.lab.study.opening import LeftOut, Study, open_study
from tests.lab.study.folders import EMPTY, made
from tests.lab.test_report import EVIL, Page

FIGURES = {
    *("main-effect", "kinds-surplus", "kinds-deals", "surplus-by-arm", "distribution-by-person"),
    *("concession-curves", "price-against-reservation-values", "price-position"),
    *("timeline-deals", "timeline-volume", "network"),
}


@pytest.fixture(scope="module")
def written(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    at = tmp_path_factory.mktemp("report")
    page.write(study, at)
    return at


@pytest.fixture(scope="module")
def text(written: Path) -> str:
    return (written / page.PAGE).read_text("utf-8")


def renamed(study: Study, arms: dict[str, str], kinds: dict[str, str]) -> Study:
    """Give the same study under other names, as a stranger might have given them."""
    frames = {}
    for name, frame in study.frames.items():
        frame = frame.copy()
        frame["arm"] = frame["arm"].map(arms)
        for column in frame.columns:
            if column.endswith("kind"):
                frame[column] = frame[column].map(kinds)
        frames[name] = frame
    base = msgspec.structs.replace(
        study.base,
        name=EVIL,
        question=EVIL,
        beside=None,
        agents={kinds[name]: kind for name, kind in study.base.agents.items()},
    )
    cells = tuple(msgspec.structs.replace(cell, arm=arms[cell.arm]) for cell in study.cells)
    return msgspec.structs.replace(
        study,
        design=type(study.design)(base, tuple(Arm(name, base) for name in arms.values())),
        plan=msgspec.structs.replace(study.plan, cells=cells, inputs={EVIL: "0"}, commit=EVIL),
        cells=cells,
        frames=frames,
        notes=(EVIL,),
    )


def many_arms(study: Study, count: int) -> Study:
    """Give a study with so many arms, all like the first."""
    names = [f"arm {n}" for n in range(count)]
    cells = [cell for cell in study.cells if cell.arm == "mixed"]
    frames = {}
    for name, frame in study.frames.items():
        first = frame[frame["arm"] == "mixed"]
        parts = [first.assign(arm=arm) for arm in names]
        for n, part in enumerate(parts):
            if name == "metrics":
                part["value"] += n * part["repetition"]
        frames[name] = type(first)(
            {column: [v for part in parts for v in part[column]] for column in first.columns}
        )
    every = tuple(msgspec.structs.replace(cell, arm=arm) for arm in names for cell in cells)
    base = msgspec.structs.replace(study.base, beside=None)
    return msgspec.structs.replace(
        study,
        design=type(study.design)(base, tuple(Arm(name, base) for name in names)),
        plan=msgspec.structs.replace(study.plan, cells=every),
        cells=every,
        frames=frames,
    )


def sound(text: str) -> Page:
    read = Page(text)
    assert read.open == []
    return read


def test_a_page_reaches_for_nothing_outside_itself(text: str) -> None:
    read = sound(text)
    kinds = {tag for tag, _ in read.tags}
    assert kinds.isdisjoint({"script", "link", "img", "iframe", "object", "base", "form", "a"})
    names = {name for _, attrs in read.tags for name in attrs}
    assert names.isdisjoint({"src", "href", "xlink:href", "style", "id", "srcset"})
    assert not any(name.startswith("on") for name in names)
    assert re.search(r"https?:|//[a-z]|url\(|@import", text) is None


def test_its_policy_allows_its_own_stylesheet_only(text: str) -> None:
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    (policy,) = [
        attrs["content"]
        for tag, attrs in Page(text).tags
        if tag == "meta" and attrs.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def test_it_has_all_that_a_colleague_asks_for(text: str, study: Study) -> None:
    for head in ("The answer", "Kinds of agents", "Design", "Sample", "What happened"):
        assert f"<h2>{head}</h2>" in text
    for head in ("Every metric", "Anomalies", "Cost", "How to do it again"):
        assert f"<h2>{head}</h2>" in text
    assert "Beside Project Deal’s published figures" in text
    assert study.plan.file_sha256 in text
    assert "souq verify DIR/cells/00001" in text
    assert all(str(cell.luck_seed) in text for cell in study.cells)


def test_figures_stand_alone_as_svg_and_png(written: Path) -> None:
    at = written / page.FIGURES_FOLDER
    assert {path.stem for path in at.iterdir()} == FIGURES
    for name in FIGURES:
        drawn = (at / f"{name}.svg").read_text("utf-8")
        assert ElementTree.fromstring(drawn).tag.endswith("svg")
        assert re.search(r"(?:href|src)=|url\(|<script|<style", drawn) is None
        assert (at / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_folder_gives_the_same_bytes(small: Path, written: Path, tmp_path: Path) -> None:
    shutil.copytree(small, tmp_path / "elsewhere")
    page.write(open_study(tmp_path / "elsewhere"), tmp_path / "again")
    for path in sorted(written.rglob("*.*")):
        again = tmp_path / "again" / path.relative_to(written)
        assert again.read_bytes() == path.read_bytes(), path.name


def test_names_from_strangers_stay_words(study: Study, tmp_path: Path) -> None:
    arms = {name: f"{n}{EVIL}" for n, name in enumerate(study.arms)}
    kinds = {name: f"{name}{EVIL}" for name in study.base.agents}
    page.write(renamed(study, arms, kinds), tmp_path)
    text = (tmp_path / page.PAGE).read_text("utf-8")
    sound(text)
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    # A character that turns the line around turns it inside its own element only.
    assert text.count("\u202e") == len(re.findall(r"<bdi>[^<]*\u202e[^<]*</bdi>", text))
    for path in (tmp_path / page.FIGURES_FOLDER).glob("*.svg"):
        drawn = path.read_text("utf-8")
        ElementTree.fromstring(drawn)
        assert "<script" not in drawn
        assert "\u202e" not in drawn


def test_a_market_without_deals_and_an_experiment_of_one_arm_have_pages(tmp_path: Path) -> None:
    at = made(tmp_path, EMPTY)
    found = page.write(open_study(at), at)
    text = found.page.read_text("utf-8")
    sound(text)
    assert found.main == ()
    assert "With one arm there is none to compare it with" in text
    assert "nobody closed a deal" in text
    assert {path.stem for path in found.figures}.isdisjoint({"network", "timeline-deals"})


def test_twenty_arms_fit(study: Study, tmp_path: Path) -> None:
    found = page.write(many_arms(study, 20), tmp_path)
    text = found.page.read_text("utf-8")
    sound(text)
    assert len(found.main) == 19
    assert all(one.effect for one in found.main)
    assert "The other arms (16) stand below." in text
    assert "The first 6 of 20 arms." in text


def test_what_was_left_out_is_said_first_in_the_sample(study: Study, tmp_path: Path) -> None:
    left = tuple(LeftOut(cell, "was not run") for cell in study.cells[:1])
    assert "<b>1 cell of 9 left out</b>" in sample(msgspec.structs.replace(study, left_out=left))
    assert "Nothing was left out" in sample(study)


def test_an_experiment_that_left_metrics_only_has_a_page(study: Study, tmp_path: Path) -> None:
    base = msgspec.structs.replace(study.base, beside=None, survey=None)
    bare = msgspec.structs.replace(
        study,
        design=msgspec.structs.replace(study.design, base=base),
        frames={"metrics": study.frame("metrics")},
    )
    found = page.write(bare, tmp_path)
    sound(found.page.read_text("utf-8"))
    assert {path.stem for path in found.figures} == {"main-effect"}
    assert all(one.effect for one in found.main)
