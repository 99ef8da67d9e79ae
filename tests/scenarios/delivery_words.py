"""The words of the little language for deliveries that can be checked, and for audits.

market auditor operator

sol lists lamp for 5 USD in home under CONDITION[; CONDITION..]
  CONDITION: both words | a code | returns within 2 days | content checked by dan
             10 % a day late for 2 days at most 25 %

bea chooses the code WORD | sol delivers with the code WORD
sol commits to the WORD | sol delivers the WORD | dan passes|fails C1
sol grants back 3/10 | bea claims that nothing came
bea sends it back | sol has it back | sol contests it
operator begins an epoch | operator shows the secret of E1
sol posts a bond of 5 USD | operator finds C1 well|wanting
"""

import hashlib
import re
from typing import Any

from souq.core import acceptance, performance
from souq.core.audit import ReportAudit
from souq.core.bond import PostBond
from souq.core.conditions import Conditions
from souq.core.contract import SubmitDelivery
from souq.core.criteria import Content, of_code
from souq.core.epoch import CommitEpoch, RevealEpoch, of_secret, open_epoch
from souq.core.listing import PostListing
from souq.core.seal import PublicText
from tests.scenarios import dispute_words
from tests.scenarios.words import CASH, RULES, interval, money, share_bps, step

RULES.append((re.compile(r"auditor (operator)"), lambda said: {"auditor": said[1]}))


def _conditions(play: Any, text: str) -> Conditions:
    asked: dict[str, Any] = {}
    for part in text.split("; "):
        match part.split():
            case ["both", "words"]:
                asked["hand_over"] = "both"
            case ["a", "code"]:
                asked["hand_over"] = "code"
            case ["returns", "within", *length]:
                asked["returns_us"] = interval(" ".join(length))
            case ["content", "checked", "by", who]:
                asked |= {"criteria": (Content(),), "verifier": play.agent(who)}
            case [share, "%", "a", "day", "late", "for", *length, "at", "most", cap, "%"]:
                asked["late_us"] = interval(" ".join(length))
                asked |= {"late_day_bps": 100 * int(share), "late_max_bps": 100 * int(cap)}
            case _ if "=" in part:
                asked |= dispute_words.conditions(play, part)
            case _:
                raise AssertionError(f"no such condition: {part}")
    return Conditions(**asked)


def _code(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()[:32]


def _digest(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()


def secret(number: int) -> str:
    """Give the secret of an epoch, which a scenario has no need to keep."""
    return f"{number:032x}"


@step(rf"lists (?P<thing>\w+) for (?P<price>{CASH}) in (?P<category>[\w/]+) under (?P<asked>.+)")
def _lists_under(play: Any, who: str, said: Any) -> Any:
    return PostListing(
        PublicText(said["thing"]),
        said["category"],
        money(said["price"]),
        conditions=_conditions(play, said["asked"]),
    )


@step(r"chooses the code (\w+)")
def _chooses(play: Any, who: str, said: Any) -> Any:
    deal = play.deal(who)
    return performance.CommitCode(deal, of_code(deal, _code(said[1])))


@step(r"delivers with the code (\w+)")
def _delivers_with(play: Any, who: str, said: Any) -> Any:
    return SubmitDelivery(play.deal(who), code=_code(said[1]))


@step(r"commits to the (\w+)")
def _commits(play: Any, who: str, said: Any) -> Any:
    return performance.CommitDelivery(play.deal(who), _digest(said[1]))


@step(r"delivers the (\w+)")
def _delivers_it(play: Any, who: str, said: Any) -> Any:
    return SubmitDelivery(play.deal(who), _digest(said[1]))


@step(r"(passes|fails) (C\d+)")
def _verifies(play: Any, who: str, said: Any) -> Any:
    return acceptance.ReportVerification(said[2], said[1] == "passes", _digest("what I found"))


@step(r"grants back (\d+/\d+)")
def _grants_back(play: Any, who: str, said: Any) -> Any:
    return performance.GrantRefund(play.deal(who), share_bps(said[1]))


@step(r"claims that nothing came")
def _claims(play: Any, who: str, said: Any) -> Any:
    return performance.ClaimNonDelivery(play.deal(who))


@step(r"(sends it back|has it back|contests it)")
def _moves(play: Any, who: str, said: Any) -> Any:
    kinds: dict[str, Any] = {
        "sends it back": acceptance.SendBack,
        "has it back": acceptance.ConfirmReturn,
        "contests it": acceptance.Contest,
    }
    return kinds[said[1]](play.deal(who))


@step(r"begins an epoch", "principal")
def _begins(play: Any, who: str, said: Any) -> Any:
    now = open_epoch(play.engine.state)
    return CommitEpoch(of_secret(secret(int(now[1:]) + 1 if now else 1)))


@step(r"shows the secret of (E\d+)", "principal")
def _shows(play: Any, who: str, said: Any) -> Any:
    return RevealEpoch(said[1], secret(int(said[1][1:])))


@step(rf"posts a bond of ({CASH})", "principal")
def _bonds(play: Any, who: str, said: Any) -> Any:
    return PostBond(money(said[1]))


@step(r"finds (C\d+) (well|wanting)", "principal")
def _finds(play: Any, who: str, said: Any) -> Any:
    return ReportAudit(said[1], said[2] == "well", _digest("what I found"))
