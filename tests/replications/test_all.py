"""Every replication, quickly: what is claimed holds, what must fail does, and trades are alike."""

from functools import cache
from pathlib import Path

import pytest

from souq.replications import BY_ID, REPLICATIONS
from souq.replications.page import read, written
from souq.replications.replication import Scale
from souq.replications.results import FILE, Result
from souq.replications.running import measure

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "replications.md"
AGAIN = "run: souq replicate all --out docs; python -m souq.replications.page docs/replications.md"


@cache
def result(id: str) -> Result:
    return measure(BY_ID[id], Scale(is_quick=True))


@pytest.mark.parametrize("id", BY_ID)
def test_it_is_as_it_should_be(id: str) -> None:
    found = result(id)
    off = [one for one in found.findings if not one.is_as_it_should_be]
    assert not off, off
    assert found.tapes is not None
    assert found.tapes.is_as_it_should_be, found.tapes
    assert found.is_as_it_should_be, "there is a claim and a control"


@pytest.mark.parametrize("id", BY_ID)
def test_the_page_makes_the_same_claims(id: str) -> None:
    shown = {one.id: one for one in read(DOCS / FILE).results}
    assert id in shown, AGAIN
    found = result(id)
    if found.absent:
        made = _claims(found)
        assert [one for one in _claims(shown[id]) if one in made] == made, AGAIN
        pytest.skip(f"data are not here: {', '.join(found.absent)}")
    assert _claims(shown[id]) == _claims(found), AGAIN


def _claims(found: Result) -> list[tuple[str, str, bool]]:
    return [(one.claim, one.published, one.is_control) for one in found.findings]


def test_ids_stand_once_and_in_order() -> None:
    ids = [one.ID for one in REPLICATIONS]
    assert ids == sorted(set(ids), key=lambda id: (int(id[1:].rstrip("B")), id))
    assert all(one.TITLE and one.SOURCE for one in REPLICATIONS)


def test_the_page_is_made_from_its_results_and_they_are_of_a_full_run_that_went_well() -> None:
    report = read(DOCS / FILE)
    page = PAGE.read_text(encoding="utf-8")
    assert page == written(page, report), AGAIN
    assert [one.id for one in report.results] == [one.ID for one in REPLICATIONS], AGAIN
    assert report.is_as_it_should_be
    assert not report.is_quick
