"""The published schema and the page are of the code as it is."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from souq.lab.experiment import published, reading

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "experiments.md").read_text(encoding="utf-8")


def test_the_schema_is_fresh() -> None:
    now = (DOCS / "experiment.schema.json").read_text(encoding="utf-8")
    assert now == published.text(), (
        "run: python -m souq.lab.experiment.published docs/experiment.schema.json"
    )


def test_the_schema_takes_what_ships_and_refuses_what_is_wrong() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    check = jsonschema.Draft202012Validator(published.schema())
    files = sorted((DOCS.parent / "experiments").glob("**/*.toml"))
    assert files
    for file in files:
        assert not list(check.iter_errors(tomllib.loads(file.read_text("utf-8"))))
    mistaken: list[dict[str, Any]] = [
        {"nam": "x"},
        {"arms": [{"market": {}}]},
        {"market": {"fee_bps": "much"}},
    ]
    assert all(list(check.iter_errors(wrong)) for wrong in mistaken)


@pytest.mark.parametrize("text", re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL))
def test_what_the_page_shows_is_sound(text: str) -> None:
    assert len(reading.parse(text, DOCS / "example.toml").arms) > 1
