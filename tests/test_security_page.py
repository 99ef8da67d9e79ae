"""The page on threats names a control and a proof for each, and every proof it names is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests"
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
THREATS = 30


def rows() -> dict[str, list[str]]:
    """Give the table of threats: by its number, what stands in the columns behind it."""
    found = {}
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if re.fullmatch(r"T\d+", cells[0]):
            found[cells[0]] = cells[1:]
    return found


def named() -> list[str]:
    """List the proofs that the page names."""
    return sorted(set(re.findall(r"`([\w/]+\.(?:py::\w+|deal))`", PAGE)))


def test_every_threat_has_a_control_and_a_proof() -> None:
    found = rows()
    assert list(found) == [f"T{n}" for n in range(1, THREATS + 1)]
    for threat, (what, control, proof, _) in found.items():
        assert what, threat
        assert control, threat
        assert "`" in proof, threat


@pytest.mark.parametrize("proof", named())
def test_every_test_that_the_page_names_is_there(proof: str) -> None:
    file, _, name = proof.partition("::")
    if name:
        assert re.search(rf"def {name}\(", (TESTS / file).read_text(encoding="utf-8"))
    else:
        assert (TESTS / "scenarios" / file).is_file()


def test_what_is_not_there_would_be_noticed() -> None:
    assert "test_nothing_of_the_kind" not in (TESTS / "core" / "test_bond.py").read_text()
    assert len(named()) > THREATS
