"""The walker's moves with webhooks: asked for, failing, enabled, replayed, ended, meddled with."""

from typing import Any

from souq.core.party import AGENTS, PRINCIPALS
from souq.core.rules import OPERATOR
from souq.core.seal import OperatorText
from souq.core.webhook import (
    WEBHOOKS,
    AddWebhook,
    Disabled,
    DisableWebhook,
    EnableWebhook,
    RemoveWebhook,
    ReplayWebhook,
)
from tests.laws.key_moves import principal_of

GOOD = "https://a.example/in"
URLS = (GOOD, GOOD, GOOD, "http://[::1]:8080/?x=1", "ftp://a.example/", "https://a:b@c.d/")


def add_hook(walk: Any) -> Any:
    chance = walk.chance
    owners = [*walk.state.rows(AGENTS), *walk.state.rows(PRINCIPALS), OPERATOR, "O1"]
    who = chance.choice((chance.choice(owners), "A1", "A1", "A1"))
    types = chance.choice(((), (), ("OfferMade",), ("OfferMade", "OfferMade")))
    return who, AddWebhook(OperatorText(chance.choice(URLS)), types)


def move_hook(walk: Any) -> Any:
    chance = walk.chance
    hooks = walk.state.rows(WEBHOOKS)
    if not hooks:
        return None
    id = chance.choice(list(hooks))
    owner = hooks[id].wish.owner
    stranger = chance.choice([*walk.state.rows(AGENTS), *walk.state.rows(PRINCIPALS)])
    if chance.randint(0, 11) == 0:
        return chance.choice((owner, principal_of(walk, owner), OPERATOR, stranger)), (
            RemoveWebhook(id)
        )
    who = chance.choice((owner, owner, OPERATOR, stranger))
    if isinstance(hooks[id], Disabled):
        return who, EnableWebhook(id)
    if chance.randint(0, 1):
        return who, ReplayWebhook(id, chance.randint(-1, 99))
    why: Any = chance.choice(("failing", "failing", "forbidden"))
    return chance.choice((OPERATOR, OPERATOR, owner)), DisableWebhook(id, why)
