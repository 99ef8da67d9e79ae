"""What a report promises: it needs nothing from outside, obeys no stranger, and adds up."""

import base64
import hashlib
import os
import re
import subprocess
import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from souq.agents.trader import Thing
from souq.journal.memory import MemoryStore
from souq.lab import charts, goods
from souq.lab.deal import run_deal
from souq.lab.economics import LabExtraMissing
from souq.lab.population import Population, draw
from souq.lab.report import write_report
from souq.lab.summary import DealSummary, PersonGain, summarise
from souq.views.history import History

pytest.importorskip("altair", reason="the report's charts need the extra lab")
pytest.importorskip("vl_convert", reason="the report's charts need the extra lab")
pytest.importorskip("scipy", reason="the best possible surplus needs the extra lab")

ROOT = Path(__file__).resolve().parents[2]
USD = 1_000_000
EVIL = """<script>alert(1)</script>"'&</td>${title}\u202e"""


class Page(HTMLParser):
    """A page's tags in order, and those left open."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def people(count: int, *, words: str = "") -> Population:
    population = draw(goods.bundled(), people=count, seed=7, per_person=6, budget_units=100 * USD)
    return population if not words else spoilt(population, words)


def spoilt(population: Population, words: str) -> Population:
    def thing(one: Thing) -> Thing:
        return msgspec.structs.replace(one, title=f"{words} {one.ref}", description=words)

    return Population(
        population.seed,
        tuple(
            msgspec.structs.replace(
                person,
                name=f"{words} {person.number}",
                things=tuple(thing(one) for one in person.things),
            )
            for person in population.people
        ),
    )


@cache
def run(count: int, turns: int = 60, words: str = "") -> tuple[History, DealSummary, Population]:
    population = people(count, words=words)
    simulation = run_deal(population, MemoryStore(), turns_per_person=turns)
    summary = summarise(simulation.history, simulation.engine.state)
    return simulation.history, summary, population


def page(folder: Path, count: int = 24, turns: int = 60, words: str = "") -> str:
    path = folder / "report.html"
    write_report(path, *run(count, turns, words))
    return path.read_text("utf-8")


def test_a_report_reaches_for_nothing_outside_itself(tmp_path: Path) -> None:
    text = page(tmp_path)
    read = Page(text)
    assert read.open == []
    kinds = {tag for tag, _ in read.tags}
    assert kinds.isdisjoint({"script", "link", "img", "iframe", "object", "base", "form", "a"})
    names = {name for _, attrs in read.tags for name in attrs}
    assert names.isdisjoint({"src", "href", "xlink:href", "style", "id", "srcset"})
    assert not any(name.startswith("on") for name in names)
    assert re.search(r"https?:|//[a-z]|url\(|@import", text) is None


def test_the_policy_allows_nothing_but_the_page_s_own_stylesheet(tmp_path: Path) -> None:
    text = page(tmp_path)
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = next(
        attrs["content"]
        for tag, attrs in Page(text).tags
        if tag == "meta" and attrs.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def test_words_of_strangers_stay_words(tmp_path: Path) -> None:
    history, summary, _ = run(24, words=EVIL)
    assert summary.deals > 0
    assert any("<script>" in story.title for story in history.listings.values())
    text = page(tmp_path, words=EVIL)
    assert "<script" not in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#x27;&amp;&lt;/td&gt;") > 24
    assert Page(text).open == []
    # A character that turns the line around turns it inside its own element only.
    assert text.count("\u202e") == len(re.findall(r"<bdi>[^<]*\u202e[^<]*</bdi>", text))


def test_a_report_says_what_its_summary_says(tmp_path: Path) -> None:
    history, summary, _ = run(24)
    text = page(tmp_path)
    for figure in (
        f"<dd>{summary.listings}</dd>",
        f"<dd>{summary.deals}</dd>",
        f"<dd>{summary.items_sold}</dd>",
        f"<dd>{charts.usd(summary.value)}</dd>",
        f"<dd>{charts.usd(summary.median_price)}</dd>",
        f"<dd>{summary.share_sold:.1%}</dd>",
        f"<dd>{summary.gini_surplus:.2f}</dd>",
        summary.state_hash,
    ):
        assert figure in text
    for contract in history.deals:
        assert f"<td >{contract}</td>" in text


def test_published_figures_stand_beside_ours_with_their_source(tmp_path: Path) -> None:
    text = page(tmp_path)
    for words in ("Anthropic, Project Deal, 24 Apr 2026", ">186<", ">206<", "just over &#36;4,000"):
        assert words in text
    assert "&#36;19.46" in text
    assert "&#36;12.00 (all runs)" in text
    assert "not something this run reproduces" in text


def test_every_picture_says_in_words_what_it_shows(tmp_path: Path) -> None:
    pictures = [attrs for tag, attrs in Page(page(tmp_path)).tags if tag == "svg"]
    assert len(pictures) == 11  # five charts for two widths each, and one bar
    for attrs in pictures:
        assert attrs["role"] == "img"
        assert len(attrs["aria-label"] or "") > 30


def test_the_deal_told_move_by_move_is_the_longest(tmp_path: Path) -> None:
    history, _, _ = run(24)
    stories = [history.negotiations[deal.negotiation] for deal in history.deals.values()]
    most = max(len(story.moves) for story in stories)
    chosen = next(story for story in stories if len(story.moves) == most)
    text = page(tmp_path)
    told = re.search(r"<caption>Negotiation (N\d+), which became contract", text)
    assert told is not None
    smallest = min((int(one.id[1:]), one) for one in stories if len(one.moves) == most)
    assert told[1] == f"N{smallest[0]}"
    assert f"after {len(chosen.moves)} moves" in text


@pytest.mark.parametrize("turns", [1, 2])
def test_a_market_that_sold_nothing_says_so(tmp_path: Path, turns: int) -> None:
    assert run(2, turns)[1].deals == 0
    text = page(tmp_path, count=2, turns=turns)
    assert "Nothing sold." in text
    assert "<svg" not in text
    assert Page(text).open == []


def test_without_a_population_a_report_leaves_private_values_out(tmp_path: Path) -> None:
    history, summary, _ = run(24)
    write_report(tmp_path / "report.html", history, summary, None)
    text = (tmp_path / "report.html").read_text("utf-8")
    assert "does not say what things are worth" in text
    assert "Gini" not in text
    assert "floor $" not in text


def test_one_fortune_does_not_press_everybody_else_flat() -> None:
    def person(units: int) -> PersonGain:
        return PersonGain("A1", "Ada", "linear", units, 0, 0)

    crowd = [person(n * USD) for n in range(1, 41)]
    assert charts.gain_cap(crowd) == 40 * USD
    assert charts.gain_cap([*crowd, person(50_000 * USD)]) < 60 * USD


def test_prices_from_cents_to_fortunes_fit_one_chart() -> None:
    paid = [0, 1, USD // 100, USD, 50_000 * USD, 10_000_000 * USD]
    pairs = [(units, units) for units in paid if units]
    for drawn in (
        charts.prices(paid, USD, label="prices"),
        charts.prices([0, 0], 0, label="only gifts"),
        charts.prices([USD], USD, label="one price"),
        charts.asks(pairs, label="asks"),
    ):
        assert "NaN" not in drawn
        assert "undefined" not in drawn


def test_money_is_written_with_commas_and_without_idle_zeros() -> None:
    assert charts.usd(4_162_500_000) == "$4,162.50"
    assert charts.usd(-1_234_567_000_001) == "−$1,234,567.000001"
    assert charts.usd(0) == "$0.00"


def test_the_same_journal_gives_the_same_bytes_in_every_process(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from tests.lab.test_report import page;"
        "page(Path(sys.argv[1]), 12)"
    )
    for name, zone, seed in (("one", "UTC", "1"), ("two", "Asia/Tokyo", "2")):
        folder = tmp_path / name
        folder.mkdir()
        env = {**os.environ, "TZ": zone, "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", script, str(folder)], check=True, env=env, cwd=ROOT)
    here = page(tmp_path, 12)
    assert page(tmp_path, 12) == here
    assert (tmp_path / "one" / "report.html").read_text("utf-8") == here
    assert (tmp_path / "two" / "report.html").read_text("utf-8") == here


def test_a_report_stays_below_two_megabytes(tmp_path: Path) -> None:
    page(tmp_path, count=69)
    assert (tmp_path / "report.html").stat().st_size < 500_000


def test_without_the_extra_a_report_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "altair", None)
    with pytest.raises(LabExtraMissing, match=r"souq\[lab\]"):
        page(tmp_path)
