"""The words of the little language for calls for proposals, promises and subcontracts.

bea calls for quote x3 at 5 USD within 2 hours [openly] [by first score]
  [weighing price=2 latency=1/60s quality=1/100 standing=1/5]    a weight, and its reference
  [needing quality=50 standing=1] [fining latency=20% quality=50%]
  [awarding early] [under C1]
sol proposes 4 USD [x2] [taking 50 seconds] [quality 80] in N1
bea awards proposals
sol delivers measuring latency=50s quality=80
sol has standing 1 | C3 stands under C2 C1 | C3 stands under nothing
"""

import re
from typing import Any

from souq.core.contract import SubmitDelivery
from souq.core.mechanisms.call_for_proposals.records import (
    AwardProposals,
    CallForProposals,
    SendProposal,
)
from souq.core.mechanisms.call_for_proposals.scoring import Criteria
from souq.core.reputation import standing_of
from tests.scenarios.words import CASH, claim, interval, money, step

SETTINGS = r"(?:\w+=[\w/%]+ ?)+"


def _settings(text: str | None) -> dict[str, str]:
    return dict(word.split("=", 1) for word in (text or "").split())


def _criteria(weights: str | None, needs: str | None, fines: str | None) -> Criteria:
    found: dict[str, int] = {}
    for name, said in _settings(weights).items():
        weight, _, reference = said.partition("/")
        found[f"{name}_weight"] = int(weight)
        if name == "latency":
            found["latency_max_us"] = interval(reference)
        elif reference:
            found[f"{name}_full"] = int(reference)
    for name, said in _settings(needs).items():
        key = "latency_max_us" if name == "latency" else f"{name}_min"
        found[key] = interval(said) if name == "latency" else int(said)
    for name, said in _settings(fines).items():
        found[f"{name}_penalty_bps"] = int(said.removesuffix("%")) * 100
    return Criteria(**found)


@step(
    rf"calls for (?P<what>\w+)(?: x(?P<count>\d+))? at (?P<most>{CASH}) within (?P<t>\d+ \w+)"
    r"(?P<open> openly)?(?: by (?P<by>first|second) score)?"
    rf"(?: weighing (?P<weights>{SETTINGS}))?(?: ?needing (?P<needs>{SETTINGS}))?"
    rf"(?: ?fining (?P<fines>{SETTINGS}))?(?P<early> ?awarding early)?(?: ?under (?P<under>C\d+))?"
)
def _calls(play: Any, who: str, said: Any) -> Any:
    return CallForProposals(
        play.thing(said["what"]),
        money(said["most"]),
        interval(said["t"]),
        int(said["count"] or 1),
        _criteria(said["weights"], said["needs"], said["fines"]),
        "first_score" if said["by"] == "first" else "second_score",
        is_sealed=not said["open"],
        may_award_early=bool(said["early"]),
        under=said["under"] or "",
    )


@step(
    rf"proposes (?P<price>{CASH})(?: x(?P<count>\d+))?(?: taking (?P<t>\d+ \w+))?"
    r"(?: quality (?P<quality>\d+))?"
)
def _proposes(play: Any, who: str, said: Any) -> Any:
    return SendProposal(
        play.talk(who),
        money(said["price"]),
        int(said["count"]) if said["count"] else None,
        interval(said["t"]) if said["t"] else None,
        int(said["quality"]) if said["quality"] else None,
    )


@step(r"awards proposals")
def _awards(play: Any, who: str, said: Any) -> Any:
    return AwardProposals(play.talk(who))


@step(rf"delivers measuring ({SETTINGS})")
def _delivers(play: Any, who: str, said: Any) -> Any:
    measured = {
        "latency_us" if name == "latency" else name: (
            interval(value) if re.search(r"[smhd]$", value) else int(value)
        )
        for name, value in _settings(said[1]).items()
    }
    return SubmitDelivery(play.deal(who), "log", measured)


@claim(r"(\w+) has standing (-?\d+)")
def _has_standing(play: Any, said: Any) -> Any:
    return str(standing_of(play.engine.state, play.agent(said[1]))), said[2]


@claim(r"(C\d+) stands under (.+)")
def _stands_under(play: Any, said: Any) -> Any:
    return " ".join(play.deals[said[1]].under) or "nothing", said[2]
