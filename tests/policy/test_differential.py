"""Two evaluators of one page agree: souq's, and a slow one by another hand that shares no code."""

import os
from collections import Counter
from random import Random

import msgspec
import pytest

from tests.policy import reference
from tests.policy.asking import TYPES, ask, ours, rules_for
from tests.policy.pasts import History

IS_FULL = bool(os.environ.get("SOUQ_FULL"))
HISTORIES = 100 if IS_FULL else 14
ASKED = 400 if IS_FULL else 80  # deals for each past, each under rules of its own in five layers
HOLDS = {"approval", "usual_quantity", "price_reference"}
DENIES = set(TYPES) - {"approval"}
NEVER_ALLOWS = {"verification", "jurisdictions"}  # but where nobody is on the other side

_reached: Counter[tuple[str, str]] = Counter()


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_both_evaluators_say_the_same_of_every_rule(seed: int) -> None:
    history = History(seed)
    chance = Random(seed)
    for _ in range(ASKED):
        asked = ask(history, chance)
        for name, key, agents, since, mandate in history.layers(asked.deal.agent):
            layer = reference.Layer(name, [], agents, since, mandate)
            rules = rules_for(history, asked, layer, chance)
            layer.rules = msgspec.to_builtins(rules)
            theirs = reference.verdicts(asked.deal, [layer])
            found = ours(asked, name, key, rules)
            if sorted(found) != sorted(theirs):
                number = min(number for _, number, _ in set(found) ^ set(theirs))
                pytest.fail(
                    f"{name}: {layer.rules[number - 1]}\nof {asked.deal.legs}\n"
                    f"reserves {asked.binding.reserves}, part of {asked.binding.part_of}, "
                    f"in {asked.binding.negotiation}, at {asked.deal.at}\n"
                    f"souq says {found}, the reference {theirs}"
                )
            said = {number: verdict for _, number, verdict in theirs}
            for number, rule in enumerate(layer.rules, start=1):
                _reached[rule["type"], said.get(number, "ALLOW")] += 1


def test_every_rule_has_said_all_that_it_can() -> None:
    """Comes last: it looks at what the tests above have reached."""
    least = 3
    for name in TYPES:
        if name not in NEVER_ALLOWS:
            assert _reached[name, "ALLOW"] >= least, name
    for name in HOLDS:
        assert _reached[name, "HOLD"] >= least, name
    for name in DENIES:
        assert _reached[name, "DENY"] >= least, name
