"""The page shows what was measured, good or bad."""

from pathlib import Path

import msgspec
import pytest

from souq.replications.page import BEGIN, END, read, results, written
from souq.replications.replication import Scale
from souq.replications.running import measure_all
from tests.replications.toys import broken, sound

REPORT = msgspec.structs.replace(
    measure_all([sound, broken], Scale(is_quick=True)), commit="0123abc+"
)


def test_it_shows_every_claim_with_its_verdict_and_what_broke() -> None:
    told = results(REPORT)
    assert "| Heads of a coin of 0.5 | 0.5 | 0.5 |" in told
    assert "| *Control:* Heads of a coin of 0.9 |" in told
    assert "1 of 1 | 1 of 1 | the same |" in told
    assert "It broke: KeyError: 'the coin is lost'" in told
    assert "0 of 0 | 0 of 0 | not run |" in told
    assert f"souq {REPORT.souq}, commit 0123abc+, Python" in told


def test_a_page_keeps_its_words_and_gets_new_results() -> None:
    page = f"words\n{BEGIN}\nold\n{END}\nmore words\n"
    again = written(page, REPORT)
    assert again == f"words\n{BEGIN}\n{results(REPORT)}\n{END}\nmore words\n"
    assert written(again, REPORT) == again
    with pytest.raises(ValueError, match="has no"):
        written("words", REPORT)


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    file = tmp_path / "replications.json"
    file.write_bytes(msgspec.json.encode(REPORT))
    assert read(file) == REPORT


def test_a_bar_in_a_claim_does_not_break_the_table() -> None:
    findings = [msgspec.structs.replace(one, claim="a | b") for one in REPORT.results[0].findings]
    result = msgspec.structs.replace(REPORT.results[0], findings=tuple(findings))
    told = results(msgspec.structs.replace(REPORT, results=(result,)))
    assert "| a \\| b |" in told
