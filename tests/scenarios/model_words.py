"""The words of the little language for models: who says which one an agent runs on."""

from typing import Any

from souq.core.party import AGENTS, DeclareModel
from tests.scenarios.words import claim, step


@step(r"declares (?:(\w+) to run on )?(\S+|\".*\")")
def _declares(play: Any, who: str, said: Any) -> Any:
    return DeclareModel(play.agent(said[1] or who), said[2].strip('"'))


@step(r"takes back the model(?: of (\w+))?")
def _takes_back(play: Any, who: str, said: Any) -> Any:
    return DeclareModel(play.agent(said[1] or who), "")


@claim(r"(\w+) runs on (nothing declared|\S+)")
def _runs_on(play: Any, said: Any) -> Any:
    found = play.engine.state.get(AGENTS, play.agent(said[1]))
    return found.model or "nothing declared", said[2]
