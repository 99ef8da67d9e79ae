"""Every no has a reason for programs, and a way to be heard."""

from pathlib import Path
from typing import get_args

from souq.core import payout
from souq.core.halt import LEVELS
from souq.core.refusal import Reason
from souq.journal.memory import MemoryStore
from souq.operations.compliance_queries import ListReasons
from souq.operations.reasons import ENDS, EXPLANATIONS, REFUSALS
from souq.operations.reasons_page import page
from souq.views.deal import VOID
from tests.compliance.house import House

ROOT = Path(__file__).parents[2]


def test_every_reason_code_is_explained_exactly_once() -> None:
    assert sorted(one.code for one in REFUSALS) == sorted(one.value for one in Reason)


def test_every_end_and_restriction_is_explained() -> None:
    told = {(one.kind, one.code) for one in ENDS}
    assert {code for kind, code in told if kind == "halt"} == set(LEVELS) - {"open"}
    assert {code for kind, code in told if kind == "payout_end"} == set(get_args(payout.Why))
    for code in (*VOID, "fulfilled", "ruled"):
        assert ("contract_end", code) in told


def test_each_says_what_helps_and_how_to_appeal() -> None:
    for one in EXPLANATIONS:
        assert one.meaning.endswith("."), one
        assert one.remedy.endswith("."), one
        assert "ask_review" in one.appeal, one
    assert len({(one.kind, one.code) for one in EXPLANATIONS}) == len(EXPLANATIONS)


def test_programs_can_ask_for_them() -> None:
    house = House(MemoryStore())
    assert house.venue.ask("", ListReasons()).reasons == EXPLANATIONS


def test_the_page_is_what_the_code_says() -> None:
    assert (ROOT / "docs" / "reasons.md").read_text(encoding="utf-8") == page()
