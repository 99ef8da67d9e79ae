"""The words of the little language for records, feedback, trust, and what may be owed.

market detects 50 % of cheats and allows 5 USD | W stakes 100 USD
W rates it well|badly [with 4 stars] [in C1] | operator trusts sol 80 %, bea 5 %
sol has shown 1.00 good and 0.50 bad | sol may owe 5 USD | sol owes goods for 5 USD
sol has been rated by 1
"""

import re
from typing import Any

from souq.core import exposure, reputation
from souq.core.bond import PostBond
from souq.core.feedback import GiveFeedback, received
from souq.core.trust import SetTrust
from tests.scenarios.words import RULES, claim, money, step

RULES.append(
    (
        re.compile(r"detects (\d+) % of cheats and allows ([\d.]+ USD)"),
        lambda said: {
            "exposure_detect_bps": 100 * int(said[1]),
            "exposure_allowance_units": money(said[2]).units,
        },
    )
)


@step(r"stakes ([\d.]+ \w+)", "principal")
def _stakes(play: Any, who: str, said: Any) -> Any:
    return PostBond(money(said[1]))


@step(r"rates it (well|badly)(?: with (\d) stars)?")
def _rates(play: Any, who: str, said: Any) -> Any:
    well = said[1] == "well"
    return GiveFeedback(play.deal(who), well, well, well, int(said[2] or 0))


@step(r"trusts (.+)", "principal")
def _trusts(play: Any, who: str, said: Any) -> Any:
    rows = [one.split() for one in said[1].removesuffix(" %").split(" %, ")]
    named = tuple(play.actor(name, "principal") for name, _ in rows)
    return SetTrust(named, tuple(100 * int(share) for _, share in rows))


@claim(r"(\w+) has shown ([\d.]+ good and [\d.]+ bad)")
def _has_shown(play: Any, said: Any) -> Any:
    found = reputation.record_of(play.engine.state, play.actor(said[1], "principal"))
    good, bad = (round(one / reputation.ONE, 2) for one in (found.good, found.bad))
    return f"{good:.2f} good and {bad:.2f} bad", said[2]


@claim(r"(\w+) may owe ([\d.]+ USD)")
def _may_owe(play: Any, said: Any) -> Any:
    principal = play.actor(said[1], "principal")
    return exposure.most_units(play.engine.state, principal, "USD"), money(said[2]).units


@claim(r"(\w+) owes goods for ([\d.]+ USD)")
def _owes_goods(play: Any, said: Any) -> Any:
    principal = play.actor(said[1], "principal")
    return exposure.open_units(play.engine.state, principal, "USD"), money(said[2]).units


@claim(r"(\w+) has been rated by (\d+)")
def _has_been_rated(play: Any, said: Any) -> Any:
    return received(play.engine.state, play.agent(said[1])).count, int(said[2])
