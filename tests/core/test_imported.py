"""What is brought from elsewhere is a bounded prior, and no evidence counts twice."""

from typing import Any

import pytest

from souq.core.credential import AddKey
from souq.core.imported import ImportReputation, prior_of
from souq.core.officer import RegisterOfficer
from souq.core.reputation import ONE, score_of
from souq.core.rules import DAY_US, OPERATOR
from souq.core.seal import PublicText
from tests.core.stall import START, Stall
from tests.laws.key_moves import material

KEY = material("ed25519", 1)
HALF_LIFE = 90 * DAY_US


def market() -> Stall:
    stall = Stall()
    stall.do(OPERATOR, RegisterOfficer(PublicText("olga")))
    stall.do("P1", AddKey("P1", "ed25519", KEY))
    stall.do("P2", AddKey("P2", "ed25519", material("ed25519", 2)))
    return stall


def statement(**other: Any) -> ImportReputation:
    told: dict[str, Any] = {
        **{"principal": "P1", "issuer": "did:key:z6Mk", "source": "north", "subject_key": KEY},
        **{"digest": "ab" * 32, "evidence_root": "cd" * 32, "from_at": 0, "until_at": START},
        **{"valid_until": 2**52, "good_milli": 5_000, "bad_milli": 0, **other},
    }
    return ImportReputation(**told)


def refused(stall: Stall, command: ImportReputation, actor: str = OPERATOR) -> str:
    refusal = stall.try_(actor, command).refusal
    return "" if refusal is None else f"{refusal.reason} {refusal.facts.get('field', '')}".strip()


def worth(stall: Stall) -> float:
    found = prior_of(stall.engine.state, "P1", HALF_LIFE)
    return round((found.good + found.bad) / ONE, 2)


def test_it_lifts_a_newcomer_and_leaves_it_a_newcomer() -> None:
    stall = market()
    before = score_of(stall.engine.state, "P1")
    stall.do("O1", statement())
    after = score_of(stall.engine.state, "P1")
    assert after.quantile_bps > before.quantile_bps
    assert after.is_newcomer
    assert after.evidence_milli == 0


def test_however_much_it_tells_it_is_worth_ten_deals_and_all_together_no_more() -> None:
    stall = market()
    stall.do(OPERATOR, statement(good_milli=10**9))
    assert worth(stall) == 10
    more = statement(
        digest="01" * 32, evidence_root="02" * 32, source="south", good_milli=10**9, issuer="did:x"
    )
    stall.do(OPERATOR, more)
    assert worth(stall) == 10


def test_an_issuer_that_is_half_believed_counts_half() -> None:
    stall = market()
    stall.do(OPERATOR, statement(good_milli=10**9, weight_bps=5_000))
    assert worth(stall) == 5


def test_what_went_badly_elsewhere_comes_along() -> None:
    stall = market()
    before = score_of(stall.engine.state, "P1").quantile_bps
    stall.do(OPERATOR, statement(good_milli=0, bad_milli=4_000))
    assert score_of(stall.engine.state, "P1").quantile_bps < before


def test_it_fades_like_all_evidence() -> None:
    stall = market()
    stall.do(OPERATOR, statement(good_milli=8_000))
    stall.now += HALF_LIFE
    stall.do("P1", AddKey("P1", "ed25519", material("ed25519", 9)))
    assert worth(stall) == 4


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({}, "already_exists"),
        ({"digest": "ef" * 32}, "already_exists"),
        ({"digest": "ef" * 32, "issuer": "did:web:another.example"}, "already_exists"),
        ({"evidence_root": "ef" * 32}, "already_exists"),
        ({"digest": "ef" * 32, "evidence_root": "ef" * 32}, "invalid from_at"),
        (
            {"digest": "ef" * 32, "evidence_root": "ef" * 32, "issuer": "did:web:b.example"},
            "invalid from_at",
        ),
    ],
    ids=("replayed", "reissued", "two issuers", "root swapped", "same time", "same time, another"),
)
def test_no_evidence_counts_twice(other: dict[str, Any], reason: str) -> None:
    stall = market()
    stall.do(OPERATOR, statement())
    assert refused(stall, statement(**other)) == reason


def test_somebody_else_cannot_bring_the_same_evidence() -> None:
    stall = market()
    stall.do(OPERATOR, statement())
    taken = statement(principal="P2", subject_key=material("ed25519", 2), digest="ef" * 32)
    assert refused(stall, taken) == "already_exists"


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"valid_until": START}, "invalid valid_until"),
        ({"until_at": 2**52}, "invalid until_at"),
        ({"from_at": START}, "invalid until_at"),
        ({"from_at": -1}, "invalid until_at"),
        ({"subject_key": material("ed25519", 2)}, "not_yours subject_key"),
        ({"subject_key": ""}, "not_yours subject_key"),
        ({"principal": "P9"}, "not_found"),
        ({"good_milli": -1}, "invalid good_milli"),
        ({"bad_milli": 10**13}, "invalid bad_milli"),
        ({"weight_bps": 10_001}, "invalid weight_bps"),
        ({"digest": "AB" * 32}, "invalid digest"),
        ({"evidence_root": "x"}, "invalid evidence_root"),
        ({"issuer": ""}, "invalid issuer"),
        ({"source": "x" * 300}, "invalid source"),
    ],
)
def test_what_does_not_hold_together_is_refused(other: dict[str, Any], reason: str) -> None:
    assert refused(market(), statement(**other)) == reason


@pytest.mark.parametrize("actor", ["P1", "A1", "P2", "nobody"])
def test_nobody_imports_for_themselves(actor: str) -> None:
    assert refused(market(), statement(), actor) == "not_yours"
