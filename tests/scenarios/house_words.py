"""The words of the little language for the house's duties: levels, deny lists, terms, erasure.

before anything    market level 0 up to 5 USD a deal, 9 USD a day, 2 contracts
                   market deny list open|closed [for 2 days]
                   market confirms above 5 USD
who is who         operator attests W at level 2 in DE [until 2 days]
                   operator takes back the attestation of W | W is at level 2
                   W names ACME as the operator of it|W
deny lists         W loads a deny list VERSION of NAME, NAME... | W loads an empty deny list
                   operator registers "NAME"
terms              operator publishes terms TEXT | W adopts the terms | W adopts terms HASH
                   the latest deal is under the terms TEXT
a second look      W confirms the summary | W confirms another summary
being told no      W asks for a review of X | operator answers Q1 upheld|changed
erasure            operator holds|frees W | operator erases W | W is erased
"""

import hashlib
import re
from typing import Any

from souq.core.agent_facts import DescribeAgent
from souq.core.attestation import AttestPrincipal, RevokeAttestation, level_of
from souq.core.deny_list import LoadDenyList, name_key
from souq.core.erased import is_erased
from souq.core.erasure import ErasePrincipal, SetLegalHold
from souq.core.party import RegisterPrincipal
from souq.core.review import AnswerReview, AskReview
from souq.core.rules import DAY_US, LevelBounds
from souq.core.seal import PublicText
from souq.core.stage import CONTRACTS
from souq.core.summary import ConfirmSummary, digest_of, sentences
from souq.core.terms import AdoptTerms, PublishTerms, hash_now
from souq.journal.replay import records
from tests.scenarios.words import CASH, RULES, claim, interval, money, step

_LEVELS: dict[int, LevelBounds] = {}


def _level(said: Any) -> dict[str, Any]:
    bounds = LevelBounds(
        money(said[2]).units, money(said[3]).units if said[3] else None, int(said[4] or 0) or None
    )
    if said[1] == "0":
        _LEVELS.clear()
    _LEVELS[int(said[1])] = bounds
    return {"levels": tuple(_LEVELS[one] for one in sorted(_LEVELS))}


RULES.append(
    (
        re.compile(rf"level (\d) up to ({CASH}) a deal(?:, ({CASH}) a day)?(?:, (\d+) contracts)?"),
        _level,
    )
)
RULES.append(
    (
        re.compile(r"deny list (open|closed)(?: for (.+))?"),
        lambda said: {
            "deny_list": said[1],
            **({"deny_list_age_us": interval(said[2])} if said[2] else {}),
        },
    )
)
RULES.append(
    (
        re.compile(rf"confirms above ({CASH})"),
        lambda said: {"confirm_above_units": money(said[1]).units},
    )
)


@step(r"attests (\w+) at level (-?\d+) in (\S+)(?: for (.+))?", "principal")
def _attests(play: Any, who: str, said: Any) -> Any:
    until = play.now + (interval(said[4]) if said[4] else 365 * DAY_US)
    return AttestPrincipal(play.principal(said[1]), int(said[2]), until, said[3], evidence="sha:1")


@step(r"takes back the attestation of (\w+)", "principal")
def _takes_back(play: Any, who: str, said: Any) -> Any:
    return RevokeAttestation(play.principal(said[1]))


@claim(r"(\w+) is at level (\d)")
def _is_at(play: Any, said: Any) -> Any:
    return str(level_of(play.engine.state, play.principal(said[1]))), said[2]


@step(r"names (\S+) as the operator of (\w+)")
def _says(play: Any, who: str, said: Any) -> Any:
    agent = play.agent(who if said[2] == "it" else said[2])
    return DescribeAgent(agent, said[1], "1.2", ("buying",), PublicText("write to me"))


@step(r"loads (?:an empty deny list|a deny list (\S+) of (.+))", "principal")
def _loads(play: Any, who: str, said: Any) -> Any:
    names = said[2].split(", ") if said[2] else []
    return LoadDenyList(said[1] or "0", tuple(name_key(one) for one in names))


@step(r'registers "(.+)"', "principal")
def _registers(play: Any, who: str, said: Any) -> Any:
    return RegisterPrincipal(PublicText(said[1]))


@step(r"publishes terms (.+)", "principal")
def _publishes(play: Any, who: str, said: Any) -> Any:
    return PublishTerms(PublicText(said[1]))


@step(r"adopts (?:the terms|terms (\S+))", "principal")
def _adopts(play: Any, who: str, said: Any) -> Any:
    return AdoptTerms(said[1] or hash_now(play.engine.state))


@claim(r"the latest deal is under (no terms|the terms (.+))")
def _under(play: Any, said: Any) -> Any:
    reached = [
        event
        for record in records(play.store)
        for event in record.events
        if type(event).__name__ == "AgreementReached"
    ]
    expected = hashlib.sha256(said[2].encode()).hexdigest() if said[2] else ""
    return reached[-1].terms, expected


@step(r"confirms (the|another) summary", "principal")
def _confirms(play: Any, who: str, said: Any) -> Any:
    id = play.deal(who)
    contract = play.engine.state.get(CONTRACTS, id)
    told = sentences(play.engine.state, id, contract.agreement) if contract else ("?",)
    return ConfirmSummary(id, digest_of(told) if said[1] == "the" else "ab" * 32)


@step(r"asks for a review of (.+)")
def _asks(play: Any, who: str, said: Any) -> Any:
    return AskReview(said[1])


@step(r"answers (Q\d+) (upheld|changed)", "principal")
def _answers(play: Any, who: str, said: Any) -> Any:
    return AnswerReview(said[1], said[2])


@step(r"(holds|frees) (\w+)", "principal")
def _holds(play: Any, who: str, said: Any) -> Any:
    return SetLegalHold(play.principal(said[2]), said[1] == "holds")


@step(r"erases (\w+)", "principal")
def _erases(play: Any, who: str, said: Any) -> Any:
    return ErasePrincipal(play.principal(said[1]))


@claim(r"(\w+) is (erased|here)")
def _is_erased(play: Any, said: Any) -> Any:
    gone = is_erased(play.engine.state, play.principal(said[1]))
    return "erased" if gone else "here", said[2]
