"""The words of the little language for webhooks: who asks for one, and how it comes and goes."""

from typing import Any

from souq.core.seal import OperatorText
from souq.core.state import was_issued
from souq.core.webhook import (
    WEBHOOKS,
    AddWebhook,
    DisableWebhook,
    EnableWebhook,
    Live,
    RemoveWebhook,
    ReplayWebhook,
)
from tests.scenarios.words import claim, step


@step(r"has (?:events (.+)|everything) sent to (\S+)")
def _adds(play: Any, who: str, said: Any) -> Any:
    types = tuple(said[1].split(" and ")) if said[1] else ()
    return AddWebhook(OperatorText(said[2]), types)


@step(r"removes webhook (\w+)")
def _removes(play: Any, who: str, said: Any) -> Any:
    return RemoveWebhook(said[1])


@step(r"gives up on webhook (\w+)")
def _gives_up_on(play: Any, who: str, said: Any) -> Any:
    return DisableWebhook(said[1], "failing")


@step(r"forbids webhook (\w+)")
def _forbids(play: Any, who: str, said: Any) -> Any:
    return DisableWebhook(said[1], "forbidden")


@step(r"enables webhook (\w+)")
def _enables(play: Any, who: str, said: Any) -> Any:
    return EnableWebhook(said[1])


@step(r"has webhook (\w+) go back to record (\d+)")
def _goes_back(play: Any, who: str, said: Any) -> Any:
    return ReplayWebhook(said[1], int(said[2]))


@claim(r"webhook (\w+) is (live|failing|forbidden|gone)")
def _is(play: Any, said: Any) -> Any:
    found = play.engine.state.get(WEBHOOKS, said[1])
    if found is None:
        return "gone" if was_issued(play.engine.state, said[1]) else "unknown", said[2]
    return "live" if isinstance(found, Live) else found.why, said[2]


@claim(r"no record tells the word (\w+)")
def _is_untold(play: Any, said: Any) -> Any:
    word = said[1].encode()
    return [entry.seq for entry in play.store.read() if word in entry.body], []
