"""A mandate's lists are short enough to be gone through at each of a thousand awards."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souq.core.mandate import NAMES_MAX, GrantMandate, Limits, SecretLimits, covers
from souq.core.rules import OPERATOR
from tests.core.stall import SOL, Stall

NAMES = tuple(f"bikes/{n}" for n in range(NAMES_MAX + 1))
_paths = st.lists(st.sampled_from(("a", "b", "")), min_size=1, max_size=4).map("/".join)


@pytest.mark.parametrize("field", ["categories", "counterparties", "counterparties_denied"])
def test_a_list_that_is_too_long_is_refused(field: str) -> None:
    stall = Stall()
    for names, is_refused in ((NAMES, True), (NAMES[1:], False)):
        fields: dict[str, Any] = {field: names}
        found = stall.try_(OPERATOR, GrantMandate(SOL, SecretLimits(Limits(**fields))))
        assert (found.refusal is not None) == is_refused


@given(st.lists(_paths, max_size=3).map(tuple), _paths)
def test_a_category_is_covered_by_itself_and_by_those_above_it(
    names: tuple[str, ...], category: str
) -> None:
    assert covers(names, category) == any(
        category == one or category.startswith(one + "/") for one in names
    )
