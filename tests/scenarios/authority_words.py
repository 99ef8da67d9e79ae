"""The words of the little language for authority that is lent on, and for halting one of many.

W lends dan mandate per_deal=100 …      W's agent lends a part of its mandate to another agent
W in person lends dan mandate … of W    their principal does
W takes back what dan was lent          by the agent that lent it
W halts commitments|negotiations|settlements for W|W's agent
W lifts the halt for W|W's agent
"""

from typing import Any

from souq.core.delegation import DelegateMandate
from souq.core.halt import SetHalt
from souq.core.mandate import RevokeMandate
from souq.core.seal import PublicText
from tests.scenarios.words import STEPS, step


@step(r"lends (\w+) mandate(?: (.*?))?(?: of (\w+))?", "agent")
def _lends(play: Any, who: str, said: Any) -> Any:
    grants = next(make for pattern, _, make in STEPS if pattern.fullmatch("grants mandate"))
    granted = grants(play, who, said)
    of = play.agent(said[3]) if said[3] else ""
    return DelegateMandate(granted.agent, granted.limits, of)


@step(r"takes back what (\w+) was lent", "agent")
def _takes_back(play: Any, who: str, said: Any) -> Any:
    return RevokeMandate(play.agent(said[1]))


@step(r"halts (commitments|negotiations|settlements) for (\w+)('s agent)?", "principal")
def _halts(play: Any, who: str, said: Any) -> Any:
    return SetHalt(said[1], PublicText("it buys too much"), _scope(play, said[2], said[3]))


@step(r"lifts the halt for (\w+)('s agent)?", "principal")
def _lifts(play: Any, who: str, said: Any) -> Any:
    return SetHalt("open", scope=_scope(play, said[1], said[2]))


def _scope(play: Any, name: str, voice: str | None) -> str:
    return str(play.agent(name) if voice else play.principal(name))
