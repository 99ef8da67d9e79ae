"""A brief that was written is read back as the same brief, whatever stands in it."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from souq.agents import brief as briefs
from souq.agents.brief import Brief, ThingTold, Understanding, WantTold
from souq.agents.brief_writing import HEAD, written

HOSTILE = (
    "",
    " ",
    '"',
    '"""',
    "'''",
    "\\",
    "\\n",
    "\\u0000",
    "a\nb\r\nc\rd\te",
    "\x00\x01\x1b[31m\x7f\x85",
    "]]\n[[things]]\ntitle = 'mine'",
    "# no comment",
    "\ufeffBOM, \u202e turned, \u2028 line",
    "naïve 日本 👩‍👩‍👧 \U0001d54f \U0010ffff",
    "x" * 10_000,
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(HOSTILE)
amounts = st.integers(-(2**70), 2**70) | texts
lists = st.lists(texts, max_size=4).map(tuple)
things = st.builds(
    ThingTold,
    title=texts,
    category=texts,
    ask=amounts,
    floor=st.none() | amounts,
    description=texts,
    may_barter=st.booleans(),
)
wants = st.builds(
    WantTold, category=texts, most=amounts, count=st.integers(-(2**63), 2**63), what=texts
)
BRIEFS = st.builds(
    Brief,
    name=texts,
    budget=st.none() | amounts,
    style=texts,
    wishes=lists,
    owns=lists,
    never=lists,
    things=st.lists(things, max_size=3).map(tuple),
    wants=st.lists(wants, max_size=3).map(tuple),
    understanding=st.none()
    | st.builds(
        Understanding,
        agreed=st.integers(0),
        pairs=st.integers(0),
        least=st.sampled_from(("0", "0.6", "0.75", "1")),
    ),
)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(brief=BRIEFS)
def test_a_brief_comes_back_exactly(brief: Brief, tmp_path: Path) -> None:
    path = tmp_path / "brief.toml"
    path.write_bytes(written(brief).encode())
    assert briefs.read(path) == brief


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_on_one_line(text: str, tmp_path: Path) -> None:
    brief = Brief(name=text, owns=(text,), things=(ThingTold(text, text, text),))
    path = tmp_path / "brief.toml"
    path.write_bytes(written(brief).encode())
    assert briefs.read(path) == brief
    for line in path.read_text().split("\n"):
        assert line.isprintable()


def test_an_empty_brief_is_its_heading() -> None:
    assert written(Brief()) == HEAD + "\n"


def test_half_a_sign_is_refused_and_not_written() -> None:
    with pytest.raises(ValueError, match=r"U\+D800"):
        written(Brief(name="a\ud800"))
