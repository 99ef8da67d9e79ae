"""The random policies, histories and deals reach everything that rules can say."""

import os
from collections import Counter
from random import Random

import msgspec

from souq.core.policy import JUDGES, type_of
from souq.core.policy.checking import mistakes
from souq.core.policy.goods import UsualQuantity
from souq.core.policy.money import Approval
from souq.core.policy.prices import PriceReference
from tests.policy.triples import DRAWS, fold, triple, verdict

TRIPLES = 200_000 if os.environ.get("SOUQ_FULL") == "1" else 6_000
HOLDING = {type_of(one) for one in (Approval(0), UsualQuantity(), PriceReference(0))}
ONLY_HOLDING = {"approval"}


def test_every_rule_allows_denies_and_where_it_can_holds() -> None:
    said: Counter[tuple[str, str]] = Counter()
    chance = Random(6)
    for _ in range(TRIPLES):
        drawn = triple(chance)
        for rule, result in zip(drawn.rules, verdict(drawn), strict=True):
            said[type_of(rule), result] += 1
    for kind in JUDGES:
        name = type_of(DRAWS[kind](chance))
        expected = {"ALLOW", "DENY"} - ({"DENY"} if name in ONLY_HOLDING else set())
        expected |= {"HOLD"} if name in HOLDING else set()
        assert {result for known, result in said if known == name} == expected, name
        assert min(count for (known, _), count in said.items() if known == name) > TRIPLES // 3_000


def test_no_rule_is_left_out() -> None:
    assert set(DRAWS) == set(JUDGES)


def test_a_verdict_changes_nothing_and_is_the_same_twice() -> None:
    chance = Random(7)
    for _ in range(200):
        drawn = triple(chance)
        state = fold(drawn.history)
        before = {table: dict(rows) for table, rows in state.tables.items()}
        first = verdict(drawn)
        assert verdict(drawn) == first
        assert {table: dict(rows) for table, rows in state.tables.items()} == before


def test_what_is_drawn_could_be_set() -> None:
    chance = Random(8)
    for _ in range(2_000):
        for rule in triple(chance).rules:
            # Nobody could set a rule that asks nothing, or a time that ends before it begins.
            found = {where.rpartition(".")[2] for where, _ in mistakes((rule,))}
            assert found <= {"deals_max", "until_at"}
            assert msgspec.json.decode(msgspec.json.encode(rule), type=type(rule)) == rule
